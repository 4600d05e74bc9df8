package e2e_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

// shownPage is one state of the pages of an app.
type shownPage struct {
	name string // of its screenshots
	body string // the class of the body
	open func(v *guest)

	tells   string // what the page has to show: "problem" or "done" of all, or "wrong" of a field
	change  func(*authkit.Config)
	named   bool // its server has a name, so that there are passkeys
	english bool // it is in English, whatever the person reads
}

// ann is the address of the person in the tables of pages.
const ann = "ann@example.com"

// limited has the limits count.
func limited(c *authkit.Config) { c.Limits.InsecureOff = false }

// signInPages are the pages on which people sign in, up and out.
var signInPages = []shownPage{
	{name: "sign-in", body: "sign-in", open: func(v *guest) {
		v.offers("github", "google")
		v.opens("sign-in")
	}},
	{name: "sign-in-hint", body: "sign-in", open: func(v *guest) { v.opens("sign-in?login_hint=" + ann) }},
	{name: "sign-in-branded", body: "sign-in", open: func(v *guest) {
		v.offers("github")
		v.brands()
		v.opens("sign-in")
	}},
	{name: "sign-in-unproven", body: "code", open: func(v *guest) {
		v.startsAccount()
		v.sets(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)})
		v.loses()
		v.opens("sign-in")
		v.fills("password", "email="+ann, "password="+password)
	}},
	{name: "sign-in-refused", body: "sign-in", tells: "wrong", open: func(v *guest) {
		v.opens("sign-in")
		v.fills("password", "email="+ann, "password=not the password")
	}},
	{name: "sign-in-expired", body: "sign-in", tells: "problem", open: func(v *guest) {
		v.opens("sign-in")
		v.loses()
		v.fills("password", "email="+ann, "password="+password)
	}},
	{name: "sign-in-too-often", body: "sign-in", tells: "problem", change: limited, open: func(v *guest) {
		v.sets(authkit.AppPatch{Limits: &authkit.AppLimits{Credentials: "1/h/ip"}})
		v.opens("sign-in")
		v.fills("password", "email="+ann, "password=not the password")
		v.fills("password", "email="+ann, "password=not the password")
	}},
	{name: "known", body: "known", open: func(v *guest) {
		v.has(ann)
		v.signsIn(ann)
		v.opens("sign-in")
	}},
	{name: "code", body: "code", open: func(v *guest) {
		v.opens("sign-in")
		v.fills("link", "email="+ann)
	}},
	{name: "code-wrong", body: "code", tells: "wrong", open: func(v *guest) {
		v.opens("sign-in")
		v.fills("link", "email="+ann)
		v.fills("code", "code=000000")
	}},
	{name: "code-again", body: "code", tells: "done", open: func(v *guest) {
		v.opens("sign-in")
		v.fills("link", "email="+ann)
		v.fills("again")
	}},
	{name: "forgot", body: "reset", open: func(v *guest) { v.forgets() }},
	{name: "forgot-weak", body: "reset", tells: "wrong", open: func(v *guest) {
		m := v.forgets()
		v.fills("reset", "code="+mail.Code(m), "password="+ann)
	}},
	{name: "forgot-wrong", body: "reset", tells: "wrong", open: func(v *guest) {
		v.forgets()
		v.fills("reset", "code=000000", "password=another long passphrase")
	}},
	{name: "forgot-saved", body: "notice", open: func(v *guest) {
		m := v.forgets()
		v.fills("reset", "code="+mail.Code(m), "password=another long passphrase")
	}},
	{name: "sign-up", body: "sign-up", open: func(v *guest) {
		v.offers("github", "google")
		v.opens("sign-up")
	}},
	{name: "sign-up-branded", body: "sign-up", open: func(v *guest) {
		v.brands()
		v.opens("sign-up")
	}},
	{name: "sign-up-waits", body: "code", open: func(v *guest) {
		v.sets(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)})
		v.opens("sign-up")
		v.fills("password", "email="+ann, "name=Ann", "password="+password)
	}},
	{name: "sign-up-weak", body: "sign-up", tells: "wrong", open: func(v *guest) {
		v.opens("sign-up")
		v.fills("password", "email="+ann, "name=Ann", "password="+ann)
	}},
	{name: "sign-up-taken", body: "sign-up", tells: "problem", open: func(v *guest) {
		v.has(ann)
		v.opens("sign-up")
		v.fills("password", "email="+ann, "password="+password)
	}},
	{name: "sign-up-closed", body: "refusal", tells: "problem", open: func(v *guest) {
		v.sets(authkit.AppPatch{SignupClosed: new(true)})
		v.opens("sign-up")
	}},
	{name: "sign-out", body: "sign-out", open: func(v *guest) {
		v.has(ann)
		v.signsIn(ann)
		v.opens("sign-out")
	}},
	{name: "signed-out", body: "notice", open: func(v *guest) { v.opens("sign-out") }},
}

