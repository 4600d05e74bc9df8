package authkit_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	hashes "github.com/authkit-dev/authkit/internal/password"
	"github.com/authkit-dev/authkit/mail"
)

// invitee is a browser with an authenticator, in which invitations are opened.
type invitee struct {
	*world

	kept   map[string]string
	fields url.Values // of the page that was opened last
	device *authkittest.Authenticator
}

func (w *world) invitee() *invitee {
	return &invitee{w, map[string]string{}, nil, authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{})}
}

// opens opens an invitation.
func (v *invitee) opens(m mail.Message) answer {
	v.t.Helper()
	got := v.send("GET", linkPath(m), "", jar(nil, v.kept), "Accept: text/html", "Sec-Fetch-Mode: navigate")
	jar(got.Header(), v.kept)
	v.fields = url.Values{}
	for _, f := range hidden.FindAllStringSubmatch(got.Body.String(), -1) {
		v.fields.Set(f[1], f[2])
	}
	return got
}

// begins asks for the options of a passkey, as the script of the page does.
func (v *invitee) begins(token string, headers ...string) answer {
	v.t.Helper()
	return v.send("POST", v.in("/auth/passkeys/begin/{app_id}"), fmt.Sprintf(`{"invitation":%q}`, token), append([]string{jar(nil, v.kept), "Sec-Fetch-Site: same-origin"}, headers...)...)
}

// makes has the authenticator make a passkey for options.
func (v *invitee) makes(begun answer) json.RawMessage {
	v.t.Helper()
	begun.want(v.t, 200, "")
	credential, err := v.device.Create(memberOf(v.t, begun, "options"), origin)
	if err != nil {
		v.t.Fatal(err)
	}
	return credential
}

// posts posts the form of the page that was opened last.
func (v *invitee) posts(more url.Values) answer { v.t.Helper(); return v.do(v.request(more)()) }

// request returns the request that posts the form.
func (v *invitee) request(more url.Values) func() *http.Request {
	v.t.Helper()
	sent := url.Values{"token": v.fields["token"], "form_token": v.fields["form_token"]}
	maps.Copy(sent, more)
	cookies := jar(nil, v.kept)
	return func() *http.Request {
		return v.world.request("POST", v.in("/auth/invitation/{app_id}"), sent.Encode(), form, cookies, "Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: same-origin")
	}
}

// made are the fields of a passkey that was begun.
func (v *invitee) made(begun answer) url.Values {
	v.t.Helper()
	return url.Values{"state": {begun.text(v.t, "state")}, "credential": {string(v.makes(begun))}}
}

// presses posts a passkey that was begun.
func (v *invitee) presses(begun answer) answer {
	v.t.Helper()
	return v.posts(v.made(begun))
}

// signsIn signs in with the passkey, and returns the answer.
func (v *invitee) signsIn() answer {
	v.t.Helper()
	p := &factored{w: v.world, device: v.device}
	return v.send("POST", v.in("/auth/passkey/finish/{app_id}"), "{"+p.shows(v.t, "")+"}")
}

// refusesPasskey fails unless the page is shown again with the problem of a passkey.
func (v *invitee) refusesPasskey(got answer) {
	v.t.Helper()
	if got.Code < 400 || !strings.Contains(got.Body.String(), "The passkey was not accepted.") || !strings.Contains(got.Body.String(), `name="password"`) {
		v.t.Errorf("got %d %s, want the page again with the problem", got.Code, got.Body)
	}
}

