package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"

	"github.com/authkit-dev/authkit/mail"
)

// These are the requests of the workers.

func (s *storm) credentials(what, intent, email, password string) probe {
	return probe{what: what, email: email, path: "/auth/credentials/" + s.app.id, body: map[string]string{"email": email, "password": password, "intent": intent}}
}

func (s *storm) refreshing(what, token, idempotency string) probe {
	p := probe{what: what, path: "/auth/refresh/" + s.app.id, body: map[string]string{"refresh_token": token}}
	if idempotency != "" {
		p.header = [2]string{"Idempotency-Key", idempotency}
	}
	return p
}

// newUser signs a user up, and returns the refresh token.
func (s *storm) newUser(ctx context.Context, email, password string) (string, error) {
	return s.newUserAt(ctx, email, password, s.target)
}

func (s *storm) newUserAt(ctx context.Context, email, password string, target func() *client) (string, error) {
	for {
		p := s.credentials("sign-up of "+email, "sign_up", email, password)
		a, doubt, err := s.sendTo(ctx, p, target)
		if err != nil {
			return "", err
		}
		taken := doubt && a.status == http.StatusConflict
		if taken { // the earlier attempt was done
			p = s.credentials("sign-in of "+email+" after a sign-up in doubt", "sign_in", email, password)
			if a, _, err = s.send(ctx, p); err != nil {
				return "", err
			}
		}
		switch {
		case a.ok():
			s.ack("sign-up")
			return a.fields().RefreshToken, nil
		case !taken || !s.lossy:
			return "", unexpected(p, a)
		}
	}
}

// signUp makes users.
func (s *storm) signUp(ctx context.Context) error {
	for s.on(ctx) {
		if err := s.signUpOnce(ctx, s.target); err != nil {
			return err
		}
	}
	return nil
}

func (s *storm) signUpOnce(ctx context.Context, target func() *client) error {
	email, secret := s.address(), password()
	if _, err := s.newUserAt(ctx, email, secret, target); err != nil {
		return err
	}
	s.keep(s.credentials("user "+email, "sign_in", email, secret))
	return nil
}

// chain is how many rotations a session lives in the storm. The older tokens are then tried.
const chain = 40

// rotate refreshes sessions.
func (s *storm) rotate(ctx context.Context) error {
	for s.on(ctx) {
		email := s.address()
		current, err := s.newUser(ctx, email, password())
		if err != nil {
			return err
		}
		old := []string{}
		for i := 0; i < chain && s.on(ctx); i++ {
			p := s.refreshing("session of "+email, current, rand.Text())
			p.email = email
			a, _, err := s.send(ctx, p)
			if err != nil {
				return err
			}
			if !a.ok() {
				s.r.brokef("%s was signed out after %d rotations: got %v", p.what, i, a)
				break
			}
			s.ack("rotation")
			old = append(old, current)
			current = a.fields().RefreshToken
		}
		if err := s.endByReuse(ctx, email, old, current); err != nil {
			return err
		}
	}
	return nil
}

// endByReuse presents a token that was spent long ago, which ends the session for good. A shorter
// chain, whose tokens may be within their grace, has to work in the end.
func (s *storm) endByReuse(ctx context.Context, email string, old []string, current string) error {
	if len(old) < 4 {
		s.keep(s.refreshing("session of "+email, current, ""))
		return nil
	}
	p := s.refreshing("spent refresh token of "+email, old[0], "")
	a, doubt, err := s.send(ctx, p)
	if err != nil {
		return err
	}
	s.mustBeDead(p, a)
	if doubt && s.lossy {
		return nil
	}
	s.ack("session ended by a spent token")
	s.bury(p)
	s.bury(s.refreshing("session of "+email+", which a spent token has ended", current, ""))
	return nil
}

// makeKeys replaces the API key of an app.
func (s *storm) makeKeys(ctx context.Context) error {
	name := s.w.name("keys")
	p := probe{what: "app " + name, path: "/apps", body: map[string]string{"name": name}, header: [2]string{developerHeader, name}}
	a, _, err := s.send(ctx, p)
	if err != nil || !a.ok() {
		return unexpected(p, a)
	}
	id := a.fields().AppID
	use := func(key string) probe {
		return probe{what: "API key of " + name, method: http.MethodGet, path: "/users/" + id, header: [2]string{"Authorization", "Bearer " + key}}
	}
	key := a.fields().APIKey
	for s.on(ctx) {
		p := probe{what: "API key of " + name, path: "/apps/" + id + "/api-keys", body: map[string]string{}, header: [2]string{developerHeader, name}}
		a, _, err := s.send(ctx, p)
		if err != nil || !a.ok() {
			return unexpected(p, a)
		}
		s.ack("key")
		s.bury(use(key))
		key = a.fields().Key
	}
	s.keep(use(key))
	return nil
}

