package network

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// The endpoints of an issuer that authkit's server calls.
const (
	discoveryAt = "/.well-known/openid-configuration"
	keysAt      = "/jwks"
	tokenAt     = "/token"
	userInfoAt  = "/userinfo"
)

// ailment is what is wrong with an endpoint.
type ailment string

const (
	healthy ailment = "answers"
	hangs   ailment = "hangs"
	endless ailment = "never ends"       // 64 KiB at a time, as fast as they are read
	huge    ailment = "answers 1 GB"     // as its Content-Length says
	drips   ailment = "drips its answer" // a byte every 50 ms
	clogs   ailment = "hangs after most of 1 MiB"
)

const clientID = "faults"

// issuer is an OpenID provider on loopback, one of whose endpoints can be made ill. Its users
// are the login_hint of the authorization request. An ID token holds no address, so that
// authkit asks for user info. It is safe for concurrent use.
type issuer struct {
	url    string
	server *http.Server
	key    *ecdsa.PrivateKey
	now    func() time.Time
	calls  atomic.Int64 // of the endpoint that is ill

	mu    sync.Mutex
	ill   string // a path
	with  ailment
	codes map[string]grant // by code
	ended chan struct{}    // closed when the issuer gets well or ends
}

// grant is what a code or an access token stands for.
type grant struct{ email, nonce string }

func newIssuer(ctx context.Context) (*issuer, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	i := &issuer{
		url: "http://" + listener.Addr().String(), key: key, now: time.Now,
		with: healthy, codes: map[string]grant{}, ended: make(chan struct{}),
	}
	mux := http.NewServeMux()
	for path, serve := range map[string]http.HandlerFunc{discoveryAt: i.discovery, keysAt: i.keys, tokenAt: i.token, userInfoAt: i.userInfo} {
		mux.HandleFunc(path, i.unlessIll(path, serve))
	}
	mux.HandleFunc("/authorize", i.authorize)
	i.server = &http.Server{Handler: mux, ReadHeaderTimeout: answerWithin}
	go func() { _ = i.server.Serve(listener) }() // until close
	return i, nil
}

func (i *issuer) close() {
	i.fallIll("", healthy)
	_ = i.server.Close()
}

// fallIll makes one endpoint ill, and the one that was ill before well.
func (i *issuer) fallIll(path string, with ailment) {
	i.mu.Lock()
	defer i.mu.Unlock()
	close(i.ended)
	i.ill, i.with, i.ended = path, with, make(chan struct{})
	i.calls.Store(0)
}

func (i *issuer) unlessIll(path string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		ill, with, ended := i.ill == path, i.with, i.ended
		i.mu.Unlock()
		if !ill {
			next(w, r)
			return
		}
		i.calls.Add(1)
		w.Header().Set("Content-Type", "application/json")
		suffer(w, r, with, ended)
	}
}

// suffer answers as an ill endpoint does, until the client leaves or the endpoint is well.
func suffer(w http.ResponseWriter, r *http.Request, with ailment, ended <-chan struct{}) {
	block, wait := make([]byte, 64<<10), time.Duration(0)
	for n := range block {
		block[n] = ' ' // which JSON skips, so that only a bound on the size ends the reading
	}
	switch with {
	case hangs:
		select {
		case <-ended:
		case <-r.Context().Done():
		}
		return
	case huge:
		w.Header().Set("Content-Length", strconv.Itoa(1<<30))
	case drips:
		block, wait = block[:1], 50*time.Millisecond
	}
	for sent := 0; sent < 1<<30 || with == endless; sent += len(block) {
		if with == clogs && sent > 900<<10 {
			wait = answerWithin
		}
		if _, err := w.Write(block); err != nil {
			return
		}
		if wait > 0 { // the client gets what there is
			_ = http.NewResponseController(w).Flush()
		}
		select {
		case <-ended:
			return
		case <-r.Context().Done():
			return
		case <-time.After(wait):
		}
	}
}

func (i *issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{
		"issuer": i.url, "authorization_endpoint": i.url + "/authorize", "token_endpoint": i.url + tokenAt,
		"userinfo_endpoint": i.url + userInfoAt, "jwks_uri": i.url + keysAt,
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported":          []string{"ES256"},
		"authorization_response_iss_parameter_supported": true,
	})
}

func (i *issuer) keys(w http.ResponseWriter, _ *http.Request) {
	point, err := i.key.PublicKey.Bytes()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, map[string]any{"keys": []any{map[string]any{
		"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "1", "x": encode(point[1:33]), "y": encode(point[33:]),
	}}})
}

// authorize redirects at once, without asking a user.
func (i *issuer) authorize(w http.ResponseWriter, r *http.Request) {
	q, code := r.URL.Query(), rand.Text()
	i.mu.Lock()
	i.codes[code] = grant{q.Get("login_hint"), q.Get("nonce")}
	i.mu.Unlock()
	back := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {i.url}}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound) //nolint:gosec // its only client is the test's
}

// token answers with the code as the access token.
func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	g := i.grant(r.FormValue("code"))
	now := i.now()
	id, err := i.sign(map[string]any{
		"iss": i.url, "aud": clientID, "sub": g.email, "nonce": g.nonce, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, map[string]any{"access_token": r.FormValue("code"), "token_type": "Bearer", "id_token": id})
}

func (i *issuer) userInfo(w http.ResponseWriter, r *http.Request) {
	g := i.grant(r.Header.Get("Authorization")[len("Bearer "):])
	answer(w, map[string]any{"sub": g.email, "email": g.email, "email_verified": true})
}

func (i *issuer) grant(code string) grant {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.codes[code]
}

// sign makes a JWS of the claims (RFC 7515, section 7.1; RFC 7518, section 3.4).
func (i *issuer) sign(claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := encode([]byte(`{"alg":"ES256","kid":"1","typ":"JWT"}`)) + "." + encode(payload)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, sum[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + encode(signature), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) //nolint:errchkjson // it fails only if the client has gone
}
