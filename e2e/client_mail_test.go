package e2e_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

func TestTheBrowserClientAndMails(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	t.Run("a code signs in, past a reload", func(t *testing.T) { typesACode(t, f) })
	t.Run("a link opens a tab that is signed in", func(t *testing.T) { followsALink(t, f) })
	t.Run("a link that another site asked for says to type the code", func(t *testing.T) { asksForTheCode(t, f) })
	t.Run("a password is forgotten, and set", func(t *testing.T) { forgets(t, f) })
	t.Run("an address is proven", func(t *testing.T) { provesAnAddress(t, f) })
}

func typesACode(t *testing.T, f *front) {
	in := f.profile(t)
	wantStarted(t, in, f.away+"/local", "no one")
	wantJS(t, in, "told(auth.sendMagicLink({ email: 'ann@example.com' }))", "no one")
	m := f.mailed(t, "ann@example.com")
	wantStarted(t, in, f.away+"/local", "no one")
	wantJS(t, in, "told(auth.enterCode({ code: '000000' }))", "refused: invalid_token")
	wantJS(t, in, fmt.Sprintf("told(auth.enterCode({ code: %q }))", mail.Code(m)), "ann@example.com")
	wantJS(t, in, "auth.updateUser({ name: 'Ann' }).then((user) => user.name + ' ' + auth.user.name)", "Ann Ann")
	wantJS(t, in, "events.join()", "signed_in,user_changed")
}

func followsALink(t *testing.T, f *front) {
	first := f.profile(t)
	page := f.host + "/local"
	wantStarted(t, first, page, "no one")
	wantJS(t, first, fmt.Sprintf("told(auth.sendMagicLink({ email: 'bob@example.com', redirectTo: %q }))", page), "no one")
	second := tab(t, first)
	do(t, second, chromedp.Navigate(mail.Link(f.mailed(t, "bob@example.com"))), chromedp.WaitVisible(chromedp.CSS("#press")))
	wantJS(t, second, loaded, "bob@example.com")
	wantJS(t, second, "location.href", page)
	do(t, first, chromedp.Poll[chromedp.Void]("who() === 'bob@example.com'"))
	wantJS(t, first, "get('/mine')", http.StatusNoContent)
}

func asksForTheCode(t *testing.T, f *front) {
	in := f.profile(t)
	wantStarted(t, in, f.away+"/memory", "no one")
	wantJS(t, in, "told(auth.sendMagicLink({ email: 'carol@example.com', redirectTo: location.href }))", "no one")
	m := f.mailed(t, "carol@example.com")
	other := tab(t, in)
	do(t, other, chromedp.Navigate(mail.Link(m)), chromedp.Click(chromedp.CSS("button")), chromedp.WaitNotPresent(chromedp.CSS("form")))
	if text, err := chromedp.Run(other, chromedp.Text(chromedp.CSS("h1"))); err != nil || text != "Type the code" {
		t.Errorf("page: got %q, %v, want to type the code", text, err)
	}
	wantJS(t, in, fmt.Sprintf("told(auth.enterCode({ code: %q }))", mail.Code(m)), "carol@example.com")
}

func forgets(t *testing.T, f *front) {
	in := f.profile(t)
	wantStarted(t, in, f.away+"/session", "no one")
	signsUp(t, in, "dan@example.com")
	wantJS(t, in, "told(auth.signOut())", "no one")
	wantJS(t, in, "told(auth.signIn({ email: 'dan@example.com', password: 'not this one, though' }))", "refused: invalid_credentials")
	wantJS(t, in, "told(auth.forgotPassword({ email: 'dan@example.com' }))", "no one")
	code := mail.Code(f.mailed(t, "dan@example.com"))
	wantJS(t, in, fmt.Sprintf("auth.resetPassword({ code: %q, password: 'short' }).catch((e) => e.code + ' ' + e.status)", code), "weak_password 422")
	wantJS(t, in, fmt.Sprintf("told(auth.resetPassword({ code: %q, password: 'no more of that one' }))", code), "dan@example.com")
}

func provesAnAddress(t *testing.T, f *front) {
	in := f.profile(t)
	wantStarted(t, in, f.away+"/local", "no one")
	signsUp(t, in, "eve@example.com")
	wantJS(t, in, "told(auth.sendVerification())", "eve@example.com")
	prove := "auth.verifyEmail({ code: %q }).then(({ user }) => user.email_verified)"
	wantJS(t, in, fmt.Sprintf(prove, mail.Code(f.mailed(t, "eve@example.com"))), true)
	wantJS(t, in, "auth.user.email_verified", true)

	f.change(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)})
	wantJS(t, in, "told(auth.signOut())", "no one")
	wantJS(t, in, fmt.Sprintf("auth.signUp({ email: 'finn@example.com', password: %q }).then((got) => got.user ?? got.pending.email)", password), "finn@example.com")
	wantJS(t, in, fmt.Sprintf(prove, mail.Code(f.mailed(t, "finn@example.com"))), true)
	wantJS(t, in, "who()", "no one")
	wantJS(t, in, fmt.Sprintf("told(auth.signIn({ email: 'finn@example.com', password: %q }))", password), "finn@example.com")
}
