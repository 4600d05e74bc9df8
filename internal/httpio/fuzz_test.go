package httpio_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// plain reports whether a text is UTF-8 without control characters.
func plain(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) }

// FuzzDecode checks that encoding/json reads the same value from an accepted body, that the
// value holds no refused characters, and that a refusal is fit for an answer.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` {"email":"a"} `, `{"list":["a","b"]}`, `{"inner":{"url":"x"}}`, `{"inner":null}`, `{"name":null}`, `{"password":"a\u0000\n"}`,
		`{"count":1}`, `{"count":-0}`, `{"count":1e3}`, `{"email":"a","email":"b"}`, `{"Email":"a"}`, `{"email":"\u0061"}`, `{"\u0065mail":"a"}`, `{"list":[null]}`,
		`{"email":"\ud83d\ude00"}`, `{"email":"\ud800"}`, "{\"email\":\"\xff\"}", "\ufeff{}", `{"email":"a"}x`, `[`, `null`, `{"x/y~z":1}`, `{"inner":{"url":"a","url":"b"}}`,
		"{\"email\":\"\x7f\"}", "{\"email\":\"\u0085\"}", `{"email":"null"}`, `{"list":["a",null]}`, `{"inner":{"url":null}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v, same body
		err := httpio.DecodeBytes(b, &v)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&same); err != nil || !reflect.DeepEqual(v, same) {
			t.Errorf("Decode(%q): got %+v, want what encoding/json reads: %+v, %v", b, v, same, err)
		}
		texts := append([]string{v.Email}, v.List...)
		if v.Name != nil {
			texts = append(texts, *v.Name)
		}
		if v.Inner != nil {
			texts = append(texts, v.Inner.URL)
		}
		for _, s := range texts {
			if !plain(s) {
				t.Errorf("Decode(%q): got %q, want it refused", b, s)
			}
		}
		if !utf8.ValidString(v.Password) {
			t.Errorf("Decode(%q): got password %q, want it refused", b, v.Password)
		}
	})
}

func checkRefusal(t *testing.T, err error) {
	t.Helper()
	refusal, ok := errors.AsType[*httpio.BodyError](err)
	if !ok || refusal.Status != http.StatusBadRequest || refusal.Detail == "" || !plain(refusal.Detail) || len(refusal.Fields) > 32 {
		t.Fatalf("got %#v, want a refusal that may be shown", err)
	}
	for _, field := range refusal.Fields {
		if field.Code == "" || field.Detail == "" || !plain(field.Field) || !plain(field.Detail) || len(field.Field) > 64 {
			t.Errorf("got field %#v, want one that may be shown", field)
		}
	}
}

// FuzzQuery checks that an accepted query is read the same after it is encoded again.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"", "a=1&b=2", "a", "a=&b", "a=1&a=2", "a=%00", "a=%ff", "a=%zz", "a;b", "a=b;c", "a+b=c+d", "%61=1&a=2", "=", "&&", "a=%E2%80%AE", "a=\xff", "\n=1", "%ff=1", "%ff=1&%ff=2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		values, err := httpio.Query(raw)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		for key, list := range values {
			if len(list) != 1 || !plain(key) || !plain(list[0]) {
				t.Errorf("Query(%q): got %q = %q, want it refused", raw, key, list)
			}
		}
		again, err := httpio.Query(values.Encode())
		if err != nil || !reflect.DeepEqual(again, values) {
			t.Errorf("Query(%q) written again: got %v, %v, want %v", raw, again, err, values)
		}
	})
}

// FuzzAuthorization checks that an accepted header is one scheme, one space and one credential,
// and that it is read the same after it is put together again.
func FuzzAuthorization(f *testing.F) {
	for _, seed := range []string{"", "Bearer x", "bearer x", "APIKEY ak_1", "Bearer", "Bearer ", "Bearer  x", " x", "Bearer x y", "Bearer\tx", "Api\u212aey x", "Bearer x\n", "\x00 x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		read := func(value string) (scheme, credential string, err error) {
			return httpio.Authorization(&http.Request{Header: http.Header{"Authorization": {value}}})
		}
		scheme, credential, err := read(value)
		if err != nil {
			if scheme != "" || credential != "" || !errors.Is(err, httpio.ErrMalformed) {
				t.Errorf("Authorization(%q): got %q, %q, %v, want nothing and %v", value, scheme, credential, err, httpio.ErrMalformed)
			}
			return
		}
		if len(value) != len(scheme)+1+len(credential) || scheme+" "+credential != strings.ToLower(value[:len(scheme)])+value[len(scheme):] || strings.ContainsAny(credential, " \t") {
			t.Errorf("Authorization(%q): got %q and %q", value, scheme, credential)
		}
		for _, c := range scheme {
			if c < '!' || c > '~' {
				t.Errorf("Authorization(%q): got scheme %q, want ASCII only", value, scheme)
			}
		}
		again, same, err := read(strings.ToUpper(scheme) + " " + credential)
		if err != nil || again != scheme || same != credential {
			t.Errorf("Authorization(%q) put together again: got %q, %q, %v", value, again, same, err)
		}
	})
}

// FuzzPeer checks that only the header of a trusted proxy changes the sender, and that an
// address has one key.
func FuzzPeer(f *testing.F) {
	for _, remote := range []string{"203.0.113.9:1", "10.0.0.1:1", "[2001:db8:1:2:3::4]:1", "[::ffff:10.0.0.1]:1", "[fe80::1%eth0]:1", "@", "", "10.0.0.1"} {
		for _, forwarded := range []string{"", "198.51.100.1", "192.0.2.66, 198.51.100.1, 10.0.0.2", "garbage, 10.0.0.2", ",", "::ffff:1.2.3.4", "fe80::1%eth0", "198.51.100.1:80"} {
			f.Add(remote, forwarded)
		}
	}
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = remote
		key, addr, _ := sender(r, trusted)
		r.Header.Set("X-Forwarded-For", forwarded)
		key2, addr2, stranger := sender(r, trusted)
		within := false
		if a, err := netip.ParseAddr(addr); err == nil {
			within = trusted[0].Contains(a)
		}
		if !within && (key != key2 || addr != addr2) {
			t.Errorf("Peer(%q, %q): got %q, %q, want the header to change nothing: %q, %q", remote, forwarded, key2, addr2, key, addr)
		}
		if stranger && (within || forwarded == "") {
			t.Errorf("Peer(%q, %q): got a stranger", remote, forwarded)
		}
		if again := httpio.PeerKey(addr2); again != key2 {
			t.Errorf("PeerKey(%q): got %q, want %q", addr2, again, key2)
		}
		if addr2 == "" {
			return
		}
		a, err := netip.ParseAddr(addr2)
		if err != nil || a.Is4In6() || a.Zone() != "" || a.String() != addr2 {
			t.Fatalf("Peer(%q, %q): got address %q, want it canonical", remote, forwarded, addr2)
		}
		if prefix, err := netip.ParsePrefix(key2); key2 != addr2 && (err != nil || prefix.Bits() != 64 || !prefix.Contains(a)) {
			t.Errorf("Peer(%q, %q): got key %q of %q, want its /64", remote, forwarded, key2, addr2)
		}
	})
}

func urlSeeds(f *testing.F) {
	for _, seed := range []string{
		"https://example.com", "https://example.com:8443", "http://localhost:3000", "http://[::1]:3000", "https://example.com/cb?x=1", "https://EXAMPLE.com",
		"https://example.com:443", "https://example.com:0443", "https://example.com:99999", "https://example.com:", "http://example.com", "null", "*", "", "//example.com",
		"https://u@example.com", `https://a\b`, "https://a/#b", "https://a/?code=1", "https://a/?%63ode=1", "https://a?", "https://a/?#", "https://%41.example", "https://a/?;", "https://[::1",
		"javascript:alert(1)", "https:example.com", "https://a.example/%", "https://a/?a=%zz", "http://127.0.0.1.example", "https://a/\x00", "https://a/é", "https:///a",
	} {
		f.Add(seed)
	}
}

