package authkit_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"index/suffixarray"
	"io"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testschema"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
	"github.com/authkit-dev/authkit/storetest"
)

// journal keeps everything that is logged, at every level, with all that a handler could see.
type journal struct {
	mu    *sync.Mutex
	lines *[]string
	with  []slog.Attr
}

func newJournal() journal { return journal{mu: &sync.Mutex{}, lines: &[]string{}} }

func (j journal) Enabled(context.Context, slog.Level) bool { return true }
func (j journal) WithGroup(string) slog.Handler            { return j }
func (j journal) WithAttrs(attrs []slog.Attr) slog.Handler {
	j.with = append(slices.Clip(j.with), attrs...)
	return j
}

// Handle writes the record as JSON, and each value as a program prints it that looks inside. It
// leaves out the time.
func (j journal) Handle(ctx context.Context, r slog.Record) error {
	var out bytes.Buffer
	plain := slog.NewRecord(r.Time, r.Level, r.Message, 0)
	plain.AddAttrs(j.with...)
	r.Attrs(func(a slog.Attr) bool {
		plain.AddAttrs(a)
		fmt.Fprintf(&out, "%s: %v %+v\n", a.Key, a.Value, a.Value.Resolve().Any())
		return true
	})
	h := slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.Level(math.MinInt), ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	err := h.Handle(ctx, plain)
	j.add(out.String())
	return err
}

func (j journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	*j.lines = append(*j.lines, line)
}

func (j journal) read() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(*j.lines)
}

// secretMembers are the names of secrets in requests and answers.
var secretMembers = []string{
	"password", "current_password", "new_password", "token", "refresh_token", "code", "binding", "state", "code_verifier",
	"client_secret", "api_key", "key", "resume", "id_token", "access_token", "csrf", "nonce",
	"mfa_token", "secret", "uri", "recovery_codes", "credential",
}

// spy knows every secret that was sent or received, and where.
type spy struct {
	mu    sync.Mutex
	knows map[string]string
}

func newSpy() *spy { return &spy{knows: map[string]string{}} }

// shortest is the least length of a text that is looked for: that of a mailed code.
const shortest = 6

func (s *spy) learn(where, secret string) {
	if len(secret) < shortest {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.knows[secret] = where
}

func (s *spy) learnValues(where string, values url.Values) {
	for name, all := range values {
		if slices.Contains(secretMembers, name) {
			for _, v := range all {
				s.learn(where+" "+name, v)
			}
		}
	}
}

func (s *spy) learnJSON(where string, v any) {
	switch v := v.(type) {
	case map[string]any:
		_, problem := v["detail"] // whose code cannot be redeemed
		for name, inner := range v {
			if slices.Contains(secretMembers, name) && (name != "code" || !problem) {
				s.learnWithin(where+" "+name, inner)
			}
			s.learnJSON(where, inner)
		}
	case []any:
		for _, inner := range v {
			s.learnJSON(where, inner)
		}
	}
}

// learnWithin learns a text, each of a list, or what the authenticator said in a credential.
func (s *spy) learnWithin(where string, v any) {
	switch v := v.(type) {
	case string:
		s.learn(where, v)
	case []any:
		for _, inner := range v {
			if text, ok := inner.(string); ok {
				s.learn(where, text)
			}
		}
	case map[string]any:
		said, _ := v["response"].(map[string]any)
		for _, name := range []string{"clientDataJSON", "authenticatorData", "attestationObject", "signature"} {
			if text, ok := said[name].(string); ok {
				s.learn(where+"."+name, text)
			}
		}
	}
}

func (s *spy) learnURL(where, text string) {
	if u, err := url.Parse(text); err == nil {
		s.learnValues(where, u.Query())
	}
}

func (s *spy) learnBody(where string, body []byte) {
	var v any
	if json.Unmarshal(body, &v) == nil {
		s.learnJSON(where, v)
	} else if values, err := url.ParseQuery(string(body)); err == nil {
		s.learnValues(where, values)
	}
}

func (s *spy) learnHeader(where string, h http.Header) {
	for _, v := range h.Values("Authorization") {
		_, credential, _ := strings.Cut(v, " ")
		s.learn(where+" Authorization", credential)
	}
	lines := append([]string{}, h.Values("Set-Cookie")...)
	for _, v := range h.Values("Cookie") {
		lines = append(lines, strings.Split(v, "; ")...)
	}
	for _, v := range lines {
		pair, _, _ := strings.Cut(v, ";")
		_, value, _ := strings.Cut(pair, "=")
		s.learn(where+" cookie", value)
	}
	s.learnURL(where+" Location", h.Get("Location"))
}

func (s *spy) learnMail(m mail.Message) {
	s.learn("mail text", m.Text)
	s.learn("mail HTML", m.HTML)
	if code := mail.Code(m); code != "" {
		s.learn("mail code", code)
	}
	if strings.Contains(m.Text, "token=") {
		s.learn("mail token", linkToken(m))
	}
}

// listen wraps a handler so that the spy learns its secrets.
func (s *spy) listen(where string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.learnBody(where+" request", body)
		s.learnHeader(where+" request", r.Header)
		s.learnValues(where+" request", r.URL.Query())
		got := httptest.NewRecorder()
		next.ServeHTTP(got, r)
		maps.Copy(w.Header(), got.Header())
		s.learnHeader(where+" answer", got.Header())
		s.learnBody(where+" answer", got.Body.Bytes())
		if got.Header().Get("Location") == "" {
			s.learnURL(where+" page", answer{ResponseRecorder: got}.leadsTo())
		}
		w.WriteHeader(got.Code)
		_, _ = w.Write(got.Body.Bytes())
	})
}

