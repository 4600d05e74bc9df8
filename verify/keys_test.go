package verify_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authkit-dev/authkit/internal/testclock"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/verify"
)

// inBubble runs a test in a bubble with its own clock, with a source of one key.
func inBubble(t *testing.T, test func(t *testing.T, p token.Pair, s *source, v *verify.Verifier)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pair(t, "EdDSA")
		s := publish(t, p)
		test(t, p, s, s.over(t, nil))
	})
}

// wants checks a token that was minted at this moment.
func wants(t *testing.T, v *verify.Verifier, p token.Pair, want error) {
	t.Helper()
	if _, err := v.Verify(t.Context(), mint(t, p, time.Now())); !errors.Is(err, want) {
		t.Fatalf("token: got %v, want %v", err, want)
	}
}

func (s *source) wantFetches(t *testing.T, want int) {
	t.Helper()
	if got := s.count(); got != want {
		t.Fatalf("fetches: got %d, want %d", got, want)
	}
}

func TestAllWhoWaitShareOneFetch(t *testing.T) {
	inBubble(t, func(t *testing.T, p token.Pair, s *source, v *verify.Verifier) {
		s.hold = make(chan struct{})
		raw := mint(t, p, time.Now())
		first, leave := context.WithCancel(t.Context())
		var left error
		var wg sync.WaitGroup
		wg.Go(func() { _, left = v.Verify(first, raw) })
		synctest.Wait()
		for range 50 {
			wg.Go(func() {
				if _, err := v.Verify(t.Context(), raw); err != nil {
					t.Errorf("one who waits: got %v, want no error", err)
				}
			})
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		if !errors.Is(left, context.Canceled) || !errors.Is(left, verify.ErrUnavailable) {
			t.Errorf("the first, who leaves: got %v, want ErrUnavailable and context.Canceled", left)
		}
		close(s.hold)
		wg.Wait()
		s.wantFetches(t, 1)
		if got := s.asked["openid-configuration"]; got != 1 {
			t.Errorf("metadata: got %d fetches, want 1", got)
		}
	})
}

func TestUnknownKeysFetchNoMoreOftenThanTheCooldown(t *testing.T) {
	inBubble(t, func(t *testing.T, p token.Pair, s *source, v *verify.Verifier) {
		flood := func() {
			t.Helper()
			for i := range 100 {
				forged := p
				forged.KID = fmt.Sprint("forged-", i)
				wants(t, v, forged, verify.ErrInvalid)
			}
		}
		wants(t, v, p, nil)
		s.wantFetches(t, 1)
		flood()
		s.wantFetches(t, 2)
		time.Sleep(30*time.Second - time.Nanosecond)
		flood()
		s.wantFetches(t, 2)
		time.Sleep(time.Nanosecond)
		next := pair(t, "EdDSA")
		s.replace(t, p, next)
		wants(t, v, next, nil) // at once
		s.wantFetches(t, 3)
		wants(t, v, p, nil)
		s.wantFetches(t, 3)
	})
}

func TestOldTokensOfUnknownKeysFetchNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, p token.Pair, s *source, v *verify.Verifier) {
		if _, err := v.Verify(t.Context(), mint(t, p, time.Now().Add(-time.Hour))); !errors.Is(err, verify.ErrInvalid) {
			t.Errorf("expired: got %v, want ErrInvalid", err)
		}
		s.wantFetches(t, 0)
	})
}

func TestKeysOutliveTheIssuerForADay(t *testing.T) {
	inBubble(t, func(t *testing.T, p token.Pair, s *source, v *verify.Verifier) {
		wants(t, v, p, nil)
		s.fail(errDown)
		time.Sleep(10 * time.Minute)
		wants(t, v, p, nil)
		s.wantFetches(t, 1) // the metadata only
		unknown := pair(t, "EdDSA")
		wants(t, v, unknown, verify.ErrUnavailable) // it may be a new key
		time.Sleep(24*time.Hour - 10*time.Minute - time.Second)
		wants(t, v, p, nil)
		synctest.Wait()
		time.Sleep(time.Second)
		wants(t, v, p, verify.ErrUnavailable)
		wants(t, v, p, errDown)

		s.fail(nil)
		time.Sleep(5 * time.Second)
		wants(t, v, p, nil)
		wants(t, v, unknown, verify.ErrInvalid)
	})
}

