package oauth_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/internal/testclock"
	"github.com/authkit-dev/authkit/oauth"
)

// An issuer that cannot work is refused when it is configured. The error says what was seen and
// what was expected.
func TestIssuersThatCannotWork(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		doc  map[string]any
		path string // after the issuer's URL
		why  string // empty if it can work
	}{
		"as usual":                      {nil, "", ""},
		"an extra slash":                {nil, "/", `another issuer: got "http://127.0.0.1:`},
		"another issuer":                {map[string]any{"issuer": "https://login.example/{tenantid}/v2.0"}, "", `got "https://login.example/{tenantid}/v2.0", want "http://127.0.0.1:`},
		"an issuer with line breaks":    {map[string]any{"issuer": "x\r\ny"}, "", `got "x\r\ny"`},
		"no issuer":                     {map[string]any{"issuer": nil}, "", `got "", want`},
		"no document there":             {nil, "/nowhere", "got status 404, want status 200"},
		"no authorization endpoint":     {map[string]any{"authorization_endpoint": nil}, "", `authorization_endpoint in the discovery document: got ""`},
		"a token endpoint inside":       {map[string]any{"token_endpoint": "https://10.0.0.1/token"}, "", "not a public one"},
		"a token endpoint of http":      {map[string]any{"token_endpoint": "http://idp.example/token"}, "", "not https"},
		"keys of an odd type":           {map[string]any{"jwks_uri": 7}, "", "jwks_uri"},
		"an endpoint too long":          {map[string]any{"jwks_uri": "https://idp.example/" + strings.Repeat("a", 2048)}, "", "longer than 2048 bytes"},
		"no code flow":                  {map[string]any{"response_types_supported": []string{"id_token", "code token"}}, "", `response_types_supported in the discovery document: got ["id_token", "code token"], want "code"`},
		"no authorization code":         {map[string]any{"grant_types_supported": []string{"implicit"}}, "", "authorization_code"},
		"neither basic nor post":        {map[string]any{"token_endpoint_auth_methods_supported": []string{"private_key_jwt"}}, "", `got ["private_key_jwt"], want client_secret_basic or client_secret_post`},
		"no S256":                       {map[string]any{"code_challenge_methods_supported": []string{"plain"}}, "", `got ["plain"], want "S256"`},
		"an empty list of PKCE methods": {map[string]any{"code_challenge_methods_supported": []string{}}, "", `got [], want "S256"`},
		"only secrets for keys":         {map[string]any{"id_token_signing_alg_values_supported": []string{"HS256", "none"}}, "", `got ["HS256", "none"]`},
		"only fragments":                {map[string]any{"response_modes_supported": []string{"fragment"}}, "", "query or form_post"},
		"missing lists":                 {map[string]any{"response_types_supported": nil, "id_token_signing_alg_values_supported": nil}, "", ""},
		"lists of odd types":            {map[string]any{"response_types_supported": "code", "code_challenge_methods_supported": map[string]any{}}, "", ""},
		"all that works":                {map[string]any{"code_challenge_methods_supported": []string{"plain", "S256"}, "response_modes_supported": []string{"query", "fragment"}, "grant_types_supported": []string{"authorization_code"}}, "", ""},
		"a user info that is odd":       {map[string]any{"userinfo_endpoint": "http://10.0.0.1"}, "", ""},
		"what is not asked for":         {map[string]any{"claims_supported": 7, "scopes_supported": "x", "mtls_endpoint_aliases": []int{1}}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newOP(t)
			if c.doc != nil {
				p.doc = c.doc
			}
			client, _ := newClient()
			err := client.CheckIssuer(t.Context(), p.URL+c.path)
			wantMisconfigured(t, err, c.why)
			if c.path != "" || c.why == "" {
				return
			}
			// An issuer that worked when it was configured is checked in the same way at a
			// sign-in.
			if _, err := client.AuthURL(t.Context(), p.config(), "state", "nonce", verifier); err == nil || !contains(err.Error(), c.why) {
				t.Errorf("AuthURL: got %v, want it refused because of %q", err, c.why)
			}
		})
	}
}

