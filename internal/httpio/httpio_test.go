package httpio_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/authkit-dev/authkit/internal/httpio"
)

type body struct {
	Email    string   `json:"email"`
	Password string   `json:"password" raw:"ok"`
	Name     *string  `json:"name"     null:"ok"`
	Count    int      `json:"count"`
	List     []string `json:"list"`
	Inner    *struct {
		URL string `json:"url"`
	} `json:"inner"`
}

func post(contentType, text string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(text))
	r.Header.Set("Content-Type", contentType)
	return r
}

func TestDecode(t *testing.T) {
	t.Parallel()
	const js = "application/json"
	for name, c := range map[string]struct {
		contentType, text string
		status            int
		field, code       string
	}{
		"takes an object":                        {js, `{"email":"a","name":null,"list":["x"],"inner":{"url":"u"}}`, 0, "", ""},
		"takes utf-8":                            {js + "; charset=UTF-8", `{}`, 0, "", ""},
		"takes any password":                     {js, `{"password":"a\tb\u0000"}`, 0, "", ""},
		"refuses another charset":                {js + "; charset=latin1", `{}`, 415, "", ""},
		"refuses a form":                         {"application/x-www-form-urlencoded", `email=a`, 415, "", ""},
		"refuses a missing type":                 {"", `{}`, 415, "", ""},
		"refuses too much":                       {js, `{"email":"` + strings.Repeat("a", 64<<10) + `"}`, 413, "", ""},
		"takes an empty body":                    {js, ``, 0, "", ""},
		"refuses an empty untyped body":          {"", ``, 415, "", ""},
		"refuses an array":                       {js, `[]`, 400, "", ""},
		"refuses null":                           {js, `null`, 400, "", ""},
		"refuses trailing data":                  {js, `{} {}`, 400, "", ""},
		"refuses half an object":                 {js, `{"email":`, 400, "email", "malformed"},
		"refuses a duplicate":                    {js, `{"email":"a","email":"b"}`, 400, "email", "duplicate"},
		"refuses an unknown member":              {js, `{"mail":"a"}`, 400, "mail", "unknown"},
		"refuses another case":                   {js, `{"Email":"a"}`, 400, "Email", "unknown"},
		"refuses a wrong type":                   {js, `{"email":1}`, 400, "email", "wrong_type"},
		"refuses a wrong type inside":            {js, `{"inner":{"url":1}}`, 400, "inner.url", "wrong_type"},
		"refuses a wrong type in a list":         {js, `{"list":["a",1]}`, 400, "list[1]", "wrong_type"},
		"refuses a fraction":                     {js, `{"count":1.5}`, 400, "count", "wrong_type"},
		"refuses null in a member":               {js, `{"email":null}`, 400, "email", "null"},
		"refuses null in a list":                 {js, `{"list":[null]}`, 400, "list", "null"},
		"refuses NUL":                            {js, `{"email":"a\u0000"}`, 400, "email", "control_character"},
		"refuses control in a list":              {js, `{"list":["a\n"]}`, 400, "list", "control_character"},
		"refuses control inside":                 {js, `{"inner":{"url":"a\u0085"}}`, 400, "inner.url", "control_character"},
		"refuses invalid UTF-8":                  {js, "{\"email\":\"\xff\"}", 400, "email", "malformed"},
		"refuses invalid UTF-8 in a name":        {js, "{\"\xff\":\"\"}", 400, "", ""},
		"refuses invalid UTF-8 after the object": {js, "{}\xff", 400, "", ""},
		"refuses invalid UTF-8 in raw":           {js, "{\"password\":\"\xff\"}", 400, "password", "malformed"},
		"refuses a lone surrogate":               {js, `{"email":"\ud800"}`, 400, "email", "malformed"},
		"refuses a duplicate deep inside":        {js, `{"inner":{"url":"a","url":"b"}}`, 400, "inner.url", "duplicate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var v body
			err := httpio.Decode(post(c.contentType, c.text), &v)
			if c.status == 0 {
				if err != nil {
					t.Fatalf("Decode: got %v, want nil", err)
				}
				return
			}
			got, ok := errors.AsType[*httpio.BodyError](err)
			if !ok || got.Status != c.status {
				t.Fatalf("Decode: got %v, want status %d", err, c.status)
			}
			if c.code != "" && (len(got.Fields) != 1 || got.Fields[0].Field != c.field || got.Fields[0].Code != c.code) {
				t.Errorf("fields: got %v, want %s %s", got.Fields, c.field, c.code)
			}
		})
	}
}

