package authkit

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/token"
)

// rows is a TokenStore of a map. It keeps what Put carries, and answers fault if that is set.
type rows struct {
	tokens map[string]Token
	mail   []Mail
	tries  map[string]int
	fault  error
}

func newRows() *rows { return &rows{tokens: map[string]Token{}, tries: map[string]int{}} }

func rowOf(app uuid.UUID, kind TokenKind, hash []byte) string {
	return app.String() + string(kind) + string(hash)
}

func (r *rows) Put(_ context.Context, p Put) error {
	for _, t := range p.Riders.Tokens {
		r.tokens[rowOf(t.App, t.Kind, t.Hash)] = t
	}
	r.mail = append(r.mail, p.Riders.Mail...)
	return r.fault
}

func (r *rows) Token(_ context.Context, app uuid.UUID, t Take, now time.Time) (Token, Account, error) {
	got, ok := r.tokens[rowOf(app, t.Kind, t.Hash)]
	if r.fault != nil {
		return Token{}, Account{}, r.fault
	}
	if !ok || !now.Before(got.ExpiresAt) || t.Binding != nil && !bytes.Equal(t.Binding, got.Binding) {
		return Token{}, Account{}, ErrNotFound
	}
	return got, Account{User: User{App: app, ID: got.UserID}}, nil
}

func (r *rows) TryToken(ctx context.Context, app uuid.UUID, t Try, now time.Time) (Tried, error) {
	got, _, err := r.Token(ctx, app, t.Take, now)
	if err != nil {
		return Tried{}, err
	}
	id := rowOf(app, t.Kind, t.Hash)
	r.tries[id]++
	return Tried{got, r.tries[id] <= t.Max && bytes.Equal(t.Proof, got.Proof), r.tries[id]}, nil
}

func (r *rows) BindTokens(_ context.Context, tokens []Token, _ time.Time) (bound []bool, err error) {
	for _, t := range tokens {
		row := rowOf(t.App, t.Kind, t.Hash)
		kept := r.tokens[row]
		kept.UserID, kept.Epoch, kept.Proof, kept.Data = t.UserID, t.Epoch, t.Proof, t.Data
		r.tokens[row], bound = kept, append(bound, true)
	}
	return bound, r.fault
}

func (r *rows) TakeToken(ctx context.Context, app uuid.UUID, t Take, now time.Time) (Token, error) {
	got, _, err := r.Token(ctx, app, t, now)
	delete(r.tokens, rowOf(app, t.Kind, t.Hash))
	return got, err
}

