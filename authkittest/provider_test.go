package authkittest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
)

func withProvider(t *testing.T) (*authkittest.Kit, *authkittest.Provider) {
	t.Helper()
	kit := authkittest.New(t)
	p := authkittest.NewProvider(t, kit, "corp")
	p.Configure(t, kit.App)
	return kit, p
}

func TestProvider(t *testing.T) {
	t.Parallel()
	kit, p := withProvider(t)
	ann, err := p.SignIn(t, kit.App, "ann@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if !ann.Created || !ann.User.Verified || ann.User.EmailTyped != "ann@example.com" || ann.User.Name != "Test Person" {
		t.Errorf("user: got %+v", ann.User)
	}
	ask(t, host(kit, kit.App), ann.Bearer(get(t, "/me")), 200)

	t.Run("the same address is the same person", func(t *testing.T) {
		t.Parallel()
		again, err := p.SignIn(t, kit.App, "ann@example.com")
		if err != nil || again.User.ID != ann.User.ID {
			t.Errorf("again: got %s, %v, want %s", again.User.ID, err, ann.User.ID)
		}
		bob, err := p.SignIn(t, kit.App, "bob@example.com")
		if err != nil || bob.User.ID == ann.User.ID {
			t.Errorf("another: got %s, %v, want another than %s", bob.User.ID, err, ann.User.ID)
		}
	})
	t.Run("one provider serves many apps", func(t *testing.T) {
		t.Parallel()
		other := kit.NewApp(t, "other")
		if _, err := p.SignIn(t, other, "ann@example.com"); !errors.Is(err, authkit.CodeProviderNotConfigured) {
			t.Errorf("before Configure: got %v, want %s", err, authkit.CodeProviderNotConfigured)
		}
		p.Configure(t, other)
		in, err := p.SignIn(t, other, "ann@example.com")
		if err != nil || in.User.ID == ann.User.ID {
			t.Errorf("SignIn: got %s, %v, want another user than %s", in.User.ID, err, ann.User.ID)
		}
	})
	t.Run("an app has many providers", func(t *testing.T) {
		t.Parallel()
		partner := authkittest.NewProvider(t, kit, "partner")
		partner.Configure(t, kit.App)
		if _, err := partner.SignIn(t, kit.App, "carol@example.com"); err != nil {
			t.Errorf("SignIn: %v", err)
		}
	})
}

// TestFaults has a row for each sentence in the comment of a Fault.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault authkittest.Fault
		want  authkit.Code
		why   string // in the cause
	}{
		"WrongNonce":       {authkittest.WrongNonce, authkit.CodeProviderError, "another nonce"},
		"WrongIssuer":      {authkittest.WrongIssuer, authkit.CodeProviderError, "different provider"},
		"WrongAudience":    {authkittest.WrongAudience, authkit.CodeProviderError, "audience"},
		"Expired":          {authkittest.Expired, authkit.CodeProviderError, "expired"},
		"Unsigned":         {authkittest.Unsigned, authkit.CodeProviderError, "algorithm"},
		"SignedWithSecret": {authkittest.SignedWithSecret, authkit.CodeProviderError, "algorithm"},
		"WrongKey":         {authkittest.WrongKey, authkit.CodeProviderError, "signature"},
		"IssuedAhead":      {authkittest.IssuedAhead, authkit.CodeProviderError, "issued in the future"},
		"ExpiryAsText":     {authkittest.ExpiryAsText, authkit.CodeProviderError, "no usable exp"},
		"RefusesCodes":     {authkittest.RefusesCodes, authkit.CodeProviderRefused, "bad_verification_code"},
		"RefusesClients":   {authkittest.RefusesClients, authkit.CodeProviderError, "incorrect_client_credentials"},
		"NoUserInfo":       {authkittest.NoUserInfo, authkit.CodeEmailRequired, "status 503"},
		"NoAddress":        {authkittest.NoAddress, authkit.CodeEmailRequired, ""},
		"WrongUserInfo":    {authkittest.WrongUserInfo, authkit.CodeProviderError, "another subject"},
		"NoIss":            {authkittest.NoIss, authkit.CodeInvalidToken, "iss is missing"},
		"AccessDenied":     {authkittest.AccessDenied, authkit.CodeProviderRefused, ""},
		"HugeAnswer":       {authkittest.HugeAnswer, authkit.CodeProviderError, ""},
		"Redirects":        {authkittest.Redirects, authkit.CodeProviderError, "redirects"},
		"Down":             {authkittest.Down, authkit.CodeProviderError, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kit, p := withProvider(t)
			p.Misbehave(c.fault)
			_, err := p.SignIn(t, kit.App, "ann@example.com")
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.why) {
				t.Errorf("misbehaving: got %v, want %s because of %q", err, c.want, c.why)
			}
		})
	}
}