// Each member that is wrong is named, and the value holds the others.
func TestDecodeNamesEveryWrongMember(t *testing.T) {
	t.Parallel()
	many := strings.Repeat(`"x":1,`, 200)
	for text, want := range map[string]string{
		`{"email":1,"list":["a",2],"name":"Ann"}`:                                   "email wrong_type, list[1] wrong_type",
		`{"namee":"x","email":null,"name":"Ann"}`:                                   "namee unknown, email null",
		`{"inner":{"url":1},"zzz":1,"aaa":2,"name":"Ann"}`:                          "zzz unknown, aaa unknown, inner.url wrong_type",
		`{"name":"Ann","email":"a\u0000","list":["b\n"]}`:                           "email control_character, list control_character",
		`{"name":"Ann","email":"a","email":1,"count":"x"}`:                          "email duplicate, count wrong_type",
		`{"name":"Ann","inner":{"url":"a","url":"b"},"count":1.5}`:                  "count wrong_type, inner.url duplicate",
		`{"email":1,"list":`:                                                        "email wrong_type",
		`{"email":1,"list":2} {}`:                                                   "email wrong_type",
		`{` + many + `"name":"Ann"}`:                                                "x unknown",
		`{"name":"Ann","email":1,` + strings.Repeat(`"e":1,`, 40) + `"count":true}`: strings.TrimSuffix("e unknown, "+strings.Repeat("e duplicate, ", 31), ", "),
	} {
		var v body
		err := httpio.DecodeBytes([]byte(text), &v)
		refused, ok := errors.AsType[*httpio.BodyError](err)
		if !ok {
			t.Errorf("%s: got %v, want it refused", text, err)
			continue
		}
		var got []string
		for _, f := range refused.Fields {
			got = append(got, f.Field+" "+f.Code)
			if !strings.Contains(refused.Detail, strings.TrimSpace(f.Field+" "+f.Detail)) {
				t.Errorf("%s: got the detail %q, want %q in it", text, refused.Detail, f.Field+" "+f.Detail)
			}
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: got %s, want %s", text, strings.Join(got, ", "), want)
		}
		if named := v.Name != nil && *v.Name == "Ann"; named != refused.Judged && len(got) != 32 {
			t.Errorf("%s: got the right member read: %v, want %v", text, named, refused.Judged)
		}
	}
}

func TestDecodeForm(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{"a=1&b=2": true, "": true, "a=1&a=2": false, "a=%00": false, "a=%ff": false, "a=%zz": false} {
		if _, err := httpio.DecodeForm(post("application/x-www-form-urlencoded", text)); (err == nil) != ok {
			t.Errorf("DecodeForm(%q): got %v, want ok %v", text, err, ok)
		}
	}
}

func TestFieldNamesAreFitForAnswers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 40)
	for text, want := range map[string]string{
		"%ff=1": "", "%00=1": "", "%0a=1": "", "a%ff=1&a%ff=2": "", long + "=1&" + long + "=2": long[:64], "x=%00": "x", "x=%ff": "x",
	} {
		_, err := httpio.Query(text)
		got, ok := errors.AsType[*httpio.BodyError](err)
		if !ok || len(got.Fields) != 1 || got.Fields[0].Field != want || !utf8.ValidString(got.Detail) {
			t.Errorf("Query(%q): got %+v, want the field %q", text, err, want)
		}
	}
}

