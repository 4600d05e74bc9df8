package main

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/argon2"
)

type credentials struct{ Email, Password string }

// user is what the answers show of a user.
type user struct {
	ID      uuid.UUID `json:"user_id"`
	Email   string    `json:"email"`
	Created int64     `json:"created_at"`
}

// signed is the answer to a sign-in.
type signed struct {
	Token   string    `json:"token"`
	Refresh string    `json:"refresh_token"`
	User    uuid.UUID `json:"user_id"`
}

// hash is argon2id with the parameters of authkit: 19 MiB, two passes, one thread.
func (s *server) hash(password string, salt []byte) []byte {
	s.hashes <- struct{}{}
	defer func() { <-s.hashes }()
	return argon2.IDKey([]byte(password), salt, 2, 19*1024, 1, 32)
}

// signIn reads the user, checks the password and writes the session.
func (s *server) signIn(w http.ResponseWriter, r *http.Request) {
	var in credentials
	var id uuid.UUID
	var hash, salt []byte
	if !decode(w, r, &in) || failed(w, s.db.QueryRow(r.Context(), `select user_id, hash, salt from users where email = $1`, in.Email).Scan(&id, &hash, &salt)) {
		return
	}
	if subtle.ConstantTimeCompare(hash, s.hash(in.Password, salt)) != 1 {
		http.Error(w, "wrong password", http.StatusUnauthorized)
		return
	}
	session, secret := uuid.New(), rand.Text()
	_, err := s.db.Exec(r.Context(), `insert into sessions values ($1, $2, $3)`, session, id, digest(secret))
	s.answerSigned(w, http.StatusOK, id, session, secret, err)
}

// signUp writes the user and the session in one statement.
func (s *server) signUp(w http.ResponseWriter, r *http.Request) {
	var in credentials
	if !decode(w, r, &in) {
		return
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // it never fails
	id, session, secret := uuid.New(), uuid.New(), rand.Text()
	_, err := s.db.Exec(r.Context(), `with u as (insert into users values ($1, $2, $3, $4, $5)) insert into sessions values ($6, $1, $7)`,
		id, in.Email, s.hash(in.Password, salt), salt, time.Now().UnixMicro(), session, digest(secret))
	s.answerSigned(w, http.StatusCreated, id, session, secret, err)
}

// me checks the token and reads the user through the session, which may have ended.
func (s *server) me(w http.ResponseWriter, r *http.Request) {
	session, ok := s.verify(bearer(r))
	if !ok {
		http.Error(w, "invalid token", http.StatusUnauthorized)
		return
	}
	var u user
	err := s.db.QueryRow(r.Context(), `select user_id, email, created_at from sessions join users using (user_id) where session_id = $1`, session).Scan(&u.ID, &u.Email, &u.Created)
	if !failed(w, err) {
		answer(w, http.StatusOK, u)
	}
}

// refresh replaces the secret of a session.
func (s *server) refresh(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Refresh string `json:"refresh_token"`
	}
	if !decode(w, r, &in) {
		return
	}
	var id, session uuid.UUID
	next := rand.Text()
	err := s.db.QueryRow(r.Context(), `update sessions set secret = $2 where secret = $1 returning user_id, session_id`, digest(in.Refresh), digest(next)).Scan(&id, &session)
	s.answerSigned(w, http.StatusOK, id, session, next, err)
}

// link writes the link and its mail in one statement.
func (s *server) link(w http.ResponseWriter, r *http.Request) {
	var in credentials
	if !decode(w, r, &in) {
		return
	}
	secret := rand.Text()
	_, err := s.db.Exec(r.Context(), `with l as (insert into links select $1, user_id, $2 from users where email = $3)
		insert into outbox (email, secret) values ($3, $4)`, digest(secret), time.Now().Add(15*time.Minute).UnixMicro(), in.Email, secret)
	if !failed(w, err) {
		answer(w, http.StatusAccepted, map[string]string{"status": "accepted"})
	}
}

// redeem spends a link and writes the session in one statement.
func (s *server) redeem(w http.ResponseWriter, r *http.Request) {
	var in struct{ Token string }
	if !decode(w, r, &in) {
		return
	}
	var id uuid.UUID
	session, secret := uuid.New(), rand.Text()
	err := s.db.QueryRow(r.Context(), `with l as (delete from links where secret = $1 and expires_at > $2 returning user_id)
		insert into sessions select $3, user_id, $4 from l returning user_id`, digest(in.Token), time.Now().UnixMicro(), session, digest(secret)).Scan(&id)
	s.answerSigned(w, http.StatusOK, id, session, secret, err)
}

// users lists 50 users, newest first, from a place on.
func (s *server) users(w http.ResponseWriter, r *http.Request) {
	if !s.knows(r) {
		http.Error(w, "invalid key", http.StatusUnauthorized)
		return
	}
	at, id := int64(1)<<62, uuid.Max
	if before, after, found := strings.Cut(r.URL.Query().Get("cursor"), "."); found {
		at, _ = strconv.ParseInt(before, 10, 64) // nothing is found at 0
		id, _ = uuid.Parse(after)
	}
	rows, err := s.db.Query(r.Context(), `select user_id, email, created_at from users where (created_at, user_id) < ($1, $2) order by created_at desc, user_id desc limit 50`, at, id)
	if failed(w, err) {
		return
	}
	defer rows.Close()
	var page struct {
		Users []user `json:"users"`
		Next  string `json:"next_cursor"`
	}
	for rows.Next() {
		var u user
		if failed(w, rows.Scan(&u.ID, &u.Email, &u.Created)) {
			return
		}
		page.Users = append(page.Users, u)
		page.Next = strconv.FormatInt(u.Created, 10) + "." + u.ID.String()
	}
	if !failed(w, rows.Err()) {
		answer(w, http.StatusOK, page)
	}
}

func (s *server) checkKey(w http.ResponseWriter, r *http.Request) {
	if !s.knows(r) {
		http.Error(w, "invalid key", http.StatusUnauthorized)
		return
	}
	answer(w, http.StatusOK, map[string]string{"app_id": "the only one"})
}

// knows reports whether the key of a request is stored.
func (s *server) knows(r *http.Request) bool {
	var name string
	return s.db.QueryRow(r.Context(), `select name from keys where hash = $1`, digest(bearer(r))).Scan(&name) == nil
}

func (s *server) answerSigned(w http.ResponseWriter, status int, id, session uuid.UUID, secret string, err error) {
	if failed(w, err) {
		return
	}
	token, err := s.sign(id, session)
	if !failed(w, err) {
		answer(w, status, signed{token, secret, id})
	}
}

func bearer(r *http.Request) string {
	text, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return text
}

func digest(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	return !failed(w, json.NewDecoder(r.Body).Decode(into))
}

func failed(w http.ResponseWriter, err error) bool {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
	return err != nil
}

func answer(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if failed(w, err) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // the client may be gone
}

var b64 = base64.RawURLEncoding
