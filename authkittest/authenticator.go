package authkittest

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// What a browser says when it makes no credential.
var (
	// ErrExcluded means that the authenticator has one of the passkeys that the options exclude. A
	// browser says InvalidStateError.
	ErrExcluded = errors.New("the authenticator has an excluded passkey")

	// ErrNoPasskey means that the authenticator has no passkey of the relying party. A browser says
	// NotAllowedError.
	ErrNoPasskey = errors.New("the authenticator has no passkey for these options")

	// ErrWrongRelyingParty means that the page may not use the relying party of the options: that is
	// no suffix of the page's host. A browser says SecurityError.
	ErrWrongRelyingParty = errors.New("the relying party is not the page's")
)

// AuthenticatorOptions say what kind of authenticator [NewAuthenticator] makes.
type AuthenticatorOptions struct {
	// Algorithm is that of new passkeys: [ES256], [EdDSA] or [RS256]. The default is ES256.
	Algorithm PasskeyAlgorithm

	// Synced makes passkeys that are eligible for backup and backed up, with a counter that stays 0,
	// as those of password managers. By default a passkey stays on the authenticator, and its counter
	// grows by one with each use, as that of a security key.
	Synced bool

	// SelfAttested adds an attestation statement in the format packed, signed by the passkey's own
	// key. By default there is no statement.
	SelfAttested bool

	// AAGUID is the model. The default is all zeros: it is not told.
	AAGUID uuid.UUID

	// Transports are told at registration. The default is usb, or internal and hybrid if Synced.
	Transports []string
}

// Authenticator is a passkey authenticator in software, together with the browser that uses it: it takes
// options in the JSON of WebAuthn, and answers with the JSON of a credential. Its passkeys are
// discoverable, and it verifies its user without asking. It behaves until a test makes it misbehave. It
// is safe for concurrent use.
type Authenticator struct {
	options AuthenticatorOptions

	mu       sync.Mutex
	faults   []PasskeyFault
	passkeys []*passkey // the one used last comes last
}

// passkey is a discoverable credential.
type passkey struct {
	rpID           string
	id, userHandle []byte
	key            crypto.Signer
	algorithm      PasskeyAlgorithm
	counter        uint32
}

// NewAuthenticator returns an authenticator without passkeys.
func NewAuthenticator(o AuthenticatorOptions) *Authenticator {
	if o.Algorithm == 0 {
		o.Algorithm = ES256
	}
	if o.Transports == nil {
		o.Transports = []string{"usb"}
		if o.Synced {
			o.Transports = []string{"hybrid", "internal"}
		}
	}
	return &Authenticator{options: o}
}

// Misbehave replaces the faults of the authenticator. Without any fault it behaves again.
func (a *Authenticator) Misbehave(faults ...PasskeyFault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults = slices.Clone(faults)
}

// Clone returns another authenticator with the same passkeys, their counters as they are now, and without
// faults. Two of them used in turn are what a signature counter finds.
func (a *Authenticator) Clone() *Authenticator {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := &Authenticator{options: a.options}
	for _, p := range a.passkeys {
		out.passkeys = append(out.passkeys, new(*p))
	}
	return out
}

