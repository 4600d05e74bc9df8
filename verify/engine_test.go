package verify_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/verify"
)

func TestVerifyReadsWhatTheEngineMints(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"ES256", "EdDSA", "RS256"} {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			_, err := w.engine.ChangeApp(t.Context(), authkit.AppRef{Developer: "dev", ID: w.app.ID}, authkit.AppPatch{SigningAlg: &alg})
			w.ok(err)
			_, err = w.engine.RotateSigningKey(t.Context(), authkit.AppRef{Developer: "dev", ID: w.app.ID}, authkit.SigningKeyRotation{RevokeOld: true})
			w.ok(err)
			in := w.signIn(w.app)
			got, err := w.verifier(w.app).Verify(t.Context(), in.Token)
			w.ok(err)
			if got.Subject != in.User.ID.String() || got.App != w.app.ID.String() || got.SessionID != in.SessionID.String() || got.ID == "" {
				t.Errorf("ids: got %+v, want those of %+v", got, in)
			}
			if got.Email != "" || len(got.Methods) != 1 || got.Methods[0] != "pwd" {
				t.Errorf("got %+v, want no address, since it is not verified, and pwd", got)
			}
			if !got.AuthTime.Equal(start) || !got.IssuedAt.Equal(start) || !got.ExpiresAt.Equal(start.Add(in.ExpiresIn)) {
				t.Errorf("times: got %+v, want %v and %v later", got, start, in.ExpiresIn)
			}
		})
	}
}

func TestVerifyReadsWhatTheHostAdds(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *authkit.Config) {
		c.Hooks.Claims = func(context.Context, authkit.HookEvent) (map[string]any, error) {
			return map[string]any{"plan": "gold", "limits": map[string]any{"seats": 3}}, nil
		}
	})
	got, err := w.verifier(w.app).Verify(t.Context(), w.signIn(w.app).Token)
	w.ok(err)
	want := map[string]any{"plan": "gold", "limits": map[string]any{"seats": 3.0}}
	if !reflect.DeepEqual(got.Extra, want) {
		t.Errorf("got %v, want %v", got.Extra, want)
	}
}

func TestVerifyRefusesEveryOtherCredential(t *testing.T) {
	t.Parallel()
	w := setup(t)
	v := w.verifier(w.app)
	in := w.signIn(w.app)
	if _, err := v.Verify(t.Context(), in.Token); err != nil {
		t.Fatalf("control: got %v, want no error", err)
	}
	other := w.create("Other")
	_, key, err := w.engine.CreateApp(t.Context(), "dev", "Third")
	w.ok(err)
	console, err := w.engine.App(t.Context(), authkit.Console)
	w.ok(err)
	_, err = w.engine.RequestMagicLink(t.Context(), authkit.MagicLinkRequest{App: w.app.ID, Email: "ann@example.com"})
	w.ok(err)
	w.ok(w.engine.RunOnce(t.Context()))
	m, _ := w.outbox.Last("ann@example.com")
	_, link, _ := strings.Cut(mail.Link(m), "?token=")
	for name, raw := range map[string]string{
		"a token of another app":    w.signIn(other).Token,
		"a token of the console":    w.signIn(console).Token,
		"a link":                    link,
		"a refresh token":           in.RefreshToken,
		"an API key":                key,
		"nothing":                   "",
		"a token with a line break": in.Token + "\n",
		"a token without signature": in.Token[:strings.LastIndexByte(in.Token, '.')+1],
	} {
		if name != "nothing" && len(raw) < 40 {
			t.Fatalf("%s: got %q, want a credential", name, raw)
		}
		if _, err := v.Verify(t.Context(), raw); !errors.Is(err, verify.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	if _, err := w.verifier(other).Verify(t.Context(), w.signIn(other).Token); err != nil {
		t.Errorf("the other app's own verifier: got %v, want no error", err)
	}
	w.clock.Advance(16 * time.Minute)
	if _, err := v.Verify(t.Context(), in.Token); !errors.Is(err, verify.ErrInvalid) {
		t.Errorf("expired: got %v, want ErrInvalid", err)
	}
}

func TestRotationUnderLoadIsNotNoticed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	v := w.verifier(w.app)
	kids := map[string]bool{}
	for minute := range 60 {
		if minute%20 == 7 {
			_, err := w.engine.RotateSigningKey(t.Context(), authkit.AppRef{Developer: "dev", ID: w.app.ID}, authkit.SigningKeyRotation{})
			w.ok(err)
		}
		in := w.signIn(w.app)
		head, _, _ := strings.Cut(in.Token, ".")
		kids[head] = true
		var wg sync.WaitGroup
		var refused atomic.Pointer[error]
		for range 8 {
			wg.Go(func() {
				if _, err := v.Verify(t.Context(), in.Token); err != nil {
					refused.Store(&err)
				}
			})
		}
		wg.Wait()
		if err := refused.Load(); err != nil {
			t.Fatalf("minute %d: got %v, want no error", minute, *err)
		}
		w.clock.Advance(time.Minute)
	}
	if len(kids) < 3 {
		t.Errorf("keys: got %d, want at least 3", len(kids))
	}
}

func TestRevokedKeysEnd(t *testing.T) {
	t.Parallel()
	w := setup(t)
	v := w.verifier(w.app)
	old := w.signIn(w.app).Token
	if _, err := v.Verify(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	_, err := w.engine.RotateSigningKey(t.Context(), authkit.AppRef{Developer: "dev", ID: w.app.ID}, authkit.SigningKeyRotation{RevokeOld: true})
	w.ok(err)
	if _, err := v.Verify(t.Context(), w.signIn(w.app).Token); err != nil {
		t.Errorf("the new key's token: got %v, want no error at once", err)
	}
	if _, err := v.Verify(t.Context(), old); !errors.Is(err, verify.ErrInvalid) {
		t.Errorf("the old key's token, once the new key is known: got %v, want ErrInvalid", err)
	}

	idle := w.verifier(w.app)
	last := w.signIn(w.app).Token
	if _, err := idle.Verify(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	_, err = w.engine.RotateSigningKey(t.Context(), authkit.AppRef{Developer: "dev", ID: w.app.ID}, authkit.SigningKeyRotation{RevokeOld: true})
	w.ok(err)
	w.clock.Advance(5*time.Minute + time.Second) // what the issuer's Cache-Control allows
	if _, err := idle.Verify(t.Context(), last); !errors.Is(err, verify.ErrInvalid) {
		t.Errorf("the old key's token, once the keys are stale: got %v, want ErrInvalid", err)
	}
}
