package authkit_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	w := setup(t)
	path := "/auth/credentials/" + w.app.ID.String()
	first := w.signUp("Ann@Example.com")
	if first.body["created"] != true || first.body["token_type"] != "Bearer" || first.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("sign-up: got %s", first.Body)
	}
	user := first.body["user"].(map[string]any)
	if user["email"] != "Ann@Example.com" || user["email_verified"] != false || user["last_login"] == nil || user["name"] != nil {
		t.Errorf("user: got %v", user)
	}
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"the right password signs in":            {`{"email":"ann@example.com","password":"` + password + `"}`, 200, ""},
		"a wrong password is refused":            {`{"email":"ann@example.com","password":"another passphrase"}`, 401, "invalid_credentials"},
		"an unknown address is the same refusal": {`{"email":"bob@example.com","password":"` + password + `","intent":"sign_in"}`, 401, "invalid_credentials"},
		"a weak password creates no user":        {`{"email":"bob@example.com","password":"short"}`, 401, "invalid_credentials"},
		"sign_up says that a password is weak":   {`{"email":"ann@example.com","password":"short","intent":"sign_up"}`, 422, "weak_password"},
		"sign_up says that an address is taken":  {`{"email":"ann@example.com","password":"` + password + `","intent":"sign_up"}`, 409, "email_taken"},
		"a malformed address is refused":         {`{"email":"ann","password":"` + password + `"}`, 400, "invalid_request"},
		"an unknown intent is refused":           {`{"email":"ann@example.com","password":"x","intent":"x"}`, 400, "invalid_request"},
		"an unknown member is refused":           {`{"mail":"ann@example.com"}`, 400, "invalid_request"},
		"the user's own address is no password":  {`{"email":"carol.smith@example.com","password":"carol.smith1","intent":"sign_up"}`, 422, "weak_password"},
	} {
		t.Run(name, func(t *testing.T) {
			w.clock.Advance(time.Minute)
			w.send("POST", path, c.body).want(t, c.status, c.code)
		})
	}
	t.Run("the console takes no sign-up", func(t *testing.T) {
		w.send("POST", "/auth/credentials/console", `{"email":"eve@example.com","password":"`+password+`"}`).want(t, 401, "invalid_credentials")
		w.send("POST", "/auth/credentials/console", `{"email":"eve@example.com","password":"`+password+`","intent":"sign_up"}`).want(t, 403, "signup_disabled")
	})
	t.Run("of ten sign-ups of one address one wins", func(t *testing.T) {
		w.clock.Advance(time.Hour)
		var wg sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		for range 10 {
			wg.Go(func() {
				got := w.send("POST", path, `{"email":"race@example.com","password":"`+password+`","intent":"sign_up"}`)
				mu.Lock()
				defer mu.Unlock()
				statuses[got.Code]++
			})
		}
		wg.Wait()
		if statuses[201] != 1 || statuses[409] != 9 {
			t.Errorf("statuses: got %v, want one 201 and nine 409", statuses)
		}
	})
	t.Run("the eleventh attempt of a minute on an address is refused", func(t *testing.T) {
		w.clock.Advance(time.Hour)
		for range 10 {
			w.send("POST", path, `{"email":"dave@example.com","password":"nonsense","intent":"sign_in"}`).want(t, 401, "")
		}
		got := w.send("POST", path, `{"email":"dave@example.com","password":"nonsense","intent":"sign_in"}`)
		got.want(t, 429, "rate_limited")
		if got.Header().Get("Retry-After") == "" {
			t.Error("Retry-After: got none")
		}
	})
}

