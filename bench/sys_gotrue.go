package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"time"
)

// gotrue is Supabase Auth, built from a source tree that the flags name.
type gotrue struct {
	*base
	binary   string
	sessions sessions
}

const gotrueSecret = "only measured, it keeps nothing. It is long enough."

func newGotrue(ctx context.Context, p *place) (*gotrue, error) {
	b, err := newBase(ctx, p, "gotrue", `/verify\?token=(\w+)`)
	s := &gotrue{base: b, binary: filepath.Join(p.folder, "gotrue.bin")}
	if err != nil {
		return s, err
	}
	fmt.Println("build", p.o.gotrue)
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", s.binary, ".") //nolint:gosec // the operator names it
	build.Dir = p.o.gotrue
	if text, err := build.CombinedOutput(); err != nil {
		return s, fmt.Errorf("%w\n%s", err, text)
	}
	s.usesPostgres, s.command, s.dir, s.probe = true, []string{s.binary, "serve"}, p.o.gotrue, "/health"
	host, port, _ := net.SplitHostPort(s.addr) // it is one of ours
	smtpHost, smtpPort, _ := net.SplitHostPort(s.sink.addr())
	s.env = []string{
		"GOTRUE_DB_DRIVER=postgres", "DB_NAMESPACE=auth", fmt.Sprintf("DATABASE_URL=%s&search_path=auth", p.postgres.url("gotrue")),
		fmt.Sprint("GOTRUE_DB_MAX_POOL_SIZE=", poolSize), fmt.Sprint("GOTRUE_DB_MAX_IDLE_POOL_SIZE=", poolSize), "GOTRUE_API_HOST=" + host, "PORT=" + port, "API_EXTERNAL_URL=http://" + s.addr, "GOTRUE_SITE_URL=http://" + s.addr,
		"GOTRUE_JWT_SECRET=" + gotrueSecret, "GOTRUE_JWT_AUD=authenticated", "GOTRUE_JWT_ADMIN_ROLES=service_role", "GOTRUE_JWT_DEFAULT_GROUP_NAME=authenticated",
		"GOTRUE_EXTERNAL_EMAIL_ENABLED=true", "GOTRUE_MAILER_AUTOCONFIRM=true", "GOTRUE_MAILER_URLPATHS_CONFIRMATION=/verify", "GOTRUE_LOG_LEVEL=warn",
		"GOTRUE_SMTP_HOST=" + smtpHost, "GOTRUE_SMTP_PORT=" + smtpPort, "GOTRUE_SMTP_ADMIN_EMAIL=bench@example.com", "GOTRUE_SMTP_MAX_FREQUENCY=1ns",
		"GOTRUE_RATE_LIMIT_EMAIL_SENT=100000000", "GOTRUE_RATE_LIMIT_VERIFY=100000000", "GOTRUE_RATE_LIMIT_TOKEN_REFRESH=100000000", "GOTRUE_RATE_LIMIT_OTP=100000000",
	}
	return s, p.postgres.create(ctx, "gotrue")
}

func (s *gotrue) start(ctx context.Context, p *place) error {
	if err := p.postgres.exec(ctx, "gotrue", "create schema auth", "alter database gotrue set search_path to auth"); err != nil {
		return err
	}
	migrate := exec.CommandContext(ctx, s.binary, "migrate") //nolint:gosec // our own build
	migrate.Dir, migrate.Env = s.dir, append(migrate.Environ(), s.env...)
	if text, err := migrate.CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w\n%s", err, text)
	}
	if err := s.launch(ctx); err != nil {
		return err
	}
	c := newClient(s.addr)
	defer c.close()
	if err := s.post(c, "/signup", credentialsOf("template@example.com"), `"refresh_token":"`); err != nil {
		return err
	}
	return p.fillPostgres(ctx, "gotrue", []copied{
		{table: "auth.users", vary: map[string]string{"id": pgUUID, "email": pgEmail, "created_at": "t.created_at - i * interval '1 second'"}},
		{table: "auth.identities", vary: map[string]string{
			"id": pgUUID, "user_id": pgUUID, "provider_id": pgUUID + "::text",
			"identity_data": "jsonb_build_object('sub', " + pgUUID + ", 'email', " + pgEmail + ", 'email_verified', false, 'phone_verified', false)",
		}},
		{table: "auth.sessions", vary: map[string]string{"id": pgUUID, "user_id": pgUUID}},
		{table: "auth.refresh_tokens", vary: map[string]string{
			"id": "nextval('auth.refresh_tokens_id_seq')", "token": "md5('token' || i)", "user_id": pgUUID + "::text", "session_id": pgUUID,
		}},
	})
}