func wantMisconfigured(t *testing.T, err error, why string) {
	t.Helper()
	fault, ok := errors.AsType[*oauth.Error](err)
	if why == "" && err != nil {
		t.Errorf("CheckIssuer: got %v, want no error", err)
	}
	if why != "" && (!ok || fault.Kind != oauth.Misconfigured || !contains(fault.Finding(), why) || strings.ContainsAny(fault.Finding(), "\r\n")) {
		t.Errorf("CheckIssuer: got %v, want it to be misconfigured because of %q", err, why)
	}
}

func TestIssuersByTheirAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		why    string
	}{
		"a page":             {func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>") }, "no JSON object"},
		"a list":             {func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "[]") }, "no JSON object"},
		"null":               {func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "null") }, "no JSON object"},
		"a redirect":         {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, "redirects"},
		"more than 1 MiB":    {func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, strings.Repeat(" ", 1<<20+1)) }, "larger than 1 MiB"},
		"forbidden":          {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, "status 403"},
		"down for now":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, ""},
		"too much for now":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, ""},
		"broken off for now": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ""},
	} {
		server := httptest.NewServer(c.answer)
		t.Cleanup(server.Close)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := newClient()
			err := client.CheckIssuer(t.Context(), server.URL)
			if fault, ok := errors.AsType[*oauth.Error](err); c.why == "" && (!ok || fault.Kind != oauth.Broken) {
				t.Errorf("CheckIssuer: got %v, want it to be broken", err)
			}
			if c.why != "" {
				wantMisconfigured(t, err, c.why)
			}
		})
	}
	t.Run("a certificate of no known authority", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewTLSServer(http.NotFoundHandler())
		t.Cleanup(server.Close)
		client, _ := newClient()
		wantMisconfigured(t, client.CheckIssuer(t.Context(), server.URL), "certificate")
	})
}

// A corrected document counts at once, even while the old one is remembered.
func TestACorrectedIssuerCountsAtOnce(t *testing.T) {
	t.Parallel()
	p := newOP(t)
	p.doc["code_challenge_methods_supported"] = []string{"plain"}
	client, _ := newClient()
	wantMisconfigured(t, client.CheckIssuer(t.Context(), p.URL), "S256")
	p.set(func(p *op) { delete(p.doc, "code_challenge_methods_supported") })
	wantMisconfigured(t, client.CheckIssuer(t.Context(), p.URL), "")
}

func TestFormPostIsUsedWithoutQuery(t *testing.T) {
	t.Parallel()
	for mode, modes := range map[string]any{"form_post": []string{"form_post", "fragment"}, "": []string{"query", "form_post"}} {
		p := newOP(t)
		p.doc["response_modes_supported"] = modes
		client, _ := newClient()
		raw, err := client.AuthURL(t.Context(), p.config(), "state", "nonce", verifier)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(raw)
		if err != nil || u.Query().Get("response_mode") != mode {
			t.Errorf("AuthURL with %v: got %s, %v, want response_mode %q", modes, raw, err, mode)
		}
	}
}

// RFC 9207: an iss that discovery promises is required.
func TestIssOfADiscoveredProvider(t *testing.T) {
	t.Parallel()
	for _, promised := range []bool{false, true} {
		p := newOP(t)
		p.doc["authorization_response_iss_parameter_supported"] = promised
		client, _ := newClient()
		for iss, ok := range map[string]bool{p.URL: true, "": !promised, p.URL + "/": false, "https://evil.example\r\n": false} {
			err := client.CheckIss(t.Context(), p.config(), iss)
			fault, is := errors.AsType[*oauth.Error](err)
			if (err == nil) != ok || (err != nil && (!is || fault.Kind != oauth.WrongIssuer || strings.ContainsAny(err.Error(), "\r\n"))) {
				t.Errorf("iss %q, promised %v: got %v, want ok %v", iss, promised, err, ok)
			}
		}
	}
}

