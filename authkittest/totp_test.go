package authkittest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
)

func TestEnableTOTP(t *testing.T) {
	t.Parallel()
	kit := authkittest.New(t)
	app := kit.App
	ann := kit.SignIn(t, app, "ann@example.com")
	device := ann.EnableTOTP(t)

	second := func(code string) error {
		_, err := kit.Engine.StartSession(t.Context(), authkit.HostSignIn{App: app.ID, User: ann.User.ID, Method: "hwk"})
		due, ok := errors.AsType[*authkit.Error](err)
		if !ok || due.Second == nil {
			t.Fatalf("got %v, want mfa_required", err)
		}
		_, err = kit.Engine.SignInWithSecondFactor(t.Context(), authkit.SecondFactor{App: app.ID, Token: due.Second.Token, Binding: due.Second.Binding, Code: code})
		return err
	}
	for range 2 {
		if err := second(device.Code()); err != nil {
			t.Errorf("a code: got %v", err)
		}
	}
	kit.Clock.Advance(time.Minute)
	if err := second(device.Code()); err != nil {
		t.Errorf("a code after a minute: got %v", err)
	}
	if err := second(device.RecoveryCodes[0]); err != nil {
		t.Errorf("a recovery code: got %v", err)
	}
	if got := kit.SignIn(t, app, "ann@example.com"); got.Token == "" {
		t.Error("SignIn of a user with a TOTP: got no session")
	}
}
