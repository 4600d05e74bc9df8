package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestServe runs the program on each store, from the first developer to mail and a shutdown.
func TestServe(t *testing.T) {
	t.Parallel()
	stores := durable()
	stores["memory"] = func(*testing.T) string { return "memory" }
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := newLines()
			args := []string{"--store", open(t), "--secret-file", filepath.Join(t.TempDir(), "secret"), "--developer", developerEmail + ":" + password}
			p := start(t, box, args...)
			app, key := p.createApp(p.developer())
			ann := p.credentials(app, "ann@example.com", "sign_up").want(t, 201, "").string("token")
			p.me(app, ann).want(t, 200, "")
			signInByLink(t, p, box, app, "bob@example.com")
			got := p.send("GET", "/users/"+app, "", bearer(key)).want(t, 200, "")
			if users := got.body["users"].([]any); len(users) != 2 {
				t.Errorf("users: got %s, want two", got.text)
			}
			endInFlight(t, p, app)
			if name == "memory" {
				return
			}
			p = start(t, box, args...)
			p.credentials(app, "ann@example.com", "sign_in").want(t, 200, "")
			p.send("GET", "/users/"+app, "", bearer(key)).want(t, 200, "")
		})
	}
}

func signInByLink(t *testing.T, p *process, box *lines, app, email string) {
	t.Helper()
	mail, pending := p.mailed(box, app, email, "")
	if got := pending.body["expires_in"]; got != 600.0 || pending.string("binding") == "" {
		t.Errorf("pending: got %s", pending.text)
	}
	page := p.send("GET", "/auth/verify/"+app+"?token="+mail.token, "").want(t, 200, "")
	if !strings.Contains(page.text, `<button type="submit"`) {
		t.Errorf("page: got %s, want one with a button", page.text)
	}
	body := `{"token":"` + mail.token + `"}`
	got := p.send("POST", "/auth/verify/"+app, body).want(t, 200, "")
	p.me(app, got.string("token")).want(t, 200, "")
	p.send("POST", "/auth/verify/"+app, body).want(t, 401, "invalid_token")
}

// endInFlight sends SIGTERM while the server reads the body of a request. The request is
// answered, and the exit status is 0.
func endInFlight(t *testing.T, p *process, app string) {
	t.Helper()
	body := `{"email":"ann@example.com","password":"` + password + `"}`
	conn, in := p.begin("/auth/credentials/"+app, len(body))
	p.signal()
	p.line(p.stderr, `"msg":"stopping"`)
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadResponse(in, nil)
	if err != nil || got.StatusCode != http.StatusOK {
		t.Fatalf("answer in flight: got %v, %v, want 200", got, err)
	}
	_ = got.Body.Close()
	p.end()
}

// begin sends the head of a POST and waits until the server asks for its body (RFC 9110,
// section 10.1.1). Then the request is in flight.
func (p *process) begin(path string, length int) (net.Conn, *bufio.Reader) {
	p.t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(p.t.Context(), "tcp", p.addr)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", p.prefix+path, p.addr, length)
	in := bufio.NewReader(conn)
	if err == nil {
		for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
			if got, err := in.ReadString('\n'); err != nil || got != want {
				p.t.Fatalf("interim answer: got %q, %v, want %q", got, err, want)
			}
		}
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return conn, in
}

func TestARequestThatHangsDoesNotHoldTheEnd(t *testing.T) {
	t.Parallel()
	p := start(t, newLines(), "--store", "memory")
	p.begin("/auth/credentials/console", 100)
	p.stop()
	p.line(p.stderr, `"level":"WARN","msg":"requests in flight are cut"`)
}

func TestServeUnderASubpath(t *testing.T) {
	t.Parallel()
	box := newLines()
	p := start(t, box, "--store", "memory", "--base-url", "http://localhost:9999/some/auth",
		"--developer", "@"+write(t, developerEmail+":"+password+"\n"), "--rate-limits=off", "--clock-offset=-1h", "--allow-http-loopback-providers")
	for _, loud := range []string{"RATE LIMITS ARE OFF: for tests only", "THE CLOCK IS MOVED: for tests only", "OAUTH ISSUERS MAY BE ON LOOPBACK: for tests only"} {
		p.line(p.stderr, `"level":"WARN","msg":"`+loud+`"`)
	}
	app, _ := p.createApp(p.developer())
	p.mailed(box, app, "ann@example.com", "")
	mails, _ := box.read()
	if want := "\nhttp://localhost:9999/some/auth/auth/verify/" + app + "?token="; !strings.Contains(mails[0], want) {
		t.Errorf("mail: got %s, want the link %s", mails[0], want)
	}
	issuer := p.send("GET", "/apps/"+app+"/.well-known/openid-configuration", "").want(t, 200, "").string("issuer")
	if want := "http://localhost:9999/some/auth/apps/" + app; issuer != want {
		t.Errorf("issuer: got %q, want %q", issuer, want)
	}
	p.send("GET", "/healthz", "").want(t, 200, "")
	p.prefix = ""
	for _, path := range []string{"/", "/healthz", "/some", "/some/auth", "/some/authhealthz", "/some/auth//healthz", "/some%2Fauth/healthz"} {
		got := p.send("GET", path, "").want(t, 404, "not_found")
		if got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: got %s", path, got.header.Get("Content-Type"))
		}
	}
}

