package authkit

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/password"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

func TestSigningOfAccessTokens(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	signingOf := func(first byte) *signing {
		secret := make([]byte, 32)
		secret[0] = first
		ring, err := seal.New(secret)
		if err != nil {
			t.Fatal(err)
		}
		return newSigning(ring, password.NewGate(1, 1, time.Second), day, func(app uuid.UUID) string { return "https://id.example/" + app.String() })
	}
	g := signingOf(0)
	app := App{ID: uuid.New()}
	for i, alg := range []string{"", "EdDSA"} {
		key, err := g.newKey(t.Context(), app.ID, alg, int64(i+1), now.Add(time.Duration(i)*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		app.Keys = append(app.Keys, key)
	}
	ref := SessionRef{App: app.ID, User: uuid.New(), ID: uuid.New()}
	claims := func(at time.Time) token.Access {
		return token.Access{
			Issuer: g.issuer(app.ID), Audience: app.ID.String(), Subject: ref.User.String(), SessionID: ref.ID.String(),
			ID: uuid.NewString(), IssuedAt: at, ExpiresAt: at.Add(time.Minute), AuthTime: at, AMR: []string{"pwd"},
		}
	}
	for i, at := range []time.Time{now, now.Add(time.Hour)} {
		raw, err := g.mint(app, claims(at), at)
		if err != nil {
			t.Fatal(err)
		}
		got, err := g.verify(app, raw, at)
		if err != nil || got.session() != ref || got.kid != app.Keys[i].KID {
			t.Errorf("key %d: got %+v, %v, want session %v by key %q", i, got.session(), err, ref, app.Keys[i].KID)
		}
		other := app
		other.ID = uuid.New()
		for name, verified := range map[string]func() (verifiedToken, error){
			"another app":  func() (verifiedToken, error) { return g.verify(other, raw, at) },
			"no such key":  func() (verifiedToken, error) { return g.verify(App{ID: app.ID}, raw, at) },
			"another text": func() (verifiedToken, error) { return g.verify(app, raw+"A", at) },
		} {
			if _, err := verified(); !errors.Is(err, CodeInvalidToken) {
				t.Errorf("key %d, %s: got %v, want %v", i, name, err, CodeInvalidToken)
			}
		}
	}
	for name, mint := range map[string]func() (string, error){
		"an app without a key":        func() (string, error) { return g.mint(App{ID: app.ID}, claims(now), now) },
		"a key under another secret":  func() (string, error) { return signingOf(1).mint(app, claims(now), now) },
		"a key that is another app's": func() (string, error) { return g.mint(App{ID: uuid.New(), Keys: app.Keys}, claims(now), now) },
	} {
		if _, err := mint(); !errors.Is(err, CodeInternal) {
			t.Errorf("%s: got %v, want %v", name, err, CodeInternal)
		}
	}
	if due := g.due.Take(); len(due) != 1 || due[0] != app.ID {
		t.Errorf("apps that were seen to need a key: got %v, want the one whose newest key is of another algorithm", due)
	}
}

// A subject or session that is no UUID names nothing, though the signature is right.
func TestATokenThatNamesNoSession(t *testing.T) {
	t.Parallel()
	r := remember(t)
	for _, sid := range []string{"", "nobody"} {
		raw, err := r.signing.mint(r.app, token.Access{
			Issuer: r.signing.issuer(r.app.ID), Audience: r.app.ID.String(), Subject: uuid.NewString(), SessionID: sid,
			ID: uuid.NewString(), IssuedAt: r.begin, ExpiresAt: r.begin.Add(time.Minute), AuthTime: r.begin, AMR: []string{"pwd"},
		}, r.begin)
		if err == nil {
			_, err = r.signing.verify(r.app, raw, r.begin)
		}
		if !errors.Is(err, CodeInvalidToken) {
			t.Errorf("sid %q: got %v, want %v", sid, err, CodeInvalidToken)
		}
	}
}