// forms returns the ways in which a secret may be written.
func forms(secret string) map[string]string {
	out := map[string]string{
		"": secret, " in hex": hex.EncodeToString([]byte(secret)), " in base64": strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "="),
		" in base64url": base64.RawURLEncoding.EncodeToString([]byte(secret)), " escaped for a URL": url.QueryEscape(secret), " as Go prints bytes": strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]"),
	}
	quoted, err := json.Marshal(secret)
	if err == nil {
		out[" in JSON"] = strings.Trim(string(quoted), `"`)
	}
	_, opaque, found := strings.Cut(secret, "_")
	if !found {
		opaque = secret
	}
	if raw, err := base64.RawURLEncoding.DecodeString(opaque); err == nil && len(raw) >= 16 {
		out[" without its prefix"] = opaque
		out[", its bytes in hex"] = hex.EncodeToString(raw)
		out[", its bytes as Go prints them"] = strings.Trim(fmt.Sprintf("%d", raw), "[]")
	}
	return out
}

// leaks returns the secrets in a text. A secret of digits only counts if it has no letter or
// digit beside it.
func (s *spy) leaks(text string) (found []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	index := suffixarray.New([]byte(text)) // it is searched thousands of times
	for secret, where := range s.knows {
		for how, form := range forms(secret) {
			if len(index.Lookup([]byte(form), 1)) > 0 && (!digits(form) || standsAlone(text, form)) {
				found = append(found, where+how)
			}
		}
	}
	slices.Sort(found)
	return found
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// standsAlone reports whether text holds part without a letter or digit beside it.
func standsAlone(text, part string) bool {
	for rest := text; ; {
		before, after, ok := strings.Cut(rest, part)
		if !ok {
			return false
		}
		if !inWord(before[max(0, len(before)-1):]) && !inWord(after[:min(1, len(after))]) {
			return true
		}
		rest = after
	}
}

func inWord(letter string) bool {
	return letter != "" && strings.ContainsAny(letter, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

// watched is a stage whose secrets a spy learns.
type watched struct {
	*stage

	spy      *spy
	log      journal
	events   journal
	mailFail bool

	mu      sync.Mutex
	refused map[string]int // the status of each refusal, by request id
}

// Send keeps a mail, or fails like a server whose error quotes nothing.
func (w *watched) Send(ctx context.Context, m mail.Message) error {
	w.spy.learnMail(m)
	if w.mailFail {
		return errors.New("421 come back later")
	}
	return w.outbox.Send(ctx, m)
}

func newWatched(t *testing.T, open func(*testing.T) authkit.Store) *watched {
	t.Helper()
	w := &watched{spy: newSpy(), log: newJournal(), events: newJournal(), refused: map[string]int{}}
	secret := bytes.Repeat([]byte("deployment secret"), 3)[:32]
	w.spy.learn("the deployment's secret", string(secret))
	faulty := storetest.NewFaulty(open(t))
	w.stage = newStage(t, withoutLimits, func(c *authkit.Config) {
		c.Store, c.Mailer, c.Secrets, c.Logger = faulty, w, [][]byte{secret}, slog.New(w.log)
		c.Observer = func(e authkit.Event) {
			var told any = e // as by a host that does not know the fields
			text, err := json.Marshal(told)
			if err != nil {
				t.Error(err)
			}
			w.events.add(fmt.Sprintf("%s %s %+v", text, e.Detail, e))
		}
	})
	w.faulty = faulty
	w.server = w.spy.listen("a client's", w.collect(w.server))
	w.spy.learn("the developer's token", w.token)
	w.spy.learn("the first API key", w.key)
	p := w.provider()
	p.Config.Handler = w.spy.listen("the provider's", p.Config.Handler)
	return w
}

// collect wraps a handler to keep the request id of each refusal.
func (w *watched) collect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(rw, r)
		if got := rw.Header(); got.Get("Content-Type") == "application/problem+json" {
			status := 0
			if rec, ok := rw.(*httptest.ResponseRecorder); ok {
				status = rec.Code
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.refused[got.Get("X-Request-ID")] = status
		}
	})
}

// line is the part of a log line that a test reads.
type line struct {
	Level     string `json:"level"`
	Msg       string `json:"msg"`
	Code      string `json:"code"`
	Cause     string `json:"cause"`
	Route     string `json:"route"`
	App       string `json:"app"`
	RequestID string `json:"request_id"`
	Inbound   string `json:"inbound_request_id"`
}

// refusals returns the lines about refusals.
func (j journal) refusals(t *testing.T) (out []line) {
	t.Helper()
	for _, text := range j.read() {
		_, object, _ := strings.Cut("\n"+text, "\n{")
		var l line
		if err := json.Unmarshal([]byte("{"+object), &l); err != nil {
			t.Fatalf("got %q, want a line of JSON: %v", text, err)
		}
		if l.Msg == "refused" || l.Msg == "request failed" {
			out = append(out, l)
		}
	}
	return out
}

// oneLineEach checks that each refusal has one line: at Info for a fault of the client, at
// Error for a fault of the server.
func (w *watched) oneLineEach() {
	w.t.Helper()
	lines := map[string][]line{}
	for _, l := range w.log.refusals(w.t) {
		lines[l.RequestID] = append(lines[l.RequestID], l)
	}
	levels := map[string]int{}
	for id, status := range w.refused {
		level, msg := "INFO", "refused"
		got := lines[id]
		thinned := status == http.StatusServiceUnavailable && len(got) == 1 && got[0].Level == level
		if status >= http.StatusInternalServerError && !thinned {
			level, msg = "ERROR", "request failed"
		}
		levels[level]++
		if len(got) != 1 || got[0].Level != level || got[0].Msg != msg || got[0].Code == "" || got[0].Route == "" {
			w.t.Errorf("a refusal with status %d: got %+v, want one line %q at %s", status, got, msg, level)
		}
	}
	if levels["INFO"] < 30 || levels["ERROR"] < 10 {
		w.t.Errorf("got %v refusals, want 30 of the one kind and 10 of the other", levels)
	}
}

// logged lists the stores on which every flow is run.
func logged() map[string]func(*testing.T) authkit.Store {
	out := map[string]func(*testing.T) authkit.Store{
		"memory": func(*testing.T) authkit.Store { return memory.New() },
		"sqlite": func(t *testing.T) authkit.Store {
			t.Helper()
			s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "auth.db"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			return s
		},
	}
	if dsn := os.Getenv("AUTHKIT_TEST_POSTGRES"); dsn != "" {
		out["postgres"] = func(t *testing.T) authkit.Store { t.Helper(); return inSchema(t, dsn) }
	}
	return out
}

// inSchema returns a store in a schema of its own.
func inSchema(t *testing.T, dsn string) authkit.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), testschema.New(t, dsn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// This test runs every flow, with and without failing calls of the store. It looks for every
// secret in every line of the log and in every event of the observer.
func TestNoSecretIsLogged(t *testing.T) {
	t.Parallel()
	for name, open := range logged() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWatched(t, open)
			for _, f := range flows() {
				w.walk(f, name == "memory")
				w.clock.Advance(time.Second) // so that the newest has a later time
			}
			w.refusals()
			w.lostMail()
			w.oneLineEach()
			lines, events := w.log.read(), w.events.read()
			if len(lines) < 100 || len(events) < 100 {
				t.Errorf("got %d lines of the log and %d events, want what a hundred faults and flows say", len(lines), len(events))
			}
			for what, all := range map[string][]string{"log": lines, "events": events} {
				if found := w.spy.leaks(strings.Join(all, "\n")); found != nil {
					t.Errorf("%s: got %q, want no secret", what, found)
				}
			}
			w.sees()
			t.Logf("%d secrets, %d lines, %d events", len(w.spy.knows), len(lines), len(events))
		})
	}
}

