package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// betterAuth is better-auth of npm, in the server of bench/peers/better-auth.
type betterAuth struct {
	*base
	database string // of Postgres; empty: SQLite
	key      struct{ Key string }
	admin    string // the cookie of an administrator, for the list of users
	sessions sessions
}

const betterAuthFolder = "peers/better-auth"

func newBetterAuth(ctx context.Context, p *place, name string) (*betterAuth, error) {
	b, err := newBase(ctx, p, name, `magic-link/verify\?token=(\w+)`)
	s := &betterAuth{base: b}
	if err != nil {
		return s, err
	}
	if err := installPackages(ctx); err != nil {
		return s, err
	}
	store := filepath.Join(s.folder, "better-auth.db")
	if name == "better-auth-postgres" {
		s.usesPostgres, s.database = true, "better_auth"
		if err := p.postgres.create(ctx, s.database); err != nil {
			return s, err
		}
		store = p.postgres.url(s.database)
	}
	s.command, s.dir, s.probe = []string{"node", "server.mjs"}, betterAuthFolder, "/api/auth/ok"
	s.env = []string{
		"NODE_ENV=production", "BENCH_STORE=" + store, "BENCH_ADDR=" + s.addr, "BENCH_SMTP=" + s.sink.addr(), "BENCH_POOL=" + strconv.Itoa(poolSize),
		"BENCH_KEY=" + filepath.Join(s.folder, "key.json"), "BENCH_PASSWORD=" + password,
	}
	return s, nil
}

// installPackages installs what package-lock.json lists, unless it is there.
func installPackages(ctx context.Context) error {
	if _, err := os.Stat(betterAuthFolder + "/node_modules/.package-lock.json"); err == nil {
		return nil
	}
	fmt.Println("npm ci in", betterAuthFolder)
	c := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund")
	c.Dir, c.Stdout, c.Stderr = betterAuthFolder, os.Stderr, os.Stderr
	return c.Run()
}

func (s *betterAuth) start(ctx context.Context, p *place) error {
	if err := s.launch(ctx); err != nil {
		return err
	}
	if err := readJSON(filepath.Join(s.folder, "key.json"), &s.key); err != nil {
		return err
	}
	c := newClient(s.addr)
	defer c.close()
	if err := s.signUp(c, "template@example.com"); err != nil {
		return err
	}
	const template = `(select id from "user" where email = 'template@example.com')`
	if s.database != "" {
		const id = "md5('user' || i)"
		return p.fillPostgres(ctx, s.database, []copied{
			{table: "user", where: `email = 'template@example.com'`, vary: map[string]string{"id": id, "email": pgEmail}},
			{table: "account", where: `"userId" = ` + template, vary: map[string]string{"id": id, "accountId": id, "userId": id}},
			{table: "session", where: `"userId" = ` + template, vary: map[string]string{"id": id, "token": id, "userId": id}},
		})
	}
	const id = "printf('%032x', i)"
	return p.fillSQLite(ctx, filepath.Join(s.folder, "better-auth.db"), []copied{
		{table: "user", where: `email = 'template@example.com'`, vary: map[string]string{"id": id, "email": sqliteEmail}},
		{table: "account", where: `"userId" = ` + template, vary: map[string]string{"id": id, "accountId": id, "userId": id}},
		{table: "session", where: `"userId" = ` + template, vary: map[string]string{"id": id, "token": id, "userId": id}},
	})
}

func (s *betterAuth) post(c *client, path, body, text string) error {
	a, err := c.do("POST", "/api/auth"+path, "Origin: http://"+s.addr+"\r\n", body)
	if err != nil {
		return err
	}
	return a.want(200, text)
}

func (s *betterAuth) get(c *client, path, cookie, text string) error {
	a, err := c.do("GET", "/api/auth"+path, "Cookie: "+cookie+"\r\n", "")
	if err != nil {
		return err
	}
	return a.want(200, text)
}

func (s *betterAuth) signUp(c *client, email string) error {
	return s.post(c, "/sign-up/email", `{"name":"N","email":"`+email+`","password":"`+password+`"}`, `"token":"`)
}

func (s *betterAuth) signIn(c *client, email string) error {
	return s.post(c, "/sign-in/email", credentialsOf(email), `"token":"`)
}

// signInCookie signs in and returns the cookie of the session.
func (s *betterAuth) signInCookie(c *client, email string) (string, error) {
	if err := s.signIn(c, email); err != nil {
		return "", err
	}
	_, after, ok := bytes.Cut(c.last.head, []byte("et-cookie: "))
	if !ok {
		return "", errors.New("no cookie came")
	}
	cookie, _, _ := bytes.Cut(after, []byte(";"))
	return string(cookie), nil
}

func (s *betterAuth) prepare(op string, workers int) (step, error) {
	switch op {
	case "sign-in":
		return func(w *worker) error { return s.signIn(w.client, s.nextEmail()) }, nil
	case "sign-up":
		return func(w *worker) error { return s.signUp(w.client, s.newEmail(w)) }, nil
	case "me":
		err := s.signInAll(workers)
		return func(w *worker) error {
			return s.get(w.client, "/get-session", s.sessions.at(w).access, s.sessions.at(w).email)
		}, err
	case "refresh":
		err := s.signInAll(workers)
		return func(w *worker) error { return s.get(w.client, "/token", s.sessions.at(w).access, `"token":"`) }, err
	case "link":
		return s.link, nil
	case "redeem":
		return s.redeem, nil
	case "users":
		return s.page(0), s.signInAdmin()
	case "users-deep":
		return s.page(s.users / 2), s.signInAdmin()
	case "api-key":
		return s.checkKey, nil
	}
	return nil, fmt.Errorf("better-auth has no operation %q", op)
}

func (s *betterAuth) signInAll(workers int) error {
	return s.sessions.fill(s.base, workers, func(c *client, email string) (session, error) {
		cookie, err := s.signInCookie(c, email)
		return session{email: email, access: cookie}, err
	})
}

func (s *betterAuth) signInAdmin() (err error) {
	c := newClient(s.addr)
	defer c.close()
	s.admin, err = s.signInCookie(c, "admin@example.com")
	return err
}

// page reads 50 users.
func (s *betterAuth) page(offset int) step {
	path := fmt.Sprintf("/admin/list-users?limit=50&offset=%d", offset)
	return func(w *worker) error {
		if err := s.get(w.client, path, s.admin, `"total":`); err != nil {
			return err
		}
		return w.last.wantPage(`"email":"`)
	}
}

func (s *betterAuth) link(w *worker) error {
	err := s.post(w.client, "/sign-in/magic-link", `{"email":"`+s.nextEmail()+`"}`, `"status":true`)
	if err == nil {
		s.mails.Add(1)
	}
	return err
}

func (s *betterAuth) redeem(w *worker) error {
	proof, ok := s.sink.redeemable()
	if !ok {
		return errEmpty
	}
	return s.get(w.client, "/magic-link/verify?token="+proof.secret, "", proof.email)
}

func (s *betterAuth) checkKey(w *worker) error {
	a, err := w.do("GET", "/bench/key", "X-Api-Key: "+s.key.Key+"\r\n", "")
	if err != nil {
		return err
	}
	return a.want(200, `"valid":true`)
}