// TestWhatIsTakenAllTheSame signs in with each fault that authkit accepts.
func TestWhatIsTakenAllTheSame(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]authkittest.Fault{
		"OddKeys": authkittest.OddKeys, "OddClaims": authkittest.OddClaims, "SecretInForm": authkittest.SecretInForm, "OddAnswer": authkittest.OddAnswer,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kit := authkittest.New(t)
			p := authkittest.NewProvider(t, kit, "corp")
			p.Misbehave(fault)
			p.Configure(t, kit.App)
			ann, err := p.SignIn(t, kit.App, "ann@example.com")
			if err != nil || !ann.User.Verified || ann.User.EmailTyped != "ann@example.com" {
				t.Errorf("SignIn: got %+v, %v, want Ann, verified", ann.User, err)
			}
		})
	}
	t.Run("NoUserInfo, of a known identity", func(t *testing.T) {
		t.Parallel()
		kit, p := withProvider(t)
		before, err := p.SignIn(t, kit.App, "ann@example.com")
		if err != nil {
			t.Fatal(err)
		}
		p.Misbehave(authkittest.NoUserInfo)
		if again, err := p.SignIn(t, kit.App, "ann@example.com"); err != nil || again.User.ID != before.User.ID {
			t.Errorf("SignIn: got %s, %v, want %s", again.User.ID, err, before.User.ID)
		}
	})
}

func TestBehavingAgain(t *testing.T) {
	t.Parallel()
	kit, p := withProvider(t)
	if _, err := p.SignIn(t, kit.App, "ann@example.com"); err != nil {
		t.Fatal(err)
	}
	for _, fault := range []authkittest.Fault{authkittest.Down, authkittest.Unsigned, authkittest.SignedWithSecret} {
		p.Misbehave(fault) // discovery is known by now
		if _, err := p.SignIn(t, kit.App, "ann@example.com"); !errors.Is(err, authkit.CodeProviderError) {
			t.Errorf("fault %d: got %v, want %s", fault, err, authkit.CodeProviderError)
		}
	}
	p.Misbehave()
	if _, err := p.SignIn(t, kit.App, "ann@example.com"); err != nil {
		t.Errorf("behaving again: %v", err)
	}
}

func TestUnverifiedAddress(t *testing.T) {
	t.Parallel()
	kit, p := withProvider(t)
	kit.SignIn(t, kit.App, "ann@example.com")
	p.Misbehave(authkittest.UnverifiedAddress)
	if _, err := p.SignIn(t, kit.App, "ann@example.com"); !errors.Is(err, authkit.CodeLinkRequired) {
		t.Errorf("an account with the address: got %v, want %s", err, authkit.CodeLinkRequired)
	}
	if bob, err := p.SignIn(t, kit.App, "bob@example.com"); err != nil || bob.User.Verified {
		t.Errorf("a new user: got %+v, %v, want an unverified one", bob.User, err)
	}
}

func TestSay(t *testing.T) {
	t.Parallel()
	kit, p := withProvider(t)
	p.Say(map[string]any{"name": "Ann", "email": "else@example.com"})
	if ann, err := p.SignIn(t, kit.App, "ann@example.com"); err != nil || ann.User.Name != "Ann" || ann.User.EmailTyped != "else@example.com" {
		t.Errorf("in place of a claim: got %+v, %v", ann.User, err)
	}
	p.Say(map[string]any{"email": nil})
	if bob, err := p.SignIn(t, kit.App, "bob@example.com"); err != nil || bob.User.EmailTyped != "bob@example.com" || !bob.User.Verified {
		t.Errorf("left to userinfo: got %+v, %v", bob.User, err)
	}
	p.Say(map[string]any{"azp": "another client"})
	if _, err := p.SignIn(t, kit.App, "carol@example.com"); !errors.Is(err, authkit.CodeProviderError) {
		t.Errorf("another azp: got %v, want %s", err, authkit.CodeProviderError)
	}
	p.Say(nil)
	if _, err := p.SignIn(t, kit.App, "carol@example.com"); err != nil {
		t.Errorf("the usual again: %v", err)
	}
}