func TestWriteJSONReplacesInvalidText(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	if err := httpio.WriteJSON(w, http.StatusBadRequest, "application/json", map[string]string{"a": "x\xffy"}); err != nil {
		t.Fatal(err)
	}
	if got, want := w.Body.String(), "{\"a\":\"x\ufffdy\"}\n"; w.Code != http.StatusBadRequest || got != want {
		t.Errorf("WriteJSON: got %d %q, want 400 %q", w.Code, got, want)
	}
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][2]string{
		"Bearer x": {"bearer", "x"}, "APIKEY ak_1": {"apikey", "ak_1"},
		"Bearer": {}, "Bearer ": {}, "Bearer  x": {}, " x": {}, "Bearer x y": {}, "": {},
		"Api\u212aey x": {}, "Bea\x00rer x": {}, // the Kelvin sign folds to k
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Authorization"] = []string{value}
		scheme, cred, err := httpio.Authorization(r)
		if scheme != want[0] || cred != want[1] || (err == nil) != (want[0] != "") {
			t.Errorf("Authorization(%q): got %q, %q, %v, want %q", value, scheme, cred, err, want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header["Authorization"] = []string{"Bearer a", "Bearer b"}
	if _, _, err := httpio.Authorization(r); !errors.Is(err, httpio.ErrMalformed) {
		t.Errorf("two headers: got %v, want %v", err, httpio.ErrMalformed)
	}
}

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	const own, friend, foe = "https://own.example", "https://friend.example", "https://foe.example"
	for _, c := range []struct {
		site, origin string
		want         bool
	}{
		{"", "", false}, {"", own, false}, {"", friend, false}, {"", foe, true}, {"", "null", true},
		{"same-origin", own, false}, {"none", "", false}, {"same-site", own, false}, {"same-site", foe, true},
		{"cross-site", friend, false}, {"cross-site", foe, true}, {"cross-site", "", true}, {"cross-site", "null", true}, {"nonsense", foe, true},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		if c.site != "" {
			r.Header.Set("Sec-Fetch-Site", c.site)
		}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if got := httpio.CrossOrigin(r, own, func(o string) bool { return o == friend }); got != c.want {
			t.Errorf("CrossOrigin(site %q, origin %q): got %v, want %v", c.site, c.origin, got, c.want)
		}
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url              string
		origin, redirect bool
	}{
		{"https://example.com", true, true},
		{"https://example.com:8443", true, true},
		{"http://localhost:3000", true, true},
		{"http://127.0.0.1:3000", true, true},
		{"https://example.com/cb?x=1", false, true},
		{"https://example.com:443", false, true},
		{"https://EXAMPLE.com", false, true},
		{"https://example.com:0443", false, false},
		{"https://example.com:65536", false, false},
		{"https://a;b.example", false, false}, {"https://a,b.example", false, false}, {"https://[::1]:8443", true, true},
		{"http://example.com", false, false},
		{"null", false, false}, {"*", false, false}, {"", false, false}, {"/cb", false, false},
		{"https://*.example.com", false, false}, {"https://example.com/#", false, false},
		{"https://u@example.com", false, false}, {`https://example.com\@evil.example`, false, false},
		{"https://example.com/a b", false, false}, {"https://example.com/\n", false, false},
		{"https://example.com/?code=1", false, false}, {"https://example.com/?state=1", false, false},
		{"https://example.com/?iss", false, false}, {"https://example.com/?request_id=1", false, false},
		{"com.example.app:/callback", false, true}, {"com.example.app://auth/callback?x=1", false, true}, {"com.example.app:///callback", false, true},
		{"com.example.app:callback", false, false}, {"com.example.app:", false, false}, {"com.example.app://", false, false},
		{"com.example.app:/callback?code=1", false, false}, {"com.example.app:/callback#x", false, false}, {"com.example.app://u@auth/x", false, false},
		{`com.example.app:/\\evil.example`, false, false}, {"com.example.app:/*", false, false}, {"com.example.app:/a b", false, false},
		{"COM.example.app:/callback", false, false}, {".example:/callback", false, false}, {"com..app:/callback", false, false}, {"com.:/x", false, false},
		{"1.example:/callback", false, false}, {"myapp://auth", false, false}, {"javascript:/x", false, false}, {"data:/x", false, false},
		{"intent://x", false, false}, {"capacitor://localhost/x", false, false}, {"file:///x", false, false}, {"https://example.com/?a=1&%65rror=2", false, false},
		{"capacitor://localhost", true, false}, {"tauri://localhost", true, false}, {"http://tauri.localhost", true, false},
		{"chrome-extension://abcdefghijklmnopabcdefghijklmnop", true, false}, {"capacitor://localhost/x", false, false},
		{"javascript:alert(1)", false, false}, {"//example.com", false, false}, {"https:example.com", false, false},
	} {
		if err := httpio.CheckOrigin(c.url); (err == nil) != c.origin {
			t.Errorf("CheckOrigin(%q): got %v, want ok %v", c.url, err, c.origin)
		}
		if err := httpio.CheckRedirectURL(c.url); (err == nil) != c.redirect {
			t.Errorf("CheckRedirectURL(%q): got %v, want ok %v", c.url, err, c.redirect)
		}
	}
}

func TestDiffersInPort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		entry, url string
		want       bool
	}{
		{"http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", true},
		{"http://127.0.0.1:8080/cb", "http://127.0.0.1:51004/cb", true},
		{"http://127.0.0.1:8080/cb", "http://127.0.0.1/cb", true},
		{"http://[::1]/cb?x=1", "http://[::1]:51004/cb?x=1", true},
		{"http://127.0.0.1/cb", "http://127.0.0.1/cb", false},           // the same port
		{"http://127.0.0.1/cb", "http://127.0.0.1:51004/cb/", false},    // another path
		{"http://127.0.0.1/cb", "http://127.0.0.1:51004/cb?x=1", false}, // another query
		{"http://127.0.0.1/cb", "https://127.0.0.1:51004/cb", false},
		{"http://127.0.0.1/cb", "http://[::1]:51004/cb", false},
		{"http://127.0.0.1/cb", "http://127.0.0.2:51004/cb", false},
		{"http://127.0.0.1/cb", "http://localhost:51004/cb", false},
		{"http://localhost/cb", "http://localhost:51004/cb", false},
		{"http://127.0.0.1/cb", "http://127.0.0.1:051004/cb", false},
		{"http://127.0.0.1/cb", "http://127.0.0.1:0/cb", false},
		{"http://127.0.0.1/cb", "http://127.0.0.1:/cb", false},
		{"http://127.0.0.1/cb", "http://127.0.0.1:99999/cb", false},
		{"http://127.0.0.1/cb", "http://127.0.0.1:1@evil.example/cb", false},
		{"http://127.0.0.1/cb", "http://127.0.0.1:1#/cb", false},
		{"https://app.example/cb", "https://app.example:8443/cb", false},
	} {
		if got := httpio.DiffersInPort(c.entry, c.url); got != c.want {
			t.Errorf("DiffersInPort(%q, %q): got %v, want %v", c.entry, c.url, got, c.want)
		}
	}
}

