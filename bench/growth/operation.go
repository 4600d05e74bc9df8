package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// operation is one kind of request.
type operation struct {
	name string

	// begin prepares a client; nil: there is nothing to prepare.
	begin func(ctx context.Context, c *client) error

	// do sends one request and checks its answer.
	do func(ctx context.Context, c *client) error
}

// operations lists what is measured, in this order.
func operations() []operation {
	return []operation{
		{"sign-in without its hash", nil, signIn},
		{"me", signInSome, me},
		{"refresh", nil, turnOne},
		{"users page, first", nil, firstPage},
		{"users page, deep", goDeep, deepPage},
		{"users page, search", nil, search},
		{"one user by API key", nil, byKey},
		{"link request", nil, link}, // the last: its mail goes out while the clients wait
	}
}

// client is one connection, and what its user agent holds.
type client struct {
	w     *world
	i     int // its number
	rnd   *rand.Rand
	http  *http.Client
	base  string
	turns map[int]string // the refresh token of a user
	held  []held
	deep  []string // paths of pages
}

// held is an access token.
type held struct {
	app    app
	access string
}

// someone is a random user of those that this client has to itself.
func (c *client) someone() int {
	most := c.w.how.clients
	return c.rnd.IntN(c.w.Users/most)*most + c.i
}

// send sends a request and decodes the answer into out, unless that is nil.
func (c *client) send(ctx context.Context, method, path, bearer, body string, want int, out any) error {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("198.%d.%d.%d", 18+c.rnd.IntN(2), c.rnd.IntN(256), c.rnd.IntN(256)))
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	var read bytes.Buffer
	if _, err := io.Copy(&read, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != want {
		return fmt.Errorf("%s %s: got %d, want %d: %s", method, path, answer.StatusCode, want, read.String())
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(read.Bytes(), out)
}

func signIn(ctx context.Context, c *client) error {
	n := c.someone()
	var got struct{ Token string }
	err := c.send(ctx, "POST", "/auth/credentials/"+c.w.people.app(n).id.String(), "", `{"email":"`+email(n)+`","password":"`+passphrase+`","intent":"sign_in"}`, 200, &got)
	if err == nil && got.Token == "" {
		return errors.New("sign-in: got no token")
	}
	return err
}

// heldTokens is how many access tokens a client has, of users all over the tables.
const heldTokens = 128

// signInSome gets access tokens by refreshing.
func signInSome(ctx context.Context, c *client) error {
	for range heldTokens {
		n := c.someone()
		access, err := c.turn(ctx, n)
		if err != nil {
			return err
		}
		c.held = append(c.held, held{c.w.people.app(n), access})
	}
	return nil
}

func me(ctx context.Context, c *client) error {
	h := c.held[c.rnd.IntN(len(c.held))]
	return c.send(ctx, "GET", "/auth/me/"+h.app.id.String(), h.access, "", 200, nil)
}

func turnOne(ctx context.Context, c *client) error {
	_, err := c.turn(ctx, c.someone())
	return err
}

// turn refreshes the session of user n and returns the access token.
func (c *client) turn(ctx context.Context, n int) (access string, err error) {
	now := c.turns[n]
	if now == "" {
		now = refresh(n).Text()
	}
	var got struct {
		Token   string `json:"token"`
		Refresh string `json:"refresh_token"`
	}
	err = c.send(ctx, "POST", "/auth/refresh/"+c.w.people.app(n).id.String(), "", `{"refresh_token":"`+now+`"}`, 200, &got)
	if err == nil && (got.Token == "" || got.Refresh == "") {
		err = errors.New("refresh: got no tokens")
	}
	c.turns[n] = got.Refresh
	return got.Token, err
}

func link(ctx context.Context, c *client) error {
	n := c.someone()
	return c.send(ctx, "POST", "/auth/magic-link/"+c.w.people.app(n).id.String(), "", `{"email":"`+email(n)+`"}`, 202, nil)
}

// page is the answer of a list.
type page struct {
	Users []struct {
		ID string `json:"user_id"`
	} `json:"users"`
	Next string `json:"next_cursor"`
}

func (c *client) page(ctx context.Context, path, key string) (page, error) {
	var got page
	err := c.send(ctx, "GET", path, key, "", 200, &got)
	if err == nil && len(got.Users) == 0 {
		err = fmt.Errorf("%s: got no users", path)
	}
	return got, err
}

func firstPage(ctx context.Context, c *client) error {
	a := c.w.people.app(c.someone())
	_, err := c.page(ctx, "/users/"+a.id.String()+"?limit=50", a.key)
	return err
}

// deepest bounds how many pages of 500 a client walks before the page that is measured.
const deepest = 100

// shared is what the clients have found together: the cursor of a page halfway through the first app.
type shared struct {
	once sync.Once
	path string
	err  error
}

func goDeep(ctx context.Context, c *client) error {
	s := &c.w.deep
	s.once.Do(func() { s.path, s.err = c.walk(ctx) })
	c.deep = []string{s.path}
	return s.err
}

// walk walks halfway through the users of the first app.
func (c *client) walk(ctx context.Context) (string, error) {
	a := c.w.people.apps[0]
	list := "/users/" + a.id.String() + "?limit="
	cursor := ""
	for left := min(c.w.Users/len(c.w.people.apps)/2, deepest*500); left > 0; {
		some := min(left, 500)
		path := fmt.Sprintf("%s%d%s", list, some, cursor)
		got, err := c.page(ctx, path, a.key)
		if err != nil {
			return "", err
		}
		cursor = "&cursor=" + url.QueryEscape(got.Next)
		left -= some
	}
	return list + "50" + cursor, nil
}

func deepPage(ctx context.Context, c *client) error {
	_, err := c.page(ctx, c.deep[0], c.w.people.apps[0].key)
	return err
}

// search finds by the beginning of an address: at most ten users in one app.
func search(ctx context.Context, c *client) error {
	n := c.someone()
	a, text := c.w.people.app(n), email(n)
	_, err := c.page(ctx, "/users/"+a.id.String()+"?limit=50&q="+url.QueryEscape(text[:len("user-000000")]), a.key)
	return err
}

func byKey(ctx context.Context, c *client) error {
	n := c.someone()
	a := c.w.people.app(n)
	return c.send(ctx, "GET", "/users/"+a.id.String()+"/"+c.w.people.id("user", n).String(), a.key, "", 200, nil)
}