// walk runs a flow once, and then with failing calls of the store: with each call, or only with
// the last one if the store is slow.
func (w *watched) walk(f flow, each bool) {
	w.t.Helper()
	last := w.ready(f)
	before := w.faulty.Calls()
	got := w.do(last())
	f.wellDone(w.t, got)
	calls, n := w.faulty.Calls()-before, 1
	if !each {
		n = max(1, calls)
	}
	for ; n <= calls; n++ {
		last := w.ready(f)
		w.faulty.FailAt(n)
		w.do(last())
		w.faulty.FailAt(0)
	}
}

// ready prepares a flow with an API key that no flow has retired.
func (w *watched) ready(f flow) func() *http.Request {
	w.t.Helper()
	_, key, err := w.engine.RotateAPIKey(w.t.Context(), authkit.AppRef{Developer: w.devID, ID: w.app.ID}, authkit.APIKeyRequest{Overlap: time.Hour})
	if err != nil {
		w.t.Fatal(err)
	}
	w.key = key
	w.spy.learn("an API key", key)
	return f.ready(w.stage)
}

// refusals are requests that are each wrong in another way.
func (w *watched) refusals() {
	w.t.Helper()
	in := w.signUp(w.email())
	for _, r := range []struct{ method, path, body, header string }{
		{"POST", "/auth/credentials/{app_id}", `{"email":"not an address","password":"a password in a wrong request"}`, ""},
		{"POST", "/auth/credentials/{app_id}", `{"email":"ann@example.com","password":"a password beside what is unknown","more":1}`, ""},
		{"POST", "/auth/credentials/{app_id}", `{"email":"ann@example.com","password":"a password in a body without an end"`, ""},
		{"POST", "/auth/verify/{app_id}", `{"token":"` + strings.Repeat("nonsense.", 20) + `"}`, ""},
		{"GET", "/auth/nothing/{app_id}/at/all?token=a-token-of-no-path&code=a-code-of-no-path", "", ""},
		{"GET", "/auth/me/{app_id}", "", "Authorization: Bearer " + in.text(w.t, "refresh_token")},
		{"GET", "/users/{app_id}", "", "Authorization: Bearer " + in.text(w.t, "token")},
		{"POST", "/apps/{app_id}/oauth-configs", `{"provider":"secretive","client_id":"c","client_secret":"a client secret","redirect_uri":"https://spa.example/s","issuer":"https://127.0.0.1:1"}`, bearer(w.token)},
		{"PATCH", "/apps/{app_id}/oauth-configs/secretive", `{"client_secret":"another client secret"}`, bearer(w.token)},
		{"GET", "/auth/secretive/{app_id}", "", ""}, // there is no such route
	} {
		header := r.header
		if header == "" {
			header = "Accept: */*"
		}
		w.do(w.request(r.method, w.in(r.path), r.body, header))
		w.faulty.FailAlways(true)
		w.do(w.request(r.method, w.in(r.path), r.body, header))
		w.faulty.FailAlways(false)
	}
	w.spy.learn("a wrong request password", "a password in a body without an end")
	state, binding := w.begin(w.t, w.provider(), map[string]any{"sub": w.fresh("sub"), "email": w.email()})
	w.callback("a code that the provider refuses", state, binding)
}

