// Package githubtest is a GitHub for tests: a real HTTP server that answers as github.com and
// api.github.com do. Its authorization response includes iss.
package githubtest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// ClientID and ClientSecret belong to the one client that the server knows.
const (
	ClientID     = "Iv1.0123456789abcdef"
	ClientSecret = "the client secret at GitHub"

	// Iss is what GitHub sends in its authorization response (RFC 9207).
	Iss = "https://github.com/login/oauth"
)

// Email is an address in the answer of /user/emails.
type Email struct {
	Email    string `json:"email"`
	Primary  bool   `json:"primary"`
	Verified bool   `json:"verified"`
}

// GitHub is a server with one person. Change its fields between requests only, while holding
// the lock.
type GitHub struct {
	sync.Mutex

	URL string

	User         string // the answer of /user
	Emails       []Email
	EmailsStatus int    // of /user/emails; 0 means 200
	Iss          string // sent in the authorization response; empty: not sent
	TokenError   string // the error of the next token answers, which have status 200
	TokenType    string // the media type of token answers; empty: chosen by Accept, as GitHub does

	codes   map[string]url.Values // the parameters of the authorization request, by code
	asked   []string              // paths, in the order of the requests
	perPage int
}

// New starts a server that stops when the test ends.
func New(tb testing.TB) *GitHub {
	tb.Helper()
	g := &GitHub{
		User:   `{"login":"ann","id":583231,"node_id":"MDQ6","type":"User","name":null,"email":"planted@example.com"}`,
		Emails: []Email{{"old@example.com", false, true}, {"ann@example.com", true, true}},
		Iss:    Iss, codes: map[string]url.Values{}, perPage: 100,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login/oauth/authorize", g.authorize)
	mux.HandleFunc("POST /login/oauth/access_token", g.token)
	mux.HandleFunc("GET /user", g.user)
	mux.HandleFunc("GET /user/emails", g.emails)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.Lock()
		defer g.Unlock()
		g.asked = append(g.asked, r.URL.Path)
		mux.ServeHTTP(w, r)
	}))
	tb.Cleanup(server.Close)
	g.URL = server.URL
	return g
}

// Asked counts the requests for a path.
func (g *GitHub) Asked(path string) (n int) {
	g.Lock()
	defer g.Unlock()
	for _, p := range g.asked {
		if p == path {
			n++
		}
	}
	return n
}

// Set calls change with the lock held.
func (g *GitHub) Set(change func(*GitHub)) {
	g.Lock()
	defer g.Unlock()
	change(g)
}

// authorize redirects back at once, without asking the person.
func (g *GitHub) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	to, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || q.Get("client_id") != ClientID {
		http.NotFound(w, r) // as GitHub does for an unknown client
		return
	}
	code := rand.Text()
	g.codes[code] = q
	back := to.Query()
	back.Set("code", code)
	back.Set("state", q.Get("state"))
	if g.Iss != "" {
		back.Set("iss", g.Iss)
	}
	to.RawQuery = back.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound) //nolint:gosec // a test's own redirect URI
}

// token exchanges a code. It takes the client secret in the form, and answers errors with
// status 200, as GitHub does.
func (g *GitHub) token(w http.ResponseWriter, r *http.Request) {
	code := r.PostFormValue("code")
	asked, known := g.codes[code]
	delete(g.codes, code)
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	out := url.Values{}
	switch {
	case r.PostFormValue("client_id") != ClientID || r.PostFormValue("client_secret") != ClientSecret:
		out.Set("error", "incorrect_client_credentials")
	case g.TokenError != "":
		out.Set("error", g.TokenError)
	case !known || base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge"):
		out.Set("error", "bad_verification_code")
	case r.PostFormValue("redirect_uri") != asked.Get("redirect_uri"):
		out.Set("error", "redirect_uri_mismatch")
	default:
		out = url.Values{"access_token": {"gho_" + rand.Text()}, "token_type": {"bearer"}, "scope": {"read:user,user:email"}}
	}
	if out.Has("error") {
		out.Set("error_description", "The code passed is incorrect or expired.\r\nTrace")
		out.Set("error_uri", "https://docs.github.com/")
	}
	g.answerTokens(w, r, out)
}

func (g *GitHub) answerTokens(w http.ResponseWriter, r *http.Request, out url.Values) {
	if !strings.Contains(r.Header.Get("Accept"), "json") {
		w.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		_, _ = fmt.Fprint(w, out.Encode())
		return
	}
	members := map[string]string{}
	for name := range out {
		members[name] = out.Get(name)
	}
	kind := g.TokenType
	if kind == "" {
		kind = "application/json; charset=utf-8"
	}
	write(w, kind, members)
}

func (g *GitHub) user(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer gho_") {
		http.Error(w, `{"message":"Requires authentication"}`, http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = fmt.Fprint(w, g.User)
}

// emails answers the addresses in pages. The Link header names the next and the last page.
func (g *GitHub) emails(w http.ResponseWriter, r *http.Request) {
	if g.EmailsStatus != 0 {
		http.Error(w, `{"message":"Resource not accessible by integration"}`, g.EmailsStatus)
		return
	}
	size, err := strconv.Atoi(r.URL.Query().Get("per_page"))
	if err != nil || size < 1 || size > g.perPage {
		size = 30
	}
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || page < 1 {
		page = 1
	}
	first := min((page-1)*size, len(g.Emails))
	last := min(first+size, len(g.Emails))
	if last < len(g.Emails) {
		w.Header().Set("Link", fmt.Sprintf(`<%s/user/emails?per_page=%d&page=%d>; rel="next", <%[1]s/user/emails?per_page=%[2]d&page=99>; rel="last"`, g.URL, size, page+1))
	}
	write(w, "application/json; charset=utf-8", g.Emails[first:last])
}

func write(w http.ResponseWriter, kind string, v any) {
	w.Header().Set("Content-Type", kind)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(http.ErrAbortHandler)
	}
}
