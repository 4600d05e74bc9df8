package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const goal = "https://client.example/done"

// pair is two processes over one store, with an app.
type pair struct {
	t                   *testing.T
	box                 *lines
	both                [2]*process
	developer, app, key string
}

// everyDurable runs a test on each store that two processes can share.
func everyDurable(t *testing.T, test func(t *testing.T, open func(*testing.T) string)) {
	t.Helper()
	for name, open := range durable() {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, open) })
	}
}

// sharing returns the flags of processes that together are one server.
func sharing(t *testing.T, store string) []string {
	t.Helper()
	return []string{
		"--store", store, "--secret-file", filepath.Join(t.TempDir(), "secret"), "--base-url", "http://127.0.0.1:8080/auth",
		"--developer", developerEmail + ":" + password, "--rate-limits=off", "--allow-http-loopback-providers",
	}
}

func newPair(t *testing.T, store string) *pair {
	t.Helper()
	p := &pair{t: t, box: newLines()}
	flags := sharing(t, store)
	for i := range p.both {
		p.both[i] = start(t, p.box, flags...)
	}
	p.developer = p.both[0].developer()
	p.app, p.key = p.both[1].createApp(p.developer)
	return p
}

// change changes the app on one process.
func (p *pair) change(i int, settings string) {
	p.t.Helper()
	p.both[i].send("PATCH", "/apps/"+p.app, settings, bearer(p.developer)).want(p.t, 200, "")
}

// sixteen sends one request eight times to each process, all at once.
func (p *pair) sixteen(path, body string, headers ...string) map[int]int {
	return race(16, func(i int) answer { return p.both[i%2].send("POST", path, body, headers...) })
}

func check(t *testing.T, got, want map[int]int) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("statuses: got %v, want %v", got, want)
	}
}

// TestWhatMayBeUsedOnce sends sixteen requests, eight to each process. One of them wins.
func TestWhatMayBeUsedOnce(t *testing.T) {
	t.Parallel()
	once := map[int]int{200: 1, 401: 15}
	everyDurable(t, func(t *testing.T, open func(*testing.T) string) {
		p := newPair(t, open(t))
		verify := "/auth/verify/" + p.app
		t.Run("a link", func(t *testing.T) {
			mail, _ := p.both[0].mailed(p.box, p.app, "link@example.com", "")
			check(t, p.sixteen(verify, `{"token":"`+mail.token+`"}`), once)
		})
		t.Run("a six-digit code", func(t *testing.T) {
			mail, pending := p.both[1].mailed(p.box, p.app, "code@example.com", "")
			check(t, p.sixteen(verify, fmt.Sprintf(`{"email":"code@example.com","code":%q,"binding":%q}`, mail.code, pending.string("binding"))), once)
		})
		t.Run("a link and the code beside it", func(t *testing.T) {
			mail, pending := p.both[0].mailed(p.box, p.app, "either@example.com", "")
			bodies := []string{
				`{"token":"` + mail.token + `"}`,
				fmt.Sprintf(`{"email":"either@example.com","code":%q,"binding":%q}`, mail.code, pending.string("binding")),
			}
			check(t, race(16, func(i int) answer { return p.both[i%2].send("POST", verify, bodies[i/2%2]) }), once)
		})
		t.Run("an OAuth state", func(t *testing.T) {
			corp := newIssuer(t)
			corp.configure(t, p.both[0], p.developer, p.app)
			state, binding := corp.begin(t, p.both[1], p.app)
			check(t, p.sixteen("/auth/callback/corp/"+p.app, fmt.Sprintf(`{"code":"good","state":%q,"binding":%q}`, state, binding)), once)
		})
		t.Run("a one-time code", func(t *testing.T) {
			p.change(0, `{"redirect_urls":["`+goal+`"]}`)
			for range 10 {
				code, verifier := p.handedOver(t, "handover@example.com")
				// Within ten seconds each gets the same answer, as tests of the root show.
				check(t, p.sixteen("/auth/token/"+p.app, fmt.Sprintf(`{"code":%q,"code_verifier":%q}`, code, verifier)), map[int]int{200: 16})
			}
		})
	})
}

var formToken = regexp.MustCompile(`name="form_token" value="([^"]+)"`)

var refresh = regexp.MustCompile(`http-equiv="refresh" content="0;url=([^"]+)"`)

