package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/authkit-dev/authkit/mail"
)

func steps() []step {
	return []step{
		{"sign-up", (*stepper).signUpStep},
		{"sign-in", (*stepper).signInStep},
		{"reading the user", (*stepper).meStep},
		{"refresh", (*stepper).refreshStep},
		{"sign-out", (*stepper).signOutStep},
		{"asking for a link", (*stepper).askStep},
		{"redeeming a link", (*stepper).linkStep},
		{"resetting a password", (*stepper).resetStep},
		{"changing a password", (*stepper).changeStep},
		{"replacing an API key", (*stepper).keyStep},
		{"creating an app", (*stepper).appStep},
		{"finishing at a provider", (*stepper).providerStep},
		{"exchanging a one-time code", (*stepper).exchangeStep},
		{"proving an address", (*stepper).proofStep},
		{"moving to another address", (*stepper).moveStep},
		{"disabling a user", (*stepper).disableStep},
		{"revoking an API key", (*stepper).revokeStep},
		{"deleting a user", (*stepper).deleteStep},
	}
}

// The requests of the checks.

func (s *stepper) credentials(intent, email, password string) probe {
	return probe{what: intent + " of " + email, path: "/auth/credentials/" + s.app.id, body: map[string]string{"email": email, "password": password, "intent": intent}}
}

func (s *stepper) refreshing(what string, a answer) probe {
	return probe{what: what, path: "/auth/refresh/" + s.app.id, body: map[string]string{"refresh_token": a.fields().RefreshToken}}
}

func (s *stepper) as(a answer, what, method, path string, body any) probe {
	return probe{what: what, method: method, path: path + "/" + s.app.id, body: body, header: [2]string{"Authorization", "Bearer " + a.fields().Token}}
}

// user signs up a new user.
func (s *stepper) user(ctx context.Context) (a answer, email, secret string, err error) {
	email, secret = s.address(), password()
	a, err = s.must(ctx, s.credentials("sign_up", email, secret))
	return a, email, secret, err
}

// users returns how many users the app has with an address.
func (s *stepper) users(ctx context.Context, email string) (int, error) {
	a, err := s.must(ctx, probe{
		what: "list of users", method: http.MethodGet, path: "/users/" + s.app.id + "?email=" + url.QueryEscape(email),
		header: [2]string{"Authorization", "Bearer " + s.app.key},
	})
	if err != nil {
		return 0, err
	}
	var list struct {
		Users []struct{} `json:"users"`
	}
	err = json.Unmarshal(a.body, &list)
	return len(list.Users), err
}

// The steps.

func (s *stepper) signUpStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	email, secret := s.address(), password()
	up, in := s.credentials("sign_up", email, secret), s.credentials("sign_in", email, secret)
	return up, func(done bool, a answer) error {
		n, err := s.users(ctx, email)
		if err != nil {
			return err
		}
		switch {
		case done && n != 1:
			return fmt.Errorf("there are %d users, want 1", n)
		case done:
			if _, err := s.must(ctx, s.refreshing("its session", a)); err != nil {
				return err
			}
		case n == 0:
			if _, err := s.must(ctx, up); err != nil {
				return err
			}
		}
		_, err = s.must(ctx, in)
		return err
	}, nil
}

func (s *stepper) signInStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	_, email, secret, err := s.user(ctx)
	in := s.credentials("sign_in", email, secret)
	return in, func(done bool, a answer) (err error) {
		if !done {
			if a, err = s.must(ctx, in); err != nil {
				return err
			}
		}
		_, err = s.must(ctx, s.refreshing("its session", a))
		return err
	}, err
}

func (s *stepper) meStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	a, _, _, err := s.user(ctx)
	me := s.as(a, "the user", http.MethodGet, "/auth/me", nil)
	return me, func(bool, answer) error { _, err := s.must(ctx, me); return err }, err
}

func (s *stepper) refreshStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	a, _, _, err := s.user(ctx)
	p := s.refreshing("the refresh", a)
	p.header = [2]string{"Idempotency-Key", rand.Text()}
	return p, func(done bool, a answer) (err error) {
		if !done {
			if a, err = s.must(ctx, p); err != nil {
				return err
			}
		}
		_, err = s.must(ctx, s.refreshing("the next refresh", a))
		return err
	}, err
}

func (s *stepper) signOutStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	a, _, _, err := s.user(ctx)
	session := s.refreshing("the session", a)
	out := probe{what: "sign-out", path: "/auth/sign-out/" + s.app.id, body: session.body}
	return out, func(done bool, _ answer) error {
		if !done {
			if _, err := s.works(ctx, out); err != nil { // it is refused if it was done
				return err
			}
		}
		return s.refuses(ctx, session)
	}, err
}

func (s *stepper) askStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	email := s.address()
	ask := probe{what: "the request", path: "/auth/magic-link/" + s.app.id, body: map[string]string{"email": email}}
	return ask, func(done bool, _ answer) error {
		if !done {
			if _, err := s.must(ctx, ask); err != nil {
				return err
			}
		}
		m, err := s.newest(ctx, email)
		if err != nil {
			return err
		}
		_, err = s.must(ctx, probe{what: "its link", path: "/auth/verify/" + s.app.id, body: map[string]string{"token": linkToken(mail.Link(m))}})
		return err
	}, nil
}

