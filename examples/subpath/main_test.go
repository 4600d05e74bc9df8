package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// start runs the program and returns its URL, its app, and the rest of its output.
func start(t *testing.T) (base, app string, output *bufio.Scanner) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var running sync.WaitGroup
	running.Go(func() {
		if err := run(ctx, "localhost:0", in); err != nil {
			t.Errorf("run: got %v, want nil", err)
		}
		_ = in.Close()
	})
	t.Cleanup(func() {
		cancel()
		_ = out.Close()
		running.Wait()
	})
	output = bufio.NewScanner(out)
	m := printed(t, output, `^curl -s (http://localhost:[0-9]+)/account/auth/credentials/([0-9a-f-]{36}) `)
	return m[1], m[2], output
}

// printed reads the output up to a line that matches, and returns its groups.
func printed(t *testing.T, output *bufio.Scanner, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for output.Scan() {
		if m := re.FindStringSubmatch(output.Text()); m != nil {
			return m
		}
	}
	t.Fatalf("output: got no line that matches %s", pattern)
	return nil
}

func send(t *testing.T, method, url, body, token string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	b, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got.StatusCode, string(b)
}

func TestTheShop(t *testing.T) {
	t.Parallel()
	base, app, output := start(t)
	status, text := send(t, "POST", base+"/account/auth/credentials/"+app, `{"email":"ann@example.com","password":"correct horse battery"}`, "")
	var in struct {
		Token string `json:"token"`
		User  struct {
			ID string `json:"user_id"`
		} `json:"user"`
	}
	if err := json.Unmarshal([]byte(text), &in); err != nil || status != 201 || in.Token == "" {
		t.Fatalf("sign-up: got %d %s, %v, want 201 with a token", status, text, err)
	}
	for name, c := range map[string]struct {
		path, token string
		status      int
		want        string
	}{
		"the front page is public":               {"/", "", 200, "welcome to the shop\n"},
		"a stranger is greeted":                  {"/hello", "", 200, "hello, stranger\n"},
		"a user is greeted as one":               {"/hello", in.Token, 200, "hello, user " + in.User.ID + "\n"},
		"an invalid token is refused even there": {"/hello", "nonsense", 401, `"code":"invalid_token"`},
		"a user sees orders":                     {"/orders", in.Token, 200, "orders of user " + in.User.ID + ": none yet\n"},
		"a stranger does not":                    {"/orders", "", 401, `"code":"unauthenticated"`},
		"authkit answers under its mount point":  {"/account/auth/me/" + app, in.Token, 200, `"email":"ann@example.com"`},
		"and nowhere else":                       {"/auth/me/" + app, in.Token, 404, "404 page not found\n"},
	} {
		t.Run(name, func(t *testing.T) {
			status, text := send(t, "GET", base+c.path, "", c.token)
			if status != c.status || !strings.Contains(text, c.want) {
				t.Errorf("GET %s: got %d %s, want %d %s", c.path, status, text, c.status, c.want)
			}
		})
	}
	t.Run("links in mails hold the mount point", func(t *testing.T) {
		if status, text := send(t, "POST", base+"/account/auth/magic-link/"+app, `{"email":"bob@example.com"}`, ""); status != 202 {
			t.Fatalf("link: got %d %s, want 202", status, text)
		}
		printed(t, output, `^To: "bob@example\.com"$`) // the sign-up of Ann mailed a link, too
		link := printed(t, output, `^(http\S+token=\S+)$`)[1]
		if !strings.HasPrefix(link, base+"/account/auth/verify/"+app+"?token=") {
			t.Errorf("link: got %s", link)
		}
		if status, text := send(t, "GET", link, "", ""); status != 200 || !strings.Contains(text, "Sign in to Shop") {
			t.Errorf("page: got %d %s, want one to sign in to Shop", status, text)
		}
	})
}