func (s *gotrue) post(c *client, path, body, text string) error {
	a, err := c.do("POST", path, "", body)
	if err != nil {
		return err
	}
	return a.want(200, text)
}

func (s *gotrue) get(c *client, path, bearer, text string) error {
	a, err := c.do("GET", path, "Authorization: Bearer "+bearer+"\r\n", "")
	if err != nil {
		return err
	}
	return a.want(200, text)
}

func (s *gotrue) signIn(c *client, email string) error {
	return s.post(c, "/token?grant_type=password", credentialsOf(email), `"refresh_token":"`)
}

func (s *gotrue) prepare(op string, workers int) (step, error) {
	switch op {
	case "sign-in":
		return func(w *worker) error { return s.signIn(w.client, s.nextEmail()) }, nil
	case "sign-up":
		return func(w *worker) error {
			return s.post(w.client, "/signup", credentialsOf(s.newEmail(w)), `"refresh_token":"`)
		}, nil
	case "me":
		err := s.signInAll(workers)
		return func(w *worker) error {
			return s.get(w.client, "/user", s.sessions.at(w).access, s.sessions.at(w).email)
		}, err
	case "refresh":
		return s.refresh, s.signInAll(workers)
	case "link":
		return s.link, nil
	case "redeem":
		return s.redeem, nil
	case "users":
		return s.usersPage(1), nil
	case "users-deep":
		return s.usersPage(s.users / 100), nil
	}
	return nil, fmt.Errorf("GoTrue has no operation %q", op)
}

func (s *gotrue) usersPage(page int) step {
	path, token := fmt.Sprintf("/admin/users?per_page=50&page=%d", page), serviceToken()
	return func(w *worker) error {
		if err := s.get(w.client, path, token, `"users":[{`); err != nil {
			return err
		}
		return w.last.wantPage(`"aud":"authenticated","role"`)
	}
}

func (s *gotrue) signInAll(workers int) error {
	return s.sessions.fill(s.base, workers, func(c *client, email string) (session, error) {
		if err := s.signIn(c, email); err != nil {
			return session{}, err
		}
		return tokensOf(&c.last, email, "access_token", "refresh_token")
	})
}

func (s *gotrue) refresh(w *worker) error {
	at := s.sessions.at(w)
	if err := s.post(w.client, "/token?grant_type=refresh_token", `{"refresh_token":"`+at.second+`"}`, `"refresh_token":"`); err != nil {
		return err
	}
	next, err := tokensOf(&w.last, at.email, "access_token", "refresh_token")
	if err == nil && next.second == at.second {
		err = errors.New("the refresh token was not replaced")
	}
	*at = next
	return err
}

func (s *gotrue) link(w *worker) error {
	err := s.post(w.client, "/magiclink", `{"email":"`+s.nextEmail()+`"}`, "{}")
	if err == nil {
		s.mails.Add(1)
	}
	return err
}

func (s *gotrue) redeem(w *worker) error {
	proof, ok := s.sink.redeemable()
	if !ok {
		return errEmpty
	}
	if err := s.post(w.client, "/verify", `{"type":"magiclink","token_hash":"`+proof.secret+`"}`, `"refresh_token":"`); err != nil {
		return err
	}
	return w.last.want(200, proof.email)
}

// serviceToken signs the token of an administrator: HS256 of RFC 7518.
func serviceToken() string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(fmt.Appendf(nil, `{"role":"service_role","aud":"authenticated","exp":%d}`, time.Now().Add(3*time.Hour).Unix()))
	mac := hmac.New(sha256.New, []byte(gotrueSecret))
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}
