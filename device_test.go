package authkit_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
)

func (w *world) deviceCookie() string { return "authkit-d" }

// deviceOf returns the device cookie of an answer, as the browser sends it back.
func (w *world) deviceOf(got answer) string {
	w.t.Helper()
	for _, c := range (&http.Response{Header: got.Header()}).Cookies() {
		if c.Name == w.deviceCookie() {
			return "Cookie: " + c.Name + "=" + c.Value
		}
	}
	w.t.Fatalf("got %v, want a cookie for the device", got.Header())
	return ""
}

// proven signs up a user who proves the address and signs in again.
func (w *world) proven(email string) answer {
	w.t.Helper()
	token := w.signUp(email).text(w.t, "token")
	w.runOnce()
	before := len(w.outbox.Messages())
	w.send("POST", w.in("/auth/email/send/{app_id}"), "{}", bearer(token)).want(w.t, 202, "")
	w.runOnce()
	w.send("POST", w.in("/auth/email/verify/{app_id}"), `{"token":"`+linkToken(w.outbox.Messages()[before])+`"}`, bearer(token)).want(w.t, 200, "")
	w.clock.Advance(time.Hour) // so that limits have room again
	got := w.try(w.app.ID.String(), email, password)
	got.want(w.t, 200, "")
	return got
}

// try sends a password from an address that no other request comes from.
func (w *world) try(app, email, pw string, headers ...string) answer {
	w.t.Helper()
	w.tries++
	return w.from(fmt.Sprintf("198.51.%d.%d:1", w.tries/250, w.tries%250)).send("POST", "/auth/credentials/"+app, signInBody(email, pw, "sign_in"), headers...)
}

// knownDevice returns a world with a user and the user's browser, an hour later.
func knownDevice(t *testing.T, change ...func(*authkit.Config)) (w *world, app, cookie string) {
	t.Helper()
	w = setup(t, change...)
	cookie = w.deviceOf(w.signUp("ann@example.com"))
	w.clock.Advance(time.Hour)
	return w, w.app.ID.String(), cookie
}

// lockedOut tries passwords as strangers until they are refused.
func (w *world) lockedOut(app, email string) {
	w.t.Helper()
	flood(w.t, func(int) answer { return w.try(app, email, "another passphrase") })
}

// Strangers use up an address's share of mail. A known device of the user still gets mail, and
// its answer does not differ from that to strangers.
func TestStrangersKeepNoMailFromAKnownDevice(t *testing.T) {
	t.Parallel()
	ask := func(w *world, path, body string, headers ...string) (mails int) {
		w.t.Helper()
		before := len(w.outbox.Messages())
		w.tries++
		w.from(fmt.Sprintf("198.51.100.%d:1", w.tries)).send("POST", w.in(path), body, headers...).want(w.t, 202, "")
		w.runOnce()
		return len(w.outbox.Messages()) - before
	}
	const link, forgot, send = "/auth/magic-link/{app_id}", "/auth/password/forgot/{app_id}", "/auth/email/send/{app_id}"
	const ann = `{"email":"ann@example.com"}`
	usedUp := func(t *testing.T) (w *world, cookie string, in answer) {
		t.Helper()
		w = setup(t)
		in = w.proven("ann@example.com")
		for range 5 {
			ask(w, link, ann)
		}
		if n := ask(w, link, ann); n != 0 {
			t.Fatalf("mail to a stranger: got %d, want none", n)
		}
		return w, w.deviceOf(in), in
	}
	device := func(w *world) string {
		return w.deviceOf(w.try(w.app.ID.String(), "ann@example.com", password))
	}
	t.Run("a browser that signed in before gets its own", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{link, forgot} {
			w, cookie, _ := usedUp(t)
			if n := ask(w, path, ann, cookie); n != 1 {
				t.Errorf("%s: got %d mails, want 1", path, n)
			}
		}
	})
	t.Run("so does who is signed in", func(t *testing.T) {
		t.Parallel()
		w, _, in := usedUp(t)
		if n := ask(w, send, `{}`, bearer(in.text(t, "token"))); n != 1 {
			t.Errorf("got %d mails, want 1", n)
		}
	})
	t.Run("each of them, so that no old device takes another's", func(t *testing.T) {
		t.Parallel()
		w, old, in := usedUp(t)
		other, mails := device(w), 0
		for range 7 {
			mails += ask(w, link, ann, old)
		}
		if mails != 5 {
			t.Errorf("the old device: got %d mails, want 5", mails)
		}
		if n := ask(w, link, ann, other); n != 1 {
			t.Errorf("another device: got %d mails, want 1", n)
		}
		if n := ask(w, send, `{}`, bearer(in.text(t, "token"))); n != 1 {
			t.Errorf("the session: got %d mails, want 1", n)
		}
	})
	t.Run("and all of them together four times as much", func(t *testing.T) {
		t.Parallel()
		w, _, _ := usedUp(t)
		mails := 0
		for range 6 {
			cookie := device(w)
			for range 5 {
				mails += ask(w, link, ann, cookie)
			}
		}
		if mails != 20 {
			t.Errorf("got %d mails, want 20", mails)
		}
	})
	t.Run("an account that never proved the address has no share beside the strangers'", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		in := w.signUp("ann@example.com") // perhaps not the real Ann
		cookie, mails := w.deviceOf(in), 0
		for range 5 {
			mails += ask(w, send, `{}`, bearer(in.text(t, "token"))) + ask(w, link, ann, cookie) + ask(w, forgot, ann)
		}
		if mails != 5 {
			t.Errorf("got %d mails, want 5", mails)
		}
	})
	t.Run("a device of another address gets no mail of its own", func(t *testing.T) {
		t.Parallel()
		w, _, _ := usedUp(t)
		w.mailsNoProof()
		eve := w.deviceOf(w.signUp("eve@example.com"))
		if n := ask(w, link, ann, eve); n != 0 {
			t.Errorf("got %d mails, want none", n)
		}
	})
}