func TestEmails(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	long := strings.Repeat("a", 64)
	domain := strings.Repeat("d", 63) + "." + strings.Repeat("e", 63) + "." + strings.Repeat("f", 61) // 254 bytes, with 64 and an at sign
	for email, ok := range map[string]bool{
		"ann@example.com":                 true,
		"Ann.Lee+tag@Sub.Example.COM":     true,
		"o'neil@example.co.uk":            true,
		"!#$%&'*+-/=?^_`{|}~@example.com": true,
		"a@b.co":                          true,
		"1@1.example":                     true,
		"ann@bücher.example":              true,
		long + "@example.com":             true,
		long + "@" + domain:               true,
		long + "a@example.com":            false,
		long + "@" + domain + "g":         false,
		"":                                false,
		"ann":                             false,
		"@example.com":                    false,
		"ann@":                            false,
		"ann@localhost":                   false,
		"ann@example.com.":                false,
		"ann@.example.com":                false,
		"ann@example..com":                false,
		"ann@[127.0.0.1]":                 false,
		"ann@127.0.0.1":                   false,
		"ann@[IPv6:::1]":                  false,
		" ann@example.com":                false,
		"ann@example.com ":                false,
		"ann @example.com":                false,
		`"ann"@example.com`:               false,
		`"a b"@example.com`:               false,
		"ann(x)@example.com":              false,
		"ann@example.com (x)":             false,
		"Ann <ann@example.com>":           false,
		"<ann@example.com>":               false,
		"mailto:ann@example.com":          false,
		"ann..lee@example.com":            false,
		".ann@example.com":                false,
		"ann.@example.com":                false,
		"ann@a@example.com":               false,
		"ann@example.com,b@example.com":   false,
		"änn@example.com":                 false,
		"ann@-a.example":                  false,
		"ann@a-.example":                  false,
		"ann@a_b.example":                 false,
		"ann@xn--a.example":               false, // not an A-label
		`ann\@example.com`:                false,
		"ann%40example.com":               false,
	} {
		body := `{"email":` + quoted(email) + `,"password":"` + password + `","intent":"sign_up"}`
		got := w.send("POST", w.in("/auth/credentials/{app_id}"), body)
		if ok {
			if got.Code != 201 || got.body["user"].(map[string]any)["email"] != email {
				t.Errorf("%q: got %d %s, want it taken and shown as given", email, got.Code, got.Body)
			}
			continue
		}
		if got.Code != 400 || !strings.Contains(got.Body.String(), `"code":"invalid_email"`) || !strings.Contains(got.Body.String(), `"field":"email"`) {
			t.Errorf("%q: got %d %s, want 400 invalid_email", email, got.Code, got.Body)
		}
		w.send("POST", w.in("/auth/magic-link/{app_id}"), `{"email":`+quoted(email)+`}`).want(t, 400, "invalid_request")
	}
}

func TestAnAddressIsOneInAnySpelling(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	for _, spellings := range [][]string{
		{"Ann@Example.com", "ann@example.com", "ANN@EXAMPLE.COM"},
		{"ann@Bücher.example", "ann@xn--bcher-kva.example", "ANN@BÜCHER.EXAMPLE", "ann@XN--BCHER-KVA.example", "ann@bu\u0308cher.example"},
	} {
		w.signUp(spellings[0])
		for _, email := range spellings {
			w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody(email, password, "sign_up")).want(t, 409, "email_taken")
			got := w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody(email, password, "sign_in"))
			got.want(t, 200, "")
			if shown := got.body["user"].(map[string]any)["email"]; shown != spellings[0] {
				t.Errorf("%q: got it shown as %q, want as first given, %q", email, shown, spellings[0])
			}
		}
	}
	w.signUp("ann.lee@example.com") // a dot, a tag and another letter make different addresses
	w.signUp("annlee@example.com")
	w.signUp("ann.lee+x@example.com")
}

