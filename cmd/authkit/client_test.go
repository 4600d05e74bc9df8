package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	developerEmail = "dev@example.com"
	password       = "a long enough passphrase"
)

// answer is the answer to a request, decoded if it is JSON.
type answer struct {
	asked  string // method and path
	status int
	header http.Header
	text   string
	body   map[string]any
}

// want checks the status and, if one is given, the code.
func (a answer) want(t *testing.T, status int, code string) answer {
	t.Helper()
	if got, _ := a.body["code"].(string); a.status != status || (code != "" && got != code) {
		t.Fatalf("%s: got %d %s, want %d %s\n%s", a.asked, a.status, got, status, code, a.text)
	}
	return a
}

func (a answer) string(name string) string { s, _ := a.body[name].(string); return s }

// client follows no redirect and keeps no cookie.
var client = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 32},
	Timeout:       patience,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// send makes a request; headers come as "Name: value".
func (p *process) send(method, path, body string, headers ...string) answer {
	p.t.Helper()
	got, err := p.try(method, path, body, headers...)
	if err != nil {
		p.t.Errorf("%s: got %v", got.asked, err)
	}
	return got
}

// try is send for a process that may have ended. It repeats a request that the process refuses
// because it is busy, as clients should.
func (p *process) try(method, path, body string, headers ...string) (answer, error) {
	for {
		got, err := p.tryOnce(method, path, body, headers)
		if err != nil || got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
			return got, err
		}
	}
}

func (p *process) tryOnce(method, path, body string, headers []string) (answer, error) {
	out := answer{asked: method + " " + path}
	r, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.addr+p.prefix+path, strings.NewReader(body))
	if err != nil {
		return out, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	got, err := client.Do(r)
	if err != nil {
		return out, err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	out.status, out.header, out.text = got.StatusCode, got.Header, string(text)
	if err == nil && strings.Contains(got.Header.Get("Content-Type"), "json") {
		err = json.Unmarshal(text, &out.body)
	}
	if err != nil {
		err = fmt.Errorf("%w in %q", err, text)
	}
	return out, err
}

func bearer(token string) string { return "Authorization: Bearer " + token }

// credentials signs in or up with the password of these tests.
func (p *process) credentials(app, email, intent string) answer {
	p.t.Helper()
	return p.send("POST", "/auth/credentials/"+app, `{"email":"`+email+`","password":"`+password+`","intent":"`+intent+`"}`)
}

func (p *process) me(app, token string) answer {
	p.t.Helper()
	return p.send("GET", "/auth/me/"+app, "", bearer(token))
}

// developer signs in as the developer that --developer created.
func (p *process) developer() (token string) {
	p.t.Helper()
	return p.credentials("console", developerEmail, "sign_in").want(p.t, 200, "").string("token")
}

func (p *process) createApp(developer string) (app, key string) {
	p.t.Helper()
	got := p.send("POST", "/apps/", `{"name":"Demo"}`, bearer(developer)).want(p.t, 201, "")
	return got.string("app_id"), got.string("api_key")
}

// letter is the link and the code of a mail.
type letter struct{ token, code string }

// mailed asks for a link, and waits until one of the processes has sent it.
func (p *process) mailed(box *lines, app, email, extra string) (letter, answer) {
	p.t.Helper()
	re := regexp.MustCompile(`(?s)\nTo: ` + strconv.Quote(email) + `\n.*/auth/verify/` + app + `\?token=(\S+)\n.*code: ([0-9]{6})\n`)
	matching := func(all []string) (found [][]string) {
		for _, mail := range all {
			if m := re.FindStringSubmatch(mail); m != nil {
				found = append(found, m)
			}
		}
		return found
	}
	all, _ := box.read()
	before := len(matching(all))
	pending := p.send("POST", "/auth/magic-link/"+app, `{"email":"`+email+`"`+extra+`}`).want(p.t, 202, "")
	m := box.wait(p.t, "mail to "+email, nil, func(all []string) []string {
		if found := matching(all); len(found) > before {
			return found[before]
		}
		return nil
	})
	return letter{token: m[1], code: m[2]}, pending
}

// race runs n calls at once and counts their statuses.
func race(n int, call func(i int) answer) map[int]int {
	statuses := map[int]int{}
	for _, got := range at(n, call) {
		statuses[got.status]++
	}
	return statuses
}

// at runs n calls at once.
func at(n int, call func(i int) answer) []answer {
	out := make([]answer, n)
	gun := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { <-gun; out[i] = call(i) })
	}
	close(gun)
	all.Wait()
	return out
}
