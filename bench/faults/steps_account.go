package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/authkit-dev/authkit/mail"
)

// These are the steps about a user's password and account.

func (s *stepper) resetStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	session, email, old, err := s.user(ctx)
	if err != nil {
		return probe{}, nil, err
	}
	if _, err := s.ask(ctx, s.child.client(), "/auth/password/forgot", map[string]string{"email": email}); err != nil {
		return probe{}, nil, err
	}
	m, err := s.newest(ctx, email)
	next := password()
	p := probe{what: "the reset", path: "/auth/password/reset/" + s.app.id, body: map[string]string{"token": linkToken(mail.Link(m)), "password": next}}
	return p, func(done bool, _ answer) error {
		if !done {
			before, err := s.works(ctx, s.credentials("sign_in", email, old))
			if err != nil {
				return err
			}
			if again, err := s.works(ctx, p); err != nil || again != before {
				return fmt.Errorf("the old password worked: %v, the link again: %v, want the same; %w", before, again, err)
			}
		}
		return s.replaced(ctx, email, old, next, s.refreshing("the session from before", session), p)
	}, err
}

// replaced checks that a new password holds, and that everything older is dead.
func (s *stepper) replaced(ctx context.Context, email, old, next string, dead ...probe) error {
	if _, err := s.must(ctx, s.credentials("sign_in", email, next)); err != nil {
		return err
	}
	for _, p := range append(dead, s.credentials("sign_in", email, old)) {
		if err := s.refuses(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (s *stepper) changeStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	a, email, old, err := s.user(ctx)
	if err != nil {
		return probe{}, nil, err
	}
	other, err := s.must(ctx, s.credentials("sign_in", email, old))
	next := password()
	p := s.as(a, "the change", http.MethodPost, "/auth/password/change", map[string]string{"current_password": old, "new_password": next})
	return p, func(done bool, _ answer) error {
		if !done {
			before, err := s.works(ctx, s.credentials("sign_in", email, old))
			if err != nil {
				return err
			}
			if before {
				if _, err := s.must(ctx, p); err != nil {
					return err
				}
			}
		}
		return s.replaced(ctx, email, old, next, s.refreshing("another session", other))
	}, err
}

func (s *stepper) deleteStep(ctx context.Context) (probe, func(bool, answer) error, error) {
	a, email, secret, err := s.user(ctx)
	p := s.as(a, "the deletion", http.MethodDelete, "/auth/me", nil)
	return p, func(done bool, _ answer) error {
		if !done {
			if _, err := s.works(ctx, p); err != nil { // it is refused if it was done
				return err
			}
		}
		if n, err := s.users(ctx, email); err != nil || n != 0 {
			return fmt.Errorf("there are %d users, want 0: %w", n, err)
		}
		for _, dead := range []probe{s.credentials("sign_in", email, secret), s.refreshing("the session", a)} {
			if err := s.refuses(ctx, dead); err != nil {
				return err
			}
		}
		return nil
	}, err
}