func TestUserNames(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	n := 0
	for name, ok := range map[string]bool{
		"":                        true,
		"Ann":                     true,
		"李 小龍":                    true,
		"O'Neil-Smith, Jr. <ann>": true,
		strings.Repeat("é", 200):  true,
		strings.Repeat("é", 201):  false,
		"a\tb":                    false,
		"a\u0000":                 false,
		"a\u0085":                 false,
	} {
		n++
		email := w.nth(n)
		got := w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"`+email+`","password":"`+password+`","name":`+quoted(name)+`}`)
		if want := map[bool]int{true: 201, false: 400}[ok]; got.Code != want {
			t.Errorf("%q: got %d %s, want %d", name, got.Code, got.Body, want)
		}
		if ok && name != "" && got.body["user"].(map[string]any)["name"] != name {
			t.Errorf("%q: got %s, want it as given", name, got.Body)
		}
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	w := setup(t, withoutLimits)
	n := 0
	up := func(pw string) (answer, string) {
		n++
		email := w.nth(n)
		return w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"`+email+`","password":`+quoted(pw)+`,"name":"Alice Liddell","intent":"sign_up"}`), email
	}
	for name, c := range map[string]struct {
		pw     string
		status int
	}{
		"11 code points":           {"elevenchars", 422},
		"12 code points":           {"twelve chars", 201},
		"11 of two bytes":          {strings.Repeat("é", 6) + "ürlüx", 422},
		"12 of four bytes":         {"🔥🎈🐙🍉🚲🎻🧭🪁🦉🍄🎲🛶", 201},
		"1024 code points":         {strings.Repeat("x1y2", 255) + "zeta", 201},
		"1025 code points":         {strings.Repeat("x1y2", 256) + "z", 422},
		"4 KiB":                    {strings.Repeat("🔥🎈🐙🍉", 255) + "🚲🎻🧭🪁", 201},
		"spaces at both ends":      {"  so it is typed  ", 201},
		"a common one":             {"qwertyuiop123", 422},
		"a common one in capitals": {"QWERTYUIOP123", 422},
		"the app's name":           {"demodemodemo", 422},
		"the user's name":          {"aliceliddell", 422},
		"the name and 4 more":      {"AliceLiddell1234", 422},
		"the name and 5 more":      {"AliceLiddell12345", 201},
		"a short part of the name": {"ali and the rabbit", 201},
	} {
		got, email := up(c.pw)
		if got.Code != c.status || (c.status == 422 && got.body["code"] != "weak_password") {
			t.Errorf("%s: got %d %s, want %d", name, got.Code, got.Body, c.status)
			continue
		}
		if strings.Contains(got.Body.String(), c.pw) {
			t.Errorf("%s: got it in %s", name, got.Body)
		}
		if c.status == 201 {
			for _, other := range []string{strings.TrimSpace(c.pw), strings.ToUpper(c.pw), c.pw + " "} {
				if other != c.pw && len(other) <= 4096 {
					w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"`+email+`","password":`+quoted(other)+`}`).want(t, 401, "invalid_credentials")
				}
			}
			w.send("POST", w.in("/auth/credentials/{app_id}"), `{"email":"`+email+`","password":`+quoted(c.pw)+`}`).want(t, 200, "")
		}
	}
	t.Run("composed and decomposed letters are different ones", func(t *testing.T) {
		got, email := up("caf\u00e9 au lait, please")
		got.want(t, 201, "")
		w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody(email, "cafe\u0301 au lait, please", "sign_in")).want(t, 401, "invalid_credentials")
	})
	t.Run("the user's address is refused", func(t *testing.T) {
		for _, pw := range []string{"carol.smith", "carol.smith1", "carolsmith@mail.test", "smith@mail.test"} {
			body := `{"email":"carol.smith@mail.test","password":"` + pw + `","intent":"sign_up"}`
			w.send("POST", w.in("/auth/credentials/{app_id}"), body).want(t, 422, "weak_password")
		}
	})
	t.Run("one of more than 4 KiB is refused", func(t *testing.T) {
		got, _ := up(strings.Repeat("🔥", 1025))
		if got.Code != 422 {
			t.Errorf("got %d %s, want 422", got.Code, got.Body)
		}
		w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", strings.Repeat("a", 4097), "sign_up")).want(t, 422, "weak_password")
		w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody("ann@example.com", strings.Repeat("a", 4097), "sign_in")).want(t, 401, "invalid_credentials")
	})
}

// quoted returns a JSON string.
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestAPeerWithoutAnAddressIsCounted(t *testing.T) {
	t.Parallel()
	w := setup(t)
	last := 0
	for i := range 21 {
		r := w.request("POST", w.in("/auth/credentials/{app_id}"), fmt.Sprintf(`{"email":"u%d@example.com","password":"x","intent":"sign_in"}`, i), "Content-Type: application/json")
		r.RemoteAddr = "@" // as for a Unix socket
		last = w.do(r).Code
	}
	if last != 429 {
		t.Errorf("the twenty-first attempt: got %d, want 429", last)
	}
}