// reset chooses new passwords by mailed links.
func (s *storm) reset(ctx context.Context) error {
	email, secret := s.address(), password()
	session, err := s.newUser(ctx, email, secret)
	if err != nil {
		return err
	}
	for s.on(ctx) {
		next := password()
		redeem := func(token string) probe {
			return probe{what: "reset link of " + email, email: email, path: "/auth/password/reset/" + s.app.id, body: map[string]string{"token": token, "password": next}}
		}
		ask := probe{what: "mail to " + email, path: "/auth/password/forgot/" + s.app.id, body: map[string]string{"email": email}}
		var again answer // to a sign-in, where the answer to the reset was lost
		a, used, err := s.byMail(ctx, ask, email, redeem, func() (bool, error) {
			again, _, err = s.send(ctx, s.credentials("sign-in of "+email+" after a reset in doubt", "sign_in", email, next))
			return again.ok(), err
		})
		if err != nil {
			return err
		}
		s.ack("reset")
		if !a.ok() {
			a = again
		}
		s.bury(s.credentials("old password of "+email, "sign_in", email, secret))
		s.bury(s.refreshing("session of "+email+", which a reset has ended", session, ""))
		s.bury(used)
		secret, session = next, a.fields().RefreshToken
	}
	s.keep(s.credentials("newest password of "+email, "sign_in", email, secret))
	s.keep(s.refreshing("session of "+email+" of the newest reset", session, ""))
	return nil
}

// byMail asks for a mail and redeems its link. Mails that were asked for earlier, or in doubt, may
// come too, with links that are no longer valid. The answer is a refusal only if the redemption
// was done in doubt, which confirm finds out.
func (s *storm) byMail(ctx context.Context, ask probe, email string, redeem func(token string) probe, confirm func() (bool, error)) (answer, probe, error) {
	after := s.w.post.count(email)
	for asked := false; ; {
		if !asked {
			if a, _, err := s.send(ctx, ask); err != nil || !a.ok() {
				return a, ask, unexpected(ask, a)
			}
			s.ack("mail asked for")
			asked = true
		}
		m, err := s.w.post.take(ctx, email, after, s.w.patience())
		switch {
		case errors.Is(err, errNoMail) && !s.w.long:
			asked = false // as a person would
			continue
		case err != nil:
			return answer{}, ask, err
		}
		after++
		p := redeem(linkToken(mail.Link(m)))
		a, doubt, err := s.send(ctx, p)
		done := a.ok()
		if err == nil && !done && doubt {
			done, err = confirm()
		}
		if err != nil || done {
			return a, p, err
		}
	}
}

// signOut ends sessions.
func (s *storm) signOut(ctx context.Context) error {
	email, secret := s.address(), password()
	if _, err := s.newUser(ctx, email, secret); err != nil {
		return err
	}
	for s.on(ctx) {
		in := s.credentials("sign-in of "+email, "sign_in", email, secret)
		a, _, err := s.send(ctx, in)
		if err != nil || !a.ok() {
			return unexpected(in, a)
		}
		s.ack("sign-in")
		session := a.fields().RefreshToken
		out := probe{what: "sign-out of " + email, path: "/auth/sign-out/" + s.app.id, body: map[string]string{"refresh_token": session}}
		a, doubt, err := s.send(ctx, out)
		if err != nil || !a.ok() && !doubt {
			return unexpected(out, a)
		}
		if !a.ok() && s.lossy {
			continue
		}
		s.ack("sign-out")
		s.bury(s.refreshing("session of "+email+", which has signed out", session, ""))
	}
	return nil
}

// redeem signs users in by mailed links.
func (s *storm) redeem(ctx context.Context) error {
	for s.on(ctx) {
		email := s.address()
		ask := probe{what: "mail to " + email, path: "/auth/magic-link/" + s.app.id, body: map[string]string{"email": email}}
		a, used, err := s.byMail(ctx, ask, email, func(token string) probe {
			return probe{what: "sign-in link of " + email, email: email, path: "/auth/verify/" + s.app.id, body: map[string]string{"token": token}}
		}, func() (bool, error) { return true, nil }) // whatever was done, the link is dead
		if err != nil {
			return err
		}
		if a.ok() || !s.lossy {
			s.bury(used)
		}
		if a.ok() {
			s.ack("link")
			s.keep(s.refreshing("session of "+email+" by a link", a.fields().RefreshToken, ""))
		}
	}
	return nil
}