func TestNavigates(t *testing.T) {
	t.Parallel()
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for _, c := range []struct {
		method, mode, accept, body string
		want                       bool
	}{
		{"GET", "", browser, "", true}, {"GET", "navigate", browser, "", true}, {"GET", "navigate", "", "", true}, {"GET", "navigate", "*/*", "", true},
		{"POST", "navigate", browser, "application/x-www-form-urlencoded", true}, {"POST", "", browser, "application/x-www-form-urlencoded", true},
		{"HEAD", "", "text/html", "", true}, {"GET", "", "text/html;q=0.5", "", true}, {"GET", "", "text/html, application/json", "", true},
		{"GET", "", "application/json;q=0.5, text/html", "", true}, {"GET", "", "application/json, text/html;q=0.9", "", false},
		{"GET", "", "application/json, text/html", "", false}, {"GET", "", "text/html;q=0.5, application/json", "", false},
		{"GET", "", "text/html;q=0", "", false}, {"GET", "", "text/html;q=x", "", false}, {"GET", "", "", "", false}, {"GET", "", "*/*", "", false},
		{"GET", "cors", "*/*", "", false}, {"GET", "", "application/json", "", false}, {"GET", "navigate", "application/json", "", false},
		{"POST", "cors", "application/json, text/plain, */*", "application/json", false}, {"POST", "", "text/html", "application/json", false},
		{"DELETE", "", "text/html", "", false},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		for name, value := range map[string]string{"Sec-Fetch-Mode": c.mode, "Accept": c.accept, "Content-Type": c.body} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		if got := httpio.Navigates(r); got != c.want {
			t.Errorf("Navigates(%+v): got %v, want %v", c, got, c.want)
		}
	}
}

