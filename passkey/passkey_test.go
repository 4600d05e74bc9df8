package passkey_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/passkey"
)

const origin = "https://id.example.com"

// ceremony returns a ceremony with a challenge of its own byte.
func ceremony(b byte) authkit.PasskeyCeremony {
	return authkit.PasskeyCeremony{
		RPID: "example.com", Origins: []string{"https://app.example.com", origin},
		Challenge: bytes.Repeat([]byte{b}, 32), Timeout: 5 * time.Minute,
	}
}

func registration(b byte) authkit.PasskeyRegistration {
	return authkit.PasskeyRegistration{
		PasskeyCeremony: ceremony(b), RPName: "Demo", UserHandle: bytes.Repeat([]byte{7}, 32),
		UserName: "ann@example.com", DisplayName: "Ann",
	}
}

// register makes a passkey on the authenticator.
func register(tb testing.TB, a *authkittest.Authenticator, in authkit.PasskeyRegistration) (authkit.PasskeyRecord, error) {
	tb.Helper()
	options, err := passkey.New().CreationOptions(in)
	if err != nil {
		tb.Fatal(err)
	}
	credential, err := a.Create(options, origin)
	if err != nil {
		tb.Fatal(err)
	}
	return passkey.New().Register(in, credential)
}

// registered is register without a refusal.
func registered(tb testing.TB, a *authkittest.Authenticator) authkit.PasskeyRecord {
	tb.Helper()
	record, err := register(tb, a, registration(1))
	if err != nil {
		tb.Fatal(err)
	}
	return record
}

// answer returns the credential of a sign-in.
func answer(tb testing.TB, a *authkittest.Authenticator, in authkit.PasskeyCeremony, origin string) json.RawMessage {
	tb.Helper()
	options, err := passkey.New().RequestOptions(in)
	if err != nil {
		tb.Fatal(err)
	}
	credential, err := a.Get(options, origin)
	if err != nil {
		tb.Fatal(err)
	}
	return credential
}

func TestAPasskeySignsIn(t *testing.T) {
	t.Parallel()
	model := uuid.MustParse("cb69481e-8ff7-4039-93ec-0a2729a154a8")
	for name, options := range map[string]authkittest.AuthenticatorOptions{
		"ES256":          {AAGUID: model},
		"EdDSA":          {Algorithm: authkittest.EdDSA},
		"RS256":          {Algorithm: authkittest.RS256},
		"synced":         {Synced: true},
		"self-attested":  {SelfAttested: true},
		"EdDSA attested": {SelfAttested: true, Algorithm: authkittest.EdDSA},
		"RS256 attested": {SelfAttested: true, Algorithm: authkittest.RS256},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := authkittest.NewAuthenticator(options)
			record := registered(t, a)
			if record.AAGUID != options.AAGUID || record.BackupEligible != options.Synced || record.BackedUp != options.Synced {
				t.Errorf("got the record %+v, want it by %+v", record, options)
			}
			for use := range uint32(3) {
				in := ceremony(byte(use))
				credential := answer(t, a, in, origin)
				claim, err := passkey.New().Claim(credential)
				if err != nil || !bytes.Equal(claim.CredentialID, record.CredentialID) || !bytes.Equal(claim.UserHandle, record.UserHandle) {
					t.Fatalf("got the claim %x, %v, want that of %x", claim, err, record.CredentialID)
				}
				got, err := passkey.New().Verify(in, record, credential)
				want := authkit.PasskeyUse{Counter: 2 + use}
				if options.Synced {
					want = authkit.PasskeyUse{BackedUp: true}
				}
				if err != nil || got != want {
					t.Errorf("use %d: got %+v, %v, want %+v", use, got, err, want)
				}
			}
		})
	}
}

// misbehaviour is what an authenticator does wrong, and what the refusal says of it.
type misbehaviour struct {
	fault authkittest.PasskeyFault
	says  string
}

// misbehaviours are those of both ceremonies, and those of one.
func misbehaviours(own map[string]misbehaviour) map[string]misbehaviour {
	maps.Copy(own, map[string]misbehaviour{
		"without user verification": {authkittest.NotVerified, "User verification required"},
		"without user presence":     {authkittest.NotPresent, "User presence required"},
		"of another relying party":  {authkittest.OtherRelyingParty, "RP Hash mismatch"},
		"backed up but not able":    {authkittest.BackupOnly, "not eligible"},
		"in a cross-origin frame":   {authkittest.CrossOrigin, "frame"},
		"under another top origin":  {authkittest.OtherTopOrigin, "top origin"},
		"of another challenge":      {authkittest.OtherChallenge, "challenge"},
		"of another key":            {authkittest.WrongSignature, "signature"},
	})
	return own
}

func TestWhatAMisbehavingAuthenticatorRegistersIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range misbehaviours(map[string]misbehaviour{
		"of a sign-in": {authkittest.OtherType, "webauthn.get"},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{SelfAttested: true})
			a.Misbehave(c.fault)
			record, err := register(t, a, registration(1))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, %v, want a refusal that says %q", record, err, c.says)
			}
			a.Misbehave()
			registered(t, a)
		})
	}
}