// This test asks issuers that each send as much as they may. Of 256 issuers, which is the most
// that are kept, it keeps 16 MB. It measures the heap, so it runs alone.
func TestIssuersUseLittleMemory(t *testing.T) { //nolint:paralleltest // see above
	const issuers, each = 8, 16 << 20 / 256
	p := newOP(t)
	keys := []any{}
	for i := range 3000 {
		keys = append(keys, map[string]any{"kty": "OKP", "crv": "Ed25519", "kid": fmt.Sprint(i, strings.Repeat("k", 200)), "x": strings.Repeat("A", 43)})
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch issuer := strings.TrimSuffix(r.URL.Path, "/.well-known/openid-configuration"); issuer {
		case "/keys":
			answer(w, map[string]any{"keys": keys})
		case "/token":
			answer(w, map[string]any{"id_token": p.idToken(t)})
		default:
			answer(w, with(p.document(), map[string]any{"issuer": p.URL + issuer, "claims_supported": strings.Repeat("x", 900<<10)}))
		}
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	client, _ := newClient()
	before := heap()
	for i := range issuers {
		cfg := p.config()
		cfg.Issuer = fmt.Sprint(server.URL, "/", i)
		if _, err := client.Exchange(t.Context(), cfg, oauth.Callback{Code: "code", Nonce: "nonce", Verifier: verifier}); err == nil || !contains(err.Error(), "unknown key") {
			t.Fatalf("Exchange: got %v, want an unknown key, so that the keys were read", err)
		}
	}
	if kept := int64(heap()) - int64(before); kept > issuers*each {
		t.Errorf("%d issuers: got %d KiB kept, want at most %d", issuers, kept>>10, issuers*each>>10)
	} else {
		t.Logf("%d issuers keep %d KiB", issuers, kept>>10)
	}
	runtime.KeepAlive(client)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestTheLeastRecentlyUsedIssuerIsDropped(t *testing.T) {
	t.Parallel()
	asked := map[string]int{}
	var mu sync.Mutex
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		issuer := strings.TrimSuffix(r.URL.Path, "/.well-known/openid-configuration")
		asked[issuer]++
		answer(w, map[string]any{"issuer": server.URL + issuer, "authorization_endpoint": server.URL, "token_endpoint": server.URL, "jwks_uri": server.URL})
	}))
	t.Cleanup(server.Close)
	client, _ := newClient()
	ask := func(i int) {
		t.Helper()
		if _, err := client.AuthURL(t.Context(), oauth.Config{Provider: "corp", Issuer: fmt.Sprint(server.URL, "/", i)}, "state", "nonce", verifier); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 256 {
		ask(i)
		ask(0) // in use all the time
	}
	ask(256)
	ask(0)
	ask(1)
	for issuer, want := range map[string]int{"/0": 1, "/1": 2, "/256": 1} {
		if asked[issuer] != want {
			t.Errorf("issuer %s: got %d requests, want %d", issuer, asked[issuer], want)
		}
	}
}

// A panic while an issuer is asked fails that request only. The issuer is asked again.
func TestAnIssuerIsAskedAgainAfterAPanic(t *testing.T) {
	t.Parallel()
	p := newOP(t)
	clock := testclock.At(start)
	broken := true
	client := oauth.NewClient(oauth.Options{AllowLoopback: true, Now: clock.Now, Proxy: func(*http.Request) (*url.URL, error) {
		if broken {
			panic("boom")
		}
		return nil, nil
	}})
	for range 2 {
		_, err := client.AuthURL(t.Context(), p.config(), "state", "nonce", verifier)
		if fault, ok := errors.AsType[*oauth.Error](err); !ok || fault.Kind != oauth.Broken || !contains(err.Error(), "panic: boom") {
			t.Errorf("AuthURL: got %v, want a panic that was caught", err)
		}
	}
	broken = false
	clock.Advance(30 * time.Second)
	if _, err := client.AuthURL(t.Context(), p.config(), "state", "nonce", verifier); err != nil {
		t.Errorf("AuthURL afterwards: got %v, want no error", err)
	}
}