func TestAnInvitationByAPasskey(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	w.settings(authkit.AppPatch{SignupClosed: new(true), RedirectURLs: &[]string{homeGoal}})
	id := w.created("ann@example.com", `,"name":"Ann","roles":["admin"]`).field("user_id")
	w.clock.Advance(time.Minute)
	v, m := w.invitee(), w.invite(id, `{"redirect_to":"`+homeGoal+`"}`)
	if page := v.opens(m); !strings.Contains(page.Body.String(), "Create a passkey") {
		t.Fatalf("the page: got %s, want the button of a passkey", page.Body)
	}
	begun := v.begins(linkToken(m))
	begun.want(t, 200, "")
	v.opens(m).want(t, 200, "") // beginning spends nothing
	got := v.presses(begun)
	if got.Code != 200 || !strings.Contains(got.Body.String(), homeGoal) || strings.Contains(got.Body.String(), "code=") {
		t.Errorf("accepted: got %d %s, want the page that goes on, without a code", got.Code, got.Body)
	}
	if names := sessionCookies(w, got); len(names) > 0 {
		t.Errorf("cookies: got %v, want no session", names)
	}
	w.send("GET", w.in("/users/{app_id}/")+id, "", bearer(w.key)).has(t, `{"email_verified":true,"name":"Ann","roles":["admin"],"last_login":null}`)
	if u := w.userOf("ann@example.com"); u.Factors != authkit.FactorPasskey {
		t.Errorf("factors: got %v, want a passkey", u.Factors)
	}
	in := v.signsIn()
	in.want(t, 200, "")
	if got := amr(t, in.text(t, "token")); got != "pop user mfa aal2" {
		t.Errorf("amr: got %s, want both factors", got)
	}
	if page := v.opens(m); page.Code != 401 {
		t.Errorf("again: got %d, want the page of a spent link", page.Code)
	}
	v.begins(linkToken(m)).want(t, 401, "invalid_token")
}

func TestTheNoticeOfAnInvitedPasskeyUndoesIt(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	id := w.created("ann@example.com", "").field("user_id")
	w.clock.Advance(time.Minute)
	v, m := w.invitee(), w.invite(id, `{}`)
	v.opens(m)
	v.presses(v.begins(linkToken(m))).want(t, 200, "")
	p := &factored{w: w, email: "ann@example.com", device: v.device}
	notice := p.notice()
	if !strings.Contains(notice.Subject, "A passkey was added") || !strings.Contains(notice.Text, "Passkey") {
		t.Fatalf("got %q: %s, want the notice of the passkey", notice.Subject, notice.Text)
	}

	// The person who holds the mail has made it: a forgotten password does not take it.
	w.send("POST", w.in("/auth/password/forgot/{app_id}"), `{"email":"ann@example.com"}`).want(t, 202, "")
	w.send("POST", w.in("/auth/password/reset/{app_id}"), byLink(w.mailTo("ann@example.com"), `,"password":"`+password+`"`)).want(t, 200, "")
	v.signsIn().want(t, 200, "")

	p.undo(t, notice)
	v.signsIn().want(t, 401, "invalid_credentials")
	p.first().want(t, 401, "invalid_credentials")
	p.has(t, 0)
}

// TestAPasskeyOfAnInvitationThatHasEnded does each thing after which the link is dead, between the beginning and
// the press.
func TestAPasskeyOfAnInvitationThatHasEnded(t *testing.T) {
	t.Parallel()
	for name, ends := range map[string]func(w *world, id string){
		"its time is over":      func(w *world, _ string) { w.clock.Advance(4 * time.Minute) },
		"another was mailed":    func(w *world, id string) { w.invite(id, `{}`) },
		"the address is proven": func(w *world, id string) { w.patched(id, `{"email_verified":true}`).want(w.t, 200, "") },
		"the user is disabled":  func(w *world, id string) { w.patched(id, `{"disabled":true}`).want(w.t, 200, "") },
		"the user is gone": func(w *world, id string) {
			w.send("DELETE", w.in("/users/{app_id}/")+id, "", bearer(w.key)).want(w.t, 204, "")
		},
		"all sessions ended": func(w *world, id string) {
			w.send("DELETE", w.in("/users/{app_id}/")+id+"/sessions", "", bearer(w.key)).want(w.t, 204, "")
		},
		"it has set a password": func(w *world, _ string) {
			v := w.invitee()
			v.opens(lastInvitation(w))
			v.posts(url.Values{"password": {password}}).want(w.t, 200, "")
		},
		"it has made a passkey": func(w *world, _ string) {
			v := w.invitee()
			v.opens(lastInvitation(w))
			v.presses(v.begins(v.fields.Get("token"))).want(w.t, 200, "")
		},
		"the user has signed in": func(w *world, _ string) {
			_, m := w.mailed("ann@example.com", "")
			w.verify(byLink(m, "")).want(w.t, 200, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, withoutLimits, withPasskeys)
			id, m := w.invited("ann@example.com", "")
			w.clock.Advance(7*24*time.Hour - 4*time.Minute)
			v := w.invitee()
			v.opens(m).want(t, 200, "")
			begun := v.begins(linkToken(m))
			credential := v.makes(begun)
			ends(w, id)
			v.begins(linkToken(m)).want(t, 401, "invalid_token")
			got := v.posts(url.Values{"state": {begun.text(t, "state")}, "credential": {string(credential)}})
			if got.Code != 401 || strings.Contains(got.Body.String(), `name="password"`) {
				t.Errorf("got %d %s, want the page of a stale link", got.Code, got.Body)
			}
			v.signsIn().want(t, 401, "invalid_credentials")
		})
	}
}

