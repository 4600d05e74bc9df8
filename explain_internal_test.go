package authkit

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/errordoc"
)

// Every code with which a route of an app may refuse has a rule, and each rule is of such a code.
func TestEveryRefusalOfAnAppHasARule(t *testing.T) {
	t.Parallel()
	for _, rt := range routes() {
		if !strings.Contains(rt.pattern, "{app_id}") {
			continue
		}
		for _, code := range codesOf(rt) {
			if rule, ok := explainRules[string(code)]; !ok {
				t.Errorf("%s %s: got no rule for %s, want one", rt.method, rt.pattern, code)
			} else if got, _ := ruleOf("", code); got.fix == "" || rule.fix != "" && got.fix != rule.fix {
				t.Errorf("%s: got the fix %q, want one", code, got.fix)
			}
		}
	}
	kinds := []string{ruleOrigin, rulePreflight, ruleRedirect, ruleChallenge, ruleScope, ruleCookies}
	for kind, rule := range explainRules {
		_, code := errordoc.Find(kind)
		for i, other := range kinds {
			if other == kind {
				code, kinds = true, append(kinds[:i], kinds[i+1:]...)
				break
			}
		}
		if !code {
			t.Errorf("got a rule of %q, which is no code and no kind", kind)
		}
		if yours := strings.HasPrefix(rule.fix, "only if this is yours"); yours != (kind == ruleOrigin || kind == rulePreflight || kind == ruleRedirect) {
			t.Errorf("%s: got a fix that begins with %q: %v", kind, onlyIfYours, yours)
		}
	}
	if len(kinds) > 0 {
		t.Errorf("got no rule of %v, want one", kinds)
	}
}

func TestAnExplanationHoldsNoSecret(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"":                        "0 characters",
		"correct horse battery":   "21 characters (letters, spaces)",
		"ak_abc1":                 "7 characters (letters, digits, other characters) that begin with ak_",
		"eyJhbGciOiJFUzI1NiJ9.e.": "23 characters (letters, digits, other characters) that begin with eyJ",
	} {
		if got := secretForm(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
	for given, want := range map[string]string{
		"https://app.example.com/cb":                                       "https://app.example.com/cb",
		"https://app.example.com/cb?tab=1&token=0123456789012345678901234": "https://app.example.com/cb?tab=1&token=…",
		"https://app.example.com/cb#access_token=secret":                   "https://app.example.com/cb#…",
		"https://ann:secret@app.example.com/cb?x=1#secret":                 "https://%E2%80%A6@app.example.com/cb?x=1#…",
		"https://app.example.com/cb?0123456789012345678901234&tab":         "https://app.example.com/cb?…&tab",
		"ann:secret@app.example.com/cb":                                    "no URL, of 29 characters (letters, other characters)",
		"ann@app.example.com/cb":                                           "no URL, of 22 characters (letters, other characters)",
		"http://[::1":                                                      "no URL, of 11 characters (letters, digits, other characters)",
	} {
		if got := shownURL(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
	if got := cut(strings.Repeat("é", 300)); utf8.RuneCountInString(got) != maxExplained || !strings.HasSuffix(got, "…") {
		t.Errorf("got %d characters, want %d", utf8.RuneCountInString(got), maxExplained)
	}
}

// explainedStore keeps explanations.
type explainedStore struct {
	ExplainStore

	got map[uuid.UUID][]Explanation
	err error
}

func (s *explainedStore) AddExplanations(_ context.Context, app uuid.UUID, list []Explanation, _ int) error {
	s.got[app] = append(s.got[app], list...)
	return s.err
}

func TestExplanationsThatWaitAreBounded(t *testing.T) {
	t.Parallel()
	store := &explainedStore{got: map[uuid.UUID][]Explanation{}}
	all, busy, quiet := newExplanations(store), uuid.New(), uuid.New()
	for range 100_000 {
		all.add(uuid.New(), false, Explanation{}) // of apps that a stranger makes up
	}
	for i := range explainMost + 10 {
		all.add(busy, true, Explanation{RequestID: uuid.UUID{14: byte(i >> 8), 15: byte(i)}})
	}
	all.add(quiet, true, Explanation{})
	if len(all.of[busy]) != explainMost || len(all.of[quiet]) != 1 || all.n != maxUnchecked+explainMost+1 {
		t.Errorf("got %d of a busy app, %d of a quiet one and %d in all, want %d, 1 and %d", len(all.of[busy]), len(all.of[quiet]), all.n, explainMost, maxUnchecked+explainMost+1)
	}
	if _, ok := all.waiting(busy, uuid.UUID{15: 9}); ok {
		t.Error("got the oldest of a busy app, want it gone")
	}
	for range maxWaiting {
		all.add(uuid.New(), true, Explanation{})
	}
	all.add(quiet, true, Explanation{RequestID: uuid.UUID{15: 1}})
	if _, ok := all.waiting(quiet, uuid.UUID{15: 1}); !ok || all.n != maxWaiting {
		t.Errorf("a full list: got %v and %d in all, want the newest of an app that has a place, and %d", ok, all.n, maxWaiting)
	}
	if err := all.flush(t.Context()); err != nil || len(store.got[busy]) != explainMost || all.n != 0 || all.unchecked != 0 {
		t.Errorf("flush: got %v, %d of the busy app and %d left, want all written", err, len(store.got[busy]), all.n)
	}
	store.err = ErrNotFound
	all.add(quiet, true, Explanation{})
	if err := all.flush(t.Context()); err != nil {
		t.Errorf("of a deleted app: got %v, want nil", err)
	}
	store.err = errors.New("down")
	all.add(quiet, true, Explanation{})
	if err := all.flush(t.Context()); !errors.Is(err, store.err) || all.n != 0 {
		t.Errorf("of a store that is down: got %v and %d left, want its error and none", err, all.n)
	}
}