// deadline is a context whose deadline passes when the test says so.
type deadline struct {
	context.Context

	passed chan struct{}
}

func (d deadline) Done() <-chan struct{} { return d.passed }

func (d deadline) Err() error {
	select {
	case <-d.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// waiting begins a sign-in at a provider that holds it, and returns how it ends.
func waiting(ctx context.Context, t *testing.T) (p *authkittest.Provider, release func(), done <-chan error) {
	t.Helper()
	kit, p := withProvider(t)
	to, err := kit.Engine.StartOAuth(t.Context(), authkit.OAuthStart{App: kit.App.ID, Provider: p.Name})
	if err != nil {
		t.Fatal(err)
	}
	q := p.Visit(t, to.URL, "ann@example.com").Query()
	arrived, release := p.Hold()
	ended := make(chan error, 1)
	go func() {
		_, err := kit.Engine.FinishOAuth(ctx, authkit.OAuthReturn{
			App: kit.App.ID, Provider: p.Name, Binding: to.Binding, Code: q.Get("code"), State: q.Get("state"), Iss: q.Get("iss"),
		})
		ended <- err
	}()
	select {
	case <-arrived:
	case err := <-ended:
		t.Fatalf("FinishOAuth: got %v, want it to wait", err)
	}
	return p, release, ended
}

func TestHold(t *testing.T) {
	t.Parallel()
	t.Run("a released request continues", func(t *testing.T) {
		t.Parallel()
		_, release, done := waiting(t.Context(), t)
		release()
		release() // a second call has no effect
		if err := <-done; err != nil {
			t.Errorf("FinishOAuth: %v", err)
		}
	})
	t.Run("a request that waits too long fails", func(t *testing.T) {
		t.Parallel()
		late := deadline{t.Context(), make(chan struct{})}
		_, _, done := waiting(late, t)
		close(late.passed)
		if err := <-done; !errors.Is(err, authkit.CodeProviderTimeout) {
			t.Errorf("FinishOAuth: got %v, want %s", err, authkit.CodeProviderTimeout)
		}
	})
	t.Run("a new hold ends the one before", func(t *testing.T) {
		t.Parallel()
		p, _, done := waiting(t.Context(), t)
		p.Hold()
		if err := <-done; err != nil {
			t.Errorf("FinishOAuth: %v", err)
		}
	})
	t.Run("the end of the test ends it", func(t *testing.T) {
		t.Parallel()
		var done <-chan error
		held := t.Run("a test that holds", func(t *testing.T) {
			_, _, done = waiting(context.WithoutCancel(t.Context()), t)
		})
		if !held {
			return // and done is nil
		}
		if err := <-done; errors.Is(err, authkit.CodeProviderTimeout) {
			t.Errorf("FinishOAuth: got %v, want it to end with the test", err)
		}
	})
}

func TestProviderByRedirect(t *testing.T) {
	t.Parallel()
	kit, p := withProvider(t)
	start := httptest.NewRecorder()
	kit.Handler().ServeHTTP(start, get(t, authkittest.BaseURL+"/auth/corp/"+kit.App.ID.String()))
	if start.Code != http.StatusFound {
		t.Fatalf("start: got %d %s, want 302", start.Code, start.Body)
	}
	back := get(t, p.Visit(t, start.Header().Get("Location"), "ann@example.com").String())
	back.Header.Set("Accept", "application/json")
	for _, c := range start.Result().Cookies() {
		back.AddCookie(c)
	}
	if got := ask(t, kit.Handler(), back, 200); got["created"] != true {
		t.Errorf("sign-in: got %v", got)
	}
}
