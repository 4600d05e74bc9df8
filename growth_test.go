package authkit_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/totp"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// growth is what a stranger may add to a table, as docs/growth.md says.
type growth struct{ atOnce, hourly int }

var growthRow = regexp.MustCompile("(?m)^\\| `(authkit_[a-z_]+)` \\| ([0-9]+) \\| ([0-9]+) \\|")

func documentedGrowth(t *testing.T) map[string]growth {
	t.Helper()
	page, err := os.ReadFile("docs/growth.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]growth{}
	for _, m := range growthRow.FindAllStringSubmatch(string(page), -1) {
		once, _ := strconv.Atoi(m[2])
		hourly, _ := strconv.Atoi(m[3])
		out[m[1]] = growth{once, hourly}
	}
	return out
}

// stranger is one address that makes a store keep as much as it can.
type stranger struct {
	*world

	db   *sql.DB
	apps []string
	n    int

	// The accounts that it made: their access tokens, apps and addresses.
	in, of, email []string
}

// This test acts as a stranger for a minute and checks what docs/growth.md says.
func TestGrowth(t *testing.T) {
	t.Parallel()
	documented := documentedGrowth(t)
	s := newStranger(t)
	before := s.rows()
	for table := range before {
		if _, ok := documented[table]; !ok {
			t.Errorf("%s: docs/growth.md does not say how fast a stranger grows it", table)
		}
	}
	if len(documented) != len(before) {
		t.Errorf("docs/growth.md: got %d tables, want the %d there are", len(documented), len(before))
	}
	s.doAll()
	once := s.rows()
	s.clock.Advance(time.Minute)
	s.redeems()
	s.doAll()
	later := s.rows()
	for table, may := range documented {
		got, then := once[table]-before[table], later[table]-once[table]
		t.Logf("%s: %d rows at once, %d in a minute", table, got, then)
		if got > may.atOnce || got*5 < may.atOnce {
			t.Errorf("%s: got %d rows at once, want what docs/growth.md says: %d at most", table, got, may.atOnce)
		}
		if most := may.hourly/60 + 2; then > most {
			t.Errorf("%s: got %d rows in a minute, want what docs/growth.md says: %d an hour at most", table, then, may.hourly)
		}
	}
}

func newStranger(t *testing.T) *stranger {
	t.Helper()
	file := filepath.Join(t.TempDir(), "auth.db")
	store, err := sqlite.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(); _ = store.Close() })
	w := setup(t, func(c *authkit.Config) { c.Store, c.Secrets = store, [][]byte{make([]byte, 32)} })
	s := &stranger{world: w.from("203.0.113.66:1"), db: db, apps: w.apps(8)}
	for _, id := range s.apps {
		const github = `{"provider":"github","client_id":"c","client_secret":"s","redirect_uri":"https://app.example.com/cb"}`
		w.send("POST", "/apps/"+id+"/oauth-configs", github, bearer(w.token)).want(t, 201, "")
	}
	w.runOnce()                      // so that every app has its chain
	w.clock.Advance(2 * time.Minute) // so that limits have room again
	return s
}

// rows counts the rows of every table.
func (s *stranger) rows() map[string]int {
	s.t.Helper()
	names, err := s.db.QueryContext(s.t.Context(), `select name from sqlite_master where type = 'table' and name like 'authkit\_%' escape '\'`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer names.Close()
	out := map[string]int{}
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			s.t.Fatal(err)
		}
		out[name] = 0
	}
	if err := names.Err(); err != nil {
		s.t.Fatal(err)
	}
	delete(out, "authkit_migrations")
	for name := range out {
		n := 0
		if err := s.db.QueryRowContext(s.t.Context(), "select count(*) from "+name).Scan(&n); err != nil {
			s.t.Fatal(err)
		}
		out[name] = n
	}
	return out
}

// doAll makes every request at every app until all are refused.
func (s *stranger) doAll() {
	s.everywhere(s.signsUp)
	s.everywhere(s.signsIn)
	s.everywhere(func(app string) int {
		s.n++
		return s.send("POST", "/auth/magic-link/"+app, fmt.Sprintf(`{"email":"ann%d@example.com"}`, s.n)).Code
	})
	s.everywhere(s.enrols)
	s.everywhere(func(app string) int { return s.send("GET", "/auth/github/"+app, "").Code })
	s.everywhere(func(app string) int {
		return s.send("POST", "/auth/callback/github/"+app, "code=x&state=y", "Content-Type: application/x-www-form-urlencoded").Code
	})
	s.everywhere(func(app string) int { return s.send("POST", "/auth/verify/"+app, `{"token":"x"}`).Code })
	refused := 0
	for i := 0; refused < len(s.in); i++ {
		s.n++
		got := s.send("PATCH", "/auth/me/"+s.of[i%len(s.of)], fmt.Sprintf(`{"name":"Ann %d"}`, s.n), bearer(s.in[i%len(s.in)]))
		if got.Code == 429 {
			refused++
			continue
		}
		refused = 0
	}
}

// signsUp makes an account, or signs in to one.
func (s *stranger) signsUp(app string) int {
	s.n++
	got := s.send("POST", "/auth/credentials/"+app, signInBody(fmt.Sprintf("ann%d@example.com", s.n), password, ""))
	if got.Code == 201 {
		s.in, s.of = append(s.in, got.text(s.t, "token")), append(s.of, app)
		s.email = append(s.email, fmt.Sprintf("ann%d@example.com", s.n))
	}
	return got.Code
}

// enrols begins a TOTP of an account that signsUp made, and confirms it: each adds a factor, its recovery
// codes and an undo.
func (s *stranger) enrols(string) int {
	s.n++
	i := s.n % len(s.in)
	begun := s.send("POST", "/auth/totp/begin/"+s.of[i], `{}`, bearer(s.in[i]))
	if begun.Code != 200 {
		return begun.Code
	}
	code := totp.Code(seedOf(s.t, begun), totp.StepOf(s.clock.Now()))
	body := fmt.Sprintf(`{"state":%q,"binding":%q,"code":%q}`, begun.text(s.t, "state"), begun.text(s.t, "binding"), code)
	return s.send("POST", "/auth/totp/finish/"+s.of[i], body, bearer(s.in[i])).Code
}

// signsIn signs in to an account that signsUp made, at whatever app.
func (s *stranger) signsIn(string) int {
	s.n++
	i := s.n % len(s.in)
	return s.send("POST", "/auth/credentials/"+s.of[i], signInBody(s.email[i], password, "sign_in")).Code
}

// redeems presses the links of all mail that has come.
func (s *stranger) redeems() {
	s.t.Helper()
	s.runOnce()
	for _, m := range s.outbox.Messages() {
		if path := linkPath(m); strings.HasPrefix(path, "/auth/verify/") {
			s.send("POST", strings.SplitN(path, "?", 2)[0], `{"token":"`+linkToken(m)+`"}`)
		}
	}
}

// everywhere makes one request at each app in turn until each refuses it.
func (s *stranger) everywhere(do func(app string) int) {
	s.t.Helper()
	refused := 0
	for i := 0; refused < len(s.apps); i++ {
		if i > 20_000 {
			s.t.Fatal("got 20,000 through, want a limit")
		}
		if do(s.apps[i%len(s.apps)]) == 429 {
			refused++
			continue
		}
		refused = 0
	}
}