// newest sends what waits and returns the newest mail to an address.
func (s *stepper) newest(ctx context.Context, email string) (mail.Message, error) {
	if err := s.child.runOnce(ctx); err != nil {
		return mail.Message{}, err
	}
	return s.w.post.take(ctx, email, max(0, s.w.post.count(email)-1), 0)
}

func (s *stepper) linkStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	email := s.address()
	if _, err := s.ask(ctx, s.child.client(), "/auth/magic-link", map[string]string{"email": email}); err != nil {
		return probe{}, nil, err
	}
	m, err := s.newest(ctx, email)
	p := probe{what: "the link", path: "/auth/verify/" + s.app.id, body: map[string]string{"token": linkToken(mail.Link(m))}}
	return p, func(done bool, _ answer) error {
		n, err := s.users(ctx, email)
		if err != nil {
			return err
		}
		again, err := s.works(ctx, p)
		switch {
		case err != nil:
			return err
		case again == (n == 1):
			return fmt.Errorf("there are %d users of the address, and the link works: %v, want one of them", n, again)
		case done && again:
			return errors.New("the link works a second time")
		}
		return nil
	}, err
}

func (s *stepper) keyStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	a, err := s.child.newApp(ctx, s.w.name("keys"))
	p := probe{what: "the replacement", path: "/apps/" + a.id + "/api-keys", body: map[string]string{}, header: [2]string{developerHeader, a.developer}}
	return p, func(done bool, got answer) (err error) {
		use := func(what, key string) probe {
			return probe{what: what, method: http.MethodGet, path: "/users/" + a.id, header: [2]string{"Authorization", "Bearer " + key}}
		}
		if !done {
			if got, err = s.must(ctx, p); err != nil {
				return err
			}
		}
		if _, err := s.must(ctx, use("the new key", got.fields().Key)); err != nil {
			return err
		}
		if err := s.refuses(ctx, use("the old key", a.key)); err != nil {
			return err
		}
		return s.oneActive(ctx, p)
	}, err
}

// oneActive checks that an app has one active key.
func (s *stepper) oneActive(ctx context.Context, p probe) error {
	p.what, p.method, p.body = "the list of keys", http.MethodGet, nil
	got, err := s.must(ctx, p)
	if err != nil {
		return err
	}
	var list struct {
		Keys []struct {
			Active bool `json:"is_active"`
		} `json:"api_keys"`
	}
	if err := json.Unmarshal(got.body, &list); err != nil {
		return err
	}
	n := 0
	for _, k := range list.Keys {
		if k.Active {
			n++
		}
	}
	if n != 1 {
		return fmt.Errorf("%d keys are active, want 1", n)
	}
	return nil
}

func (s *stepper) appStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	name := s.w.name("app")
	p := probe{what: "the app", path: "/apps", body: map[string]string{"name": name}, header: [2]string{developerHeader, name}}
	list := probe{what: "the list of apps", method: http.MethodGet, path: "/apps", header: p.header}
	return p, func(done bool, _ answer) error {
		got, err := s.must(ctx, list)
		if err != nil {
			return err
		}
		var apps struct {
			Apps []struct {
				ID string `json:"app_id"`
			} `json:"apps"`
		}
		if err := json.Unmarshal(got.body, &apps); err != nil {
			return err
		}
		switch n := len(apps.Apps); {
		case n > 1 || done && n == 0:
			return fmt.Errorf("there are %d apps, want 1", n)
		case n == 0:
			_, err := s.must(ctx, p)
			return err
		}
		// It is whole: its users can sign up.
		_, err = s.must(ctx, probe{what: "sign-up in the app", path: "/auth/credentials/" + apps.Apps[0].ID, body: map[string]string{"email": s.address(), "password": password()}})
		return err
	}, nil
}

// providerStep spends the state before it asks the provider, so that a person may have to begin
// anew.
func (s *stepper) providerStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	p, err := s.oauthState(ctx, s.child.client())
	p.what = "the state"
	return p, func(done bool, a answer) error {
		again, err := s.works(ctx, p)
		switch {
		case err != nil:
			return err
		case done && again:
			return errors.New("the state works a second time")
		case done:
			_, err := s.must(ctx, s.refreshing("its session", a))
			return err
		case again:
			return nil
		}
		anew, err := s.oauthState(ctx, s.child.client())
		if err != nil {
			return err
		}
		anew.what = "a new try"
		_, err = s.must(ctx, anew)
		return err
	}, err
}

func (s *stepper) exchangeStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	p, err := s.oneTimeCode(ctx, s.child.client())
	p.what = "the one-time code"
	return p, func(done bool, a answer) (err error) {
		if !done {
			if a, err = s.must(ctx, p); err != nil {
				return err
			}
		}
		_, err = s.must(ctx, s.refreshing("its session", a))
		return err
	}, err
}
