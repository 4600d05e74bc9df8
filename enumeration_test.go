package authkit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/totp"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/storetest"
)

// asked is the address in question. No one may learn whether the app knows it.
const loggedRequest = "somebody@example.com"

// witness is a store that records what a flow asks of it, in order.
type witness struct {
	*storetest.Faulty

	mu   sync.Mutex
	seen []string
}

func (s *witness) notef(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, fmt.Sprintf(format, args...))
}

func (s *witness) App(ctx context.Context, app uuid.UUID) (authkit.App, error) {
	s.notef("App")
	return s.Faulty.App(ctx, app)
}

func (s *witness) Account(ctx context.Context, app uuid.UUID, by authkit.AccountKey) (authkit.Account, error) {
	s.notef("Account")
	return s.Faulty.Account(ctx, app, by)
}

func (s *witness) Session(ctx context.Context, app uuid.UUID, by authkit.SessionKey, now time.Time) (authkit.Session, authkit.User, error) {
	s.notef("Session")
	return s.Faulty.Session(ctx, app, by, now)
}

func (s *witness) Hit(ctx context.Context, hits authkit.Hits, now time.Time) (authkit.HitResult, error) {
	s.notef("Hit %d", len(hits.Each))
	return s.Faulty.Hit(ctx, hits, now)
}

func (s *witness) Token(ctx context.Context, app uuid.UUID, take authkit.Take, now time.Time) (authkit.Token, authkit.Account, error) {
	s.notef("Token %s", take.Kind)
	return s.Faulty.Token(ctx, app, take, now)
}

func (s *witness) TryToken(ctx context.Context, app uuid.UUID, t authkit.Try, now time.Time) (authkit.Tried, error) {
	s.notef("TryToken %s", t.Kind)
	return s.Faulty.TryToken(ctx, app, t, now)
}

// Put records what is written, and the lengths of what is sealed.
func (s *witness) Put(ctx context.Context, p authkit.Put) error {
	var line strings.Builder
	line.WriteString("Put")
	for _, x := range p.Riders.Tokens {
		fmt.Fprintf(&line, " token(%s most %d slot %d proof %d binding %d data %d)", x.Kind, x.Most, len(x.Slot), len(x.Proof), len(x.Binding), len(x.Data))
	}
	for _, m := range p.Riders.Mail {
		fmt.Fprintf(&line, " mail(%d)", len(m.Sealed))
	}
	for _, e := range p.Riders.Events {
		fmt.Fprintf(&line, " event(%s %s %s %d)", e.Type, e.Result, e.Reason, len(e.Detail))
	}
	s.notef("%s", &line)
	return s.Faulty.Put(ctx, p)
}

// onlooker is a world in which the asked address may be known, and in which another person
// asks.
type onlooker struct {
	*world

	store   *witness
	session string // an access token of the asker
}

// standing is what the app may know about an address; nil means nothing.
type standing func(w *onlooker)

