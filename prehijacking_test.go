package authkit_test

import (
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
)

// This test plays the five classes of attack of Sudhodanan and Paverd (USENIX Security 2022)
// against every way in which the owner of the address may come. Eve makes an account with Ann's
// address first and waits. Once Ann has proven the address, Eve must have no access left.
func TestPreHijacking(t *testing.T) {
	t.Parallel()
	const ann = "ann@example.com"

	// Eve prepares. The function that is returned says what she still has.
	attacks := map[string]func(s *stage) (has func() string){
		"classic-federated merge: a password of hers": func(s *stage) func() string {
			s.signUp(ann)
			return func() string {
				if s.passes(ann, password) == 200 {
					return "her password"
				}
				return ""
			}
		},
		"unexpired session: a session of hers": func(s *stage) func() string {
			in := s.signUp(ann)
			return func() string {
				if s.lives(in.text(s.t, "token")) == 200 || s.refresh(in.text(s.t, "refresh_token")).Code == 200 {
					return "her session"
				}
				return ""
			}
		},
		"unexpired email change: an address of hers that waits for its proof": func(s *stage) func() string {
			token := s.signUp(ann).text(s.t, "token")
			_, m := s.posted("/auth/email/change/{app_id}", `{"new_email":"eve@example.com"}`, "eve@example.com", bearer(token))
			return func() string {
				if s.send("POST", s.in("/auth/email/confirm/{app_id}"), byLink(m, ""), bearer(token)).Code == 200 || s.passes("eve@example.com", password) == 200 {
					return "the account, under her address"
				}
				return ""
			}
		},
		"unexpired proofs that were mailed before": func(s *stage) func() string {
			token := s.signUp(ann).text(s.t, "token")
			pending, m := s.posted("/auth/email/send/{app_id}", `{}`, ann, bearer(token))
			_, r := s.forgot(ann)
			return func() string {
				if s.send("POST", s.in("/auth/email/verify/{app_id}"), byLink(m, `,"binding":"`+pending.text(s.t, "binding")+`"`)).Code == 200 {
					return "a proof"
				}
				if s.send("POST", s.in(reset), byLink(r, `,"password":"`+newPassword+`"`)).Code == 200 {
					return "a reset"
				}
				return ""
			}
		},
		"non-verifying provider: an identity of hers": func(s *stage) func() string {
			state, binding := s.begin(s.t, s.provider(), map[string]any{"sub": "eve", "email": ann})
			s.callback("good", state, binding).want(s.t, 200, "")
			return func() string {
				state, binding := s.begin(s.t, s.provider(), map[string]any{"sub": "eve", "email": "eve@example.com"})
				got := s.callback("good", state, binding)
				if got.Code == 200 && got.user("email") == ann {
					return "a way in by her identity"
				}
				return ""
			}
		},
		"trojan identifier: an identity of hers, linked": func(s *stage) func() string {
			said := map[string]any{"sub": "trojan", "email": "eve@example.com"}
			s.link(s.signUp(ann).text(s.t, "token"), said)
			return func() string {
				if got := s.by(said); got.Code == 200 && got.user("email") == ann {
					return "a way in by her identity"
				}
				return ""
			}
		},
		"a name of hers": func(s *stage) func() string {
			s.send("POST", s.in("/auth/credentials/{app_id}"), `{"email":"`+ann+`","password":"`+password+`","name":"Pay Eve"}`).want(s.t, 201, "")
			return func() string { return "" } // the owner's part checks it
		},
	}
	// Ann comes. She gets in, and the account is hers.
	ways := map[string]func(s *stage) answer{
		"by link": func(s *stage) answer {
			_, m := s.mailed(ann, "")
			return s.verify(byLink(m, ""))
		},
		"by code": func(s *stage) answer {
			pending, m := s.mailed(ann, "")
			return s.verify(byCode(ann, pending, m, ""))
		},
		"by a forgotten password": func(s *stage) answer {
			_, m := s.forgot(ann)
			return s.send("POST", s.in(reset), byLink(m, `,"password":"a third long passphrase"`))
		},
		"by a provider that is trusted for the address": func(s *stage) answer {
			if s.idp == nil {
				s.provider()
			}
			s.send("PATCH", s.in("/apps/{app_id}/oauth-configs/corp"), `{"trust_email":true}`, bearer(s.token)).want(s.t, 200, "")
			state, binding := s.begin(s.t, s.idp, map[string]any{"sub": "ann", "email": ann, "email_verified": true})
			got := s.callback("good", state, binding)
			s.send("PATCH", s.in("/apps/{app_id}/oauth-configs/corp"), `{"trust_email":false}`, bearer(s.token)).want(s.t, 200, "")
			return got
		},
		"by the link of a proof that Eve asked for": func(s *stage) answer {
			token := s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody(ann, password, "sign_in"))
			if token.Code != 200 { // Eve set no password
				_, m := s.mailed(ann, "")
				return s.verify(byLink(m, ""))
			}
			_, m := s.posted("/auth/email/send/{app_id}", `{}`, ann, bearer(token.text(s.t, "token")))
			return s.send("POST", s.in("/auth/email/verify/{app_id}"), byLink(m, ""))
		},
	}
	for attack, prepare := range attacks {
		for way, come := range ways {
			t.Run(attack+", and Ann comes "+way, func(t *testing.T) {
				t.Parallel()
				overStores(t, func(s *stage) {
					has := prepare(s)
					got := come(s)
					got.want(s.t, 200, "")
					if got.user("email_verified") != true || got.user("email") != ann || got.user("name") != nil {
						s.t.Errorf("Ann's account: got %s, want it proven and without Eve's name", got.Body)
					}
					if left := has(); left != "" {
						s.t.Errorf("Eve: got %s, want nothing", left)
					}
					s.equal("Ann's session", s.lives(got.text(s.t, "token")), 200)
				})
			})
		}
	}
}

