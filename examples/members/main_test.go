package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit/internal/testschema"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/postgres"
)

// TestMembers needs the server that AUTHKIT_TEST_POSTGRES names. Without one it has no subtests.
func TestMembers(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("AUTHKIT_TEST_POSTGRES")
	if dsn == "" {
		return
	}
	for name, test := range map[string]func(*testing.T, *host){
		"a user is a member from the sign-up on":                  signUp,
		"a deleted user takes the member and the orders along":    deletion,
		"a reset account starts anew":                             reset,
		"a member that cannot be written refuses the sign-up":     refusal,
		"a crash before the commit leaves neither":                crash,
		"users from before the table become members at the start": before,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newHost(t, testschema.New(t, dsn)))
		})
	}
	t.Run("a user is a member on partitioned tables, too", func(t *testing.T) {
		t.Parallel()
		signUp(t, newHost(t, testschema.New(t, dsn), postgres.Partitions(4)))
	})
}

// host is the example in a schema of its own.
type host struct {
	pool    *pgxpool.Pool
	handler http.Handler
	app     uuid.UUID
	links   chan string // of the mails that sign in
}

func newHost(t *testing.T, dsn string, layout ...postgres.MigrateOption) *host {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := postgres.Migrate(t.Context(), pool, layout...); err != nil {
		t.Fatal(err)
	}
	h := &host{pool: pool, links: make(chan string)}
	h.start(t)
	return h
}

func (h *host) start(t *testing.T) {
	t.Helper()
	var err error
	if h.handler, h.app, err = newHandler(t.Context(), h.pool, []byte(strings.Repeat("s", 32)), h); err != nil {
		t.Fatal(err)
	}
}

// Send hands a mail to the test.
func (h *host) Send(ctx context.Context, m mail.Message) error {
	if strings.Contains(m.Text, "/auth/verify/") {
		select {
		case h.links <- mail.Link(m):
		case <-ctx.Done():
		}
	}
	return nil
}

func (h *host) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := h.pool.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// count checks how many users and members there are.
func (h *host) count(t *testing.T, users, members int) {
	t.Helper()
	var got [2]int
	err := h.pool.QueryRow(t.Context(), `select (select count(*) from authkit_users), (select count(*) from members)`).Scan(&got[0], &got[1])
	if err != nil || got != [2]int{users, members} {
		t.Errorf("got %d users and members, %v, want %d and %d", got, err, users, members)
	}
}

func (h *host) send(ctx context.Context, method, path, body, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	got := httptest.NewRecorder()
	h.handler.ServeHTTP(got, r)
	return got
}

// signUp signs Ann up and returns her token.
func (h *host) signUp(t *testing.T, status int) (token string) {
	t.Helper()
	body := `{"email":"ann@example.com","password":"correct horse battery","intent":"sign_up"}`
	got := h.send(t.Context(), "POST", "/id/auth/credentials/"+h.app.String(), body, "")
	if got.Code != status {
		t.Fatalf("sign-up: got %d %s, want %d", got.Code, got.Body, status)
	}
	var in struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(got.Body.Bytes(), &in); err != nil {
		t.Fatal(err)
	}
	return in.Token
}

func signUp(t *testing.T, h *host) {
	token := h.signUp(t, 201)
	h.count(t, 1, 1)
	if got := h.send(t.Context(), "GET", "/plan", "", token); got.Code != 200 || got.Body.String() != "free\n" {
		t.Errorf("plan: got %d %s, want free", got.Code, got.Body)
	}
	h.start(t) // as at the next start of the process
	h.count(t, 1, 1)
}

func deletion(t *testing.T, h *host) {
	token := h.signUp(t, 201)
	h.exec(t, `insert into orders (app_id, user_id, item) select app_id, user_id, 'tea' from members`)
	if got := h.send(t.Context(), "DELETE", "/id/auth/me/"+h.app.String(), "", token); got.Code != 204 {
		t.Fatalf("deletion: got %d %s, want 204", got.Code, got.Body)
	}
	h.count(t, 0, 0)
	var orders int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from orders`).Scan(&orders); err != nil || orders != 0 {
		t.Errorf("got %d orders, %v, want 0", orders, err)
	}
}

// reset proves the address of an account that another person may have made.
func reset(t *testing.T, h *host) {
	h.signUp(t, 201)
	h.exec(t, `update members set plan = 'gold'`)
	h.exec(t, `insert into orders (app_id, user_id, item) select app_id, user_id, 'tea' from members`)
	if got := h.send(t.Context(), "POST", "/id/auth/magic-link/"+h.app.String(), `{"email":"ann@example.com"}`, ""); got.Code != 202 {
		t.Fatalf("link: got %d %s, want 202", got.Code, got.Body)
	}
	_, token, _ := strings.Cut(<-h.links, "?token=")
	if got := h.send(t.Context(), "POST", "/id/auth/verify/"+h.app.String(), `{"token":"`+token+`"}`, ""); got.Code != 200 {
		t.Fatalf("sign-in: got %d %s, want 200", got.Code, got.Body)
	}
	h.count(t, 1, 1)
	var rest int
	err := h.pool.QueryRow(t.Context(), `select (select count(*) from orders) + (select count(*) from members where plan <> 'free')`).Scan(&rest)
	if err != nil || rest != 0 {
		t.Errorf("got %d rows of the former account, %v, want 0", rest, err)
	}
}

func refusal(t *testing.T, h *host) {
	h.exec(t, `alter table members add constraint full_house check (plan = 'none left')`)
	h.signUp(t, 503)
	h.count(t, 0, 0)
	h.exec(t, `alter table members drop constraint full_house`)
	h.signUp(t, 201)
	h.count(t, 1, 1)
}

// crash ends the server process of the connection after both rows are written, at the commit.
func crash(t *testing.T, h *host) {
	h.exec(t, `
		create function die() returns trigger language plpgsql as $$
		begin
			perform 1 / (select count(*) from members where user_id = new.user_id);
			perform pg_terminate_backend(pg_backend_pid());
			return null;
		end $$;
		create constraint trigger die after insert on authkit_users
			deferrable initially deferred for each row execute function die()`)
	h.signUp(t, 503)
	h.count(t, 0, 0)
	h.exec(t, `drop trigger die on authkit_users`)
	h.signUp(t, 201)
	h.count(t, 1, 1)
}

func before(t *testing.T, h *host) {
	h.exec(t, `drop trigger members_join on authkit_users; drop table orders, members`)
	h.signUp(t, 201)
	h.start(t)
	h.count(t, 1, 1)
}
