package authkit_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testworld"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

// target is an engine to which a fuzz target sends many requests.
type target struct {
	engine *authkit.Engine
	app    authkit.App
	dev    string   // a developer's access token
	live   []string // every valid secret
}

func newTarget(f *testing.F) target {
	f.Helper()
	must := func(err error) {
		if err != nil {
			f.Helper()
			f.Fatal(err)
		}
	}
	box, at, ctx := mail.NewOutbox(), time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), f.Context()
	cfg := authkit.Config{
		Store: memory.New(), BaseURL: base, Mailer: box, Now: func() time.Time { return at }, Logger: slog.New(slog.DiscardHandler),
		Password: authkit.PasswordConfig{MemoryKiB: 8, Time: 1},
	}
	withoutLimits(&cfg)
	engine, err := authkit.New(cfg)
	must(err)
	dev, err := engine.CreateDeveloper(ctx, "dev@example.com", password)
	must(err)
	app, key, err := engine.CreateApp(ctx, dev.ID.String(), "Demo")
	must(err)
	_, err = engine.EnsureApp(ctx, dev.ID.String(), "Second")
	must(err)
	_, err = engine.CreateOAuthConfig(ctx, authkit.ProviderRef{App: authkit.AppRef{Developer: dev.ID.String(), ID: app.ID}, Provider: "github"}, authkit.OAuthPatch{
		ClientID: new("client"), ClientSecret: new("secret"), RedirectURI: new("https://spa.example/cb"),
	})
	must(err)
	console, err := engine.SignInWithPassword(ctx, authkit.PasswordSignIn{App: authkit.Console, Email: "dev@example.com", Password: password})
	must(err)
	in, err := engine.SignInWithPassword(ctx, authkit.PasswordSignIn{App: app.ID, Email: "ann@example.com", Password: password})
	must(err)
	pending, err := engine.RequestMagicLink(ctx, authkit.MagicLinkRequest{App: app.ID, Email: "bob@example.com"})
	must(err)
	must(engine.RunOnce(ctx))
	m, _ := box.Last("bob@example.com")
	return target{engine, app, console.Token, []string{key, console.Token, console.RefreshToken, in.Token, in.RefreshToken, pending.Binding, linkToken(m)}}
}

// misspelled returns texts that are almost valid secrets.
func (g target) misspelled() []string {
	out := []string{"", "x", "ak_", "rt_", strings.Repeat("A", 22), strings.Repeat("A", 64), strings.Repeat("A", 107), "a.b.c", "..", "\x00", "ÿ"}
	for _, text := range g.live {
		out = append(out, text, text+"=", text+"\n", text[1:], text[:len(text)-1], " "+text, strings.ToUpper(text), text+text)
	}
	return out
}

// FuzzTexts checks that every reader refuses a text from outside, unless authkit issued it.
func FuzzTexts(f *testing.F) {
	g := newTarget(f)
	for _, seed := range g.misspelled() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if slices.Contains(g.live, text) {
			return
		}
		e, ctx, app := g.engine, t.Context(), g.app.ID
		refused := func(reader string, err error, codes ...authkit.Code) {
			if !slices.ContainsFunc(codes, func(c authkit.Code) bool { return errors.Is(err, c) }) {
				t.Errorf("%s(%q): got %v, want %v", reader, text, err, codes)
			}
		}
		const invalid, malformed = authkit.CodeInvalidToken, authkit.CodeInvalidRequest
		_, err := e.RedeemMagicLink(ctx, authkit.MagicLinkProof{App: app, Token: text})
		refused("RedeemMagicLink", err, invalid, malformed)
		_, err = e.RedeemMagicLink(ctx, authkit.MagicLinkProof{App: app, Email: "bob@example.com", Code: "000000", Binding: text})
		refused("RedeemMagicLink by binding", err, invalid)
		_, err = e.PressMagicLink(ctx, authkit.PagePress{App: app, Token: text, Browser: make([]byte, 32)})
		refused("PressMagicLink", err, invalid)
		_, err = e.ExchangeCode(ctx, authkit.CodeExchange{App: app, Code: text})
		refused("ExchangeCode", err, invalid, malformed)
		_, err = e.FinishOAuth(ctx, authkit.OAuthReturn{App: app, Provider: "github", Code: "x", State: text, Binding: text})
		refused("FinishOAuth", err, invalid)
		_, err = e.StashOAuthReturn(ctx, authkit.OAuthReturn{App: app, Provider: "github", Code: "x", State: text})
		refused("StashOAuthReturn", err, invalid)
		_, err = e.ResumeOAuthReturn(ctx, authkit.OAuthResume{App: app, Provider: "corp", Token: text})
		refused("ResumeOAuthReturn", err, invalid)
		_, err = e.Me(ctx, app, text)
		refused("Me", err, invalid)
		_, err = e.CheckAPIKey(ctx, text)
		refused("CheckAPIKey", err, authkit.CodeInvalidAPIKey)
		_, err = e.Refresh(ctx, authkit.RefreshRequest{App: app, Token: text})
		refused("Refresh", err, invalid)
		refused("SignOut", e.SignOut(ctx, authkit.SignOutRequest{App: app, RefreshToken: text, All: true}), invalid)
	})
}

