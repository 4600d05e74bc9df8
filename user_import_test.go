package authkit_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

const importHeader = "Content-Type: application/x-ndjson"

// imported sends lines and returns the answers.
func (w *world) imported(lines ...string) []string {
	w.t.Helper()
	got := w.send("POST", w.in("/users/{app_id}/import"), strings.Join(lines, "\n"), bearer(w.key), importHeader)
	got.want(w.t, 200, "")
	return strings.Split(strings.TrimSuffix(got.Body.String(), "\n"), "\n")
}

func TestEachLineOfAnImportIsJudgedByItself(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	w.send("POST", w.in("/users/{app_id}"), `{"email":"ann@example.com","external_id":"1"}`, bearer(w.key)).want(t, 201, "")
	const id = "018f3b1e-0000-4000-8000-000000000001"
	lines := []struct{ line, want string }{
		{`{"email":"bob@example.com","user_id":"` + id + `","name":"Bob","email_verified":true,"created_at":"2020-01-02T03:04:05.678901Z","external_id":"2","metadata":{"a":1},"private_metadata":{"b":[2]},"roles":["z","a"],"identities":[{"provider":"github","subject":"583231"}]}`, `{"line":1,"user_id":"` + id + `"}`},
		{`{"email":"Ann@example.com"}`, `"code":"email_taken"`},
		{`{"email":"carl@example.com","external_id":"1"}`, `"code":"external_id_taken"`},
		{`{"email":"dora@example.com","user_id":"` + id + `"}`, `already has a user of that id`},
		{`{"email":"eve@example.com","identities":[{"provider":"github","subject":"583231"}]}`, `one is another user's`},
		{`{"email":"eve@example.com","identities":[{"provider":"okta","subject":"1"}]}`, `configure it first`},
		{`{"email":"BOB@example.com"}`, `"code":"email_taken"`},
		{``, ``},
		{`{"email":"frank@example.com","password_hash":"$P$5xCKBYdxLN4p.4nKWPmYPH6ClN/9hX."}`, `phpass is not taken`},
		{`{"email":"frank@example.com","totp_secret":"JBSWY3DPEHPK3PX1"}`, `totp_secret is not the seed of a TOTP in base32`},
		{`{"email":"frank@example.com","user_id":"42"}`, `goes into external_id`},
		{`{"email":"frank@example.com","user_id":"00000000-0000-0000-0000-000000000000"}`, `the nil UUID`},
		{`{"email":"frank@example.com","created_at":"2999-01-01T00:00:00Z"}`, `created_at is not between 1971 and now`},
		{`{"email": "hal@example.com", "metadata": {"tags": ["a", "b"]}, "roles": ["a", "b"]}`, `"user_id":`},
		{`{"email":"no address"}`, `email is not an address`},
		{`{"email":"frank@example.com","passwort":"x"}`, `"code":"invalid_request"`},
		{`{"email":"frank@example.com","email":"x"}`, `"code":"invalid_request"`},
		{`[1]`, `the line is not a JSON object`},
		{`{"email":"frank@example.com"`, `the line is not one JSON object in UTF-8`},
		{`{"email":"frank@example.com","created_at":"2020-01-02"}`, `created_at is not a time such as 2030-01-02T15:04:05Z`},
		{`{"email":"` + strings.Repeat("x", 65<<10) + `"}`, `longer than 64 KiB`},
		{`{"email":"gina@example.com","name":null,"password_hash":null,"metadata":null,"roles":null,"identities":null,"totp_secret":null,"email_verified":null,"external_id":null,"created_at":null,"disabled":null}`, `"user_id":`},
	}
	var send []string
	for _, l := range lines {
		send = append(send, l.line)
	}
	answers := w.imported(send...)
	at := 0
	for i, l := range lines {
		if l.line == "" {
			continue
		}
		if !strings.HasPrefix(answers[at], fmt.Sprintf(`{"line":%d,`, i+1)) || !strings.Contains(answers[at], l.want) {
			t.Errorf("line %d: got %s, want %s", i+1, answers[at], l.want)
		}
		at++
	}
	if at != len(answers) {
		t.Errorf("answers: got %d, want %d", len(answers), at)
	}
	got := w.send("GET", w.in("/users/{app_id}/")+id, "", bearer(w.key))
	got.want(t, 200, "")
	for _, want := range []string{`"email_verified":true`, `"created_at":"2020-01-02T03:04:05.678901Z"`, `"external_id":"2"`, `"metadata":{"a":1}`, `"private_metadata":{"b":[2]}`, `"roles":["a","z"]`, `"auth_method":"oauth"`} {
		if !strings.Contains(got.Body.String(), want) {
			t.Errorf("the user: got %s, want %s", got.Body, want)
		}
	}
}