// account makes the asked user, with a password unless pw is empty.
func (w *onlooker) account(pw string, patch authkit.UserPatch) {
	w.t.Helper()
	var u authkit.User
	var err error
	if pw == "" {
		u, err = w.engine.CreateUser(w.t.Context(), w.app.ID, authkit.UserRequest{Email: loggedRequest})
	} else {
		var in authkit.SignIn
		in, err = w.engine.SignInWithPassword(w.t.Context(), authkit.PasswordSignIn{App: w.app.ID, Email: loggedRequest, Password: pw})
		u = in.User
	}
	if err == nil {
		_, err = w.engine.ChangeUser(w.t.Context(), authkit.UserRef{App: w.app.ID, ID: u.ID}, patch)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// standings lists the states of an account that must look like a missing account.
func standings() map[string]standing {
	yes := new(true)
	return map[string]standing{
		"a user":                              func(w *onlooker) { w.account(password, authkit.UserPatch{Verified: yes}) },
		"an unverified user":                  func(w *onlooker) { w.account(password, authkit.UserPatch{}) },
		"a disabled user":                     func(w *onlooker) { w.account(password, authkit.UserPatch{Verified: yes, Disabled: yes}) },
		"a user without a password":           func(w *onlooker) { w.account("", authkit.UserPatch{Verified: yes}) },
		"an unverified one without":           func(w *onlooker) { w.account("", authkit.UserPatch{}) },
		"a disabled, unverified one":          func(w *onlooker) { w.account(password, authkit.UserPatch{Disabled: yes}) },
		"a disabled user without a password":  func(w *onlooker) { w.account("", authkit.UserPatch{Verified: yes, Disabled: yes}) },
		"a user who has asked for mail twice": askedBefore,
		"a user with a second factor":         withTOTP,
	}
}

// withTOTP makes a user whose sign-ins wait for a second factor.
func withTOTP(w *onlooker) {
	w.account(password, authkit.UserPatch{Verified: new(true)})
	owner := authkit.FactorOwner{App: w.app.ID, User: w.userOf(loggedRequest).ID}
	begun, err := w.engine.BeginTOTP(w.t.Context(), owner)
	if err != nil {
		w.t.Fatal(err)
	}
	owner.Binding = begun.Binding
	seed, _ := totp.ParseSecret(begun.Secret)
	code := totp.Code(seed, totp.StepOf(w.clock.Now()))
	if _, err := w.engine.FinishTOTP(w.t.Context(), authkit.TOTPFinish{FactorOwner: owner, State: begun.State, Code: code}); err != nil {
		w.t.Fatal(err)
	}
}

// askedBefore makes valid proofs of an address for which others than the asker wanted mail.
func askedBefore(w *onlooker) {
	w.account(password, authkit.UserPatch{Verified: new(true)})
	for _, path := range []string{"/auth/password/forgot/{app_id}", "/auth/magic-link/{app_id}"} {
		w.from("198.51.100.7:1").send("POST", w.in(path), `{"email":"`+loggedRequest+`"}`).want(w.t, 202, "")
	}
}

// newOnlooker returns a world. Everything in it happened hours ago, so that limits have room.
func newOnlooker(t *testing.T, of standing, settings authkit.AppPatch) *onlooker {
	t.Helper()
	store := &witness{Faulty: storetest.NewFaulty(memory.New())}
	w := &onlooker{store: store, world: setup(t, func(c *authkit.Config) { c.Store = store })}
	if of != nil {
		of(w)
	}
	w.clock.Advance(3 * time.Hour)
	w.session = w.signUp("asker@example.com").text(t, "token")
	w.settings(settings)
	return w
}

// secretive is a request whose answer must not reveal whether the address is known.
type secretive struct {
	settings authkit.AppPatch
	path     string
	body     string
	fills    int    // requests that use up the address's limit
	code     string // where a code is redeemed, whether or not one was mailed
}

// secretives lists all flows that take another person's address.
func secretives() map[string]secretive {
	closed, proven := authkit.AppPatch{SignupClosed: new(true)}, authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)}
	const credentials, forgot, link = "/auth/credentials/{app_id}", "/auth/password/forgot/{app_id}", "/auth/magic-link/{app_id}"
	tries := func(pw, intent string) string {
		return `{"email":"` + loggedRequest + `","password":"` + pw + `"` + intent + `}`
	}
	const wrong, signIn, signUp = "another long passphrase", `,"intent":"sign_in"`, `,"intent":"sign_up"`
	email := `{"email":"` + loggedRequest + `"}`
	return map[string]secretive{
		"sign-in":                                 {path: credentials, body: tries(wrong, signIn), fills: 10},
		"sign-in with a weak password":            {path: credentials, body: tries("short", ""), fills: 10},
		"sign-in where sign-up is closed":         {settings: closed, path: credentials, body: tries(wrong, ""), fills: 10},
		"sign-in where addresses are proven":      {settings: proven, path: credentials, body: tries(wrong, ""), fills: 10},
		"sign-up where addresses are proven":      {settings: proven, path: credentials, body: tries(wrong, signUp), fills: 5},
		"sign-up where it is closed":              {settings: closed, path: credentials, body: tries(wrong, signUp), fills: 10},
		"weak sign-up where addresses are proven": {settings: proven, path: credentials, body: tries("short", signUp), fills: 10},
		"forgot":                           {path: forgot, body: email, fills: 5},
		"forgot where sign-up is closed":   {settings: closed, path: forgot, body: email, fills: 5},
		"link":                             {path: link, body: email, fills: 5},
		"link where sign-up is closed":     {settings: closed, path: link, body: email, fills: 5},
		"change of address":                {path: "/auth/email/change/{app_id}", body: `{"new_email":"` + loggedRequest + `"}`, fills: 5},
		"a wrong code of a reset":          {path: forgot, body: email, fills: 5, code: "/auth/password/reset/{app_id}"},
		"a wrong code of a link":           {path: link, body: email, fills: 5, code: "/auth/verify/{app_id}"},
		"a wrong code of a sign-up":        {settings: proven, path: credentials, body: tries(wrong, signUp), fills: 5, code: "/auth/email/verify/{app_id}"},
		"a wrong code of a closed sign-up": {settings: closed, path: link, body: email, fills: 5, code: "/auth/verify/{app_id}"},
	}
}

