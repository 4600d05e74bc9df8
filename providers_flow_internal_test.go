package authkit

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

func TestAFlowBegins(t *testing.T) {
	t.Parallel()
	p := testProviders(t, configStore{}, github(t, func() {}))
	c := p.add(t, OAuthConfig{Provider: "github"})
	session, browser := uuid.New(), token.Random(macSize)
	for name, d := range map[string]departure{
		"a sign-in without a cookie": {state: Token{Kind: stateKind}, redirectTo: "https://app.example/", challenge: "abc", cookie: true},
		"linking in a browser":       {state: Token{Kind: linkStateKind, UserID: uuid.New(), Epoch: 3}, session: session, browser: browser},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d.now = testNow
			got, err := p.begin(t.Context(), c, d)
			if err != nil {
				t.Fatal(err)
			}
			state := parseState(got.to.State)
			u, err := url.Parse(got.to.URL)
			if err != nil || u.Query().Get("state") != got.to.State || state.kind != d.state.Kind || u.Query().Get("client_id") != "the-client" {
				t.Errorf("got %s with the state %s, %v", got.to.URL, got.to.State, err)
			}
			take := state.take(got.to.Binding, d.session)
			if !bytes.Equal(got.state.Hash, take.Hash) || !bytes.Equal(got.state.Binding, take.Binding) || got.state.App != testApp ||
				got.state.UserID != d.state.UserID || got.state.Epoch != d.state.Epoch {
				t.Errorf("got the token %+v, want one that %+v takes", got.state, take)
			}
			if d.browser != nil && got.to.Binding != bindingOf(browser, testApp, state.id) {
				t.Error("the binding is not derived from the browser's secret")
			}
			want := stateData{
				Provider: "github", Edition: c.edition(), Nonce: got.data.Nonce, Verifier: got.data.Verifier,
				RedirectTo: d.redirectTo, Challenge: d.challenge, Cookie: d.cookie, Until: testNow.Add(stateTTL),
			}
			if got.data != want || want.Nonce == want.Verifier || strings.Contains(got.to.URL, want.Verifier) {
				t.Errorf("got the data %+v, want %+v, and the verifier in no URL", got.data, want)
			}
		})
	}
}

// A configuration that changes ends the flows that are under way, also while the provider is asked.
func TestAFlowEndsWithItsEdition(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, during func(*OAuthConfig)
		want           error
	}{
		"nothing changes":              {nil, nil, nil},
		"the version rises":            {func(c *OAuthConfig) { c.Version++ }, nil, CodeInvalidToken},
		"it is another one by now":     {func(c *OAuthConfig) { c.CreatedAt = c.CreatedAt.Add(time.Microsecond) }, nil, CodeInvalidToken},
		"it is disabled":               {func(c *OAuthConfig) { c.Enabled = false }, nil, CodeInvalidToken},
		"it changes while it is asked": {nil, func(c *OAuthConfig) { c.Version++ }, CodeInvalidToken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := configStore{}
			change := func(how func(*OAuthConfig)) {
				if c := store["github"]; how != nil {
					how(&c)
					store["github"] = c
				}
			}
			codes := 0
			p := testProviders(t, store, github(t, func() { codes++; change(c.during) }))
			kept := stateData{Provider: "github", Edition: p.add(t, OAuthConfig{Provider: "github"}).edition()}
			change(c.before)
			got, err := p.exchangeAnswer(t.Context(), testApp, providerAnswer{code: "good"}, kept)
			if !errors.Is(err, c.want) || (c.want == nil && got.Subject != "7") {
				t.Errorf("got %+v, %v, want %v", got, err, c.want)
			}
			if c.before != nil && codes > 0 {
				t.Error("the code was sent to the provider")
			}
		})
	}
}

func TestStates(t *testing.T) {
	t.Parallel()
	for _, kind := range []TokenKind{stateKind, linkStateKind} {
		s := newState(kind)
		if got := parseState(s.String()); got.kind != kind || !bytes.Equal(got.id, s.id) || got.malformed() || got.links() != (kind == linkStateKind) {
			t.Errorf("%s: got %+v, want %+v", s, got, s)
		}
	}
	signIn := newState(stateKind)
	if got := parseState(linkPrefix + signIn.String()); got.kind != linkStateKind || !bytes.Equal(got.id, signIn.id) {
		t.Errorf("the state of a sign-in, written as one that links: got %+v, want the other kind", got)
	}
	s := newState(linkStateKind)
	session := uuid.New()
	for name, other := range map[string]Take{
		"another binding": s.take("c", session), "another session": s.take("b", uuid.New()), "no session": s.take("b", uuid.Nil),
	} {
		if bytes.Equal(other.Binding, s.take("b", session).Binding) {
			t.Errorf("%s takes the state", name)
		}
	}
	for text, links := range map[string]bool{"": false, "x": false, "ls_": true, "ls_x": true, "LS_" + s.String()[3:]: false, s.String() + "A": true} {
		if got := parseState(text); !got.malformed() || got.links() != links {
			t.Errorf("%q: got %+v, want a malformed state that links: %v", text, got, links)
		}
	}
}

func TestAReturnWaitsForTheSameOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := testProviders(t, configStore{}, nil)
		begin := time.Now()
		first := func() (bool, error) { return time.Since(begin) >= 5*time.Second, nil }
		if over, err := p.wait(t.Context(), first); !over || err != nil || time.Since(begin) > 6*time.Second {
			t.Errorf("a first one that ends: got %v, %v after %s, want true after 5 to 6 s", over, err, time.Since(begin))
		}
		begin = time.Now()
		if over, err := p.wait(t.Context(), func() (bool, error) { return false, nil }); over || err != nil || time.Since(begin) < longestWait-rarestLook {
			t.Errorf("a first one that does not end: got %v, %v after %s", over, err, time.Since(begin))
		}
		broken := errors.New("broken")
		if over, err := p.wait(t.Context(), func() (bool, error) { return false, broken }); over || !errors.Is(err, broken) {
			t.Errorf("a store that fails: got %v, %v", over, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if over, err := p.wait(ctx, func() (bool, error) { return false, nil }); over || !errors.Is(err, CodeUnavailable) {
			t.Errorf("a browser that is gone: got %v, %v, want %s", over, err, CodeUnavailable)
		}
	})
}

// The returns that wait are bounded: one more is told at once that there is no outcome.
func TestTheReturnsThatWaitAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := testProviders(t, configStore{}, nil)
		var over atomic.Bool
		for range maxReturnsWaiting {
			go func() {
				if yes, err := p.wait(t.Context(), func() (bool, error) { return over.Load(), nil }); !yes || err != nil {
					t.Errorf("one of the first: got %v, %v", yes, err)
				}
			}()
		}
		synctest.Wait()
		begin := time.Now()
		if yes, err := p.wait(t.Context(), func() (bool, error) { return true, nil }); yes || err != nil || time.Since(begin) > 0 {
			t.Errorf("one more: got %v, %v after %s, want false at once", yes, err, time.Since(begin))
		}
		over.Store(true)
		time.Sleep(rarestLook)
		synctest.Wait()
		if yes, err := p.wait(t.Context(), func() (bool, error) { return true, nil }); !yes || err != nil {
			t.Errorf("when they have ended: got %v, %v", yes, err)
		}
	})
}