// lostMail makes mail fail while it is sent.
func (w *watched) lostMail() {
	w.t.Helper()
	w.mailFail = true
	email := w.email()
	w.signUp(email)
	for _, path := range []string{"/auth/magic-link/{app_id}", "/auth/password/forgot/{app_id}"} {
		w.send("POST", w.in(path), `{"email":"`+email+`"}`).want(w.t, 202, "")
	}
	before := len(w.log.read())
	w.runOnce()
	if got := len(w.log.read()) - before; got < 2 {
		w.t.Errorf("mail that failed: got %d lines, want one each", got)
	}
	w.mailFail = false
}

// sees checks that this test can fail: it logs a secret of each origin, as text and in an
// error, and wants it found.
func (w *watched) sees() {
	w.t.Helper()
	one := map[string]string{}
	for secret, where := range w.spy.knows {
		one[where] = secret
	}
	for _, kind := range []string{
		"a client's request password", "a client's request token", "a client's request code", "a client's request binding", "a client's request refresh_token",
		"a client's request Authorization", "a client's request cookie", "a client's request client_secret", "a client's request state",
		"a client's answer token", "a client's answer refresh_token", "a client's answer api_key", "a client's answer key", "a client's answer binding", "a client's answer cookie",
		"a client's answer Location code", "a client's answer Location state", "a client's page code",
		"the provider's request code_verifier", "the provider's answer id_token", "mail code", "mail token", "mail text", "mail HTML",
	} {
		if one[kind] == "" {
			w.t.Errorf("%s: got none, want one to look for", kind)
		}
	}
	for where, secret := range one {
		alone := newSpy()
		alone.learn(where, secret)
		for how, form := range forms(secret) {
			j := newJournal()
			log := slog.New(j).With(slog.String("app", "demo"))
			log.Log(w.t.Context(), slog.LevelDebug-100, "on purpose", slog.Any("error", fmt.Errorf("do: %w", errors.New(form))))
			if found := alone.leaks(strings.Join(j.read(), "\n")); found == nil {
				w.t.Errorf("%s%s, logged on purpose: got nothing found", where, how)
			}
		}
	}
}