func TestAnHonestAskerKeepsEverything(t *testing.T) {
	t.Parallel()
	const ann, send, verify = "ann@example.com", "/auth/email/send/{app_id}", "/auth/email/verify/{app_id}"
	for way, prove := range map[string]func(s *stage, token string, pending answer, link, code string) answer{
		"by the session": func(s *stage, token string, _ answer, link, _ string) answer {
			return s.send("POST", s.in(verify), link+"}", bearer(token))
		},
		"by the binding and the link": func(s *stage, _ string, pending answer, link, _ string) answer {
			return s.send("POST", s.in(verify), link+`,"binding":"`+pending.text(s.t, "binding")+`"}`)
		},
		"by the binding and the code": func(s *stage, _ string, _ answer, _, code string) answer {
			return s.send("POST", s.in(verify), code)
		},
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withoutLimits)
			in := s.send("POST", s.in("/auth/credentials/{app_id}"), `{"email":"`+ann+`","password":"`+password+`","name":"Ann"}`)
			token := in.text(t, "token")
			pending, m := s.posted(send, `{}`, ann, bearer(token))
			got := prove(s, token, pending, strings.TrimSuffix(byLink(m, ""), "}"), byCode(ann, pending, m, ""))
			got.want(t, 200, "")
			if got.user("email_verified") != true || got.user("name") != "Ann" || got.body["token"] != nil {
				t.Errorf("user: got %s, want it proven, with its name, and no token", got.Body)
			}
			s.equal("the session", s.lives(token), 200)
			s.equal("the password", s.passes(ann, password), 200)
		})
	}
}

func TestProvenAddressesOnly(t *testing.T) {
	t.Parallel()
	const ann, verify = "ann@example.com", "/auth/email/verify/{app_id}"
	signUp := func(s *stage, email string) answer {
		return s.send("POST", s.in("/auth/credentials/{app_id}"), `{"email":"`+email+`","password":"`+password+`","name":"Ann","intent":"sign_up"}`)
	}
	for name, script := range map[string]func(s *stage){
		"the user comes to be with the proof": func(s *stage) {
			pending := signUp(s, ann)
			pending.want(s.t, 202, "")
			s.equal("before", s.passes(ann, password), 401)
			m := s.mailTo(ann)
			got := s.send("POST", s.in(verify), byCode(ann, pending, m, ""))
			got.want(s.t, 200, "")
			if got.user("email_verified") != true || got.user("name") != "Ann" {
				s.t.Errorf("user: got %s, want it proven, with its name", got.Body)
			}
			s.equal("after", s.passes(ann, password), 200)
			s.send("POST", s.in(verify), byLink(m, "")).want(s.t, 401, "invalid_token")
		},
		"without the binding nothing of the asker's takes effect": func(s *stage) {
			signUp(s, ann).want(s.t, 202, "")
			got := s.send("POST", s.in(verify), byLink(s.mailTo(ann), ""))
			got.want(s.t, 200, "")
			if got.user("name") != nil || got.body["created"] != true {
				s.t.Errorf("sign-in: got %s, want a new user without a name", got.Body)
			}
			s.equal("the asker's password", s.passes(ann, password), 401)
		},
		"a taken address gets a notice, and the asker sees no difference": func(s *stage) {
			s.provenUser(ann)
			taken, free := signUp(s, ann), signUp(s, "bob@example.com")
			taken.want(s.t, 202, "")
			free.want(s.t, 202, "")
			s.equal("length", taken.Body.Len(), free.Body.Len())
			s.equal("headers", len(taken.Header()), len(free.Header()))
			m := s.mailTo(ann)
			if strings.Contains(m.Text, "http") || !strings.Contains(m.Subject, "have an account") {
				s.t.Errorf("mail: got %q, want a notice without a link", m.Subject)
			}
		},
		"no intent is a sign-in": func(s *stage) {
			s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody(ann, password, "")).want(s.t, 401, "invalid_credentials")
		},
		"an unproven user's right password mails a proof": func(s *stage) {
			s.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailOff)})
			s.signUp(ann)
			s.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)})
			s.equal("a wrong password", s.passes(ann, "wrong"), 401)
			got := s.send("POST", s.in("/auth/credentials/{app_id}"), signInBody(ann, password, "sign_in"))
			got.want(s.t, 403, "email_not_verified")
			m := s.mailTo(ann)
			s.send("POST", s.in(verify), byLink(m, `,"binding":"`+got.text(s.t, "binding")+`"`)).want(s.t, 200, "")
			s.equal("after the proof", s.passes(ann, password), 200)
		},
		"a provider that is not trusted signs no user in": func(s *stage) {
			state, binding := s.begin(s.t, s.provider(), map[string]any{"sub": "x", "email": ann})
			s.callback("good", state, binding).want(s.t, 403, "email_not_verified")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overStores(t, func(s *stage) {
				s.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)})
				script(s)
			})
		})
	}
}