// linkPages are the pages of mailed links, and those on which a flow ends.
var linkPages = []shownPage{
	{name: "confirm-here", body: "confirm", open: func(v *guest) { v.startsFromProgram() }},
	{name: "confirm-elsewhere", body: "confirm", open: func(v *guest) { v.goesTo(v.linkOf("/auth/magic-link", ann)) }},
	{name: "confirm-bound", body: "notice", open: func(v *guest) {
		v.sets(authkit.AppPatch{MagicLink: new(authkit.MagicLinkBoundOnly)})
		v.goesTo(v.linkOf("/auth/magic-link", ann))
	}},
	{name: "confirm-type", body: "notice", open: func(v *guest) {
		v.sets(authkit.AppPatch{SessionMode: new(authkit.SessionBearer)})
		v.goesTo(v.linkOf("/auth/magic-link", ann))
		v.fills("")
	}},
	{name: "password-gone", body: "notice", open: func(v *guest) { v.losesPassword() }},
	{name: "password-gone-tokens", body: "notice", open: func(v *guest) {
		v.startsAccount()
		v.sets(authkit.AppPatch{SessionMode: new(authkit.SessionBearer)})
		v.losesPassword()
	}},
	{name: "link-stale", body: "refusal", tells: "problem", open: func(v *guest) { v.goesTo(v.spends(v.linkOf("/auth/magic-link", ann))) }},
	{name: "reset", body: "reset", open: func(v *guest) {
		v.has(ann)
		v.goesTo(v.linkOf("/auth/password/forgot", ann))
	}},
	{name: "reset-weak", body: "reset", tells: "wrong", open: func(v *guest) {
		v.has(ann)
		v.goesTo(v.linkOf("/auth/password/forgot", ann))
		v.fills("reset", "password="+ann)
	}},
	{name: "reset-saved", body: "notice", open: func(v *guest) {
		v.has(ann)
		v.goesTo(v.linkOf("/auth/password/forgot", ann))
		v.fills("reset", "password=another long passphrase")
	}},
	{name: "invitation", body: "invitation", open: func(v *guest) { v.goesTo(v.invited()) }},
	{name: "invitation-weak", body: "invitation", tells: "wrong", open: func(v *guest) {
		v.goesTo(v.invited())
		v.fills("reset", "password="+ann)
	}},
	{name: "invitation-accepted", body: "notice", open: func(v *guest) {
		v.goesTo(v.invited())
		v.fills("reset", "password=another long passphrase")
	}},
	{name: "proof", body: "confirm", open: func(v *guest) {
		v.startsAccount()
		v.fills("send-proof")
		m := v.mailed(ann)
		v.loses()
		v.goesTo(mail.Link(m))
	}},
	{name: "change", body: "confirm", open: func(v *guest) { v.goesTo(v.changes("ann@new.example")) }},
	{name: "change-sign-in-first", body: "notice", open: func(v *guest) {
		link := v.changes("ann@new.example")
		v.loses()
		v.goesTo(link)
	}},
	{name: "change-done", body: "notice", open: func(v *guest) {
		v.goesTo(v.changes("ann@new.example"))
		v.fills("")
	}},
	{name: "undo", body: "confirm", open: func(v *guest) { v.goesTo(v.undoLink()) }},
	{name: "undone", body: "notice", open: func(v *guest) {
		v.goesTo(v.undoLink())
		v.fills("")
	}},
	{name: "undo-stale", body: "refusal", tells: "problem", open: func(v *guest) {
		link := v.undoLink()
		v.goesTo(link)
		v.fills("")
		v.goesTo(link)
	}},
	{name: "program", body: "continue", open: func(v *guest) {
		v.startsFromProgram()
		v.fills("")
	}},
	{name: "onward", body: "onward", open: func(v *guest) {
		v.has(ann)
		v.stays = true
		v.opens("sign-in?redirect_to=" + url.QueryEscape(v.goal))
		v.fills("password", "email="+ann, "password="+password)
	}},
	{name: "error-document", body: "error", english: true, open: func(v *guest) { v.goesTo(v.base + "/errors/invalid_token") }},
	{name: "not-found", body: "refusal", tells: "problem", open: func(v *guest) { v.goesTo(v.base + "/auth/sign-in/" + uuid.Nil.String()) }},
	{name: "forbidden", body: "refusal", tells: "problem", open: func(v *guest) {
		v.goesTo(v.linkOf("/auth/magic-link", ann))
		v.loses()
		v.fills("")
	}},
	{name: "too-often", body: "refusal", tells: "problem", change: limited, open: func(v *guest) {
		v.offers("github")
		v.sets(authkit.AppPatch{Limits: &authkit.AppLimits{OAuth: "1/h/ip"}})
		v.send("GET", v.at("/auth/github"), "", "Accept: application/json").want(v.t, http.StatusOK, "")
		v.goesTo(v.base + v.at("/auth/github"))
	}},
}

