package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// authkit is this library, on one of its stores, in the host of bench/authkit.
type authkit struct {
	*base
	database string // of Postgres; empty: SQLite
	app      struct{ App, Key string }
	sessions sessions
	deep     string // the cursor in the middle of the users
}

func newAuthkit(ctx context.Context, p *place, name string) (*authkit, error) {
	b, err := newBase(ctx, p, name, `/auth/verify/[^?\s]*\?token=([\w.\-]+)`)
	s := &authkit{base: b}
	if err != nil {
		return s, err
	}
	binary, err := p.build(ctx, "authkit")
	if err != nil {
		return s, err
	}
	store := filepath.Join(s.folder, "authkit.db")
	if name == "authkit-postgres" {
		s.usesPostgres, s.database = true, "authkit"
		if err := p.postgres.create(ctx, s.database); err != nil {
			return s, err
		}
		store = fmt.Sprintf("%s&pool_max_conns=%d", p.postgres.url(s.database), poolSize)
	}
	s.command, s.probe = []string{binary}, "/healthz"
	s.env = []string{"BENCH_STORE=" + store, "BENCH_ADDR=" + s.addr, "BENCH_SMTP=" + s.sink.addr(), "BENCH_APP=" + filepath.Join(s.folder, "app.json")}
	return s, nil
}

func (s *authkit) start(ctx context.Context, p *place) error {
	if err := s.launch(ctx); err != nil {
		return err
	}
	if err := readJSON(filepath.Join(s.folder, "app.json"), &s.app); err != nil {
		return err
	}
	c := newClient(s.addr)
	defer c.close()
	if err := s.signUp(c, "template@example.com"); err != nil {
		return err
	}
	if s.database != "" {
		return p.fillPostgres(ctx, s.database, []copied{
			{table: "authkit_users", vary: map[string]string{"user_id": pgUUID, "email": pgEmail, "email_typed": pgEmail, "created_at": "t.created_at - (i + 1) * 1000000::bigint"}},
			{table: "authkit_credentials", vary: map[string]string{"user_id": pgUUID, "subject": "case t.subject when t.user_id::text then " + pgUUID + "::text else t.subject || i end"}, where: "kind = 'password'"},
			{table: "authkit_sessions", vary: map[string]string{"user_id": pgUUID, "session_id": pgUUID, "family": pgHash, "cur": pgHash}},
		})
	}
	return p.fillSQLite(ctx, filepath.Join(s.folder, "authkit.db"), []copied{
		{table: "authkit_users", vary: map[string]string{"user_id": sqliteUUID, "email": sqliteEmail, "email_typed": sqliteEmail, "created_at": "t.created_at - (i + 1) * 1000000"}},
		{table: "authkit_credentials", vary: map[string]string{"user_id": sqliteUUID, "subject": "case t.subject when t.user_id then " + sqliteUUID + " else t.subject || i end"}, where: "kind = 'password'"},
		{table: "authkit_sessions", vary: map[string]string{"user_id": sqliteUUID, "session_id": sqliteUUID, "family": sqliteHash, "cur": sqliteHash}},
	})
}

func (s *authkit) signUp(c *client, email string) error {
	return s.post(c, "/auth/credentials/", `{"email":"`+email+`","password":"`+password+`","intent":"sign_up"}`, 201, `"refresh_token":"`)
}

func (s *authkit) signIn(c *client, email string) error {
	return s.post(c, "/auth/credentials/", `{"email":"`+email+`","password":"`+password+`","intent":"sign_in"}`, 200, `"refresh_token":"`)
}

// post sends a body to a path of the app.
func (s *authkit) post(c *client, path, body string, status int, text string) error {
	a, err := c.do("POST", path+s.app.App, "", body)
	if err != nil {
		return err
	}
	return a.want(status, text)
}

// get asks with a bearer token.
func (s *authkit) get(c *client, path, bearer, text string) error {
	a, err := c.do("GET", path, "Authorization: Bearer "+bearer+"\r\n", "")
	if err != nil {
		return err
	}
	return a.want(200, text)
}