func TestStrangersLockNoKnownDeviceOut(t *testing.T) {
	t.Parallel()
	t.Run("a browser that signed in before gets through", func(t *testing.T) {
		t.Parallel()
		w, app, cookie := knownDevice(t)
		w.lockedOut(app, "ann@example.com")
		w.try(app, "ann@example.com", password).want(t, 429, "rate_limited")
		w.try(app, "Ann@Example.com", password, cookie).want(t, 200, "")
	})
	t.Run("a stranger gets through, too, each time that there is room", func(t *testing.T) {
		t.Parallel()
		w, app, _ := knownDevice(t)
		for range 5 {
			w.lockedOut(app, "ann@example.com") // refusals do not lengthen the wait
			w.clock.Advance(6 * time.Second)
			w.try(app, "ann@example.com", password).want(t, 200, "")
		}
	})
	t.Run("a device has one count, however often it signs in", func(t *testing.T) {
		t.Parallel()
		w, app, cookie := knownDevice(t)
		for range 10 {
			got := w.try(app, "ann@example.com", password, cookie)
			got.want(t, 200, "")
			cookie = w.deviceOf(got)
		}
		got := w.try(app, "ann@example.com", password, cookie)
		got.want(t, 429, "rate_limited")
		if got.Header().Get("Ratelimit") != `"credentials/device";r=0;t=6` {
			t.Errorf("RateLimit: got %s", got.Header().Get("Ratelimit"))
		}
		w.try(app, "ann@example.com", password).want(t, 200, "") // as a stranger
	})
	t.Run("an older cookie of a device is no other device", func(t *testing.T) {
		t.Parallel()
		w, app, first := knownDevice(t)
		second := w.deviceOf(w.try(app, "ann@example.com", password, first))
		if first == second {
			t.Fatal("got the same cookie an hour later, want it renewed")
		}
		for i := range 9 {
			w.try(app, "ann@example.com", "another passphrase", []string{first, second}[i%2]).want(t, 401, "invalid_credentials")
		}
		for _, cookie := range []string{first, second} {
			w.try(app, "ann@example.com", password, cookie).want(t, 429, "rate_limited")
		}
	})
	t.Run("two devices have a count each", func(t *testing.T) {
		t.Parallel()
		w, app, first := knownDevice(t)
		second := w.deviceOf(w.try(app, "ann@example.com", password))
		flood(t, func(int) answer { return w.try(app, "ann@example.com", "another passphrase", first) })
		w.try(app, "ann@example.com", password, second).want(t, 200, "")
	})
	t.Run("its peer is counted all the same", func(t *testing.T) {
		t.Parallel()
		w, app, cookie := knownDevice(t)
		flood(t, func(i int) answer { return w.wrong(app, w.nth(i)) })
		w.send("POST", "/auth/credentials/"+app, signInBody("ann@example.com", password, ""), cookie).want(t, 429, "rate_limited")
	})
	t.Run("an app's own limit is a device's, too", func(t *testing.T) {
		t.Parallel()
		w, app, cookie := knownDevice(t)
		w.settings(authkit.AppPatch{Limits: &authkit.AppLimits{Credentials: "2/h/email"}})
		if through, wait := flood(t, func(int) answer { return w.try(app, "ann@example.com", password, cookie) }); through != 2 || wait != 1800 {
			t.Errorf("got %d through and then %d s to wait, want 2 and 1800", through, wait)
		}
	})
}