func TestAnImportIsBounded(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	path := w.in("/users/{app_id}/import")
	w.send("POST", path, `{"email":"ann@example.com"}`, bearer(w.key)).want(t, 415, "unsupported_media_type")
	w.send("POST", path, strings.Repeat(" ", 33<<20), bearer(w.key), importHeader).want(t, 413, "body_too_large")
	w.send("POST", path, `{"email":"ann@example.com"}`, importHeader).want(t, 401, "unauthenticated")
	lines := make([]string, 10_002)
	for i := range lines {
		lines[i] = "{}"
	}
	lines[9_999] = `{"email":"ann@example.com"}`
	answers := w.imported(lines...)
	if n := len(answers); n != 10_001 || !strings.Contains(answers[9_999], `"user_id"`) || !strings.Contains(answers[10_000], `"code":"body_too_large"`) {
		t.Errorf("10,002 lines: got %d answers, the last %s", n, answers[n-1])
	}
}

func TestAnExportIsTheInverseOfAnImport(t *testing.T) {
	t.Parallel()
	w, other := setup(t, withoutLimits), setup(t, withoutLimits)
	var lines []string
	for i := range 600 {
		lines = append(lines, fmt.Sprintf(`{"email":"User%d@example.com","user_id":"%s","name":"Ü %d","email_verified":true,"password_hash":%q,"created_at":"2021-02-03T04:05:06.%06dZ","external_id":"x%d","roles":["admin"],"metadata":{"n":%d},"private_metadata":{"p":"ü"},"identities":[{"provider":"github","subject":"%d"},{"provider":"google","subject":"g%d"}],"disabled":true,"disabled_reason":"moved"}`,
			i, uuid.New(), i, movedHashes["django"], i+1, i, i, i, i))
	}
	for _, answer := range w.imported(lines...) {
		if !strings.Contains(answer, `"user_id"`) {
			t.Fatalf("import: got %s", answer)
		}
	}
	first := w.exported()
	if n := bytes.Count(first, []byte("\n")); n != 600 {
		t.Fatalf("export: got %d lines, want 600", n)
	}
	other.imported(strings.Split(string(first), "\n")...)
	if second := other.exported(); !bytes.Equal(first, second) {
		t.Errorf("export after import: got\n%.300s\nwant\n%.300s", second, first)
	}
}

// slowBody is the body of a request to a server. It notes how it is read.
type slowBody struct {
	http.ResponseWriter
	io.Reader

	deadline time.Time // of reads, as it was set last
	hurried  int       // bytes that were read within the time of the request as a whole
}

func (b *slowBody) SetReadDeadline(at time.Time) error {
	b.deadline = at
	return nil
}

func (b *slowBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if !b.deadline.After(time.Now()) {
		b.hurried += n
	}
	return n, err
}

// A server bounds the time of a request. An import of 32 MiB may take longer than that: each read has a time of
// its own, and so has what the server reads of a body that is refused.
func TestAnImportMayTakeItsTime(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	var lines strings.Builder
	for i := range 8 {
		_, _ = fmt.Fprintf(&lines, `{"email":"user%d@example.com"}%s`+"\n", i, strings.Repeat(" ", 40<<10))
	}
	out := httptest.NewRecorder()
	body := &slowBody{ResponseWriter: out, Reader: iotest.HalfReader(strings.NewReader(lines.String()))}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/id"+w.in("/users/{app_id}/import"), io.NopCloser(body))
	r.Header.Set("Authorization", "Bearer "+w.key)
	r.Header.Set("Content-Type", "application/x-ndjson")
	w.server.ServeHTTP(body, r)
	if out.Code != http.StatusOK || strings.Count(out.Body.String(), `"user_id"`) != 8 {
		t.Fatalf("got %d %s, want all eight users taken", out.Code, out.Body)
	}
	if body.hurried > 128<<10 { // the first 64 KiB are read before the key is checked, and a part of a buffer
		t.Errorf("read without a time of its own: got %d bytes of %d, want the first ones alone", body.hurried, lines.Len())
	}
	if body.deadline.IsZero() {
		t.Error("the deadline after the import: got none, want one for what is left of the body")
	}
}