// FuzzCursor checks that a cursor is accepted only if it was issued.
func FuzzCursor(f *testing.F) {
	g := newTarget(f)
	server := http.StripPrefix("/id", g.engine.Handler())
	get := func(tb testing.TB, query string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/id/apps?limit=1"+query, nil)
		r.Header.Set("Authorization", "Bearer "+g.dev)
		rec := httptest.NewRecorder()
		server.ServeHTTP(rec, r)
		documented(tb, r, rec)
		return rec
	}
	var page struct {
		Next string `json:"next_cursor"`
	}
	if err := json.Unmarshal(get(f, "").Body.Bytes(), &page); err != nil || page.Next == "" {
		f.Fatalf("next_cursor: got %q, %v", page.Next, err)
	}
	for _, seed := range []string{page.Next, page.Next + "=", page.Next[1:], page.Next + "\n", strings.Repeat("A", len(page.Next)), "", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want := http.StatusBadRequest
		if text == page.Next {
			want = http.StatusOK
		}
		if got := get(t, "&cursor="+url.QueryEscape(text)); got.Code != want {
			t.Errorf("cursor %q: got %d %s, want %d", text, got.Code, got.Body, want)
		}
	})
}

// FuzzHandler checks the answer to any request: no panic, no empty success, and every refusal
// is a problem that says what is wrong.
func FuzzHandler(f *testing.F) {
	g := newTarget(f)
	server := http.StripPrefix("/id", g.engine.Handler())
	fill := strings.NewReplacer("{app_id}", g.app.ID.String(), "{provider}", "corp", "{code}", "forbidden",
		"{id}", uuid.NewString(), "{user_id}", uuid.NewString(), "{session_id}", uuid.NewString())
	for _, rt := range authkit.Routes() {
		path := fill.Replace(rt.Pattern)
		f.Add(rt.Method, path, "", `{}`, "application/json", "Bearer "+g.dev, "")
		f.Add(rt.Method, path, "limit=1&limit=2", `{"name":"a","email":"a@example.com","token":"x"}`, "application/json; charset=utf-8", "", "https://evil.example")
		f.Add(rt.Method, path, "%ff=1", `a=b&%ff=c`, "application/x-www-form-urlencoded", "ApiKey "+g.live[0], "null")
		f.Add("HEAD", path, "token="+g.live[6], "", "", "Bearer "+g.live[3], origin)
	}
	f.Add("GET", "/apps/../apps", "", "", "", "", "")
	f.Add("P\u00d6ST", "/apps%2f", "", "", "", "", "")
	f.Fuzz(func(t *testing.T, method, path, query, body, kind, authorization, from string) {
		r := httptest.NewRequest(http.MethodGet, "/", io.NopCloser(strings.NewReader(body)))
		if method == "" || strings.ContainsFunc(kind+authorization+from, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return // net/http refuses these
		}
		r.Method, r.URL = method, &url.URL{Path: "/id" + path, RawQuery: query}
		for name, value := range map[string]string{"Content-Type": kind, "Authorization": authorization, "Origin": from} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		rec := httptest.NewRecorder()
		server.ServeHTTP(rec, r)
		documented(t, r, rec)
		checkAnswer(t, r, rec)
	})
}

func checkAnswer(t *testing.T, r *http.Request, rec *httptest.ResponseRecorder) {
	t.Helper()
	text := rec.Body.String()
	switch {
	case rec.Code >= 500:
		t.Fatalf("%s %s: got %d %s", r.Method, r.URL, rec.Code, text)
	case rec.Header().Get("X-Request-ID") == "" || rec.Header().Get("X-Content-Type-Options") != "nosniff":
		t.Errorf("%s %s: got headers %v", r.Method, r.URL, rec.Header())
	case rec.Code == 200 && text == "" && r.Method != http.MethodHead && rec.Header().Get("Content-Type") != "application/x-ndjson":
		t.Errorf("%s %s: got an empty 200", r.Method, r.URL)
	case rec.Code < 400:
		return
	case shownAgain(text):
		return
	case rec.Header().Get("Content-Type") == "text/html; charset=utf-8":
		members, err := testworld.Members(rec.Code, rec.Header(), text)
		code, _ := members["code"].(string)
		if err != nil || statuses()[authkit.Code(code)] != rec.Code || !strings.Contains(text, rec.Header().Get("X-Request-ID")) {
			t.Errorf("%s %s: got %d %q, want the page of a refusal", r.Method, r.URL, rec.Code, text)
		}
		return
	}
	var problem struct {
		Code   authkit.Code `json:"code"`
		Status int          `json:"status"`
		Detail string       `json:"detail"`
	}
	if err := json.Unmarshal([]byte(text), &problem); err != nil || statuses()[problem.Code] != rec.Code || problem.Status != rec.Code || problem.Detail == "" {
		t.Errorf("%s %s: got %d %q, want a problem: %v", r.Method, r.URL, rec.Code, text, err)
	}
}