func TestAcceptsJSONOnly(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"application/json": true, "application/json; q=1": true, "*/*": false, "": false,
		"application/json, */*": false, "text/html": false, "application/*": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept", accept)
		if got := httpio.AcceptsJSONOnly(r); got != want {
			t.Errorf("AcceptsJSONOnly(%q): got %v, want %v", accept, got, want)
		}
	}
}

func TestCanonicalUUID(t *testing.T) {
	t.Parallel()
	const id = "0190b3a2-7c1e-7abc-8def-0123456789ab"
	for text, want := range map[string]bool{
		id: true, strings.ToUpper(id): false, "{" + id + "}": false, "urn:uuid:" + id: false,
		strings.ReplaceAll(id, "-", ""): false, "": false, id + " ": false,
	} {
		if _, got := httpio.CanonicalUUID(text); got != want {
			t.Errorf("CanonicalUUID(%q): got %v, want %v", text, got, want)
		}
	}
}

func TestUnclean(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/": false, "/apps": false, "/apps/": false, "/a..b": false,
		"": true, "apps": true, "//apps": true, "/a//b": true, "/a/../b": true, "/a/.": true, "/..": true, "/a\x00": true,
	} {
		if got := httpio.Unclean(path); got != want {
			t.Errorf("Unclean(%q): got %v, want %v", path, got, want)
		}
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	httpio.Cookies{}.Set(w, "b", "v", 60e9)
	want := "__Host-authkit-b=v; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax"
	if got := w.Header().Get("Set-Cookie"); got != want {
		t.Errorf("Set: got %q, want %q", got, want)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Cookie", "authkit-b=one")
	if v, ok := (httpio.Cookies{Insecure: true}).Get(r, "b"); !ok || v != "one" {
		t.Errorf("Get: got %q, %v, want one", v, ok)
	}
	if v, ok := (httpio.Cookies{}).Get(r, "b"); ok {
		t.Errorf("Get without prefix: got %q, want none", v)
	}
	r.Header.Set("Cookie", "authkit-b=one; authkit-b=two")
	if v, ok := (httpio.Cookies{Insecure: true}).Get(r, "b"); ok {
		t.Errorf("Get of two: got %q, want none", v)
	}
}

func TestAnAnswerSetsACookieOnce(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	w.Header().Add("Set-Cookie", "theirs=1")
	for _, insecure := range []bool{true, false} {
		c := httpio.Cookies{Insecure: insecure}
		if got, ok := c.Written(w.Header(), "b"); ok {
			t.Errorf("before: got %q, want no cookie", got)
		}
		for _, value := range []string{"first", "second"} {
			c.Set(w, "b", value, 0)
			if got, _ := c.Written(w.Header(), "b"); got != value {
				t.Errorf("got %q, want %q", got, value)
			}
		}
	}
	if got := w.Header().Values("Set-Cookie"); len(got) != 3 {
		t.Errorf("got %q, want the other cookie and one for each name", got)
	}
}