// ask sends the request. The asker is signed in as another user.
func (f secretive) ask(w *onlooker) answer {
	w.t.Helper()
	return w.send("POST", w.in(f.path), f.body, bearer(w.session))
}

// redeem sends a code other than the mailed one.
func (f secretive) redeem(w *onlooker, asking answer) answer {
	w.t.Helper()
	code := "000000"
	for _, m := range w.outbox.Messages() {
		if strings.Contains(m.Text, code) {
			code = "000001"
		}
	}
	members := map[string]string{"email": loggedRequest, "code": code, "binding": asking.text(w.t, "binding")}
	if strings.Contains(f.code, "/reset/") {
		members["password"] = "a third long passphrase"
	}
	body, err := json.Marshal(members)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.send("POST", w.in(f.code), string(body))
}

// masked lists members and headers that differ each time. Only their lengths count.
var masked = []string{"binding", "request_id", "X-Request-Id", "Set-Cookie"}

// shown returns everything that the asker sees.
func shown(a answer) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d, %d bytes\n", a.Code, a.Body.Len())
	for _, name := range slices.Sorted(maps.Keys(a.body)) {
		fmt.Fprintf(&out, "%s: %s\n", name, mask(name, fmt.Sprint(a.body[name])))
	}
	for _, name := range slices.Sorted(maps.Keys(a.Header())) {
		for _, value := range a.Header()[name] {
			fmt.Fprintf(&out, "%s: %s\n", name, mask(name, value))
		}
	}
	return out.String()
}

func mask(name, value string) string {
	if !slices.Contains(masked, name) {
		return value
	}
	secret, rest, _ := strings.Cut(value, "; ") // a cookie's attributes stay
	key, _, _ := strings.Cut(secret, "=")
	if name != "Set-Cookie" {
		key = ""
	}
	return fmt.Sprintf("%s(%d) %s", key, len(secret), rest)
}

// knowsApp reads the app, so that the next request does not begin with an older record of it.
func (w *onlooker) knowsApp() {
	w.t.Helper()
	if _, err := w.engine.App(w.t.Context(), w.app.ID); err != nil {
		w.t.Fatal(err)
	}
}