func TestAnIssuerInTroubleHoldsUpOnlyTheFirst(t *testing.T) {
	inBubble(t, func(t *testing.T, p token.Pair, s *source, v *verify.Verifier) {
		wants(t, v, p, nil)
		s.hold = make(chan struct{})
		time.Sleep(10 * time.Minute)
		for i, most := range []time.Duration{5 * time.Second, 0, 0} {
			began := time.Now()
			wants(t, v, p, nil)
			if got := time.Since(began); got != most {
				t.Errorf("request %d: got %v, want %v", i, got, most)
			}
			time.Sleep(5 * time.Second)
		}
		close(s.hold)
		next := pair(t, "EdDSA")
		s.replace(t, next)
		time.Sleep(10 * time.Second)
		wants(t, v, p, nil) // starts the fetch that ends the trouble
		synctest.Wait()
		wants(t, v, next, nil)
		wants(t, v, p, verify.ErrInvalid)
	})
}

func TestAColdVerifierHeals(t *testing.T) {
	inBubble(t, func(t *testing.T, p token.Pair, s *source, v *verify.Verifier) {
		s.fail(errDown)
		for range 10 {
			wants(t, v, p, verify.ErrUnavailable)
		}
		if got := s.asked["openid-configuration"]; got != 1 {
			t.Errorf("attempts: got %d, want 1", got)
		}
		s.fail(nil)
		time.Sleep(5 * time.Second)
		wants(t, v, p, nil)
	})
}

func TestASlowIssuerIsGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T, p token.Pair, s *source, v *verify.Verifier) {
		s.hold = make(chan struct{})
		began := time.Now()
		wants(t, v, p, verify.ErrUnavailable)
		if got := time.Since(began); got != 5*time.Second {
			t.Errorf("wait: got %v, want 5s", got)
		}
	})
}

func TestKeysAreFreshForAsLongAsBothSay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		control string
		maxAge  time.Duration
		want    time.Duration
	}{
		"ten minutes by default":                       {"", 0, 10 * time.Minute},
		"as configured":                                {"", time.Minute, time.Minute},
		"no longer than the issuer says":               {"public, max-age=300", 0, 5 * time.Minute},
		"no longer than configured":                    {"Max-Age=86400", 0, 10 * time.Minute},
		"thirty seconds at least":                      {"max-age=0", 0, 30 * time.Second},
		"thirty seconds if the issuer forbids caching": {"no-store, max-age=600", 0, 30 * time.Second},
		"an unreadable header has no effect":           {`max-age=-1, max-age=x, max-age`, 0, 10 * time.Minute},
		"a quoted value is read":                       {`max-age="60"`, 0, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := pair(t, "EdDSA")
				s := publish(t, p)
				s.header.Set("Cache-Control", c.control)
				v := s.over(t, nil, func(cfg *verify.Config) { cfg.MaxAge = c.maxAge })
				wants(t, v, p, nil)
				time.Sleep(c.want - time.Nanosecond)
				wants(t, v, p, nil)
				s.wantFetches(t, 1)
				time.Sleep(time.Nanosecond)
				wants(t, v, p, nil)
				s.wantFetches(t, 2)
			})
		})
	}
}

func TestKeysAgeFromTheRequest(t *testing.T) {
	inBubble(t, func(t *testing.T, p token.Pair, s *source, v *verify.Verifier) {
		s.hold = make(chan struct{})
		time.AfterFunc(3*time.Second, func() { close(s.hold) })
		wants(t, v, p, nil)
		time.Sleep(10*time.Minute - 3*time.Second)
		wants(t, v, p, nil)
		s.wantFetches(t, 2)
	})
}

