package authkittest

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit/internal/token"
)

const (
	keyID      = "authkittest"
	hugeAnswer = 2 << 20
)

// grant is what a code stands for. An access token stands for the email alone.
type grant struct{ email, nonce, challenge, redirectTo string }

func (p *Provider) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.unlessDown(p.discovery))
	mux.HandleFunc("GET /jwks", p.unlessDown(p.keys))
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.unlessDown(p.token))
	mux.HandleFunc("GET /userinfo", p.unlessDown(p.userInfo))
	return mux
}

func (p *Provider) unlessDown(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if p.has(Down) {
			http.Error(w, "down", http.StatusInternalServerError)
			return
		}
		next(w, r)
	}
}

func (p *Provider) has(f Fault) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.faults, f)
}

// discovery announces the algorithm of a forged token, so that only authkit's own rule can
// refuse it.
func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	algs := []string{"ES256"}
	if p.has(Unsigned) {
		algs = append(algs, "none")
	}
	if p.has(SignedWithSecret) {
		algs = append(algs, "HS256")
	}
	methods := []string{"client_secret_basic", "client_secret_post"}
	if p.has(SecretInForm) {
		methods = methods[1:]
	}
	answer(w, http.StatusOK, map[string]any{
		"token_endpoint_auth_methods_supported": methods,

		"issuer": p.Issuer, "jwks_uri": p.Issuer + "/jwks",
		"authorization_endpoint": p.Issuer + "/authorize",
		"token_endpoint":         p.Issuer + "/token",
		"userinfo_endpoint":      p.Issuer + "/userinfo",

		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"code_challenge_methods_supported":               []string{"S256"},
		"id_token_signing_alg_values_supported":          algs,
		"authorization_response_iss_parameter_supported": true,
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	key, err := token.JWK(keyID, "ES256", &p.key.PublicKey)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	keys := []any{key}
	if p.has(OddKeys) {
		key["x5t"] = "a badly made certificate"
		keys = []any{map[string]any{"kty": "RSA", "n": "a+b/=", "e": 3}, map[string]any{"kty": "AKP", "x5c": []string{"!"}}, 7, key}
	}
	answer(w, http.StatusOK, map[string]any{"keys": keys})
}

// authorize redirects at once, without asking a user. It answers a request that is not of this
// client with PKCE with a page, since no redirect URI can be trusted then.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	to, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || !to.IsAbs() || q.Get("client_id") != clientID || q.Get("response_type") != "code" ||
		q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" ||
		!slices.Contains(strings.Fields(q.Get("scope")), "openid") {
		http.Error(w, "want response_type=code, scope=openid, the client id, a redirect URI and PKCE with S256", http.StatusBadRequest)
		return
	}
	back := to.Query()
	back.Set("state", q.Get("state"))
	if !p.has(NoIss) {
		back.Set("iss", p.Issuer)
	}
	if p.has(AccessDenied) {
		back.Set("error", "access_denied")
	} else {
		back.Set("code", p.keep(p.codes, grant{
			email: cmp.Or(q.Get("login_hint"), "ann@example.com"), nonce: q.Get("nonce"),
			challenge: q.Get("code_challenge"), redirectTo: q.Get("redirect_uri"),
		}))
	}
	to.RawQuery = back.Encode()
	w.Header().Set("Location", to.String())
	w.WriteHeader(http.StatusFound)
}

// keep makes a new code or access token for a grant.
func (p *Provider) keep(in map[string]grant, g grant) string {
	text := rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	in[text] = g
	return text
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	p.wait(r)
	switch {
	case p.has(HugeAnswer):
		answer(w, http.StatusOK, map[string]any{"access_token": strings.Repeat("x", hugeAnswer), "token_type": "Bearer"})
		return
	case p.has(Redirects):
		w.Header().Set("Location", p.Issuer+"/token")
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	case !ownClient(r), p.has(SecretInForm) && r.Header.Get("Authorization") != "":
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	case p.has(RefusesCodes):
		refuse(w, http.StatusOK, "bad_verification_code")
		return
	case p.has(RefusesClients):
		refuse(w, http.StatusOK, "incorrect_client_credentials")
		return
	}
	g, ok := p.redeem(r)
	if !ok {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	idToken, err := p.idToken(g)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	said := map[string]any{"access_token": p.keep(p.tokens, grant{email: g.email}), "token_type": "Bearer", "id_token": idToken}
	if p.has(OddAnswer) {
		said["expires_in"], said["scope"] = 3599.5, []string{"openid"}
		w.Header().Set("Content-Type", "text/html")
	}
	answer(w, http.StatusOK, said)
}

// wait delays an answer of the token endpoint while the test holds it.
func (p *Provider) wait(r *http.Request) {
	p.mu.Lock()
	h := p.held
	p.mu.Unlock()
	if h == nil {
		return
	}
	h.arrive()
	select {
	case <-h.free:
	case <-r.Context().Done(): // the client has gone
	}
}

// ownClient reports whether a request has the client's secret, in the header or in the form
// (RFC 6749, section 2.3.1).
func ownClient(r *http.Request) bool {
	id, secret, ok := r.BasicAuth()
	if !ok {
		return r.PostForm.Get("client_id") == clientID && r.PostForm.Get("client_secret") == clientSecret
	}
	return id == url.QueryEscape(clientID) && secret == url.QueryEscape(clientSecret)
}

// redeem spends a code, also if the request is wrong in another way.
func (p *Provider) redeem(r *http.Request) (grant, bool) {
	code, form := r.PostForm.Get("code"), r.PostForm
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.codes[code]
	if !ok {
		return grant{}, false
	}
	delete(p.codes, code)
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	ok = form.Get("grant_type") == "authorization_code" && form.Get("redirect_uri") == g.redirectTo && token.Encode(sum[:]) == g.challenge
	return g, ok
}

func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	if p.has(NoUserInfo) {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	p.mu.Lock()
	g, ok := p.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	p.mu.Unlock()
	if !ok {
		refuse(w, http.StatusUnauthorized, "invalid_token")
		return
	}
	claims := p.person(g)
	if p.has(WrongUserInfo) {
		claims["sub"] = subject(g.email) + "-other"
	}
	answer(w, http.StatusOK, claims)
}

func refuse(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]any{"error": code})
}

func answer(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b) // it fails only if the client has gone
}