// Create does what navigator.credentials.create does on a page of the origin: it makes a passkey for the
// options, {"rp":…,"user":…,"challenge":…,…}, and returns the credential. It replaces the passkey of the
// same relying party and user handle, if there is one.
func (a *Authenticator) Create(options json.RawMessage, origin string) (json.RawMessage, error) {
	var in struct {
		RP struct {
			ID string `json:"id"`
		} `json:"rp"`
		User             descriptor `json:"user"`
		Challenge        bytes64    `json:"challenge"`
		PubKeyCredParams []struct {
			Type string           `json:"type"`
			Alg  PasskeyAlgorithm `json:"alg"`
		} `json:"pubKeyCredParams"`
		ExcludeCredentials []descriptor `json:"excludeCredentials"`
	}
	if err := json.Unmarshal(options, &in); err != nil {
		return nil, fmt.Errorf("authkittest: creation options: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.admits(in.RP.ID, origin); err != nil {
		return nil, err
	}
	asked := false
	for _, p := range in.PubKeyCredParams {
		asked = asked || p.Type == "public-key" && p.Alg == a.options.Algorithm
	}
	if !asked || len(in.User.ID) == 0 || len(in.Challenge) == 0 {
		return nil, fmt.Errorf("authkittest: creation options without algorithm %d, user or challenge", a.options.Algorithm)
	}
	for _, p := range in.ExcludeCredentials {
		if a.find(in.RP.ID, p.ID) != nil {
			return nil, fmt.Errorf("authkittest: %w", ErrExcluded)
		}
	}
	p := &passkey{rpID: in.RP.ID, id: random(32), userHandle: in.User.ID, algorithm: a.options.Algorithm, key: newPasskey(a.options.Algorithm)}
	a.passkeys = slices.DeleteFunc(a.passkeys, func(old *passkey) bool {
		return old.rpID == p.rpID && bytes.Equal(old.userHandle, p.userHandle)
	})
	a.passkeys = append(a.passkeys, p)
	return a.attest(p, a.clientData("webauthn.create", in.Challenge, origin))
}

// Get does what navigator.credentials.get does on a page of the origin: it signs in with the passkey of
// the options' relying party that it made or used last, and returns the credential.
func (a *Authenticator) Get(options json.RawMessage, origin string) (json.RawMessage, error) {
	var in struct {
		RPID             string       `json:"rpId"`
		Challenge        bytes64      `json:"challenge"`
		AllowCredentials []descriptor `json:"allowCredentials"`
	}
	if err := json.Unmarshal(options, &in); err != nil {
		return nil, fmt.Errorf("authkittest: request options: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.admits(in.RPID, origin); err != nil {
		return nil, err
	}
	if len(in.Challenge) == 0 {
		return nil, errors.New("authkittest: request options without a challenge")
	}
	p := a.find(in.RPID, nil)
	if len(in.AllowCredentials) > 0 {
		p = nil
		for _, allowed := range in.AllowCredentials {
			p = cmp.Or(p, a.find(in.RPID, allowed.ID))
		}
	}
	if p == nil {
		return nil, fmt.Errorf("authkittest: %w", ErrNoPasskey)
	}
	a.passkeys = append(slices.DeleteFunc(a.passkeys, func(other *passkey) bool { return other == p }), p)
	return a.assert(p, a.clientData("webauthn.get", in.Challenge, origin))
}

// admits refuses a relying party that is not of the page, as a browser does.
func (a *Authenticator) admits(rpID, origin string) error {
	page, err := url.Parse(origin)
	if err != nil {
		return fmt.Errorf("authkittest: origin %q: %w", origin, err)
	}
	host := page.Hostname()
	if rpID == "" || host != rpID && !strings.HasSuffix(host, "."+rpID) && !slices.Contains(a.faults, AnyOrigin) {
		return fmt.Errorf("authkittest: %w: %q on a page of %q", ErrWrongRelyingParty, rpID, origin)
	}
	return nil
}

// find returns the passkey of the id, or without one the passkey that was used last.
func (a *Authenticator) find(rpID string, id []byte) *passkey {
	for _, p := range slices.Backward(a.passkeys) {
		if p.rpID == rpID && (id == nil || bytes.Equal(p.id, id)) {
			return p
		}
	}
	return nil
}

// descriptor is what options tell of a user or a credential.
type descriptor struct {
	ID bytes64 `json:"id"`
}

// bytes64 is a member in base64url, as WebAuthn writes it.
type bytes64 []byte

func (b *bytes64) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	*b = raw
	return err
}

func (b bytes64) MarshalJSON() ([]byte, error) {
	return json.Marshal(base64.RawURLEncoding.EncodeToString(b))
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