// FuzzCheckOrigin checks that an accepted origin is exactly what a browser sends: its text
// follows from its scheme, host and port.
func FuzzCheckOrigin(f *testing.F) {
	urlSeeds(f)
	f.Fuzz(func(t *testing.T, s string) {
		if httpio.CheckOrigin(s) != nil {
			return
		}
		u, err := url.Parse(s)
		if err != nil {
			t.Fatalf("CheckOrigin(%q): got nil, want what does not parse refused: %v", s, err)
		}
		if got := u.Scheme + "://" + u.Host; got != s || strings.ToLower(s) != s || httpio.Origin(u) != s {
			t.Errorf("CheckOrigin(%q): got nil, want %q", s, got)
		}
		if n, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || strconv.FormatUint(n, 10) != u.Port() || n == 0) {
			t.Errorf("CheckOrigin(%q): got nil, want the port %q refused", s, u.Port())
		}
		if u.Scheme != "https" && !httpio.Loopback(u.Hostname()) {
			t.Errorf("CheckOrigin(%q): got nil, want https", s)
		}
		if err := httpio.CheckRedirectURL(s); err != nil {
			t.Errorf("CheckRedirectURL(%q): got %v, want nil as for an origin", s, err)
		}
	})
}

// FuzzCheckRedirectURL checks that a code added to an accepted URL changes nothing about where
// it leads, and that the result has one code.
func FuzzCheckRedirectURL(f *testing.F) {
	urlSeeds(f)
	f.Add("com.example.app:/callback")
	f.Add("h.00:/0000")
	f.Add("com.example.app") // not a URL
	f.Fuzz(func(t *testing.T, s string) {
		if httpio.CheckRedirectURL(s) != nil {
			return
		}
		u, err := url.Parse(s)
		if err != nil || !u.IsAbs() || u.User != nil || u.Fragment != "" || u.Opaque != "" {
			t.Fatalf("CheckRedirectURL(%q): got nil, want it refused: %v", s, err)
		}
		if !httpio.PrivateUse(s) { // web URLs have more rules
			if err := httpio.CheckProviderRedirect(s); err != nil {
				t.Errorf("CheckProviderRedirect(%q): got %v, want nil", s, err)
			}
			if u.Hostname() == "" || u.Scheme != "https" && (u.Scheme != "http" || !httpio.Loopback(u.Hostname())) {
				t.Errorf("CheckRedirectURL(%q): got nil, want https and a host", s)
			}
		}
		for i := range len(s) {
			if s[i] <= ' ' || s[i] >= 0x7f || s[i] == '\\' || s[i] == '*' || s[i] == '#' {
				t.Errorf("CheckRedirectURL(%q): got nil, want %q refused", s, s[i])
			}
		}
		with := *u
		if with.RawQuery != "" {
			with.RawQuery += "&"
		}
		with.RawQuery += "code=x"
		there, err := url.Parse(with.String())
		if err != nil || there.Scheme != u.Scheme || there.Host != u.Host || there.Path != u.Path || len(there.Query()["code"]) != 1 {
			t.Errorf("CheckRedirectURL(%q): got nil, but it goes on to %q", s, &with)
		}
	})
}

