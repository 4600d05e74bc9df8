package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/authkit-dev/authkit/mail"
)

// These are the steps about a user's address, and those of an app's own server and developer.

// account is what the user reads about themselves.
type account struct {
	Verified bool `json:"email_verified"`
}

func (s *stepper) me(ctx context.Context, a answer) (u account, err error) {
	got, err := s.must(ctx, s.as(a, "the user", http.MethodGet, "/auth/me", nil))
	if err != nil {
		return u, err
	}
	return u, json.Unmarshal(got.body, &u)
}

func (s *stepper) proofStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	a, email, _, err := s.user(ctx)
	if err != nil {
		return probe{}, nil, err
	}
	if _, err := s.must(ctx, s.as(a, "the request for a proof", http.MethodPost, "/auth/email/send", nil)); err != nil {
		return probe{}, nil, err
	}
	m, err := s.newest(ctx, email)
	p := s.as(a, "the proof", http.MethodPost, "/auth/email/verify", map[string]string{"token": linkToken(mail.Link(m))})
	return p, func(done bool, _ answer) error {
		before, err := s.me(ctx, a)
		if err != nil {
			return err
		}
		if done && !before.Verified {
			return errors.New("the address is not proven")
		}
		if !before.Verified {
			if _, err := s.must(ctx, p); err != nil {
				return err
			}
		}
		after, err := s.me(ctx, a)
		if err == nil && !after.Verified {
			err = errors.New("the address is not proven after a repetition")
		}
		return err
	}, err
}

func (s *stepper) moveStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	a, old, secret, err := s.user(ctx)
	if err != nil {
		return probe{}, nil, err
	}
	next := s.address()
	if _, err := s.must(ctx, s.as(a, "the request to move", http.MethodPost, "/auth/email/change", map[string]string{"new_email": next})); err != nil {
		return probe{}, nil, err
	}
	m, err := s.newest(ctx, next)
	p := s.as(a, "the move", http.MethodPost, "/auth/email/confirm", map[string]string{"token": linkToken(mail.Link(m))})
	return p, func(done bool, _ answer) error {
		if !done {
			moved, err := s.works(ctx, s.credentials("sign_in", next, secret))
			if err != nil {
				return err
			}
			if !moved {
				if _, err := s.must(ctx, p); err != nil {
					return err
				}
			}
		}
		if _, err := s.must(ctx, s.credentials("sign_in", next, secret)); err != nil {
			return err
		}
		return s.refuses(ctx, s.credentials("sign_in", old, secret))
	}, err
}

func (s *stepper) disableStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	a, email, secret, err := s.user(ctx)
	p := probe{
		what: "the disabling", method: http.MethodPatch, path: "/users/" + s.app.id + "/" + a.fields().User.ID,
		body: map[string]any{"disabled": true}, header: [2]string{"Authorization", "Bearer " + s.app.key},
	}
	return p, func(done bool, _ answer) error {
		if !done {
			if _, err := s.must(ctx, p); err != nil {
				return err
			}
		}
		for _, dead := range []probe{s.credentials("sign_in", email, secret), s.refreshing("the session", a), s.as(a, "the user", http.MethodGet, "/auth/me", nil)} {
			if err := s.refuses(ctx, dead); err != nil {
				return err
			}
		}
		return nil
	}, err
}

func (s *stepper) revokeStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	a, err := s.child.newApp(ctx, s.w.name("keys"))
	if err != nil {
		return probe{}, nil, err
	}
	owner := [2]string{developerHeader, a.developer}
	got, err := s.must(ctx, probe{what: "a key", path: "/apps/" + a.id + "/api-keys", body: map[string]string{}, header: owner})
	key := got.fields()
	p := probe{what: "the revocation", method: http.MethodDelete, path: "/apps/" + a.id + "/api-keys/" + key.ID, header: owner}
	return p, func(done bool, _ answer) error {
		if !done {
			if _, err := s.works(ctx, p); err != nil { // it is refused if it was done
				return err
			}
		}
		return s.refuses(ctx, probe{what: "the key", method: http.MethodGet, path: "/users/" + a.id, header: [2]string{"Authorization", "Bearer " + key.Key}})
	}, err
}