func testRing(t *testing.T) *seal.Ring {
	t.Helper()
	ring, err := seal.New(token.Random(seal.MinSecret))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

var testTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func atTestTime() time.Time { return testTime }

// testTokens is the part over a store of a map, with its outbox and the default limits.
func testTokens(t *testing.T) (*tokens, *rows, *hits) {
	t.Helper()
	store, counted, ring := newRows(), &hits{}, testRing(t)
	m := challengeMail{
		limits: testLimiter(t, counted, ring), baseURL: "https://id.example.com",
		outbox: newOutbox(nil, ring, atTestTime, quietLog(), sender{words: testWords(t)}),
	}
	return newTokens(store, ring, atTestTime, m), store, counted
}

func TestDataOfATokenOpensForThatTokenAlone(t *testing.T) {
	t.Parallel()
	k, _, _ := testTokens(t)
	app, hash := newID(testTime), []byte("hash")
	of := Token{App: app, Kind: "state", Hash: hash}
	of.Data = k.seal(of, stashedReturn{Provider: "corp"})
	open := func(t Token, take Take) string {
		var kept stashedReturn
		if err := k.open(t, take, &kept); err != nil {
			return string(asError(err).Code)
		}
		return kept.Provider
	}
	other := of
	other.App = newID(testTime)
	for name, c := range map[string]struct {
		token Token
		take  Take
		want  string
	}{
		"the token":       {of, Take{Kind: "state", Hash: hash}, "corp"},
		"another app":     {other, Take{Kind: "state", Hash: hash}, "invalid_token"},
		"another kind":    {of, Take{Kind: "resume", Hash: hash}, "invalid_token"},
		"another hash":    {of, Take{Kind: "state", Hash: []byte("other")}, "invalid_token"},
		"no data in it":   {Token{App: app}, Take{Kind: "state", Hash: hash}, "invalid_token"},
		"a part of it":    {Token{App: app, Data: of.Data[:8]}, Take{Kind: "state", Hash: hash}, "invalid_token"},
		"more than it is": {Token{App: app, Data: append(slices.Clip(of.Data), 0)}, Take{Kind: "state", Hash: hash}, "invalid_token"},
	} {
		if got := open(c.token, c.take); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestLookingForATokenTellsMissingFromOutOfOrder(t *testing.T) {
	t.Parallel()
	k, store, _ := testTokens(t)
	app, take := newID(testTime), Take{Kind: "resume", Hash: []byte("hash")}
	look := func() (peeked, looked, tried error) {
		_, ok, peeked := k.peek(t.Context(), app, take)
		if peeked == nil && !ok {
			peeked = ErrNotFound
		}
		_, looked = k.look(t.Context(), app, take, "the cause")
		_, ok, tried = k.try(t.Context(), app, Try{Take: take, Max: 9})
		if tried == nil && !ok {
			tried = ErrNotFound
		}
		return peeked, looked, tried
	}
	peeked, looked, tried := look()
	if !errors.Is(peeked, ErrNotFound) || !errors.Is(looked, CodeInvalidToken) || !errors.Is(looked, cause("the cause")) || !errors.Is(tried, ErrNotFound) {
		t.Errorf("missing: got %v, %v and %v, want false, invalid_token with its cause, and false", peeked, looked, tried)
	}
	if err := k.keep(t.Context(), Token{App: app, Kind: take.Kind, Hash: take.Hash}, stashedReturn{}, time.Minute); err != nil {
		t.Fatal(err)
	}
	if peeked, looked, tried = look(); peeked != nil || looked != nil || tried != nil {
		t.Errorf("kept: got %v, %v and %v, want it found", peeked, looked, tried)
	}
	store.fault = errors.New("the disk is full")
	for _, err := range []error{first(look()), k.put(t.Context(), app, Riders{})} {
		if !errors.Is(err, CodeUnavailable) || !errors.Is(err, store.fault) {
			t.Errorf("a fault: got %v, want unavailable with its cause", err)
		}
	}
	store.fault = ErrNotFound
	if err := k.put(t.Context(), app, Riders{}); !errors.Is(err, CodeAppNotFound) {
		t.Errorf("put in a deleted app: got %v, want app_not_found", err)
	}
}

func first(err error, _ ...error) error { return err }

func TestAFormPostIsStashedOnceAndResumedOften(t *testing.T) {
	t.Parallel()
	k, store, _ := testTokens(t)
	app, state, r := newID(testTime), newState(stateKind), stashedReturn{Provider: "corp", Code: "c"}
	if _, ok, err := k.stash(t.Context(), app, state, r); ok || err != nil || len(store.tokens) != 0 {
		t.Errorf("a state that is not alive: got %v, %v and %d tokens, want that none is kept", ok, err, len(store.tokens))
	}
	if err := k.keep(t.Context(), Token{App: app, Kind: stateKind, Hash: token.Hash(state.id)}, stashedReturn{}, time.Minute); err != nil {
		t.Fatal(err)
	}
	one, _, _ := k.stash(t.Context(), app, state, r)
	delete(store.tokens, rowOf(app, stateKind, token.Hash(state.id))) // the flow has ended
	two, ok, err := k.stash(t.Context(), app, state, r)
	if !ok || err != nil || one != two || len(store.tokens) != 1 {
		t.Errorf("the same form: got %v, %v and %d tokens, want the same resume token", ok, err, len(store.tokens))
	}
	for range 2 {
		if got, err := k.resume(t.Context(), app, one); err != nil || got != r {
			t.Errorf("resume: got %v and %v, want %v", got, err, r)
		}
	}
	for _, text := range []string{"", one[1:], token.Encode(make([]byte, idSize))} {
		if _, err := k.resume(t.Context(), app, text); !errors.Is(err, CodeInvalidToken) {
			t.Errorf("resume %q: got %v, want invalid_token", text, err)
		}
	}
}

func TestJSONOfPlainStructs(t *testing.T) {
	t.Parallel()
	defer func() {
		if text, _ := recover().(string); !strings.Contains(text, "chan int") {
			t.Errorf("a channel: got %q, want a panic that names the type", text)
		}
	}()
	plainJSON(make(chan int))
}