func TestAShortModulusIsLeftOut(t *testing.T) {
	t.Parallel()
	for bits, want := range map[int]error{1536: verify.ErrInvalid, 2048: nil} {
		private, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		p := token.Pair{KID: "k", Alg: "RS256", Private: private, Public: private.Public()}
		in := token.Encode([]byte(head(p))) + "." + token.Encode([]byte(body))
		sum := sha256.Sum256([]byte(in))
		sig, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := publish(t, p).over(t, at(start)).Verify(t.Context(), in+"."+token.Encode(sig)); !errors.Is(err, want) {
			t.Errorf("%d bits: got %v, want %v", bits, err, want)
		}
	}
}

func TestAClockSetBackTrustsNoAge(t *testing.T) {
	t.Parallel()
	c, p := testclock.At(start), pair(t, "EdDSA")
	s := publish(t, p)
	v := s.over(t, c.Now)
	check := func(want error) {
		t.Helper()
		if _, err := v.Verify(t.Context(), mint(t, p, c.Now())); !errors.Is(err, want) {
			t.Fatalf("token: got %v, want %v", err, want)
		}
	}
	check(nil)
	c.Advance(-30 * time.Second) // within the leeway
	check(nil)
	s.wantFetches(t, 1)
	c.Advance(-time.Hour)
	check(nil)
	s.wantFetches(t, 2)
	s.fail(errDown)
	c.Advance(-time.Hour)
	check(verify.ErrUnavailable)
}

func TestAnswersThatAreNoKeys(t *testing.T) {
	t.Parallel()
	p := pair(t, "EdDSA")
	good := publish(t, p).answers["jwks.json"]
	meta := func(keys string) string { return `{"issuer":"` + issuer + `","jwks_uri":"` + keys + `"}` }
	for name, c := range map[string]struct{ file, body string }{
		"metadata of another issuer":         {"openid-configuration", strings.Replace(meta(issuer+"/.well-known/jwks.json"), app, "x", 1)},
		"metadata without issuer":            {"openid-configuration", `{"jwks_uri":"` + issuer + `/.well-known/jwks.json"}`},
		"metadata without keys":              {"openid-configuration", `{"issuer":"` + issuer + `"}`},
		"metadata with a duplicate member":   {"openid-configuration", `{"issuer":"x",` + meta(issuer + "/.well-known/jwks.json")[1:]},
		"metadata that are missing":          {"openid-configuration", ""},
		"keys at another host":               {"openid-configuration", meta("https://b.example/.well-known/jwks.json")},
		"keys at another port":               {"openid-configuration", meta("https://a.example:444/.well-known/jwks.json")},
		"keys without TLS":                   {"openid-configuration", meta("http://a.example/.well-known/jwks.json")},
		"keys with user info":                {"openid-configuration", meta("https://u@a.example/.well-known/jwks.json")},
		"keys with a relative address":       {"openid-configuration", meta("/.well-known/jwks.json")},
		"metadata that lead to another host": {"openid-configuration", "https://b.example/auth/apps/" + app + "/.well-known/openid-configuration"},
		"keys that lead to another host":     {"jwks.json", "https://b.example/jwks.json"},
		"keys that lead in circles":          {"jwks.json", "https://a.example/jwks.json"},
		"keys that are missing":              {"jwks.json", ""},
		"keys that are not JSON":             {"jwks.json", "<html>"},
		"keys that are a list":               {"jwks.json", "[]"},
		"an object without keys":             {"jwks.json", "{}"},
		"keys in another case":               {"jwks.json", strings.Replace(good, "keys", "Keys", 1)},
		"duplicate keys member":              {"jwks.json", `{"keys":[],` + good[1:]},
		"two keys of one id":                 {"jwks.json", strings.Replace(good, "[{", "["+strings.TrimSuffix(good[len(`{"keys":[`):], "]}")+",{", 1)},
		"more than a mebibyte":               {"jwks.json", good + strings.Repeat(" ", 1<<20)},
		"keys nested too deep":               {"jwks.json", `{"keys":` + strings.Repeat("[", 1<<19)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := publish(t, p)
			for _, file := range []string{"jwks.json", "openid-configuration"} {
				s.set("b/"+file, s.answers[file])
			}
			s.set(c.file, c.body)
			if got, err := s.over(t, at(start)).Verify(t.Context(), mint(t, p, start)); !errors.Is(err, verify.ErrUnavailable) {
				t.Errorf("got %+v, %v, want ErrUnavailable", got, err)
			}
		})
	}
}

