package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"time"
)

// client sends requests to one child. It is safe for concurrent use.
type client struct {
	base   string
	direct http.Handler // in this process, in place of a child
	header http.Header  // sent with each request
}

// transport keeps connections for as many workers as any case has.
var transport = &http.Transport{MaxIdleConnsPerHost: 256}

// web has a time limit beyond every one of authkit's own.
var web = &http.Client{Transport: transport, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func newClient(base string) *client { return &client{base: base} }

// with returns a client that sends one header more.
func (c *client) with(name, value string) *client {
	header := c.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set(name, value)
	return &client{c.base, c.direct, header}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// fields are the members of any JSON answer that a case reads.
type fields struct {
	Code         string `json:"code"` // of an error
	Token        string `json:"token"`
	RefreshToken string `json:"refresh_token"`
	Binding      string `json:"binding"`
	RedirectURL  string `json:"redirect_url"`
	State        string `json:"state"`
	ID           string `json:"id"`
	AppID        string `json:"app_id"`
	APIKey       string `json:"api_key"` // of a new app
	Key          string `json:"key"`     // one that is made later
	User         struct {
		ID    string `json:"user_id"`
		Email string `json:"email"`
	} `json:"user"`
}

func (a answer) fields() fields {
	var f fields
	_ = json.Unmarshal(a.body, &f) // an answer without them leaves them empty
	return f
}

// ok reports whether the answer says that it was done.
func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

func (a answer) String() string {
	return fmt.Sprintf("%d %s", a.status, bytes.TrimSpace(a.body[:min(len(a.body), 300)]))
}

func (c *client) get(ctx context.Context, path string) (answer, error) {
	return c.do(ctx, http.MethodGet, path, nil)
}

// post sends v as JSON; nil is an empty body.
func (c *client) post(ctx context.Context, path string, v any) (answer, error) {
	return c.do(ctx, http.MethodPost, path, v)
}

func (c *client) do(ctx context.Context, method, path string, v any) (answer, error) {
	var body io.Reader
	if v != nil {
		text, err := json.Marshal(v)
		if err != nil {
			return answer{}, err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return answer{}, err
	}
	maps.Copy(r.Header, c.header)
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
	}
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "application/json")
	}
	if c.direct != nil {
		w := httptest.NewRecorder()
		c.direct.ServeHTTP(w, r)
		return answer{w.Code, w.Header(), w.Body.Bytes()}, nil
	}
	res, err := web.Do(r)
	if err != nil {
		return answer{}, err
	}
	text, err := io.ReadAll(res.Body)
	if closed := res.Body.Close(); err == nil {
		err = closed
	}
	return answer{res.StatusCode, res.Header, text}, err
}