// accountPages are the states of the account page.
var accountPages = []shownPage{
	{name: "account", body: "account", open: func(v *guest) {
		v.startsAccount()
		v.offers("github", "google")
		v.opens("account")
	}},
	{name: "account-full", body: "account", open: func(v *guest) {
		v.has(ann)
		v.signsIn(ann)
		v.send("POST", v.at("/auth/credentials"), `{"email":"`+ann+`","password":"`+password+`"}`).want(v.t, http.StatusOK, "")
		v.connects("work")
		v.opens("account")
	}},
	{name: "account-not-fresh", body: "account", open: func(v *guest) {
		v.has(ann)
		v.signsIn(ann)
		v.kit.Clock.Advance(11 * time.Minute)
		v.opens("account")
	}},
	{name: "account-proof-mailed", body: "account", open: func(v *guest) {
		v.has(ann)
		v.signsIn(ann)
		v.kit.Clock.Advance(11 * time.Minute)
		v.opens("account")
		v.fills("fresh-mail")
	}},
	{name: "account-proof-refused", body: "account", tells: "wrong", open: func(v *guest) {
		v.has(ann)
		v.signsIn(ann)
		v.kit.Clock.Advance(11 * time.Minute)
		v.opens("account")
		v.fills("fresh-password", "password=not the password")
	}},
	{name: "account-proof-done", body: "account", tells: "done", open: func(v *guest) {
		v.has(ann)
		v.signsIn(ann)
		v.kit.Clock.Advance(11 * time.Minute)
		v.opens("account")
		v.fills("fresh-password", "password="+password)
	}},
	{name: "account-name-saved", body: "account", tells: "done", open: func(v *guest) {
		v.startsAccount()
		v.fills("name", "name=Ann Example")
	}},
	{name: "account-name-refused", body: "account", tells: "wrong", open: func(v *guest) {
		v.startsAccount()
		v.fills("name", "name="+strings.Repeat("Ann", 100))
	}},
	{name: "account-proving", body: "account", open: func(v *guest) {
		v.startsAccount()
		v.fills("send-proof")
	}},
	{name: "account-proven", body: "account", tells: "done", open: func(v *guest) {
		v.startsAccount()
		v.fills("send-proof")
		v.fills("prove", "code="+mail.Code(v.mailed(ann)))
	}},
	{name: "account-address-pending", body: "account", open: func(v *guest) { v.changes("ann@new.example") }},
	{name: "account-address-wrong-code", body: "account", tells: "wrong", open: func(v *guest) {
		v.changes("ann@new.example")
		v.fills("confirm-email", "code=000000")
	}},
	{name: "account-address-changed", body: "account", tells: "done", open: func(v *guest) {
		v.changes("ann@new.example")
		v.fills("confirm-email", "code="+mail.Code(v.mailed("ann@new.example")))
	}},
	{name: "account-address-refused", body: "account", tells: "wrong", open: func(v *guest) {
		v.startsAccount()
		v.fills("change-email", "new_email=ann@localhost")
	}},
	{name: "account-password-saved", body: "account", tells: "done", open: func(v *guest) {
		v.startsAccount()
		v.fills("change-password", "current_password="+password, "new_password=another long passphrase")
	}},
	{name: "account-password-weak", body: "account", tells: "wrong", open: func(v *guest) {
		v.startsAccount()
		v.fills("change-password", "current_password="+password, "new_password="+ann)
	}},
	{name: "account-password-wrong", body: "account", tells: "wrong", open: func(v *guest) {
		v.startsAccount()
		v.fills("change-password", "current_password=not the password", "new_password=another long passphrase")
	}},
	{name: "account-password-set", body: "account", tells: "done", open: func(v *guest) {
		v.opens("sign-in")
		v.fills("link", "email="+ann)
		v.fills("code", "code="+mail.Code(v.mailed(ann)))
		v.fills("set-password", "new_password="+password)
	}},
	{name: "account-disconnected", body: "account", tells: "done", open: func(v *guest) {
		v.has(ann)
		v.signsIn(ann)
		v.connects("work")
		v.fills("disconnect")
	}},
	{name: "account-session-ended", body: "account", tells: "done", open: func(v *guest) {
		v.has(ann)
		v.signsIn(ann)
		v.fills("end-session")
	}},
	{name: "account-sessions-ended", body: "account", tells: "done", open: func(v *guest) {
		v.has(ann)
		v.signsIn(ann)
		v.fills("end-others")
	}},
	{name: "account-leave-refused", body: "account", tells: "wrong", open: func(v *guest) {
		v.startsAccount()
		v.fills("leave", "email=bob@example.com")
	}},
	{name: "account-left", body: "notice", open: func(v *guest) {
		v.startsAccount()
		v.fills("leave", "email="+ann)
	}},
}