var canonicalID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\z`)

// FuzzCanonicalUUID checks that only the canonical form of a UUID is accepted.
func FuzzCanonicalUUID(f *testing.F) {
	const id = "0190b3a2-7c1e-7abc-8def-0123456789ab"
	for _, seed := range []string{id, strings.ToUpper(id), "{" + id + "}", "urn:uuid:" + id, strings.ReplaceAll(id, "-", ""), id + "\n", id[:35], "", "00000000-0000-0000-0000-000000000000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := httpio.CanonicalUUID(s)
		if ok != canonicalID.MatchString(s) || (ok && got.String() != s) {
			t.Errorf("CanonicalUUID(%q): got %v, %v", s, got, ok)
		}
	})
}

// FuzzUnclean checks that a path is clean if and only if path.Clean leaves it unchanged, but
// for one slash at its end.
func FuzzUnclean(f *testing.F) {
	for _, seed := range []string{"/", "/apps", "/apps/", "/a..b", "", "apps", "//apps", "/a//b", "/a/../b", "/a/.", "/..", "/a\x00", "/...", "/./", "/a/./"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := !strings.HasPrefix(s, "/") || strings.Contains(s, "\x00")
		if !want {
			cleaned := path.Clean(s)
			want = cleaned != s && (cleaned == "/" || cleaned+"/" != s)
		}
		if got := httpio.Unclean(s); got != want {
			t.Errorf("Unclean(%q): got %v, want %v", s, got, want)
		}
	})
}