// An identity is of its issuer. A provider may have another issuer by the time that its name is imported.
func TestAnImportedIdentityStaysOneOfItsIssuer(t *testing.T) {
	t.Parallel()
	overStores(t, func(s *stage) {
		s.by(jwt.MapClaims{"sub": "1", "email": "ann@example.com"}).want(s.t, 200, "")
		ann := s.userOf("ann@example.com").ID
		was, first := s.idp, s.exported()
		again := func() {
			s.send("DELETE", s.in("/users/{app_id}/")+ann.String(), "", bearer(s.key)).want(s.t, 204, "")
			if got := s.imported(strings.TrimSpace(string(first))); got[0] != `{"line":1,"user_id":"`+ann.String()+`"}` {
				s.t.Errorf("import: got %s, want the user taken", got)
			}
			if second := s.exported(); !bytes.Equal(first, second) {
				s.t.Errorf("export after import: got %s, want %s", second, first)
			}
		}
		remove := func() {
			s.send("DELETE", s.in("/apps/{app_id}/oauth-configs/corp"), "", bearer(s.token)).want(s.t, 204, "")
			s.idp = nil
		}
		remove()
		again() // without a configuration
		s.provider()
		again() // beside one of another issuer
		eve := s.by(jwt.MapClaims{"sub": "1", "email": "eve@example.com"})
		eve.want(s.t, 200, "")
		if _, user := s.session(eve.text(s.t, "token")); user == ann {
			s.t.Error("the same subject of another issuer: got it signed in to the account, want another")
		}
		s.send("DELETE", s.in("/users/{app_id}/")+s.userOf("eve@example.com").ID.String(), "", bearer(s.key)).want(s.t, 204, "")
		remove()
		s.idp = was
		s.send("POST", s.in("/apps/{app_id}/oauth-configs"), fmt.Sprintf(`{"provider":"corp","client_id":"client","client_secret":"x","redirect_uri":"https://spa.example/cb","issuer":%q}`, was.URL), bearer(s.token)).want(s.t, 201, "")
		again()
		in := s.by(jwt.MapClaims{"sub": "1", "email": "ann@example.com"})
		in.want(s.t, 200, "")
		if _, user := s.session(in.text(s.t, "token")); user != ann {
			s.t.Errorf("by the issuer: got user %s, want %s", user, ann)
		}
		for _, bad := range []string{"corp", "https://", "ftp://idp.example.com", "https://idp.example.com/ x", "https://idp.example.com/\u202e\u0007"} {
			got := s.imported(`{"email":"bob@example.com","identities":[{"provider":"corp","subject":"2","issuer":"` + bad + `"}]}`)
			if !strings.Contains(got[0], `"code":"invalid_request"`) {
				s.t.Errorf("the issuer %q: got %s, want it refused", bad, got)
			}
		}
	})
}

// Config.Password may order more than hashes of other systems may.
func TestAnExportOfCostlyPasswordsIsImported(t *testing.T) {
	t.Parallel()
	costly := func(kib uint32) func(*authkit.Config) {
		return func(c *authkit.Config) { c.Password.MemoryKiB, c.Password.Time = kib, 1 }
	}
	w, same, other := setup(t, withoutLimits, costly(130<<10)), setup(t, withoutLimits, costly(130<<10)), setup(t, withoutLimits, costly(131<<10))
	w.signUp("ann@example.com")
	line := strings.TrimSpace(string(w.exported()))
	if got := same.imported(line); !strings.Contains(got[0], `"user_id"`) {
		t.Errorf("where passwords cost the same: got %s, want the user taken", got)
	}
	same.send("POST", same.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", password, "sign_in")).want(t, 200, "")
	if got := other.imported(line); !strings.Contains(got[0], "the hash needs 130 MiB of memory, and at most 128 are taken") {
		t.Errorf("elsewhere: got %s, want the line refused", got)
	}
}

// exported returns every user of the app, one a line.
func (w *world) exported() (all []byte) {
	w.t.Helper()
	for p := (authkit.Page{Limit: 100}); ; {
		users, err := w.engine.ExportUsers(w.t.Context(), w.app.ID, p)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, u := range users {
			all = append(u.AppendJSON(all), '\n')
			p.Time, p.ID = u.CreatedAt, u.ID
		}
		if len(users) < p.Limit {
			return all
		}
	}
}

func TestADryRunOfAnImportStoresNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	users := []authkit.UserImport{
		{UserRequest: authkit.UserRequest{Email: "ann@example.com", PasswordHash: movedHashes["django"]}},
		{UserRequest: authkit.UserRequest{Email: "ann"}},
	}
	results, err := w.engine.ImportUsers(t.Context(), w.app.ID, users, authkit.ImportOptions{DryRun: true})
	if err != nil || results[0].Err != nil || !errors.Is(results[1].Err, authkit.CodeInvalidRequest) {
		t.Errorf("results: got %+v, %v, want one taken and one refused", results, err)
	}
	if all := w.exported(); len(all) > 0 {
		t.Errorf("users: got %s, want none", all)
	}
	app, err := w.engine.App(t.Context(), w.app.ID)
	if err != nil || len(app.ForeignHashes) > 0 {
		t.Errorf("kinds of hashes: got %q, %v, want none", app.ForeignHashes, err)
	}
	if _, err := w.engine.ImportUsers(t.Context(), uuid.New(), users, authkit.ImportOptions{}); !errors.Is(err, authkit.CodeAppNotFound) {
		t.Errorf("an unknown app: got %v, want app_not_found", err)
	}
}