func TestADeviceIsKnownForItsAccountOnly(t *testing.T) {
	t.Parallel()
	changed := func(cookie string, at int) string {
		last := byte('A')
		if cookie[at] == last {
			last = 'B'
		}
		return cookie[:at] + string(last) + cookie[at+1:]
	}
	for name, stranger := range map[string]func(w *world, cookie string) (app, email, sent string){
		"of another address": func(w *world, cookie string) (string, string, string) {
			w.signUp("bob@example.com")
			return w.app.ID.String(), "bob@example.com", cookie
		},
		"in another app": func(w *world, cookie string) (string, string, string) {
			other, _, err := w.engine.CreateApp(w.t.Context(), w.devID, "Other")
			if err != nil {
				w.t.Fatal(err)
			}
			value := cookie[strings.Index(cookie, "=")+1:]
			w.app = other
			w.signUp("ann@example.com")
			return other.ID.String(), "ann@example.com", "Cookie: " + w.deviceCookie() + "=" + value
		},
		"after 90 days": func(w *world, cookie string) (string, string, string) {
			w.clock.Advance(90*24*time.Hour - 2*time.Hour) // together with the two hours around it
			return w.app.ID.String(), "ann@example.com", cookie
		},
		"once the sessions are ended as one": func(w *world, cookie string) (string, string, string) {
			account := w.userOf("ann@example.com")
			if err := w.engine.EndSessions(w.t.Context(), authkit.UserRef{App: w.app.ID, ID: account.ID}); err != nil {
				w.t.Fatal(err)
			}
			return w.app.ID.String(), "ann@example.com", cookie
		},
		"once its proven owner has reset it": func(w *world, cookie string) (string, string, string) {
			_, m := w.mailed("ann@example.com", "")
			w.verify(`{"token":"`+linkToken(m)+`"}`).want(w.t, 200, "")
			return w.app.ID.String(), "ann@example.com", cookie
		},
		"once another account has the address": func(w *world, cookie string) (string, string, string) {
			if err := w.engine.DeleteUser(w.t.Context(), authkit.UserRef{App: w.app.ID, ID: w.userOf("ann@example.com").ID}); err != nil {
				w.t.Fatal(err)
			}
			w.signUp("ann@example.com")
			return w.app.ID.String(), "ann@example.com", cookie
		},
		"once no account has the address": func(w *world, cookie string) (string, string, string) {
			if err := w.engine.DeleteUser(w.t.Context(), authkit.UserRef{App: w.app.ID, ID: w.userOf("ann@example.com").ID}); err != nil {
				w.t.Fatal(err)
			}
			return w.app.ID.String(), "ann@example.com", cookie
		},
		"with a cookie cut short": func(w *world, c string) (string, string, string) {
			return w.app.ID.String(), "ann@example.com", c[:len(c)-1]
		},
		"with another device's id": func(w *world, c string) (string, string, string) {
			return w.app.ID.String(), "ann@example.com", changed(c, strings.Index(c, "=")+1)
		},
		"with another day of issue": func(w *world, c string) (string, string, string) {
			return w.app.ID.String(), "ann@example.com", changed(c, strings.Index(c, "=")+30)
		},
		"with another seal": func(w *world, c string) (string, string, string) {
			return w.app.ID.String(), "ann@example.com", changed(c, len(c)-3)
		},
		"with a cookie twice": func(w *world, c string) (string, string, string) {
			return w.app.ID.String(), "ann@example.com", c + "; " + c[len("Cookie: "):]
		},
		"with an empty one": func(w *world, c string) (string, string, string) {
			return w.app.ID.String(), "ann@example.com", c[:strings.Index(c, "=")+1]
		},
		"with the cookie in a query": func(w *world, c string) (string, string, string) {
			return w.app.ID.String() + "?device=" + c[strings.Index(c, "=")+1:], "ann@example.com", "Cookie: x=y"
		},
	} {
		t.Run("it is a stranger "+name, func(t *testing.T) {
			t.Parallel()
			w, _, cookie := knownDevice(t)
			app, email, sent := stranger(w, cookie)
			w.clock.Advance(time.Hour)
			if through, _ := flood(t, func(int) answer { return w.try(app, email, "another passphrase", sent) }); through != 10 {
				t.Errorf("got %d through, want the 10 of a stranger", through)
			}
			w.try(app, email, "another passphrase").want(t, 429, "rate_limited")
		})
	}
	t.Run("just before 90 days are over it is known", func(t *testing.T) {
		t.Parallel()
		w, app, cookie := knownDevice(t)
		w.clock.Advance(90*24*time.Hour - time.Hour - time.Second)
		w.lockedOut(app, "ann@example.com")
		w.try(app, "ann@example.com", password, cookie).want(t, 200, "")
	})
	t.Run("a sign-in makes it known again", func(t *testing.T) {
		t.Parallel()
		w, app, cookie := knownDevice(t)
		if err := w.engine.EndSessions(t.Context(), authkit.UserRef{App: w.app.ID, ID: w.userOf("ann@example.com").ID}); err != nil {
			t.Fatal(err)
		}
		cookie = w.deviceOf(w.try(app, "ann@example.com", password, cookie))
		w.lockedOut(app, "ann@example.com")
		w.try(app, "ann@example.com", password, cookie).want(t, 200, "")
	})
}