// forgets forgets the password, and returns the mail.
func (v *guest) forgets() mail.Message {
	v.t.Helper()
	v.has(ann)
	v.opens("sign-in")
	v.fills("forgot", "email="+ann)
	return v.mailed(ann)
}

// invited returns the link of an invitation.
func (v *guest) invited() string {
	v.t.Helper()
	u, err := v.engine.CreateUser(v.t.Context(), v.app.ID, authkit.UserRequest{Email: ann, Name: "Ann"})
	if err == nil {
		_, err = v.engine.Invite(v.t.Context(), authkit.InviteRequest{App: v.app.ID, User: u.ID})
	}
	if err != nil {
		v.t.Fatal(err)
	}
	return mail.Link(v.mailed(ann))
}

// losesPassword proves the address of an account in another browser than that of its sign-up.
func (v *guest) losesPassword() {
	v.t.Helper()
	v.send("POST", v.at("/auth/credentials"), `{"email":"`+ann+`","password":"`+password+`"}`)
	v.loses()
	v.opens("sign-in")
	v.fills("link", "email="+ann)
	v.fills("code", "code="+mail.Code(v.mailed(ann)))
}

// brands gives the app a colour, a logo and links.
func (v *guest) brands() {
	v.t.Helper()
	var logo bytes.Buffer
	picture := image.NewRGBA(image.Rect(0, 0, 120, 40))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(color.RGBA{0x9a, 0x34, 0x12, 0xff}), image.Point{}, draw.Src)
	if err := png.Encode(&logo, picture); err != nil {
		v.t.Fatal(err)
	}
	if err := v.engine.SetLogo(v.t.Context(), authkit.AppRef{Developer: v.devID, ID: v.app.ID}, "image/png", logo.Bytes()); err != nil {
		v.t.Fatal(err)
	}
	v.sets(authkit.AppPatch{Branding: &authkit.BrandingPatch{
		Color: new("#9a3412"), HomeURL: new("https://shop.example"), SupportURL: new("https://shop.example/help"),
		TermsURL: new("https://shop.example/terms"), PrivacyURL: new("https://shop.example/privacy"),
	}})
}