func (s *authkit) prepare(op string, workers int) (step, error) {
	switch op {
	case "sign-in":
		return func(w *worker) error { return s.signIn(w.client, s.nextEmail()) }, nil
	case "sign-up":
		return func(w *worker) error { return s.signUp(w.client, s.newEmail(w)) }, nil
	case "me":
		err := s.signInAll(workers)
		return func(w *worker) error {
			return s.get(w.client, "/auth/me/"+s.app.App, s.sessions.at(w).access, s.sessions.at(w).email)
		}, err
	case "refresh":
		return s.refresh, s.signInAll(workers)
	case "link":
		return s.link, nil
	case "redeem":
		return s.redeem, nil
	case "users":
		return s.page("/users/" + s.app.App + "?limit=50"), nil
	case "users-deep":
		path, err := s.deepPage()
		return s.page(path), err
	case "api-key":
		return func(w *worker) error { return s.get(w.client, "/bench/key", s.app.Key, s.app.App) }, nil
	}
	return nil, fmt.Errorf("authkit has no operation %q", op)
}

// signInAll signs in one user for each worker.
func (s *authkit) signInAll(workers int) error {
	return s.sessions.fill(s.base, workers, func(c *client, email string) (session, error) {
		if err := s.signIn(c, email); err != nil {
			return session{}, err
		}
		return tokensOf(&c.last, email, "token", "refresh_token")
	})
}

func (s *authkit) refresh(w *worker) error {
	at := s.sessions.at(w)
	if err := s.post(w.client, "/auth/refresh/", `{"refresh_token":"`+at.second+`"}`, 200, `"refresh_token":"`); err != nil {
		return err
	}
	next, err := tokensOf(&w.last, at.email, "token", "refresh_token")
	if err == nil && next.second == at.second {
		err = errors.New("the refresh token was not replaced")
	}
	*at = next
	return err
}

func (s *authkit) link(w *worker) error {
	err := s.post(w.client, "/auth/magic-link/", `{"email":"`+s.nextEmail()+`"}`, 202, `"binding":"`)
	if err == nil {
		s.mails.Add(1)
	}
	return err
}

func (s *authkit) redeem(w *worker) error {
	proof, ok := s.sink.redeemable()
	if !ok {
		return errEmpty
	}
	if err := s.post(w.client, "/auth/verify/", `{"token":"`+proof.secret+`"}`, 200, `"refresh_token":"`); err != nil {
		return err
	}
	return w.last.want(200, proof.email)
}

// page reads 50 users.
func (s *authkit) page(path string) step {
	return func(w *worker) error {
		if err := s.get(w.client, path, s.app.Key, `"next_cursor":"`); err != nil {
			return err
		}
		return w.last.wantPage(`"email":"`)
	}
}

// deepPage walks to the middle of the users once, and returns the path of the page there.
func (s *authkit) deepPage() (string, error) {
	path := "/users/" + s.app.App + "?limit=50"
	c := newClient(s.addr)
	defer c.close()
	for at := 0; s.deep == "" && at < s.users/2; at += 50 {
		if err := s.get(c, path, s.app.Key, `"next_cursor":"`); err != nil {
			return "", err
		}
		next, err := c.last.member("next_cursor")
		if err != nil {
			return "", err
		}
		path = "/users/" + s.app.App + "?limit=50&cursor=" + next
		if at+50 >= s.users/2 {
			s.deep = path
		}
	}
	return s.deep, nil
}

// A session is a signed-in user. The second token is the refresh token, or what else names the user.
type session struct{ email, access, second string }

// sessions holds one session for each worker.
type sessions struct {
	all []session
}

// at returns the session of a worker, which alone uses it.
func (s *sessions) at(w *worker) *session { return &s.all[w.n] }

// fill signs in as many users as there are workers, four at a time. Every cell gets new sessions,
// since access tokens expire within a run.
func (s *sessions) fill(b *base, workers int, signIn func(*client, string) (session, error)) error {
	s.all = make([]session, workers)
	errs := make(chan error, 4)
	for lane := range 4 {
		go func() {
			c := newClient(b.addr)
			defer c.close()
			var err error
			for n := lane; n < workers && err == nil; n += 4 {
				s.all[n], err = signIn(c, b.nextEmail())
			}
			errs <- err
		}()
	}
	var all error
	for range 4 {
		all = errors.Join(all, <-errs)
	}
	return all
}

// tokensOf reads the tokens of an answer.
func tokensOf(a *answer, email, access, second string) (session, error) {
	one, err := a.member(access)
	two, err2 := a.member(second)
	return session{email: email, access: one, second: two}, errors.Join(err, err2)
}