func (w *world) userOf(email string) authkit.User {
	w.t.Helper()
	users, err := w.engine.Users(w.t.Context(), w.app.ID, authkit.UserFilter{Email: email})
	if err != nil || len(users) != 1 {
		w.t.Fatalf("user %s: got %v, %v", email, users, err)
	}
	return users[0]
}

func TestTheCookieOfADevice(t *testing.T) {
	t.Parallel()
	t.Run("is for this host alone, and tells nothing", func(t *testing.T) {
		t.Parallel()
		w := setup(t, func(c *authkit.Config) { c.BaseURL = "https://example.com/id" })
		up := w.signUp("ann@example.com")
		user := w.userOf("ann@example.com")
		found := false
		for _, c := range (&http.Response{Header: up.Header()}).Cookies() {
			if c.Name != "__Host-"+w.deviceCookie() {
				continue
			}
			found = true
			if c.Path != "/" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Domain != "" || c.MaxAge != 90*24*3600 {
				t.Errorf("cookie: got %s", c)
			}
			raw, err := base64.RawURLEncoding.DecodeString(c.Value)
			if err != nil || bytes.Contains(raw, []byte("ann")) || bytes.Contains(raw, user.ID[:]) || bytes.Contains(raw, w.app.ID[:]) {
				t.Errorf("value: got %q, %v, want nothing about anybody in it", raw, err)
			}
		}
		if !found {
			t.Errorf("got %v, want the cookie", up.Header().Values("Set-Cookie"))
		}
	})
	t.Run("comes with a sign-in by any method, and with no refusal", func(t *testing.T) {
		t.Parallel()
		w, app, _ := knownDevice(t)
		pending, m := w.mailed("ann@example.com", "")
		cookie := w.deviceOf(w.verify(fmt.Sprintf(`{"email":"ann@example.com","code":%q,"binding":%q}`, mail.Code(m), pending.body["binding"])))
		w.signUp("cat@example.com")
		w.lockedOut(app, "cat@example.com")
		w.try(app, "cat@example.com", password, cookie).want(t, 429, "rate_limited") // it is ann's
		for _, got := range []answer{w.try(app, "ann@example.com", "another passphrase"), w.try(app, "bob@example.com", password, cookie), w.send("POST", "/auth/verify/"+app, `{"token":"x"}`)} {
			if got.Code != 401 || got.Header().Get("Set-Cookie") != "" {
				t.Errorf("got %d %v, want no cookie", got.Code, got.Header())
			}
		}
	})
}

