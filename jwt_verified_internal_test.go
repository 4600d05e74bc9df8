package authkit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/bounded"
)

// tokenUse is one use of a token that the process has verified before.
type tokenUse struct {
	*remembered

	as  App
	raw string
}

func TestARememberedTokenIsJudgedAsAnyOther(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   func(*tokenUse)
		code     Code
		recalled bool
	}{
		"at once":                              {func(*tokenUse) {}, "", true},
		"just before it expires":               {func(a *tokenUse) { a.advance(time.Hour - 1) }, "", true},
		"within the leeway after it expired":   {func(a *tokenUse) { a.advance(time.Hour) }, "", false},
		"after the leeway":                     {func(a *tokenUse) { a.advance(time.Hour + time.Minute) }, CodeInvalidToken, false},
		"before it was issued, in the leeway":  {func(a *tokenUse) { a.advance(-time.Minute) }, "", false},
		"before it was issued, by a clock set": {func(a *tokenUse) { a.advance(-time.Minute - 1) }, CodeInvalidToken, false},
		"by an app with the same keys":         {func(a *tokenUse) { a.as.ID = uuid.New() }, CodeInvalidToken, false},
		"after its key was revoked": {func(a *tokenUse) {
			a.as.Keys = append(a.as.Keys[:1:1], SigningKey{KID: "next", Alg: "ES256", Seq: 2, From: a.begin, Alone: true})
		}, CodeInvalidToken, true},
		"after its key was retired": {func(a *tokenUse) {
			a.as.Keys = append(a.as.Keys[:1:1], SigningKey{KID: "next", Alg: "ES256", Seq: 2, From: a.begin.Add(-keyTail)})
		}, CodeInvalidToken, true},
		"by an app without a key": {func(a *tokenUse) { a.as.Keys = nil }, CodeInvalidToken, true},
		"with another signature": {func(a *tokenUse) {
			at := len(a.raw) - 2
			a.raw = a.raw[:at] + strings.Map(func(r rune) rune { return r ^ 1 }, a.raw[at:at+1]) + a.raw[at+1:]
		}, CodeInvalidToken, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := remember(t)
			if _, err := r.signing.verify(r.app, r.token, r.time()); err != nil {
				t.Fatal(err)
			}
			a := &tokenUse{r, r.app, r.token}
			c.change(a)
			if _, ok := r.signing.recall(digest(a.raw), a.as.ID, a.time()); ok != c.recalled {
				t.Errorf("recalled: got %v, want %v", ok, c.recalled)
			}
			_, err := r.signing.verify(a.as, a.raw, a.time())
			if (c.code == "") != (err == nil) || (c.code != "" && !errors.Is(err, c.code)) {
				t.Errorf("got %v, want %q", err, c.code)
			}
			_, fresh := r.signing.check(a.as, a.raw, a.time())
			if (fresh == nil) != (err == nil) {
				t.Errorf("got %v, and %v without memory, want the same answer", err, fresh)
			}
		})
	}
}

func TestATokenOfARevokedKeyIsForgotten(t *testing.T) {
	t.Parallel()
	r := remember(t)
	if _, err := r.signing.verify(r.app, r.token, r.time()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.signing.verify(App{ID: r.app.ID}, r.token, r.time()); !errors.Is(err, CodeInvalidToken) {
		t.Errorf("got %v, want %v", err, CodeInvalidToken)
	}
	if _, ok := r.signing.verified.Get(digest(r.token)); ok {
		t.Error("the token is remembered, want it forgotten")
	}
}

// A flood of tokens that do not verify displaces none that did.
func TestAFloodOfTokensTakesNoRoom(t *testing.T) {
	t.Parallel()
	r := remember(t)
	r.signing.verified = bounded.NewCache[[sha256.Size]byte, verifiedToken](1)
	if _, err := r.signing.verify(r.app, r.token, r.time()); err != nil {
		t.Fatal(err)
	}
	signed := r.token[:strings.LastIndexByte(r.token, '.')]
	for i := range 100 {
		for _, raw := range []string{fmt.Sprint("garbage", i), signed + "." + fmt.Sprintf("%086d", i), r.token + strconv.Itoa(i)} {
			if _, err := r.signing.verify(r.app, raw, r.time()); !errors.Is(err, CodeInvalidToken) {
				t.Fatalf("verify %q: got %v, want %v", raw, err, CodeInvalidToken)
			}
		}
	}
	if _, ok := r.signing.recall(digest(r.token), r.app.ID, r.time()); !ok {
		t.Error("the verified token was displaced, want it remembered")
	}
}

// The process knows that a session has ended only from the store, which is asked each time.
func TestARememberedTokenOfAnEndedSession(t *testing.T) {
	t.Parallel()
	r := remember(t)
	s := newSessions(r.store, r.signing, nil, TokenConfig{}, r.time)
	if _, _, err := s.byToken(t.Context(), r.app, r.token); err != nil {
		t.Fatal(err)
	}
	of := r.store.user.ID
	for name, c := range map[string]struct {
		user uuid.UUID
		err  error
		code Code
	}{
		"a store that fails":       {of, errors.New("down"), CodeUnavailable},
		"ended elsewhere":          {of, ErrNotFound, CodeInvalidToken},
		"a session of another":     {uuid.New(), nil, CodeInvalidToken},
		"alive, as the store says": {of, nil, ""},
	} {
		asked := r.store.asked.Load()
		r.store.user.ID, r.store.err = c.user, c.err
		_, _, err := s.byToken(t.Context(), r.app, r.token)
		if (c.code == "") != (err == nil) || (c.code != "" && !errors.Is(err, c.code)) {
			t.Errorf("%s: got %v, want %q", name, err, c.code)
		}
		if got := r.store.asked.Load() - asked; got != 1 {
			t.Errorf("%s: got %d questions, want one", name, got)
		}
		if _, kept := r.signing.verified.Get(digest(r.token)); kept != (c.code != CodeInvalidToken) {
			t.Errorf("%s: remembered: got %v, want %v", name, kept, c.code != CodeInvalidToken)
		}
	}
}