// trace returns what the asker sees of a flow's last request, and what the store is asked.
func (f secretive) trace(t *testing.T, of standing, fills int) (seen, asks string) {
	t.Helper()
	w := newOnlooker(t, of, f.settings)
	for range fills {
		f.ask(w)
	}
	last := func() answer { return f.ask(w) }
	if f.code != "" {
		asking := f.ask(w)
		last = func() answer { return f.redeem(w, asking) }
		w.runOnce() // the mail tells which code is wrong
	}
	w.knowsApp() // the first request after a change of the app reads it anew
	w.store.seen = nil
	before := w.store.Calls()
	got := last()
	if calls := w.store.Calls() - before; calls != len(w.store.seen) || calls == 0 {
		t.Fatalf("calls of the store: got %d, want the %d that the witness saw: %q", calls, len(w.store.seen), w.store.seen)
	}
	if got.Code == http.StatusNotFound || got.Code >= http.StatusInternalServerError {
		t.Fatalf("got %d %s, want an answer of the flow", got.Code, got.Body)
	}
	return shown(got), strings.Join(w.store.seen, "\n")
}

func TestNothingTellsWhetherAnAddressIsKnown(t *testing.T) {
	t.Parallel()
	for name, f := range secretives() {
		for load, fills := range map[string]int{"": 0, ", its limit used up": f.fills} {
			t.Run(name+load, func(t *testing.T) {
				t.Parallel()
				seen, asks := f.trace(t, nil, fills)
				for kind, of := range standings() {
					t.Run(kind, func(t *testing.T) {
						t.Parallel()
						gotSeen, gotAsks := f.trace(t, of, fills)
						if gotSeen != seen {
							t.Errorf("answer: got\n%s\nwant that of an unknown address\n%s", gotSeen, seen)
						}
						if gotAsks != asks {
							t.Errorf("store: got\n%s\nwant what an unknown address asks for\n%s", gotAsks, asks)
						}
					})
				}
			})
		}
	}
}

func TestForgotAsksForNoAccount(t *testing.T) {
	t.Parallel()
	of := standings()["a user"]
	if _, asks := secretives()["forgot"].trace(t, of, 0); strings.Contains(asks, "Account") {
		t.Errorf("store: got\n%s\nwant no look-up, which takes longer where it finds something", asks)
	}
}

func TestNothingTellsThatTheMailOfAnAddressIsUsedUp(t *testing.T) {
	t.Parallel()
	told := regexp.MustCompile(`(mail|event)\([^)]*\)`) // what may tell: in sealed data, and in the audit trail
	for name, f := range secretives() {
		if f.fills > 5 || f.code != "" {
			continue // credentials answer 429
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fresh, asks := f.trace(t, nil, 0)
			full, fullAsks := f.trace(t, nil, f.fills)
			if full != fresh {
				t.Errorf("answer: got\n%s\nwant that of an address that gets mail\n%s", full, fresh)
			}
			if got, want := told.ReplaceAllString(fullAsks, "$1"), told.ReplaceAllString(asks, "$1"); got != want {
				t.Errorf("store: got\n%s\nwant what an address that gets mail asks for\n%s", got, want)
			}
		})
	}
}

func TestADecoyHarmsNoProofThatIsAlive(t *testing.T) {
	t.Parallel()
	for name, redeem := range map[string]string{"forgot": "/auth/password/reset/{app_id}", "link": "/auth/verify/{app_id}"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, w := secretives()[name], newOnlooker(t, standings()["a user"], authkit.AppPatch{})
			for range f.fills {
				f.ask(w)
				w.runOnce()
			}
			sent := w.outbox.Messages()
			for range 3 {
				decoy := f.ask(w)
				secretive{code: redeem}.redeem(w, decoy).want(t, 401, "invalid_token")
			}
			w.runOnce()
			if n := len(w.outbox.Messages()); n != len(sent) {
				t.Errorf("mail: got %d more, want none of a decoy", n-len(sent))
			}
			more := ""
			if name == "forgot" {
				more = `,"password":"` + newPassword + `"`
			}
			w.send("POST", w.in(redeem), byLink(sent[len(sent)-1], more)).want(t, 200, "")
		})
	}
}