// A Go caller stores for a device what the handler stores in a cookie.
func TestIssueDeviceToken(t *testing.T) {
	t.Parallel()
	w, seen := counted(t)
	w.signUp("ann@example.com")
	w.clock.Advance(time.Hour)
	try := func(device, pw string) (authkit.SignIn, error) {
		return w.engine.SignInWithPassword(t.Context(), authkit.PasswordSignIn{
			App: w.app.ID, Email: "ann@example.com", Password: pw, Intent: "sign_in", Device: device,
		})
	}
	in, err := try("", password)
	if err != nil {
		t.Fatal(err)
	}
	device := w.engine.IssueDeviceToken(in, "")
	for range 9 {
		if _, err := try("nonsense", "another passphrase"); !errors.Is(err, authkit.CodeInvalidCredentials) {
			t.Fatalf("a stranger: got %v, want %s", err, authkit.CodeInvalidCredentials)
		}
	}
	if _, err := try("", password); !errors.Is(err, authkit.CodeRateLimited) {
		t.Errorf("one stranger too many: got %v, want %s", err, authkit.CodeRateLimited)
	}
	if got := seen.since(func() {
		if _, err := try(device, password); err != nil {
			t.Errorf("a known device: got %v, want it through", err)
		}
	}); got != 1 {
		t.Errorf("a known device: counted %d times, want once", got)
	}
	if err := w.engine.EndSessions(t.Context(), authkit.UserRef{App: w.app.ID, ID: in.User.ID}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	if got := seen.since(func() {
		if _, err := try(device, password); err != nil {
			t.Errorf("a device that is known no longer: got %v, want it through as a stranger", err)
		}
	}); got != 3 {
		t.Errorf("a device that is known no longer: counted %d times, want as a stranger by the minute and by the day, too", got)
	}
}

// FuzzDevice checks that a device is known only by a token that was made for the account, byte
// for byte.
func FuzzDevice(f *testing.F) {
	seen := &hitLog{Store: memory.New()}
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	engine, err := authkit.New(authkit.Config{
		Store: seen, BaseURL: base, Mailer: mail.NewOutbox(), Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return at },
		Password: authkit.PasswordConfig{MemoryKiB: 8, Time: 1}, Secrets: [][]byte{make([]byte, 32)},
		Limits: authkit.LimitConfig{Credentials: "1000000/s/email"},
	})
	if err != nil {
		f.Fatal(err)
	}
	app, err := engine.EnsureApp(f.Context(), "me", "Demo")
	if err != nil {
		f.Fatal(err)
	}
	genuine := engine.IssueDeviceToken(authkit.SignIn{User: authkit.User{App: app.ID, Email: "ann@example.com"}}, "")
	// Each input is an edit of the genuine text, since every process of a fuzz run draws its
	// own.
	n := uint16(len(genuine))
	f.Add(uint16(0), uint16(0), "")
	f.Add(uint16(0), n, "")
	f.Add(uint16(0), uint16(1), "")
	f.Add(n, uint16(0), "A")
	f.Add(n, uint16(0), "\n")
	f.Add(uint16(0), n, strings.Repeat("A", len(genuine)))
	f.Add(uint16(0), uint16(1), "A")
	f.Add(n-1, uint16(1), "_")
	f.Add(n, uint16(0), strings.Repeat("A", len(genuine))) // an entry that was never made, beside the genuine one
	f.Add(n, uint16(0), ".")                               // the notes of a remembered browser follow the entries
	f.Add(n, uint16(0), "."+genuine)
	f.Add(uint16(0), uint16(0), "AAAA.")
	entry, err := base64.RawURLEncoding.DecodeString(genuine)
	if err != nil {
		f.Fatal(err)
	}
	holds := func(text string) bool {
		entries, _, _ := strings.Cut(text, ".")
		raw, err := base64.RawURLEncoding.Strict().DecodeString(entries)
		return err == nil && slices.ContainsFunc(slices.Collect(slices.Chunk(raw, len(entry))), func(one []byte) bool { return bytes.Equal(one, entry) })
	}
	f.Fuzz(func(t *testing.T, from, to uint16, text string) {
		start := int(from) % (len(genuine) + 1)
		text = genuine[:start] + text + genuine[min(start+int(to), len(genuine)):]
		seen.keys = nil
		_, err := engine.SignInWithPassword(t.Context(), authkit.PasswordSignIn{App: app.ID, Email: "ann@example.com", Password: password, Intent: "sign_in", Device: text})
		if !errors.Is(err, authkit.CodeInvalidCredentials) && !errors.Is(err, authkit.CodeRateLimited) {
			t.Errorf("Device %q: got %v", text, err)
		}
		known := strings.HasPrefix(seen.keys[0], "credentials/device/")
		if text == genuine && !known || known && !holds(text) {
			t.Errorf("Device %q: got known %v, want only what holds %q known", text, known, genuine)
		}
	})
}