func TestWhatAMisbehavingAuthenticatorSignsIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range misbehaviours(map[string]misbehaviour{
		"able to be backed up now": {authkittest.BackupChanges, "backup eligibility"},
		"of a registration":        {authkittest.OtherType, "webauthn.create"},
		"without a user handle":    {authkittest.NoUserHandle, "no user handle"},
		"of another user":          {authkittest.OtherUserHandle, "another user"},
	}) {
		for _, synced := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				a := authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{Synced: synced})
				record := registered(t, a)
				a.Misbehave(c.fault)
				use, err := passkey.New().Verify(ceremony(2), record, answer(t, a, ceremony(2), origin))
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %v, %v, want a refusal that says %q", use, err, c.says)
				}
				a.Misbehave()
				if _, err := passkey.New().Verify(ceremony(2), record, answer(t, a, ceremony(2), origin)); err != nil {
					t.Errorf("got %v of an authenticator that behaves, want a sign-in", err)
				}
			})
		}
	}
}

// The library folds the case of an origin, and drops its path and default port.
func TestAnOriginIsExact(t *testing.T) {
	t.Parallel()
	for _, other := range []string{
		"http://id.example.com", "https://id.example.com:443", "https://ID.example.com", "https://id.example.com/", "https://id.example.com.",
		"https://evil.id.example.com", "https://example.com", "https://id.example.com@evil.test", "https://evil.test", "null",
	} {
		t.Run(other, func(t *testing.T) {
			t.Parallel()
			a := authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{})
			record := registered(t, a)
			a.Misbehave(authkittest.AnyOrigin)
			_, err := passkey.New().Verify(ceremony(2), record, answer(t, a, ceremony(2), other))
			if err == nil || !strings.Contains(err.Error(), "origin") {
				t.Errorf("got %v, want a refusal of the origin", err)
			}
		})
	}
}

func TestAnAnswerIsOfOneCeremonyAndOnePasskey(t *testing.T) {
	t.Parallel()
	a, b := authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{}), authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{})
	record, other := registered(t, a), registered(t, b)
	credential := answer(t, a, ceremony(2), origin)
	if _, err := passkey.New().Verify(ceremony(2), record, credential); err != nil {
		t.Fatal(err)
	}
	elsewhere := ceremony(2)
	elsewhere.RPID = "id.example.com"
	stolen := record
	stolen.PublicKey = other.PublicKey
	renamed := record
	renamed.CredentialID = other.CredentialID
	for name, c := range map[string]struct {
		in     authkit.PasskeyCeremony
		record authkit.PasskeyRecord
	}{
		"a replay in another ceremony":             {ceremony(3), record},
		"another relying party of the same origin": {elsewhere, record},
		"another passkey of the user":              {ceremony(2), other},
		"the id of one and the key of another":     {ceremony(2), stolen},
		"the key of one under another's id":        {ceremony(2), renamed},
		"a record that is empty":                   {ceremony(2), authkit.PasskeyRecord{}},
	} {
		if use, err := passkey.New().Verify(c.in, c.record, credential); err == nil {
			t.Errorf("%s: got %+v, want a refusal", name, use)
		}
	}
	if record, err := passkey.New().Register(registration(2), credential); err == nil {
		t.Errorf("a sign-in taken for a registration: got %+v, want a refusal", record)
	}
}

func TestARegistrationExcludesThePasskeysThatAUserHas(t *testing.T) {
	t.Parallel()
	a := authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{Synced: true})
	in := registration(2)
	in.Exclude = []authkit.PasskeyRecord{registered(t, a)}
	if want := []string{"hybrid", "internal"}; !slices.Equal(in.Exclude[0].Transports, want) {
		t.Errorf("got the transports %q, want %q", in.Exclude[0].Transports, want)
	}
	options, err := passkey.New().CreationOptions(in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Create(options, origin); !errors.Is(err, authkittest.ErrExcluded) {
		t.Errorf("got %v of the authenticator that has it, want ErrExcluded", err)
	}
	if _, err := authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{}).Create(options, origin); err != nil {
		t.Errorf("got %v of another one, want a passkey", err)
	}
}

// A claim finds a record; it is no proof, but what cannot be of a sign-in claims nothing.
func TestAClaimIsOfASignIn(t *testing.T) {
	t.Parallel()
	a := authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{})
	registered(t, a)
	for name, faults := range map[string][]authkittest.PasskeyFault{
		"webauthn.create": {authkittest.OtherType}, "not eligible": {authkittest.BackupOnly},
	} {
		a.Misbehave(faults...)
		if claim, err := passkey.New().Claim(answer(t, a, ceremony(2), origin)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %+v, %v, want a refusal that says %q", claim, err, name)
		}
	}
	a.Misbehave(authkittest.NoUserHandle, authkittest.WrongSignature, authkittest.OtherChallenge)
	if claim, err := passkey.New().Claim(answer(t, a, ceremony(2), origin)); err != nil || len(claim.CredentialID) == 0 || len(claim.UserHandle) != 0 {
		t.Errorf("got %+v, %v, want a claim without a user handle, unverified", claim, err)
	}
}
