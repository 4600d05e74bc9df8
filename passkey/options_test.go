package passkey_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/passkey"
)

func TestCreationOptionsAreThoseOfLevel3(t *testing.T) {
	t.Parallel()
	in := registration(0xff)
	in.Exclude = []authkit.PasskeyRecord{
		{CredentialID: bytes.Repeat([]byte{0xfb}, 16), Transports: []string{"internal", "usb"}},
		{CredentialID: bytes.Repeat([]byte{1}, 16)},
	}
	const want = `{"rp":{"id":"example.com","name":"Demo"},` +
		`"user":{"id":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc","name":"ann@example.com","displayName":"Ann"},` +
		`"challenge":"__________________________________________8",` +
		`"pubKeyCredParams":[{"type":"public-key","alg":-7},{"type":"public-key","alg":-8},{"type":"public-key","alg":-257}],` +
		`"timeout":300000,"excludeCredentials":[` +
		`{"id":"-_v7-_v7-_v7-_v7-_v7-w","type":"public-key","transports":["internal","usb"]},{"id":"AQEBAQEBAQEBAQEBAQEBAQ","type":"public-key"}],` +
		`"authenticatorSelection":{"residentKey":"required","requireResidentKey":true,"userVerification":"required"},"attestation":"none"}`
	if got, err := passkey.New().CreationOptions(in); err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestRequestOptionsNameNoCredential(t *testing.T) {
	t.Parallel()
	const want = `{"challenge":"_____________________w","timeout":1500,"rpId":"example.com","userVerification":"required"}`
	in := authkit.PasskeyCeremony{RPID: "example.com", Origins: []string{origin}, Challenge: bytes.Repeat([]byte{0xff}, 16), Timeout: 1500 * time.Millisecond}
	if got, err := passkey.New().RequestOptions(in); err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestACeremonyThatAnythingWouldAnswerIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*authkit.PasskeyRegistration)
		says   string
		alone  bool // creation options alone refuse it
	}{
		"no relying party":           {change: func(in *authkit.PasskeyRegistration) { in.RPID = "" }, says: "relying party"},
		"no origin":                  {change: func(in *authkit.PasskeyRegistration) { in.Origins = nil }, says: "origin"},
		"an empty origin":            {change: func(in *authkit.PasskeyRegistration) { in.Origins = []string{origin, ""} }, says: "origin"},
		"no challenge":               {change: func(in *authkit.PasskeyRegistration) { in.Challenge = nil }, says: "challenge"},
		"a challenge of 15 bytes":    {change: func(in *authkit.PasskeyRegistration) { in.Challenge = make([]byte, 15) }, says: "challenge"},
		"a timeout that is over":     {change: func(in *authkit.PasskeyRegistration) { in.Timeout = -1 }, says: "timeout"},
		"no user handle":             {change: func(in *authkit.PasskeyRegistration) { in.UserHandle = nil }, says: "user handle", alone: true},
		"a user handle of 65 bytes":  {change: func(in *authkit.PasskeyRegistration) { in.UserHandle = make([]byte, 65) }, says: "user handle", alone: true},
		"a user who has no name yet": {change: func(in *authkit.PasskeyRegistration) { in.UserName = "" }, says: "user name", alone: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, v := registration(1), passkey.New()
			c.change(&in)
			_, creation := v.CreationOptions(in)
			_, request := v.RequestOptions(in.PasskeyCeremony)
			_, register := v.Register(in, nil)
			_, verify := v.Verify(in.PasskeyCeremony, authkit.PasskeyRecord{}, nil)
			for method, err := range map[string]error{"CreationOptions": creation, "RequestOptions": request, "Register": register, "Verify": verify} {
				if c.alone && method != "CreationOptions" {
					continue
				}
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%s: got %v, want a refusal that says %q", method, err, c.says)
				}
			}
		})
	}
}
