package authkittest_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/authkittest"
)

const page = "https://id.example.com"

func creation(rpID, user, challenge string, exclude ...string) json.RawMessage {
	return fmt.Appendf(nil, `{"rp":{"id":%q,"name":"Demo"},"user":{"id":%q,"name":"ann"},"challenge":%q,
		"pubKeyCredParams":[{"type":"public-key","alg":-8},{"type":"public-key","alg":-7}],"excludeCredentials":[%s]}`,
		rpID, user, challenge, descriptors(exclude))
}

func request(rpID string, allow ...string) json.RawMessage {
	return fmt.Appendf(nil, `{"rpId":%q,"challenge":"AAAA","allowCredentials":[%s]}`, rpID, descriptors(allow))
}

func descriptors(ids []string) string {
	var out []string
	for _, id := range ids {
		out = append(out, fmt.Sprintf(`{"type":"public-key","id":%q}`, id))
	}
	return strings.Join(out, ",")
}

// credential is what the tests read of one.
type credential struct {
	ID                      string `json:"id"`
	AuthenticatorAttachment string `json:"authenticatorAttachment"`
	Response                struct {
		AuthenticatorData string   `json:"authenticatorData"`
		UserHandle        string   `json:"userHandle"`
		Transports        []string `json:"transports"`
	} `json:"response"`
}

func (c credential) data(tb testing.TB) []byte {
	tb.Helper()
	b, err := base64.RawURLEncoding.DecodeString(c.Response.AuthenticatorData)
	if err != nil || len(b) < 37 {
		tb.Fatalf("authenticator data %x: %v", b, err)
	}
	return b
}

func (c credential) counter(tb testing.TB) uint32 {
	tb.Helper()
	return binary.BigEndian.Uint32(c.data(tb)[33:37])
}

func create(tb testing.TB, a *authkittest.Authenticator, options json.RawMessage) credential {
	tb.Helper()
	return readCredential(tb)(a.Create(options, page))
}

func sign(tb testing.TB, a *authkittest.Authenticator, options json.RawMessage) credential {
	tb.Helper()
	return readCredential(tb)(a.Get(options, page))
}

func readCredential(tb testing.TB) func(json.RawMessage, error) credential {
	return func(raw json.RawMessage, err error) credential {
		tb.Helper()
		var out credential
		if err == nil {
			err = json.Unmarshal(raw, &out)
		}
		if err != nil {
			tb.Fatal(err)
		}
		return out
	}
}

// What package passkey accepts and refuses of an Authenticator is in its tests.
func TestAnAuthenticatorKeepsThePasskeysOfUsers(t *testing.T) {
	t.Parallel()
	a := authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{})
	ann, bob := create(t, a, creation("example.com", "QW5u", "AAAA")), create(t, a, creation("example.com", "Qm9i", "AAAA"))
	for _, c := range []struct {
		name    string
		options json.RawMessage
		want    credential
		user    string
	}{
		{"the newest signs in", request("example.com"), bob, "Qm9i"},
		{"an allowed one signs in", request("example.com", "AAAA", ann.ID), ann, "QW5u"},
		{"the one used last signs in", request("example.com"), ann, "QW5u"},
	} {
		if got := sign(t, a, c.options); got.ID != c.want.ID || got.Response.UserHandle != c.user {
			t.Errorf("%s: got %q of %q, want %q of %q", c.name, got.ID, got.Response.UserHandle, c.want.ID, c.user)
		}
	}
	again := create(t, a, creation("example.com", "QW5u", "AAAA"))
	if _, err := a.Get(request("example.com", ann.ID), page); !errors.Is(err, authkittest.ErrNoPasskey) {
		t.Errorf("a passkey that the user's next replaced: got %v, want ErrNoPasskey", err)
	}
	for name, c := range map[string]struct {
		try  func(json.RawMessage, string) (json.RawMessage, error)
		in   json.RawMessage
		page string
		want error
	}{
		"an excluded passkey":         {a.Create, creation("example.com", "Q2F0", "AAAA", "AAAA", again.ID), page, authkittest.ErrExcluded},
		"no passkey of the party":     {a.Get, request("other.example"), "https://other.example", authkittest.ErrNoPasskey},
		"a page of another domain":    {a.Get, request("example.com"), "https://evil.test", authkittest.ErrWrongRelyingParty},
		"a domain that ends alike":    {a.Create, creation("example.com", "Q2F0", "AAAA"), "https://notexample.com", authkittest.ErrWrongRelyingParty},
		"a party below the page":      {a.Get, request("www.id.example.com"), page, authkittest.ErrWrongRelyingParty},
		"no party":                    {a.Get, request(""), page, authkittest.ErrWrongRelyingParty},
		"a passkey excluded by party": {a.Create, creation("id.example.com", "Q2F0", "AAAA", again.ID), page, nil},
	} {
		if _, err := c.try(c.in, c.page); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestAnAuthenticatorRefusesOptionsThatABrowserWould(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]string{
		"no JSON":        `{`,
		"no user":        string(creation("example.com", "", "AAAA")),
		"no challenge":   string(creation("example.com", "QW5u", "")),
		"padding":        string(creation("example.com", "QW4=", "AAAA")),
		"no algorithm":   strings.ReplaceAll(string(creation("example.com", "QW5u", "AAAA")), `"alg":-7`, `"alg":-35`),
		"no public keys": strings.ReplaceAll(string(creation("example.com", "QW5u", "AAAA")), `"type":"public-key"`, `"type":"password"`),
	} {
		if got, err := authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{}).Create(json.RawMessage(options), page); err == nil {
			t.Errorf("%s: got %s, want an error", name, got)
		}
	}
	for _, options := range []string{`{`, `{"rpId":"example.com"}`, `{"rpId":"example.com","challenge":"A"}`} {
		if got, err := authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{}).Get(json.RawMessage(options), page); err == nil {
			t.Errorf("%s: got %s, want an error", options, got)
		}
	}
}

