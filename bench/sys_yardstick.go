package main

import (
	"context"
	"errors"
	"fmt"
)

// yardstick is the bare server of bench/yardstick, on Postgres.
type yardstick struct {
	*base
	sessions sessions
	deep     string
}

const yardstickKey = "a key that only the bench knows"

func newYardstick(ctx context.Context, p *place) (*yardstick, error) {
	b, err := newBase(ctx, p, "yardstick", `/redeem\?token=(\w+)`)
	s := &yardstick{base: b}
	if err != nil {
		return s, err
	}
	binary, err := p.build(ctx, "yardstick")
	if err != nil {
		return s, err
	}
	s.usesPostgres, s.command, s.probe = true, []string{binary}, "/healthz"
	s.env = []string{fmt.Sprintf("BENCH_STORE=%s&pool_max_conns=%d", p.postgres.url("yardstick"), poolSize), "BENCH_ADDR=" + s.addr, "BENCH_SMTP=" + s.sink.addr()}
	return s, p.postgres.create(ctx, "yardstick")
}

func (s *yardstick) start(ctx context.Context, p *place) error {
	if err := s.launch(ctx); err != nil {
		return err
	}
	c := newClient(s.addr)
	defer c.close()
	if err := s.post(c, "/sign-up", credentialsOf("template@example.com"), 201, `"refresh_token":"`); err != nil {
		return err
	}
	if err := p.postgres.exec(ctx, "yardstick", `insert into keys values (sha256('`+yardstickKey+`'), 'bench')`); err != nil {
		return err
	}
	return p.fillPostgres(ctx, "yardstick", []copied{
		{table: "users", vary: map[string]string{"user_id": pgUUID, "email": pgEmail, "created_at": "t.created_at - (i + 1) * 1000000::bigint"}},
		{table: "sessions", vary: map[string]string{"session_id": pgUUID, "user_id": pgUUID, "secret": pgHash}},
	})
}

func credentialsOf(email string) string {
	return `{"email":"` + email + `","password":"` + password + `"}`
}

func (s *yardstick) post(c *client, path, body string, status int, text string) error {
	a, err := c.do("POST", path, "", body)
	if err != nil {
		return err
	}
	return a.want(status, text)
}

func (s *yardstick) get(c *client, path, bearer, text string) error {
	a, err := c.do("GET", path, "Authorization: Bearer "+bearer+"\r\n", "")
	if err != nil {
		return err
	}
	return a.want(200, text)
}

func (s *yardstick) prepare(op string, workers int) (step, error) {
	switch op {
	case "sign-in":
		return func(w *worker) error {
			return s.post(w.client, "/sign-in", credentialsOf(s.nextEmail()), 200, `"refresh_token":"`)
		}, nil
	case "sign-up":
		return func(w *worker) error {
			return s.post(w.client, "/sign-up", credentialsOf(s.newEmail(w)), 201, `"refresh_token":"`)
		}, nil
	case "me":
		err := s.signInAll(workers)
		return func(w *worker) error { return s.get(w.client, "/me", s.sessions.at(w).access, s.sessions.at(w).email) }, err
	case "refresh":
		return s.refresh, s.signInAll(workers)
	case "link":
		return s.link, nil
	case "redeem":
		return s.redeem, nil
	case "users":
		return s.page("/users"), nil
	case "users-deep":
		path, err := s.deepPage()
		return s.page(path), err
	case "api-key":
		return func(w *worker) error { return s.get(w.client, "/key", yardstickKey, "the only one") }, nil
	}
	return nil, fmt.Errorf("the yardstick has no operation %q", op)
}

func (s *yardstick) signInAll(workers int) error {
	return s.sessions.fill(s.base, workers, func(c *client, email string) (session, error) {
		if err := s.post(c, "/sign-in", credentialsOf(email), 200, `"refresh_token":"`); err != nil {
			return session{}, err
		}
		return tokensOf(&c.last, email, "token", "refresh_token")
	})
}

func (s *yardstick) refresh(w *worker) error {
	at := s.sessions.at(w)
	if err := s.post(w.client, "/refresh", `{"refresh_token":"`+at.second+`"}`, 200, `"refresh_token":"`); err != nil {
		return err
	}
	next, err := tokensOf(&w.last, at.email, "token", "refresh_token")
	if err == nil && next.second == at.second {
		err = errors.New("the refresh token was not replaced")
	}
	*at = next
	return err
}

func (s *yardstick) link(w *worker) error {
	err := s.post(w.client, "/link", `{"email":"`+s.nextEmail()+`"}`, 202, "accepted")
	if err == nil {
		s.mails.Add(1)
	}
	return err
}

func (s *yardstick) redeem(w *worker) error {
	proof, ok := s.sink.redeemable()
	if !ok {
		return errEmpty
	}
	return s.post(w.client, "/redeem", `{"token":"`+proof.secret+`"}`, 200, `"refresh_token":"`)
}

// page reads 50 users.
func (s *yardstick) page(path string) step {
	return func(w *worker) error {
		if err := s.get(w.client, path, yardstickKey, `"next_cursor":"`); err != nil {
			return err
		}
		return w.last.wantPage(`"email":"`)
	}
}

// deepPage walks to the middle of the users once, and returns the path of the page there.
func (s *yardstick) deepPage() (string, error) {
	c := newClient(s.addr)
	defer c.close()
	path := "/users"
	for at := 0; s.deep == "" && at < s.users/2; at += 50 {
		if err := s.get(c, path, yardstickKey, `"next_cursor":"`); err != nil {
			return "", err
		}
		next, err := c.last.member("next_cursor")
		if err != nil {
			return "", err
		}
		path = "/users?cursor=" + next
		if at+50 >= s.users/2 {
			s.deep = path
		}
	}
	return s.deep, nil
}