func TestAnswersThatAreKeys(t *testing.T) {
	t.Parallel()
	p := pair(t, "EdDSA")
	for name, change := range map[string]func(s *source, c *verify.Config){
		"a default port that is written": func(s *source, _ *verify.Config) {
			s.set("openid-configuration", `{"issuer":"`+issuer+`","jwks_uri":"https://A.example:443/jwks.json"}`)
		},
		"a redirect within the origin": func(s *source, _ *verify.Config) {
			s.answers["other.json"] = s.answers["jwks.json"]
			s.set("jwks.json", "https://a.example/other.json")
		},
		"a mebibyte": func(s *source, _ *verify.Config) {
			s.answers["jwks.json"] += strings.Repeat(" ", 1<<20-len(s.answers["jwks.json"]))
		},
		"keys without metadata": func(s *source, c *verify.Config) { c.SkipDiscovery = true; s.set("openid-configuration", "") },
		"a redirect policy of the host's": func(s *source, c *verify.Config) {
			s.answers["other.json"] = s.answers["jwks.json"]
			s.set("jwks.json", "https://a.example/other.json")
			c.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return errDown }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := publish(t, p)
			v := s.over(t, at(start), func(c *verify.Config) { change(s, c) })
			if _, err := v.Verify(t.Context(), mint(t, p, start)); err != nil {
				t.Errorf("got %v, want no error", err)
			}
		})
	}
}

func TestKeysOfOtherKindsAreLeftOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ alg, old, new string }{
		"for encryption":                {"EdDSA", `"use":"sig"`, `"use":"enc"`},
		"for nothing in particular":     {"EdDSA", `,"use":"sig"`, ``},
		"without an algorithm":          {"EdDSA", `"alg":"EdDSA"`, `"alg":""`},
		"of another algorithm":          {"EdDSA", `"alg":"EdDSA"`, `"alg":"ES256"`},
		"of HS256":                      {"EdDSA", `"alg":"EdDSA"`, `"alg":"HS256"`},
		"of another kind":               {"EdDSA", `"kty":"OKP"`, `"kty":"oct"`},
		"with its private half":         {"EdDSA", `"kty":`, `"d":"AA","kty":`},
		"with a secret":                 {"ES256", `"kty":`, `"k":"AA","kty":`},
		"with a factor":                 {"RS256", `"kty":`, `"p":"AA","kty":`},
		"on another curve":              {"ES256", `P-256`, `P-384`},
		"off the curve":                 {"ES256", `"x":"`, `"x":"` + strings.Repeat("A", 43) + `","z":"`},
		"with a point of its own":       {"ES256", `"y":"`, `"y":"AA","z":"`},
		"of a short x":                  {"EdDSA", `"x":"`, `"x":"AA","z":"`},
		"of an x with padding":          {"EdDSA", `"}]`, `="}]`},
		"of a short modulus":            {"RS256", `"n":"`, `"n":"AQAB","z":"`},
		"of a small exponent":           {"RS256", `"e":"AQAB"`, `"e":"Aw"`},
		"without an id":                 {"EdDSA", `"kid":`, `"id":`},
		"with an id that is not a text": {"EdDSA", `"kid":`, `"kid":1,"id":`},
		"with an id in capitals":        {"EdDSA", `"kid":`, `"KID":`},
		"with a duplicate member":       {"EdDSA", `"kty"`, `"kty":"EC","kty"`},
		"with half a character":         {"EdDSA", `"kid":`, `"x5t":"\ud800","kid":`},
		"that is a list":                {"EdDSA", `{"alg"`, `[{}],{"lag"`},
		"that is null":                  {"EdDSA", `{"alg"`, `null,{"lag"`},
		"without its curve":             {"ES256", `"crv"`, `"vrc"`},
		"without its point":             {"ES256", `"x":`, `"z":`},
		"of a number for a modulus":     {"RS256", `"n":"`, `"n":1,"z":"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, other := pair(t, c.alg), pair(t, "EdDSA")
			s := publish(t, p)
			text := strings.Replace(s.answers["jwks.json"], c.old, c.new, 1)
			if text == s.answers["jwks.json"] {
				t.Fatalf("%s: got no %q, want one", text, c.old)
			}
			s.replace(t, other)
			s.set("jwks.json", strings.TrimSuffix(text, "]}")+","+strings.TrimPrefix(s.answers["jwks.json"], `{"keys":[`))
			v := s.over(t, at(start))
			if got, err := v.Verify(t.Context(), mint(t, p, start)); !errors.Is(err, verify.ErrInvalid) {
				t.Errorf("its token: got %+v, %v, want ErrInvalid", got, err)
			}
			if _, err := v.Verify(t.Context(), mint(t, other, start)); err != nil {
				t.Errorf("the other key's token: got %v, want no error", err)
			}
		})
	}
}

// RFC 7517, section 4.7: a certificate may stand beside the key, and it is not needed.
func TestACertificateIsNotRead(t *testing.T) {
	t.Parallel()
	for name, extra := range map[string]string{
		"that is malformed":                   `"x5c":["!"],"x5t":"AA=="`,
		"that is not a list":                  `"x5c":1,"x5t#S256":{}`,
		"of another key":                      `"x5c":["MIIB"],"x5u":"http://127.0.0.1/"`,
		"beside operations and other members": `"key_ops":"verify","ext":"x"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pair(t, "RS256")
			s := publish(t, p)
			s.set("jwks.json", strings.Replace(s.answers["jwks.json"], `"kty":`, extra+`,"kty":`, 1))
			if _, err := s.over(t, at(start)).Verify(t.Context(), mint(t, p, start)); err != nil {
				t.Errorf("its token: got %v, want no error", err)
			}
		})
	}
}

// A transport of the host may panic. Then the keys are out of reach for a moment, and the
// process goes on.
func TestAPanicOfTheTransportIsAnErrorOfTheFetch(t *testing.T) {
	inBubble(t, func(t *testing.T, p token.Pair, s *source, _ *verify.Verifier) {
		broken := true
		v := s.over(t, nil, func(c *verify.Config) {
			c.Client = &http.Client{Transport: tripper(func(r *http.Request) (*http.Response, error) {
				if broken {
					panic("boom")
				}
				return s.RoundTrip(r)
			})}
		})
		wants(t, v, p, verify.ErrUnavailable)
		broken = false
		time.Sleep(5 * time.Second)
		wants(t, v, p, nil)
	})
}

type tripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// FuzzKeySet reads any answer as a key set and checks that a stranger's token never passes.
func FuzzKeySet(f *testing.F) {
	known, stranger := fixed(), pair(f, "EdDSA")
	stranger.KID = known.KID
	raw := mint(f, stranger, start)
	good := publish(f, known).answers["jwks.json"]
	for _, seed := range []string{
		good, `{"keys":[]}`, `{"keys":[null]}`, `{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"k","n":"AQAB","e":"AQAB"}]}`,
		`{"keys":[{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":"k","x":"AA","y":"AA"}]}`, `{"\ud800":"`, `{"\ud83d\ude00":[{}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		s := publish(t, known)
		s.set("jwks.json", answer)
		got, err := s.over(t, at(start)).Verify(t.Context(), raw)
		if !errors.Is(err, verify.ErrInvalid) && !errors.Is(err, verify.ErrUnavailable) {
			t.Errorf("%q: got %+v, %v, want a refusal", answer, got, err)
		}
	})
}