// startsAccount signs up by the page. The address is not proven.
func (v *guest) startsAccount() {
	v.t.Helper()
	v.opens("sign-up")
	v.fills("password", "email="+ann, "name=Ann", "password="+password)
	v.wantPage("account")
}

// startsFromProgram opens a sign-in link that a program on the device asked for. It never goes on by itself.
func (v *guest) startsFromProgram() {
	v.t.Helper()
	v.sets(authkit.AppPatch{SessionMode: new(authkit.SessionBearer)})
	v.opens("sign-in?redirect_to=com.example.app:/callback&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
	v.fills("link", "email="+ann)
	v.goesTo(mail.Link(v.mailed(ann)))
}

// linkOf returns the link of a mail that another browser asked for.
func (v *guest) linkOf(route, email string) string {
	v.t.Helper()
	v.send("POST", v.at(route), `{"email":"`+email+`"}`, "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1").want(v.t, http.StatusAccepted, "")
	return mail.Link(v.mailed(email))
}

// spends redeems a sign-in link, and returns it.
func (v *guest) spends(link string) string {
	v.t.Helper()
	_, token, _ := strings.Cut(link, "token=")
	v.send("POST", v.at("/auth/verify"), `{"token":"`+token+`"}`).want(v.t, http.StatusOK, "")
	return link
}

// changes asks on the account page for another address, and returns the link that goes there.
func (v *guest) changes(email string) string {
	v.t.Helper()
	v.has(ann)
	v.signsIn(ann)
	v.fills("change-email", "new_email="+email)
	return mail.Link(v.mailed(email))
}

// undoLink changes the address, and returns the link with which its former one undoes that.
func (v *guest) undoLink() string {
	v.t.Helper()
	v.changes("ann@new.example")
	v.fills("confirm-email", "code="+mail.Code(v.mailed("ann@new.example")))
	return mail.Link(v.mailed(ann))
}

// TestThePages looks at each page in each state, as people see it.
func TestThePages(t *testing.T) {
	t.Parallel()
	browser := launch(t)
	album := newAlbum(t)
	languages := []language{{"en", "ltr"}, {"de", "ltr"}, {"ar", "rtl"}}
	if album.folder != "" {
		languages = append(languages, language{"ja", "ltr"})
	}
	for _, all := range [][]shownPage{signInPages, linkPages, accountPages, factorPages} {
		for _, p := range all {
			for _, l := range languages {
				t.Run(p.name+" in "+l.tag, func(t *testing.T) {
					t.Parallel()
					v := p.visit(t, browser)
					v.reads(l.tag)
					p.open(v)
					looksRight(t, v, p, l, album)
				})
			}
		}
	}
}

// visit opens a window in which the page is to be opened.
func (p shownPage) visit(t *testing.T, browser context.Context) *guest {
	t.Helper()
	var changes []func(*authkit.Config)
	if p.change != nil {
		changes = append(changes, p.change)
	}
	if p.named {
		return visitAt(t, named, browser, append(changes, withPasskeys)...)
	}
	return visit(t, browser, changes...)
}