// goesTo returns the URL that a page goes on to by itself.
func goesTo(page string) string {
	m := refresh.FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// handedOver presses the button behind a link, one step at each process, and returns the
// one-time code that the browser takes to the redirect URL.
func (p *pair) handedOver(t *testing.T, email string) (code, verifier string) {
	t.Helper()
	verifier = strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	mail, pending := p.both[0].mailed(p.box, p.app, email, fmt.Sprintf(`,"redirect_to":%q,"code_challenge":%q`, goal, base64.RawURLEncoding.EncodeToString(sum[:])))
	cookie, _, _ := strings.Cut(pending.header.Get("Set-Cookie"), ";")
	page := p.both[1].send("GET", "/auth/verify/"+p.app+"?token="+mail.token, "", "Cookie: "+cookie).want(t, 200, "")
	m := formToken.FindStringSubmatch(page.text)
	if m == nil {
		t.Fatalf("page: got %s, want a form token", page.text)
	}
	form := url.Values{"token": {mail.token}, "form_token": {m[1]}}.Encode()
	pressed := p.both[0].send("POST", "/auth/verify/"+p.app, form, "Content-Type: application/x-www-form-urlencoded", "Cookie: "+cookie).want(t, 200, "")
	to, err := url.Parse(goesTo(pressed.text))
	if err != nil || !strings.HasPrefix(to.String(), goal+"?") {
		t.Fatalf("goes on to: got %q, %v, want %s", to, err, goal)
	}
	return to.Query().Get("code"), verifier
}

func TestSixteenSignUpsOfOneAddress(t *testing.T) {
	t.Parallel()
	everyDurable(t, func(t *testing.T, open func(*testing.T) string) {
		p := newPair(t, open(t))
		got := race(16, func(i int) answer { return p.both[i%2].credentials(p.app, "ann@example.com", "sign_up") })
		check(t, got, map[int]int{201: 1, 409: 15})
	})
}

func TestSixteenRotationsLeaveOneKey(t *testing.T) {
	t.Parallel()
	everyDurable(t, func(t *testing.T, open func(*testing.T) string) {
		p := newPair(t, open(t))
		keys := at(16, func(i int) answer {
			return p.both[i%2].send("POST", "/apps/"+p.app+"/api-keys", `{}`, bearer(p.developer))
		})
		for i, process := range p.both {
			process.send("GET", "/users/"+p.app, "", bearer(p.key)).want(t, 401, "invalid_api_key")
			works := map[int]int{}
			for _, key := range keys {
				works[process.send("GET", "/users/"+p.app, "", bearer(key.want(t, 201, "").string("key"))).status]++
			}
			if !maps.Equal(works, map[int]int{200: 1, 401: 15}) {
				t.Errorf("process %d: got %v, want one key that works", i, works)
			}
		}
	})
}

// TestSixteenRefreshesAnswerOneSuccessor refreshes at two processes at once, as two tabs do.
func TestSixteenRefreshesAnswerOneSuccessor(t *testing.T) {
	t.Parallel()
	everyDurable(t, func(t *testing.T, open func(*testing.T) string) {
		p := newPair(t, open(t))
		token := p.both[0].credentials(p.app, "ann@example.com", "sign_up").want(t, 201, "").string("refresh_token")
		successors := map[string]int{}
		for _, got := range at(16, func(i int) answer {
			return p.both[i%2].send("POST", "/auth/refresh/"+p.app, `{"refresh_token":"`+token+`"}`)
		}) {
			successors[got.want(t, 200, "").string("refresh_token")]++
		}
		if len(successors) != 1 || successors[token] != 0 {
			t.Errorf("successors: got %d of them, want one that is new", len(successors))
		}
		for next := range successors {
			for _, process := range p.both {
				process.me(p.app, process.send("POST", "/auth/refresh/"+p.app, `{"refresh_token":"`+next+`"}`).want(t, 200, "").string("token")).want(t, 200, "")
			}
		}
	})
}

// TestAResetLeavesNoSessionBehind races sign-ins with a password that an attacker set for the
// address of another person against the link that proves the address. The reset ends the
// session of a sign-in that is over before the link is redeemed, and refuses a sign-in that
// still hashes. In no order does a session survive.
func TestAResetLeavesNoSessionBehind(t *testing.T) {
	t.Parallel()
	const rounds = 20
	everyDurable(t, func(t *testing.T, open func(*testing.T) string) {
		p := newPair(t, open(t))
		outcomes := map[int]int{}
		for round := range rounds {
			for status, n := range p.resetRound(t, fmt.Sprintf("r%d@example.com", round), round%2 == 0) {
				outcomes[status] += n
			}
		}
		// Half of the rounds wait for the first sign-in, so that both orders occur.
		if outcomes[200] < rounds/2 || outcomes[401] == 0 || outcomes[200]+outcomes[401] != 4*rounds {
			t.Errorf("sign-ins: got %v, want both orders and nothing else", outcomes)
		}
	})
}

// resetRound returns the statuses of four sign-ins that run beside the redemption of a link,
// which begins at once or after the first of them.
func (p *pair) resetRound(t *testing.T, email string, atOnce bool) map[int]int {
	t.Helper()
	first := p.both[0].credentials(p.app, email, "sign_up").want(t, 201, "").string("token")
	mail, _ := p.both[1].mailed(p.box, p.app, email, "")
	over := make(chan struct{}, 5)
	if atOnce {
		over <- struct{}{}
	}
	got := at(5, func(i int) answer {
		if i < 4 {
			defer func() { over <- struct{}{} }()
			return p.both[i%2].credentials(p.app, email, "sign_in")
		}
		<-over
		return p.both[1].send("POST", "/auth/verify/"+p.app, `{"token":"`+mail.token+`"}`)
	})
	owner := got[4].want(t, 200, "")
	statuses := map[int]int{}
	for i, process := range p.both {
		process.me(p.app, first).want(t, 401, "invalid_token")
		user := process.me(p.app, owner.string("token")).want(t, 200, "")
		if user.body["email_verified"] != true {
			t.Errorf("owner: got %s, want a verified address", user.text)
		}
		for _, in := range got[:4] {
			if in.status == 200 {
				process.me(p.app, in.string("token")).want(t, 401, "invalid_token")
			}
			statuses[in.status] += i // once
		}
	}
	p.both[0].credentials(p.app, email, "sign_in").want(t, 401, "invalid_credentials")
	return statuses
}

func TestSettingsAreInEffectOnTheOtherProcessAtOnce(t *testing.T) {
	t.Parallel()
	everyDurable(t, func(t *testing.T, open func(*testing.T) string) {
		p := newPair(t, open(t))
		for round := range 10 {
			here, there := round%2, 1-round%2
			p.change(here, `{"signup":"closed"}`)
			p.both[there].credentials(p.app, "ann@example.com", "sign_up").want(t, 403, "signup_disabled")
			p.change(here, `{"signup":"open"}`)
			p.both[there].credentials(p.app, fmt.Sprintf("u%d@example.com", round), "sign_up").want(t, 201, "")
		}
		t.Run("a redirect URL", func(t *testing.T) {
			ask := func(status int) {
				t.Helper()
				p.both[1].send("POST", "/auth/magic-link/"+p.app, `{"email":"ann@example.com","redirect_to":"`+goal+`","code_challenge":"`+strings.Repeat("A", 43)+`"}`).want(t, status, "")
			}
			ask(400)
			p.change(0, `{"redirect_urls":["`+goal+`"]}`)
			ask(202)
			p.change(0, `{"redirect_urls":[]}`)
			ask(400)
		})
		t.Run("a provider", func(t *testing.T) {
			corp := newIssuer(t)
			begin := func(status int) {
				t.Helper()
				p.both[1].send("GET", "/auth/corp/"+p.app, "", "Accept: application/json").want(t, status, "")
			}
			begin(404)
			corp.configure(t, p.both[0], p.developer, p.app)
			begin(200)
			p.both[0].send("PATCH", "/apps/"+p.app+"/oauth-configs/corp", `{"enabled":false}`, bearer(p.developer)).want(t, 200, "")
			begin(404)
		})
	})
}

func TestFourProcessesStartAtOnceOnAnEmptyStore(t *testing.T) {
	t.Parallel()
	everyDurable(t, func(t *testing.T, open func(*testing.T) string) {
		box, flags := newLines(), sharing(t, open(t))
		var all [4]*process
		for i := range all {
			all[i] = launch(t, box, flags...)
		}
		for _, p := range all {
			p.ready()
		}
		app, key := all[0].createApp(all[1].developer())
		for i, p := range all {
			token := p.credentials(app, fmt.Sprintf("u%d@example.com", i), "sign_up").want(t, 201, "").string("token")
			for _, other := range all {
				other.me(app, token).want(t, 200, "")
			}
			p.send("GET", "/users/"+app, "", bearer(key)).want(t, 200, "")
		}
	})
}