// lastInvitation is the last mail to Ann.
func lastInvitation(w *world) mail.Message { w.t.Helper(); return w.mailTo("ann@example.com") }

func TestAStateIsOfOneInvitationInOneBrowser(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	_, ann := w.invited("ann@example.com", "")
	_, bob := w.invited("bob@example.com", "")
	v := w.invitee()
	own := func() answer { return v.begins(linkToken(ann)) }
	v.opens(ann)
	finish := func(begun answer, more string, headers ...string) answer {
		body := fmt.Sprintf(`{"state":%q,"binding":%q,"credential":%s%s}`, begun.text(t, "state"), begun.text(t, "binding"), v.makes(begun), more)
		return w.send("POST", w.in("/auth/passkeys/finish/{app_id}"), body, headers...)
	}

	t.Run("another user's", func(t *testing.T) { v.refusesPasskey(v.presses(v.begins(linkToken(bob)))) })
	t.Run("another browser's", func(t *testing.T) {
		other := w.invitee()
		other.opens(ann)
		v.refusesPasskey(v.presses(other.begins(linkToken(ann))))
		v.refusesPasskey(v.presses(w.send("POST", w.in("/auth/passkeys/begin/{app_id}"), fmt.Sprintf(`{"invitation":%q}`, linkToken(ann)))))
	})
	t.Run("one that has expired", func(t *testing.T) {
		begun := own()
		w.clock.Advance(5 * time.Minute)
		v.refusesPasskey(v.presses(begun))
	})
	t.Run("a credential of another ceremony", func(t *testing.T) {
		v.refusesPasskey(v.posts(url.Values{"state": {own().text(t, "state")}, "credential": {string(v.makes(own()))}}))
	})
	t.Run("that of a sign-in", func(t *testing.T) {
		begun := w.send("POST", w.in("/auth/passkey/begin/{app_id}"), `{}`, jar(nil, v.kept))
		begun.want(t, 200, "")
		v.refusesPasskey(v.posts(url.Values{"state": {begun.text(t, "state")}, "credential": {string(v.makes(own()))}}))
	})
	t.Run("the invitation is no session, and no mfa_token", func(t *testing.T) {
		raw := linkToken(ann)
		finish(own(), "").want(t, 401, "unauthenticated")
		finish(own(), "", bearer(raw)).want(t, 401, "invalid_token")
		finish(own(), fmt.Sprintf(`,"invitation":%q`, raw)).want(t, 400, "invalid_request")
		finish(own(), fmt.Sprintf(`,"mfa_token":%q`, raw)).want(t, 401, "invalid_token")
		w.send("POST", w.in("/auth/totp/begin/{app_id}"), fmt.Sprintf(`{"invitation":%q}`, raw)).want(t, 400, "invalid_request")
		w.send("POST", w.in("/auth/passkeys/begin/{app_id}"), fmt.Sprintf(`{"mfa_token":%q}`, raw)).want(t, 401, "invalid_token")
		w.send("POST", w.in("/auth/passkeys/begin/{app_id}"), fmt.Sprintf(`{"mfa_token":"x","invitation":%q}`, raw)).want(t, 400, "invalid_request")
		owner := authkit.FactorOwner{App: w.app.ID, Invitation: raw}
		for name, does := range map[string]func() error{
			"FinishNewPasskey": func() error {
				_, err := w.engine.FinishNewPasskey(t.Context(), authkit.PasskeyFinish{FactorOwner: owner})
				return err
			},
			"BeginTOTP": func() error { _, err := w.engine.BeginTOTP(t.Context(), owner); return err },
			"FinishTOTP": func() error {
				_, err := w.engine.FinishTOTP(t.Context(), authkit.TOTPFinish{FactorOwner: owner})
				return err
			},
		} {
			if err := does(); !strings.Contains(fmt.Sprint(err), "wrong_kind") && !strings.Contains(fmt.Sprint(err), "an invitation adds no factor here") {
				t.Errorf("%s: got %v, want it refused", name, err)
			}
		}
	})
	t.Run("of no other app", func(t *testing.T) {
		other := w.tenant("Other", authkit.SessionBearer)
		other.send("POST", other.in("/auth/passkeys/begin/{app_id}"), fmt.Sprintf(`{"invitation":%q}`, linkToken(ann))).want(t, 401, "invalid_token")
	})
	t.Run("of no other link", func(t *testing.T) {
		_, link := w.mailed("eve@example.com", "")
		v.begins(linkToken(link)).want(t, 401, "invalid_token")
		v.begins("x").want(t, 401, "invalid_token")
	})
	t.Run("the earlier one of the same user", func(t *testing.T) {
		begun := own()
		credential := v.makes(begun)
		later := w.invite(w.userOf("ann@example.com").ID.String(), `{}`)
		v.opens(later).want(t, 200, "")
		v.refusesPasskey(v.posts(url.Values{"state": {begun.text(t, "state")}, "credential": {string(credential)}}))
		v.presses(v.begins(linkToken(later))).want(t, 200, "")
		v.signsIn().want(t, 200, "")
	})
	if w.userOf("bob@example.com").Verified {
		t.Error("bob: got a proven address, want it untouched")
	}
}

