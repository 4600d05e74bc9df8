package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit"
)

// TestPagesOfTwoApps has one browser use two apps of one origin.
func TestPagesOfTwoApps(t *testing.T) {
	t.Parallel()
	a := visit(t, launch(t))
	both, second := *a.world, *a
	second.world = &both
	b := &second
	made, _, err := a.engine.CreateApp(t.Context(), a.devID, "Another")
	if err != nil {
		t.Fatal(err)
	}
	both.app = made
	b.sets(authkit.AppPatch{SessionMode: new(authkit.SessionEither), Branding: &authkit.BrandingPatch{Color: new("#7a1f5c"), SupportURL: new("https://another.example/help")}})

	a.opens("sign-up")
	a.fills("password", "email="+ann, "password="+password)
	a.wantPage("account")
	b.opens("account")
	b.wantPage("sign-in")
	b.wantSays("Demo", false)
	b.wantSays("#7a1f5c", true)
	b.wantSays("https://another.example/help", true)
	b.opens("sign-up?session=cookie")
	b.fills("password", "email=bob@example.com", "password="+password)
	b.wantPage("account")
	b.wantSays("bob@example.com", true)
	a.opens("account")
	a.wantSays(ann, true)
	a.wantSays("bob@example.com", false)
	a.wantSays("Another", false)
	a.wantSays("another.example", false)

	t.Run("a goal of one is refused by the other", func(t *testing.T) {
		a.opens("sign-in?redirect_to=" + a.goal)
		a.wantPage("known")
		b.opens("sign-in?session=cookie&redirect_to=" + a.goal)
		b.wantPage("refusal")
	})
	t.Run("a form of one is refused by the other", func(t *testing.T) {
		a.opens("account")
		to := b.at("/auth/account")
		a.loads(chromedp.Evaluate[chromedp.Void]("(() => { const f = document.querySelector('[name=name]').form; f.action = f.action.replace('" + a.at("/auth/account") + "', '" + to + "'); f.elements.name.value = 'Mallory'; f.querySelector('button').click(); })()"))
		if got := a.seen.last(t).Response; got.Status != http.StatusForbidden || !strings.HasSuffix(got.URL, to) {
			t.Errorf("form: got %d from %s, want 403 from %s", got.Status, got.URL, to)
		}
		b.opens("account")
		b.wantSays("Mallory", false)
	})
	t.Run("a sign-out of one leaves the other signed in", func(t *testing.T) {
		a.opens("sign-out")
		a.fills("")
		a.wantPage("sign-in")
		b.opens("account")
		b.wantSays("bob@example.com", true)
		a.opens("account")
		a.wantPage("sign-in")
	})
}