func TestAnAuthenticatorCounts(t *testing.T) {
	t.Parallel()
	a := authkittest.NewAuthenticator(authkittest.AuthenticatorOptions{})
	counters := []uint32{create(t, a, creation("example.com", "QW5u", "AAAA")).counter(t), sign(t, a, request("example.com")).counter(t)}
	clone := a.Clone()
	for _, step := range []struct {
		of     *authkittest.Authenticator
		faults []authkittest.PasskeyFault
	}{
		{a, nil},
		{clone, nil},
		{a, []authkittest.PasskeyFault{authkittest.CounterStands}},
		{a, []authkittest.PasskeyFault{authkittest.CounterReturns}},
		{a, nil},
	} {
		step.of.Misbehave(step.faults...)
		counters = append(counters, sign(t, step.of, request("example.com")).counter(t))
	}
	if want := []uint32{1, 2, 3, 3, 3, 1, 2}; fmt.Sprint(counters) != fmt.Sprint(want) {
		t.Errorf("got the counters %d, want %d", counters, want)
	}
}

func TestAnAuthenticatorTellsOfItself(t *testing.T) {
	t.Parallel()
	model := uuid.MustParse("cb69481e-8ff7-4039-93ec-0a2729a154a8")
	for name, c := range map[string]struct {
		options    authkittest.AuthenticatorOptions
		flags      byte // of a registration
		counter    uint32
		attachment string
		transports []string
	}{
		"a security key":      {authkittest.AuthenticatorOptions{}, 0b0100_0101, 1, "cross-platform", []string{"usb"}},
		"a password manager":  {authkittest.AuthenticatorOptions{Synced: true, Algorithm: authkittest.EdDSA}, 0b0101_1101, 0, "platform", []string{"hybrid", "internal"}},
		"a model with radios": {authkittest.AuthenticatorOptions{AAGUID: model, Transports: []string{"nfc", "ble"}}, 0b0100_0101, 1, "cross-platform", []string{"nfc", "ble"}},
	} {
		got := create(t, authkittest.NewAuthenticator(c.options), creation("example.com", "QW5u", "AAAA"))
		data := got.data(t)
		if data[32] != c.flags || got.counter(t) != c.counter || uuid.UUID(data[37:53]) != c.options.AAGUID {
			t.Errorf("%s: got flags %08b, counter %d and model %s, want %08b, %d and %s", name, data[32], got.counter(t), uuid.UUID(data[37:53]), c.flags, c.counter, c.options.AAGUID)
		}
		if got.AuthenticatorAttachment != c.attachment || fmt.Sprint(got.Response.Transports) != fmt.Sprint(c.transports) {
			t.Errorf("%s: got %q over %q, want %q over %q", name, got.AuthenticatorAttachment, got.Response.Transports, c.attachment, c.transports)
		}
	}
}