// A person with a session of the account is another than the one who has the invitation.
func TestASessionAndAnInvitationShareNoState(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	thief := w.signUp("ann@example.com").text(t, "token")
	m := w.invite(w.userOf("ann@example.com").ID.String(), `{}`)
	v := w.invitee()
	v.opens(m).want(t, 200, "")
	begun := w.send("POST", w.in("/auth/passkeys/begin/{app_id}"), `{}`, bearer(thief), jar(nil, v.kept))
	v.refusesPasskey(v.presses(begun))
	begun = v.begins(linkToken(m))
	body := fmt.Sprintf(`{"state":%q,"credential":%s}`, begun.text(t, "state"), v.makes(begun))
	w.send("POST", w.in("/auth/passkeys/finish/{app_id}"), body, bearer(thief), jar(nil, v.kept)).want(t, 401, "invalid_token")
}

func TestAnInvitedPasskeyIsPressedTwice(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	_, m := w.invited("ann@example.com", "")
	v := w.invitee()
	v.opens(m)
	begun, spare := v.begins(linkToken(m)), v.begins(linkToken(m))
	sent := url.Values{"state": {begun.text(t, "state")}, "credential": {string(v.makes(begun))}}
	first, again := v.posts(sent), v.posts(sent)
	if first.Code != 200 || told(first) != told(again) {
		t.Errorf("got %s and %s, want the same twice", told(first), told(again))
	}
	v.presses(spare).want(t, 401, "")
	v.posts(url.Values{"password": {password}}).want(t, 401, "")
	w.clock.Advance(2 * time.Minute)
	v.posts(sent).want(t, 401, "")
	if list, err := w.engine.Passkeys(t.Context(), authkit.UserRef{App: w.app.ID, ID: w.userOf("ann@example.com").ID}); err != nil || len(list) != 1 {
		t.Errorf("got %v, %v, want one passkey", list, err)
	}
}

