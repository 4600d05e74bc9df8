package authkit_test

import (
	"errors"
	"maps"
	"net/url"
	"testing"

	"github.com/authkit-dev/authkit"
)

// What a passkey needs may go while the person makes it. The page is shown again, and a password is left.
func TestAPasskeyThatAnInvitationOffersNoMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *world)
		status int
	}{
		"second factors are off": {func(w *world) { w.settings(authkit.AppPatch{MFA: new(authkit.MFAOff)}) }, 403},
		"the relying party is another": {func(w *world) {
			w.settings(authkit.AppPatch{Origins: &[]string{shop}, PasskeyRPID: new("example.com")})
		}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, withoutLimits, withPasskeys)
			_, m := w.invited("ann@example.com", "")
			v := w.invitee()
			v.opens(m)
			made := v.made(v.begins(linkToken(m)))
			c.change(w)
			got := v.posts(made)
			got.want(t, c.status, "")
			v.refusesPasskey(got)
			got.seen(t, "-Create a passkey")
			forged := maps.Clone(made)
			forged.Set("form_token", "x")
			v.posts(forged).seen(t, `-name="password"`, "This page has expired")
			v.posts(url.Values{"password": {password}}).want(t, 200, "")
		})
	}
}

// A host without the binding cookie has the binding of the ceremony.
func TestAnInvitedPasskeyByItsBinding(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits, withPasskeys)
	_, m := w.invited("ann@example.com", "")
	v := w.invitee()
	begun, err := w.engine.BeginNewPasskey(t.Context(), authkit.FactorOwner{App: w.app.ID, Invitation: linkToken(m)})
	if err != nil {
		t.Fatal(err)
	}
	made, err := v.device.Create(begun.Options, origin)
	if err != nil {
		t.Fatal(err)
	}
	press := func(binding string) error {
		page := authkit.PagePress{App: w.app.ID, Token: linkToken(m), Binding: binding}
		_, err := w.engine.PressInvitation(t.Context(), authkit.InvitationPress{PagePress: page, State: begun.State, Credential: made})
		return err
	}
	for _, another := range []string{"", "another"} {
		if err := press(another); !errors.Is(err, authkit.CodeInvalidToken) {
			t.Errorf("the binding %q: got %v, want invalid_token", another, err)
		}
	}
	if err := press(begun.Binding); err != nil {
		t.Errorf("its own: got %v, want the passkey", err)
	}
	v.signsIn().want(t, 200, "")
}
