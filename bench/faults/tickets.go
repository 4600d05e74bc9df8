package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/authkit-dev/authkit/bench/faults/network"
	"github.com/authkit-dev/authkit/mail"
)

// ticketOffice makes things that may be used once, in an app with a provider and a redirect URL.
type ticketOffice struct {
	w   *world
	app app
}

// ticketKind is a kind of such things.
type ticketKind struct {
	name string

	// make makes one, by a process, and returns the request that uses it.
	make func(t *ticketOffice, ctx context.Context, d *client) (probe, error)

	// repeats: a used one gets the answer of its first use again for a while, since answers are
	// lost. Otherwise it is refused.
	repeats bool
}

func ticketKinds() []ticketKind {
	return []ticketKind{
		{name: "link", make: (*ticketOffice).link},
		{name: "code", make: (*ticketOffice).code},
		{name: "reset", make: (*ticketOffice).reset},
		{name: "OAuth state", make: (*ticketOffice).oauthState},
		{name: "one-time code", make: (*ticketOffice).oneTimeCode, repeats: true},
		{name: "refresh token", make: (*ticketOffice).refresh, repeats: true},
	}
}

const (
	provider = "corp"
	goal     = "http://127.0.0.1:1/signed-in"
)

func newTicketOffice(ctx context.Context, w *world, c *child) (*ticketOffice, error) {
	a, err := c.newApp(ctx, w.name("tickets"))
	if err != nil {
		return nil, err
	}
	issuer, stop, err := network.StartIssuer(ctx)
	if err != nil {
		return nil, err
	}
	w.atEnd(func() error { stop(); return nil })
	d := c.client().with(developerHeader, a.developer)
	got, err := d.post(ctx, "/apps/"+a.id+"/oauth-configs", map[string]any{
		"provider": provider, "client_id": network.ClientID, "client_secret": "unchecked", "issuer": issuer, "trust_email": true,
	})
	if err != nil || !got.ok() {
		return nil, fmt.Errorf("configure the provider: got %v, %w", got, err)
	}
	got, err = d.do(ctx, http.MethodPatch, "/apps/"+a.id, map[string]any{"redirect_urls": []string{goal}})
	if err != nil || !got.ok() {
		return nil, fmt.Errorf("register the redirect URL: got %v, %w", got, err)
	}
	return &ticketOffice{w, a}, nil
}

func (t *ticketOffice) address() string { return t.w.name("user") + "@example.com" }

// ask sends a request that has to succeed.
func (t *ticketOffice) ask(ctx context.Context, d *client, path string, body map[string]string) (answer, error) {
	p := probe{what: path, path: path + "/" + t.app.id, body: body}
	a, err := p.send(ctx, d)
	if err == nil && !a.ok() {
		err = unexpected(p, a)
	}
	return a, err
}

// mailed asks for a mail.
func (t *ticketOffice) mailed(ctx context.Context, d *client, path, email string) (answer, mail.Message, error) {
	a, err := t.ask(ctx, d, path, map[string]string{"email": email})
	if err != nil {
		return a, mail.Message{}, err
	}
	m, err := t.w.post.take(ctx, email, 0, mailPatience)
	return a, m, err
}

func (t *ticketOffice) link(ctx context.Context, d *client) (probe, error) {
	_, m, err := t.mailed(ctx, d, "/auth/magic-link", t.address())
	return probe{path: "/auth/verify/" + t.app.id, body: map[string]string{"token": linkToken(mail.Link(m))}}, err
}

func (t *ticketOffice) code(ctx context.Context, d *client) (probe, error) {
	email := t.address()
	a, m, err := t.mailed(ctx, d, "/auth/magic-link", email)
	return probe{path: "/auth/verify/" + t.app.id, body: map[string]string{"email": email, "code": mail.Code(m), "binding": a.fields().Binding}}, err
}

func (t *ticketOffice) signUp(ctx context.Context, d *client, email string) (answer, error) {
	return t.ask(ctx, d, "/auth/credentials", map[string]string{"email": email, "password": password(), "intent": "sign_up"})
}

func (t *ticketOffice) reset(ctx context.Context, d *client) (probe, error) {
	email := t.address()
	if _, err := t.signUp(ctx, d, email); err != nil {
		return probe{}, err
	}
	_, m, err := t.mailed(ctx, d, "/auth/password/forgot", email)
	return probe{path: "/auth/password/reset/" + t.app.id, body: map[string]string{"token": linkToken(mail.Link(m)), "password": password()}}, err
}

func (t *ticketOffice) refresh(ctx context.Context, d *client) (probe, error) {
	a, err := t.signUp(ctx, d, t.address())
	return probe{path: "/auth/refresh/" + t.app.id, body: map[string]string{"refresh_token": a.fields().RefreshToken}}, err
}

func (t *ticketOffice) oauthState(ctx context.Context, d *client) (probe, error) {
	a, err := d.get(ctx, "/auth/"+provider+"/"+t.app.id)
	if err != nil || !a.ok() {
		return probe{}, fmt.Errorf("begin at the provider: got %v, %w", a, err)
	}
	back, err := t.visit(ctx, a.fields().RedirectURL)
	q := back.Query()
	return probe{path: "/auth/callback/" + provider + "/" + t.app.id, body: map[string]string{
		"code": q.Get("code"), "state": q.Get("state"), "iss": q.Get("iss"), "binding": a.fields().Binding,
	}}, err
}

// visit is what a browser does at the provider.
func (t *ticketOffice) visit(ctx context.Context, to string) (*url.URL, error) {
	a, err := newClient("").get(ctx, to+"&login_hint="+url.QueryEscape(t.address()))
	if err != nil {
		return &url.URL{}, err
	}
	return url.Parse(a.header.Get("Location"))
}

// oneTimeCode signs in at the provider as a browser does, and is sent on with a code.
func (t *ticketOffice) oneTimeCode(ctx context.Context, d *client) (probe, error) {
	verifier := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{"redirect_to": {goal}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}}
	browser := d.with("Accept", "text/html")
	a, err := browser.get(ctx, "/auth/"+provider+"/"+t.app.id+"?"+q.Encode())
	if err != nil {
		return probe{}, err
	}
	back, err := t.visit(ctx, a.header.Get("Location"))
	if err != nil {
		return probe{}, err
	}
	var cookies []string
	for _, set := range a.header.Values("Set-Cookie") {
		cookie, _, _ := strings.Cut(set, ";")
		cookies = append(cookies, cookie)
	}
	a, err = browser.with("Cookie", strings.Join(cookies, "; ")).get(ctx, back.RequestURI())
	if err != nil {
		return probe{}, err
	}
	landed, err := url.Parse(a.header.Get("Location"))
	if err != nil || landed.Query().Get("code") == "" {
		return probe{}, fmt.Errorf("come back from the provider: got %v, %w", a, err)
	}
	return probe{path: "/auth/token/" + t.app.id, body: map[string]string{"code": landed.Query().Get("code"), "code_verifier": verifier}}, nil
}