// TestAPlainQuestionToTheServerItself sends OPTIONS *, which net/http answers by itself unless
// that is switched off, without the headers of every answer.
func TestAPlainQuestionToTheServerItself(t *testing.T) {
	t.Parallel()
	p := start(t, newLines(), "--store", "memory")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, "http://"+p.addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.URL.Opaque = "*"
	got, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusNotFound || got.Header.Get("X-Request-ID") == "" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("OPTIONS *: got %d and headers %v, want 404 and those of every answer", got.StatusCode, got.Header)
	}
}

// TestTheDeveloperOfACommandMayCreateApps creates a developer while the server runs.
func TestTheDeveloperOfACommandMayCreateApps(t *testing.T) {
	t.Parallel()
	everyDurable(t, func(t *testing.T, open func(*testing.T) string) {
		place := []string{"--store", open(t), "--secret-file", filepath.Join(t.TempDir(), "secret")}
		p := start(t, newLines(), place...)
		cmd := exec.Command("authkit", append([]string{"developer", "create", developerEmail}, place...)...)
		cmd.Env = []string{"GORACE=atexit_sleep_ms=0"}
		cmd.Stdin = strings.NewReader(password)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("developer create: got %v, %s", err, out)
		}
		p.createApp(p.developer())
	})
}

// TestADeveloperWhoExistsKeepsThePassword starts the program twice, with different passwords.
func TestADeveloperWhoExistsKeepsThePassword(t *testing.T) {
	t.Parallel()
	const said, other = `"msg":"the developer exists already; the password is left as it was","developer":"` + developerEmail + `"`, "quite another passphrase"
	place := []string{"--store", "sqlite:" + filepath.Join(t.TempDir(), "auth.db"), "--secret-file", filepath.Join(t.TempDir(), "secret")}
	p := start(t, newLines(), append(place, "--developer", developerEmail+":"+password)...)
	p.stop()
	if all, _ := p.stderr.read(); strings.Contains(strings.Join(all, "\n"), said) {
		t.Errorf("log of the first start: got %q, want no line about one who exists", all)
	}
	p = start(t, newLines(), append(place, "--developer", developerEmail+":"+other)...)
	p.line(p.stderr, `"level":"INFO",`+said)
	p.developer()
	p.send("POST", "/auth/credentials/console", `{"email":"`+developerEmail+`","password":"`+other+`"}`).want(t, 401, "invalid_credentials")
	p.stop()
	all, _ := p.stderr.read()
	if text := strings.Join(all, "\n"); strings.Contains(text, other) || strings.Contains(text, password) || strings.Count(text, said) != 1 {
		t.Errorf("log: got %s, want one line, and no password", text)
	}
}

func TestConsoleSignup(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args   []string
		status int
		code   string
	}{
		"is closed":              {nil, 403, "signup_disabled"},
		"is opened by its flag":  {[]string{"--console-signup"}, 201, ""},
		"is opened by its value": {[]string{"--console-signup=true"}, 201, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, newLines(), append([]string{"--store", "memory"}, c.args...)...)
			p.credentials("console", "new@example.com", "sign_up").want(t, c.status, c.code)
		})
	}
}

// Session cookies of all apps live on the base URL's origin. With open sign-up of developers,
// they may not choose session cookies unless the operator allows it.
func TestDeveloperCookies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args   []string
		status int
		code   string
	}{
		"are the developers' to choose":          {nil, 200, ""},
		"are not with open sign-up":              {[]string{"--console-signup"}, 403, "forbidden"},
		"are even there, by the flag":            {[]string{"--console-signup", "--developer-cookies"}, 200, ""},
		"are not where the operator says so":     {[]string{"--no-developer-cookies"}, 403, "forbidden"},
		"are not where the flag's value says so": {[]string{"--developer-cookies=false"}, 403, "forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, newLines(), append([]string{"--store", "memory", "--developer", developerEmail + ":" + password}, c.args...)...)
			dev := p.developer()
			app, _ := p.createApp(dev)
			p.send("PATCH", "/apps/"+app, `{"session_mode":"cookie"}`, bearer(dev)).want(t, c.status, c.code)
		})
	}
}

// A person who opens the address of the server finds the page on which developers sign in, and stays
// signed in by a cookie.
func TestAPersonFindsTheSignInPage(t *testing.T) {
	t.Parallel()
	for name, base := range map[string]string{"at the root": "", "under a subpath": "/some/auth"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, newLines(), "--store", "memory", "--base-url", "http://localhost:9999"+base)
			p.prefix = ""
			got := p.send("GET", "/", "", "Accept: text/html").want(t, 303, "")
			to := got.header.Get("Location")
			if want := base + "/auth/sign-in/console?session=cookie"; to != want {
				t.Fatalf("Location: got %q, want %q", to, want)
			}
			if page := p.send("GET", to, "", "Accept: text/html").want(t, 200, ""); !strings.Contains(page.text, `autocomplete="username webauthn"`) {
				t.Errorf("page: got %s, want a form to sign in", page.text)
			}
			p.send("GET", "/", "", "Accept: application/json").want(t, 404, "not_found")
			p.send("POST", "/", "", "Accept: text/html").want(t, 404, "")
		})
	}
}
