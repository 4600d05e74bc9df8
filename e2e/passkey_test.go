package e2e_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/passkey"
)

// ceremonies are the calls of a page. A credential goes through toJSON, which is what package passkey reads.
const ceremonies = `<!doctype html><title>ceremonies</title><script>
const make = async (options) => JSON.stringify((await navigator.credentials.create({publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options)})).toJSON())
const use = async (options) => JSON.stringify((await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)})).toJSON())
const framed = (page, options) => new Promise((done) => {
	const frame = document.createElement("iframe")
	frame.allow = "publickey-credentials-get *"
	frame.src = page
	addEventListener("message", (m) => m.source === frame.contentWindow && done(m.data))
	frame.onload = () => frame.contentWindow.postMessage(options, "*")
	document.body.append(frame)
})
if (parent !== window) addEventListener("message", (m) => use(m.data).then(String, String).then((s) => parent.postMessage(s, "*")))
</script><body>`

// party is a relying party that a browser visits as id.localhost.
type party struct {
	t      *testing.T
	window context.Context
	origin string
}

// newParty opens a page of the relying party in a browser with a virtual authenticator.
func newParty(t *testing.T, chrome context.Context, options webauthn.VirtualAuthenticatorOptions) party {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(rw, ceremonies)
	}))
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	window, cancel := chromedp.NewContext(chrome, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := party{t: t, window: window, origin: "http://id.localhost:" + at.Port()}
	if _, err := chromedp.Call(window, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	options.Protocol, options.Transport = webauthn.AuthenticatorProtocolCtap2, webauthn.AuthenticatorTransportInternal
	options.HasResidentKey, options.AutomaticPresenceSimulation = true, true
	if _, err := chromedp.Call(window, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &options}); err != nil {
		t.Fatal(err)
	}
	do(t, window, chromedp.Navigate(p.origin))
	return p
}

// ceremony has a challenge of its own.
func (p party) ceremony() authkit.PasskeyCeremony {
	challenge := make([]byte, 32)
	rand.Read(challenge)
	return authkit.PasskeyCeremony{RPID: "id.localhost", Origins: []string{p.origin}, Challenge: challenge}
}

func (p party) registration() authkit.PasskeyRegistration {
	return authkit.PasskeyRegistration{
		PasskeyCeremony: p.ceremony(), RPName: "Demo", UserHandle: []byte("ann's handle of 32 random bytes."), UserName: "ann@example.com", DisplayName: "Ann",
	}
}

// make registers a passkey of the algorithm.
func (p party) make(in authkit.PasskeyRegistration, algorithm int) (authkit.PasskeyRecord, error) {
	p.t.Helper()
	options, err := passkey.New().CreationOptions(in)
	if err != nil {
		p.t.Fatal(err)
	}
	script := fmt.Sprintf("(async (options) => { options.pubKeyCredParams = options.pubKeyCredParams.filter((p) => p.alg === %d); return make(options) })(%s)", algorithm, options)
	return passkey.New().Register(in, json.RawMessage(js[string](p.t, p.window, script)))
}

// request returns the options of a sign-in.
func (p party) request(in authkit.PasskeyCeremony) json.RawMessage {
	p.t.Helper()
	options, err := passkey.New().RequestOptions(in)
	if err != nil {
		p.t.Fatal(err)
	}
	return options
}

// framed returns what a frame of the relying party answers to the options, in the page that the window shows.
// Chromium sometimes has no connection to its authenticators in a frame that has just loaded, and says NotSupportedError: another frame is asked then.
func (p party) framed(in authkit.PasskeyCeremony) string {
	p.t.Helper()
	var answer string
	for range 10 {
		answer = js[string](p.t, p.window, fmt.Sprintf("framed(%q, %s)", p.origin, p.request(in)))
		if !strings.HasPrefix(answer, "NotSupportedError") {
			break
		}
	}
	return answer
}

// What Chromium makes of the options, and its authenticator of a ceremony, is what package passkey takes.
func TestPasskeysOfChromium(t *testing.T) {
	t.Parallel()
	chrome := launch(t)
	for name, algorithm := range map[string]int{"ES256": -7, "EdDSA": -8, "RS256": -257} {
		for _, synced := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, synced %t", name, synced), func(t *testing.T) {
				t.Parallel()
				p := newParty(t, chrome, webauthn.VirtualAuthenticatorOptions{
					HasUserVerification: true, IsUserVerified: true, DefaultBackupEligibility: synced, DefaultBackupState: synced,
				})
				record, err := p.make(p.registration(), algorithm)
				if err != nil || record.BackupEligible != synced || record.BackedUp != synced || strings.Join(record.Transports, " ") != "internal" {
					t.Fatalf("got %+v, %v, want a passkey over internal, synced %t", record, err, synced)
				}
				in := p.ceremony()
				credential := json.RawMessage(js[string](t, p.window, fmt.Sprintf("use(%s)", p.request(in))))
				if claim, err := passkey.New().Claim(credential); err != nil || string(claim.UserHandle) != string(record.UserHandle) {
					t.Errorf("got the claim %+v, %v, want the handle %q", claim, err, record.UserHandle)
				}
				if use, err := passkey.New().Verify(in, record, credential); err != nil || use.BackedUp != synced {
					t.Errorf("got %+v, %v, want a sign-in, synced %t", use, err, synced)
				}
				if use, err := passkey.New().Verify(p.ceremony(), record, credential); err == nil {
					t.Errorf("got %+v of another ceremony, want a refusal", use)
				}

				again := p.registration()
				again.Exclude = []authkit.PasskeyRecord{record}
				options, err := passkey.New().CreationOptions(again)
				if err != nil {
					t.Fatal(err)
				}
				wantJS(t, p.window, fmt.Sprintf("make(%s).then(String, (e) => e.name)", options), "InvalidStateError")
				framed := p.framed(in)
				if _, err := passkey.New().Verify(in, record, json.RawMessage(framed)); err != nil {
					t.Errorf("got %v of %s in a frame of the same origin, want a sign-in", err, framed)
				}
				do(t, p.window, chromedp.Navigate(strings.Replace(p.origin, "id.localhost", "app.localhost", 1)))
				framed = p.framed(in)
				if _, err := passkey.New().Verify(in, record, json.RawMessage(framed)); err == nil || !strings.Contains(err.Error(), "frame") {
					t.Errorf("got %v of %s in a frame of another origin, want a refusal", err, framed)
				}
				wantJS(t, p.window, fmt.Sprintf("use(%s).then(String, (e) => e.name)", p.request(in)), "SecurityError")
			})
		}
	}
}

// An authenticator that cannot verify its user makes no passkey for these options.
func TestChromiumAsksForUserVerification(t *testing.T) {
	t.Parallel()
	p := newParty(t, launch(t), webauthn.VirtualAuthenticatorOptions{})
	options, err := passkey.New().CreationOptions(p.registration())
	if err != nil {
		t.Fatal(err)
	}
	wantJS(t, p.window, fmt.Sprintf("make(%s).then(String, (e) => e.name)", options), "NotAllowedError")
}
