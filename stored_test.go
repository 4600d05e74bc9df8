package authkit_test

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/testclock"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// storedIn lists the databases of an earlier commit (see internal/tools/stored). Each function
// opens a copy, in which the provider has the issuer's URL.
func storedIn() map[string]func(t *testing.T, was, issuer string) authkit.Store {
	out := map[string]func(*testing.T, string, string) authkit.Store{"sqlite": storedSQLite}
	if dsn := os.Getenv("AUTHKIT_TEST_POSTGRES"); dsn != "" {
		out["postgres"] = func(t *testing.T, was, issuer string) authkit.Store {
			t.Helper()
			return storedPostgres(t, dsn, was, issuer)
		}
	}
	return out
}

// moveIssuer gives the stored provider the address of the one that this test runs.
var moveIssuer = []string{
	"update authkit_oauth set issuer = replace(issuer, $1, $2)",
	"update authkit_credentials set subject = replace(subject, $1, $2)",
}

func storedSQLite(t *testing.T, was, issuer string) authkit.Store {
	t.Helper()
	data, err := os.ReadFile("testdata/stored/1/auth.db")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "auth.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range moveIssuer {
		if _, err := db.ExecContext(t.Context(), query, was, issuer); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func storedPostgres(t *testing.T, dsn, was, issuer string) authkit.Store {
	t.Helper()
	dump, err := os.ReadFile("testdata/stored/1/auth.sql")
	if err != nil {
		t.Fatal(err)
	}
	name := "stored_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background() // the test's own has ended by now
		_, _ = conn.Exec(ctx, "drop schema if exists "+name+" cascade")
		_ = conn.Close(ctx)
	})
	if _, err := conn.PgConn().Exec(t.Context(), strings.ReplaceAll(string(dump), "authkit_stored", name)).ReadAll(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "set search_path to "+name); err != nil {
		t.Fatal(err)
	}
	for _, query := range moveIssuer {
		if _, err := conn.Exec(t.Context(), query, was, issuer); err != nil {
			t.Fatal(err)
		}
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	q.Set("pool_max_conns", "4")
	u.RawQuery = q.Encode()
	s, err := postgres.Open(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// storedWorld is today's engine over the data of an earlier commit.
type storedWorld struct {
	*world

	held map[string]string // what clients held, by name
	idp  *issuer

	store authkit.Store
}

func openStored(t *testing.T, store string, open func(t *testing.T, was, issuer string) authkit.Store) *storedWorld {
	t.Helper()
	text, err := os.ReadFile("testdata/stored/1/" + store + ".json")
	if err != nil {
		t.Fatal(err)
	}
	s := &storedWorld{world: &world{t: t, outbox: mail.NewOutbox(), peer: "192.0.2.7:1234"}}
	if err := json.Unmarshal(text, &s.held); err != nil {
		t.Fatal(err)
	}
	now, err := time.Parse(time.RFC3339, s.held["now"])
	if err != nil {
		t.Fatal(err)
	}
	s.clock = testclock.At(now.Add(5 * time.Second))
	s.idp = newIssuer(t, s.world)
	s.store = open(t, s.held["issuer"], s.idp.URL)
	s.engine, err = authkit.New(authkit.Config{
		Store: authkittest.Timed(s.store, s.clock.Now), BaseURL: base, Mailer: s.outbox, Now: s.clock.Now,
		Secrets: [][]byte{s.secret("newer_secret"), s.secret("older_secret")},
		Logger:  slog.New(slog.DiscardHandler), Password: authkit.PasswordConfig{MemoryKiB: 8, Time: 1},
		InsecureAllowLoopbackProviders: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.server = http.StripPrefix("/id", s.engine.Handler())
	if s.app, err = s.engine.App(t.Context(), uuid.MustParse(s.held["app"])); err != nil {
		t.Fatal(err)
	}
	s.key, s.devID = s.held["api_key"], s.held["developer"]
	return s
}

func (s *storedWorld) secret(name string) []byte {
	s.t.Helper()
	secret, err := base64.StdEncoding.DecodeString(s.held[name])
	if err != nil {
		s.t.Fatal(err)
	}
	return secret
}

// fill replaces {name} by what clients held, and sends the request.
func (s *storedWorld) fill(method, path, body string, headers ...string) answer {
	s.t.Helper()
	replace := func(text string) string {
		for name, value := range s.held {
			text = strings.ReplaceAll(text, "{"+name+"}", value)
		}
		return s.in(text)
	}
	if len(headers) == 1 {
		headers[0] = replace(headers[0])
	}
	return s.send(method, replace(path), replace(body), headers...)
}

// This test opens what an earlier commit stored. Data must stay readable when its form changes:
// deployments upgrade while people are in the middle of a flow.
func TestStoredDataGoesOnWorking(t *testing.T) {
	t.Parallel()
	for store, open := range storedIn() {
		for name, does := range storedSteps() {
			t.Run(store+": "+name, func(t *testing.T) {
				t.Parallel()
				does(t, openStored(t, store, open))
			})
		}
	}
}

func storedSteps() map[string]func(*testing.T, *storedWorld) {
	steps := map[string]func(*testing.T, *storedWorld){
		"a mail that waited is delivered, and its link signs in": func(t *testing.T, s *storedWorld) {
			s.runOnce()
			m, ok := s.outbox.Last(s.held["mail_to"])
			if !ok {
				t.Fatal("got no mail, want the one that waited")
			}
			got := s.verify(fmt.Sprintf(`{"token":%q,"binding":%q}`, linkToken(m), s.held["mail_binding"]))
			got.want(t, 200, "")
			if got.body["created"] != true {
				t.Errorf("got %s, want a new user", got.Body)
			}
		},
		"the person of a provider signs in as the same user": func(t *testing.T, s *storedWorld) {
			got := s.fill("GET", "/auth/corp/{app_id}", "", "Accept: application/json")
			got.want(t, 200, "")
			to, err := url.Parse(got.text(t, "redirect_url"))
			if err != nil {
				t.Fatal(err)
			}
			s.idp.says(to.Query().Get("nonce"), jwt.MapClaims{"sub": s.held["subject"], "aud": "stored", "email": "elsewhere@example.com"})
			in := s.callback("good", got.text(t, "state"), got.text(t, "binding"))
			in.want(t, 200, "")
			if user := in.body["user"].(map[string]any); user["user_id"] != s.held["cat_user"] || user["email"] != "cat@example.com" {
				t.Errorf("got user %v, want %s", user, s.held["cat_user"])
			}
		},
		"the answer of a refresh that was lost is given again": func(t *testing.T, s *storedWorld) {
			got := s.fill("POST", "/auth/refresh/{app_id}", `{"refresh_token":"{ann_before}"}`)
			got.want(t, 200, "")
			if got.text(t, "refresh_token") != s.held["ann_after"] {
				t.Error("got another refresh token, want the one that was answered first")
			}
		},
		"a change of an address is confirmed": func(t *testing.T, s *storedWorld) {
			got, err := s.engine.ConfirmEmail(t.Context(), authkit.EmailConfirm{App: s.app.ID, User: uuid.MustParse(s.held["gil_user"]), Token: s.held["gil_change"]})
			if err != nil || got.Email != "gil-new@example.com" {
				t.Errorf("got %q and %v, want the new address", got.Email, err)
			}
		},
		"cookies of an earlier form let no user in by a fault": func(t *testing.T, s *storedWorld) {
			if got := s.fill("GET", "/auth/me/{cookie_app}", "", "Cookie: {cookies}"); got.Code != 200 && got.Code != 401 {
				t.Errorf("got %d %s, want the user or 401", got.Code, got.Body)
			}
			got := s.fill("POST", "/auth/credentials/{cookie_app}", `{"email":"ivy@example.com","password":"{password}"}`, "Cookie: {cookies}")
			got.want(t, 200, "")
		},
		"the keys of an app are its own, whichever secret sealed them": func(t *testing.T, s *storedWorld) {
			got := s.fill("GET", "/apps/{app_id}/.well-known/jwks.json", "")
			got.want(t, 200, "")
			if keys := got.body["keys"].([]any); len(keys) != 4 {
				t.Errorf("got %d keys, want the four that were made", len(keys))
			}
			if _, err := s.engine.RotateSigningKey(t.Context(), authkit.AppRef{Developer: s.devID, ID: s.app.ID}, authkit.SigningKeyRotation{}); err != nil {
				t.Error(err)
			}
		},
	}
	steps["the apps of a developer are listed, and their names are taken"] = func(t *testing.T, s *storedWorld) {
		apps, err := s.engine.Apps(t.Context(), s.devID, authkit.Page{})
		if err != nil || len(apps) != 2 || apps[0].Name != "Later" || apps[1].Name != "Demo" {
			t.Errorf("got %v and %v, want both, the newest first", apps, err)
		}
		if _, _, err := s.engine.CreateApp(t.Context(), s.devID, "DEMO"); !errors.Is(err, authkit.CodeAppNameTaken) {
			t.Errorf("another app of a name: got %v, want %s", err, authkit.CodeAppNameTaken)
		}
	}
	for name, r := range storedRequests() {
		steps[name] = func(t *testing.T, s *storedWorld) {
			got := s.fill(r.method, r.path, r.body, r.headers...)
			got.want(t, r.status, r.code)
		}
	}
	return steps
}

// storedRequest is a request of a client that existed before the upgrade.
type storedRequest struct {
	method, path, body string
	headers            []string
	status             int
	code               string
}

func storedRequests() map[string]storedRequest {
	const app = "/auth/{what}/{app_id}"
	at := func(what string) string { return strings.Replace(app, "{what}", what, 1) }
	user := []string{"Authorization: Bearer {ann_access}"}
	return map[string]storedRequest{
		"a password signs in": {"POST", at("credentials"), `{"email":"ann@example.com","password":"{password}","intent":"sign_in"}`, nil, 200, ""},
		"a wrong one does not": {
			"POST", at("credentials"), `{"email":"ann@example.com","password":"not the passphrase","intent":"sign_in"}`, nil, 401, "invalid_credentials",
		},
		"the developer signs in":            {"POST", "/auth/credentials/console", `{"email":"dev@example.com","password":"{password}"}`, nil, 200, ""},
		"an access token is good":           {"GET", at("me"), "", user, 200, ""},
		"the sessions can be read":          {"GET", at("sessions"), "", user, 200, ""},
		"a refresh token turns":             {"POST", at("refresh"), `{"refresh_token":"{ann_refresh}"}`, nil, 200, ""},
		"one under an older secret too":     {"POST", at("refresh"), `{"refresh_token":"{cat_refresh}"}`, nil, 200, ""},
		"a link signs in":                   {"POST", at("verify"), `{"token":"{link_token}","binding":"{link_binding}"}`, nil, 200, ""},
		"a code signs in":                   {"POST", at("verify"), `{"email":"eve@example.com","code":"{code_code}","binding":"{code_binding}"}`, nil, 200, ""},
		"a link to a new password":          {"POST", at("password/reset"), `{"token":"{reset_token}","password":"another long passphrase"}`, nil, 200, ""},
		"a code to a new password":          {"POST", at("password/reset"), `{"email":"ann@example.com","code":"{reset_code}","binding":"{reset_binding}","password":"another long passphrase"}`, nil, 200, ""},
		"a proof of an address":             {"POST", at("email/verify"), `{"token":"{proof_token}","binding":"{proof_binding}"}`, nil, 200, ""},
		"a change of an address taken back": {"POST", at("email/undo"), `{"token":"{hal_undo}"}`, nil, 204, ""},
		"an API key reads users":            {"GET", "/users/{app_id}", "", []string{"Authorization: Bearer {api_key}"}, 200, ""},
		"the key that came after it, too":   {"GET", "/users/{app_id}", "", []string{"Authorization: Bearer {second_api_key}"}, 200, ""},
		"a revoked API key stays revoked":   {"GET", "/users/{app_id}", "", []string{"Authorization: Bearer {revoked_api_key}"}, 401, "invalid_api_key"},
		"a key of one app in another app":   {"GET", "/users/{cookie_app}", "", []string{"Authorization: Bearer {api_key}"}, 404, "app_not_found"},
	}
}

// This test covers a store that was filled before secrets were noted.
func TestStoredDataNamesTheSecretsThatSealedIt(t *testing.T) {
	t.Parallel()
	for store, open := range storedIn() {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			s := openStored(t, store, open)
			for _, name := range []string{"older_secret", "newer_secret"} {
				_, err := authkit.New(authkit.Config{
					Store: s.store, BaseURL: base, Mailer: s.outbox, Now: s.clock.Now, Secrets: [][]byte{s.secret(name)},
					Logger: slog.New(slog.DiscardHandler),
				})
				if !errors.Is(err, seal.ErrUnknownKey) || !strings.Contains(err.Error(), "missing secret") {
					t.Errorf("with the %s alone: got %v, want it refused", name, err)
				}
			}
			got, err := s.engine.Reseal(t.Context())
			if err != nil || got.SigningKeys != 2 || got.ClientSecrets != 1 {
				t.Errorf("got %+v and %v, want what the older secret sealed sealed anew", got, err)
			}
		})
	}
}