func TestLinksForTheAskerOnly(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	policy := authkit.MagicLinkBoundOnly
	s.settings(authkit.AppPatch{MagicLink: &policy})
	pending, m := s.mailed("ann@example.com", `,"redirect_to":"`+goal+`"`)
	s.verify(byLink(m, "")).want(t, 401, "invalid_token")
	s.send("GET", linkPath(m), "", "Accept: application/json").want(t, 401, "invalid_token")
	stranger := s.send("GET", linkPath(m), "")
	if strings.Contains(stranger.Body.String(), "<form") {
		t.Error("another browser's page: got a form, want none")
	}
	page := s.send("GET", linkPath(m), "", "Cookie: "+cookieOf(pending))
	if !strings.Contains(page.Body.String(), "<form") {
		t.Error("the asker's page: got no form, want one")
	}
	s.verify(byLink(m, `,"binding":"`+pending.text(t, "binding")+`"`)).want(t, 200, "")
	pending, m = s.mailed("bob@example.com", "")
	s.send("GET", linkPath(m), "", "Accept: application/json", "Cookie: "+cookieOf(pending)).want(t, 200, "")

	token := s.signUp("eve@example.com").text(t, "token")
	pending, m = s.posted("/auth/email/send/{app_id}", `{}`, "eve@example.com", bearer(token))
	for name, c := range map[string]struct {
		headers []string
		form    bool
	}{"another browser": {nil, false}, "the asker's browser": {[]string{"Cookie: " + cookieOf(pending)}, true}} {
		page := s.send("GET", linkPath(m), "", c.headers...)
		if got := strings.Contains(page.Body.String(), "<form"); page.Code != 200 || got != c.form {
			t.Errorf("the page of a proof in %s: got %d, a form %v, want 200 and %v", name, page.Code, got, c.form)
		}
	}
}

func TestIdentitiesNeverJoinWhereTheAppSaysSo(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	policy := authkit.IdentitiesJoinNever
	s.settings(authkit.AppPatch{IdentityPolicy: &policy})
	s.provider()
	s.send("PATCH", s.in("/apps/{app_id}/oauth-configs/corp"), `{"trust_email":true}`, bearer(s.token)).want(t, 200, "")
	s.provenUser("ann@example.com")
	s.signUp("bob@example.com")
	for _, email := range []string{"ann@example.com", "bob@example.com"} {
		state, binding := s.begin(t, s.idp, map[string]any{"sub": email, "email": email, "email_verified": true})
		s.callback("good", state, binding).want(t, 409, "link_required")
	}
}

func TestTheAskersBrowserKeepsEverythingWithTheLinkAlone(t *testing.T) {
	t.Parallel()
	const ann = "ann@example.com"
	s := newStage(t, withoutLimits)
	token := s.signUp(ann).text(t, "token")
	pending, m := s.posted("/auth/email/send/{app_id}", `{}`, ann, bearer(token))
	got := s.send("POST", s.in("/auth/email/verify/{app_id}"), byLink(m, ""), "Cookie: "+cookieOf(pending))
	got.want(t, 200, "")
	s.equal("email_verified", got.user("email_verified"), true)
	s.equal("the new session", s.lives(got.text(t, "token")), 200)
	s.equal("the session before", s.lives(token), 200)
	s.equal("the password", s.passes(ann, password), 200)
}

func TestUnprovenUsersGetNoFurtherTokenOnceTheAppAsks(t *testing.T) {
	t.Parallel()
	s := newStage(t, withoutLimits)
	in := s.signUp("ann@example.com")
	s.settings(authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)})
	s.refresh(in.text(t, "refresh_token")).want(t, 403, "email_not_verified")
	s.refresh(in.text(t, "refresh_token")).want(t, 401, "invalid_token")
	s.equal("the session", s.lives(in.text(t, "token")), 401)
}
