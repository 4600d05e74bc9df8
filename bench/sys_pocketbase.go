package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
)

// pocketbase is PocketBase, in the program of bench/peers/pocketbase.
type pocketbase struct {
	*base
	binary   string
	admin    string // the token of a superuser, for the list of users
	sessions sessions
	codes    sync.Map // the id of the newest code, by address: the mail has only the code
}

func newPocketbase(ctx context.Context, p *place) (*pocketbase, error) {
	b, err := newBase(ctx, p, "pocketbase", `<strong>(\d{8})</strong>`)
	s := &pocketbase{base: b}
	if err != nil {
		return s, err
	}
	if s.binary, err = p.build(ctx, "peers/pocketbase"); err != nil {
		return s, err
	}
	s.command, s.probe = []string{s.binary, "serve", "--http=" + s.addr, "--dir=" + s.data()}, "/api/health"
	s.env = []string{"BENCH_SMTP=" + s.sink.addr()}
	return s, nil
}

func (s *pocketbase) data() string { return filepath.Join(s.folder, "data") }

func (s *pocketbase) start(ctx context.Context, p *place) error {
	admin := exec.CommandContext(ctx, s.binary, "superuser", "upsert", "admin@example.com", password, "--dir="+s.data()) //nolint:gosec // our own build
	if text, err := admin.CombinedOutput(); err != nil {
		return fmt.Errorf("create the superuser: %w\n%s", err, text)
	}
	if err := s.launch(ctx); err != nil {
		return err
	}
	c := newClient(s.addr)
	defer c.close()
	if err := s.signUp(c, "template@example.com"); err != nil {
		return err
	}
	return p.fillSQLite(ctx, filepath.Join(s.data(), "data.db"), []copied{
		{table: "users", vary: map[string]string{"id": "printf('u%014d', i)", "email": sqliteEmail, "tokenKey": "printf('%050d', i)"}},
	})
}

func (s *pocketbase) post(c *client, path, bearer, body, text string) error {
	header := ""
	if bearer != "" {
		header = "Authorization: " + bearer + "\r\n"
	}
	a, err := c.do("POST", "/api/collections"+path, header, body)
	if err != nil {
		return err
	}
	return a.want(200, text)
}

func (s *pocketbase) get(c *client, path, bearer, text string) error {
	a, err := c.do("GET", "/api/collections"+path, "Authorization: "+bearer+"\r\n", "")
	if err != nil {
		return err
	}
	return a.want(200, text)
}

func (s *pocketbase) signUp(c *client, email string) error {
	return s.post(c, "/users/records", "", `{"email":"`+email+`","password":"`+password+`","passwordConfirm":"`+password+`"}`, `"id":"`)
}

func (s *pocketbase) signIn(c *client, collection, email string) error {
	return s.post(c, "/"+collection+"/auth-with-password", "", `{"identity":"`+email+`","password":"`+password+`"}`, `"token":"`)
}

func (s *pocketbase) prepare(op string, workers int) (step, error) {
	switch op {
	case "sign-in":
		return func(w *worker) error { return s.signIn(w.client, "users", s.nextEmail()) }, nil
	case "sign-up":
		return func(w *worker) error { return s.signUp(w.client, s.newEmail(w)) }, nil
	case "me":
		err := s.signInAll(workers)
		return func(w *worker) error {
			return s.get(w.client, "/users/records/"+s.sessions.at(w).second, s.sessions.at(w).access, s.sessions.at(w).email)
		}, err
	case "refresh":
		err := s.signInAll(workers)
		return func(w *worker) error {
			return s.post(w.client, "/users/auth-refresh", s.sessions.at(w).access, "", `"token":"`)
		}, err
	case "link":
		return s.requestCode, nil
	case "redeem":
		return s.redeem, nil
	case "users":
		return s.page(1), s.signInAdmin()
	case "users-deep":
		return s.page(s.users / 100), s.signInAdmin()
	}
	return nil, fmt.Errorf("PocketBase has no operation %q", op)
}

func (s *pocketbase) signInAll(workers int) error {
	return s.sessions.fill(s.base, workers, func(c *client, email string) (session, error) {
		if err := s.signIn(c, "users", email); err != nil {
			return session{}, err
		}
		return tokensOf(&c.last, email, "token", "id")
	})
}

func (s *pocketbase) signInAdmin() (err error) {
	c := newClient(s.addr)
	defer c.close()
	if err := s.signIn(c, "_superusers", "admin@example.com"); err != nil {
		return err
	}
	s.admin, err = c.last.member("token")
	return err
}

// page reads 50 users.
func (s *pocketbase) page(n int) step {
	path := fmt.Sprintf("/users/records?skipTotal=1&perPage=50&page=%d", n)
	return func(w *worker) error {
		if err := s.get(w.client, path, s.admin, `"items":[{`); err != nil {
			return err
		}
		return w.last.wantPage(`"email":"`)
	}
}

// requestCode asks for a code by mail, which is what PocketBase has in place of links.
func (s *pocketbase) requestCode(w *worker) error {
	email := s.nextEmail()
	if err := s.post(w.client, "/users/request-otp", "", `{"email":"`+email+`"}`, `"otpId":"`); err != nil {
		return err
	}
	id, err := w.last.member("otpId")
	s.codes.Store(email, id)
	s.mails.Add(1)
	return err
}

func (s *pocketbase) redeem(w *worker) error {
	proof, ok := s.sink.redeemable()
	if !ok {
		return errEmpty
	}
	id, ok := s.codes.Load(proof.email)
	if !ok {
		return errors.New("a code came that was not asked for")
	}
	return s.post(w.client, "/users/auth-with-otp", "", fmt.Sprintf(`{"otpId":%q,"password":%q}`, id, proof.secret), `"token":"`)
}