// What a stranger who took the address first has left is gone, and does not count.
func TestAnInvitedPasskeyAgainstAThief(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	w.mailsNoProof()
	up := w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"ann@example.com","password":"`+password+`","name":"Thief"}`)
	thief := &factored{w: w, email: "ann@example.com", token: up.text(t, "token")}
	for range 20 {
		thief.enrolPasskey(t)
	}
	v, m := w.invitee(), w.invite(w.userOf("ann@example.com").ID.String(), `{}`)
	v.opens(m)
	begun := v.begins(linkToken(m))
	options := string(memberOf(t, begun, "options"))
	if strings.Contains(options, "Thief") || !strings.Contains(options, `"excludeCredentials":[]`) && strings.Contains(options, `"excludeCredentials"`) {
		t.Errorf("options: got %s, want neither the thief's name nor passkeys", options)
	}
	v.presses(begun).want(t, 200, "")
	w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(thief.token)).want(t, 401, "invalid_token")
	w.send("POST", w.in("/auth/passkey/finish/{app_id}"), "{"+thief.shows(t, "")+"}").want(t, 401, "invalid_credentials")
	thief.first().want(t, 401, "invalid_credentials")
	in := v.signsIn()
	in.want(t, 200, "")
	if name := in.body["user"].(map[string]any)["name"]; name != nil {
		t.Errorf("name: got %v, want that of the thief gone", name)
	}
	if list, err := w.engine.Passkeys(t.Context(), authkit.UserRef{App: w.app.ID, ID: w.userOf("ann@example.com").ID}); err != nil || len(list) != 1 {
		t.Errorf("got %v, %v, want Ann's passkey alone", list, err)
	}
}

func TestAnInvitedPasskeyTakesThePlaceOfAPassword(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	hash := hashes.Hash(password, hashes.Salt(), hashes.Params{MemoryKiB: 8, Time: 1, Threads: 1})
	_, m := w.invited("ann@example.com", `,"password_hash":"`+hash+`"`)
	v := w.invitee()
	v.opens(m)
	v.presses(v.begins(linkToken(m))).want(t, 200, "")
	w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", password, "sign_in")).want(t, 401, "invalid_credentials")
	v.signsIn().want(t, 200, "")
}

func TestWhoIsOfferedAPasskeyByAnInvitation(t *testing.T) {
	t.Parallel()
	const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	for name, c := range map[string]struct {
		change func(*authkit.Config)
		patch  authkit.AppPatch
		more   string
		status int
	}{
		"a user of an app":                            {withPasskeys, authkit.AppPatch{}, "", 200},
		"a user of an app that requires a factor":     {withPasskeys, authkit.AppPatch{MFA: new(authkit.MFARequired)}, "", 200},
		"not where second factors are off":            {withPasskeys, authkit.AppPatch{MFA: new(authkit.MFAOff)}, "", 403},
		"not where there are no passkeys":             {func(*authkit.Config) {}, authkit.AppPatch{}, "", 404},
		"not a user to whom the app has given a TOTP": {withPasskeys, authkit.AppPatch{}, `,"totp_secret":"` + secret + `"`, 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, withoutLimits, c.change)
			w.settings(c.patch)
			w.send("POST", w.in("/users/{app_id}/import"), `{"email":"ann@example.com"`+c.more+`}`, bearer(w.key), "Content-Type: application/x-ndjson").want(t, 200, "")
			m := w.invite(w.userOf("ann@example.com").ID.String(), `{}`)
			v := w.invitee()
			page := v.opens(m)
			if offered := strings.Contains(page.Body.String(), "Create a passkey"); page.Code != 200 || offered != (c.status == 200) {
				t.Errorf("the page: got %d, a passkey offered: %v", page.Code, offered)
			}
			v.begins(linkToken(m)).want(t, c.status, "")
			v.posts(url.Values{"password": {password}}).want(t, 200, "")
		})
	}
}

func TestAnInvitationTakesOneWay(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	_, m := w.invited("ann@example.com", "")
	v := w.invitee()
	page := v.opens(m)
	for name, sent := range map[string]url.Values{
		"neither":              {},
		"empty fields":         {"password": {""}, "state": {""}, "credential": {""}},
		"both":                 {"password": {password}, "state": {"x"}, "credential": {"{}"}},
		"no credential":        {"state": {"x"}},
		"no state":             {"credential": {"{}"}},
		"no state, a password": {"password": {password}, "credential": {"{}"}},
	} {
		got := v.posts(sent)
		if got.Code != 400 {
			t.Errorf("%s: got %d %s, want 400", name, got.Code, got.Body)
		}
	}
	got := v.posts(url.Values{"password": {""}})
	if !strings.Contains(got.Body.String(), "This field is required.") {
		t.Errorf("no password: got %s, want the page again, from %s", got.Body, page.Body)
	}
	v.posts(url.Values{"password": {password}}).want(t, 200, "")
}
