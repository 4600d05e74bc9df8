package authkit

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// asked is a challenge that was mailed, and the letter of it.
func (k *tokens) asked(t *testing.T, store *rows, in challengeRequest) (Pending, letter) {
	t.Helper()
	pending, err := k.ask(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	l, err := k.mail.outbox.open(store.mail[len(store.mail)-1])
	if err != nil {
		t.Fatal(err)
	}
	return pending, l
}

func linkRequest(p purpose, app App) challengeRequest {
	return challengeRequest{purpose: p, app: app, data: challengeData{Email: "ann@example.com", Typed: "Ann@example.com"}}
}

func tokenOf(link string) string { return link[strings.LastIndexAny(link, "=")+1:] }

func TestAChallengeIsFoundByLinkAndByCode(t *testing.T) {
	t.Parallel()
	k, store, counted := testTokens(t)
	app := App{ID: newID(testTime), Name: "Demo"}
	pending, l := k.asked(t, store, linkRequest(forSignIn, app))
	wrong := fmt.Sprintf("%06d", (int(l.Code[5]-'0')+1)%10)
	for name, c := range map[string]struct {
		app  App
		as   purpose
		with response
		want string
	}{
		"the link":                       {app, forSignIn, response{token: tokenOf(l.Link)}, "ann@example.com"},
		"the link with its binding":      {app, forSignIn, response{token: tokenOf(l.Link), binding: pending.Binding}, "Ann@example.com"},
		"the link with another":          {app, forSignIn, response{token: tokenOf(l.Link), binding: pending.Binding[1:]}, "invalid_token"},
		"the link, for a reset":          {app, forReset, response{token: tokenOf(l.Link)}, "invalid_token"},
		"the link, in another app":       {App{ID: newID(testTime)}, forSignIn, response{token: tokenOf(l.Link)}, "invalid_token"},
		"the code":                       {app, forSignIn, response{code: l.Code, binding: pending.Binding, typed: "ANN@example.com"}, "ANN@example.com"},
		"the code, of another address":   {app, forSignIn, response{code: l.Code, binding: pending.Binding, email: "bob@example.com"}, "invalid_token"},
		"the code without the binding":   {app, forSignIn, response{code: l.Code}, "invalid_token"},
		"a code that is wrong":           {app, forSignIn, response{code: wrong, binding: pending.Binding}, "invalid_token"},
		"a code that is too short a one": {app, forSignIn, response{code: l.Code[1:], binding: pending.Binding}, "invalid_token"},
	} {
		before := counted.sum()
		got, err := k.find(t.Context(), c.app, c.as, c.with)
		text := got.address()
		if err != nil {
			text = string(asError(err).Code)
		}
		if text != c.want {
			t.Errorf("%s: got %s, want %s", name, text, c.want)
		}
		if n, want := counted.sum()-before, map[bool]int{true: 1}[c.with.code == wrong]; n != want {
			t.Errorf("%s: got %d counted, want %d", name, n, want)
		}
	}
}

func TestACodeHasFiveTries(t *testing.T) {
	t.Parallel()
	k, store, _ := testTokens(t)
	app := App{ID: newID(testTime)}
	pending, l := k.asked(t, store, linkRequest(forSignIn, app))
	for range codeTries {
		_, err := k.find(t.Context(), app, forSignIn, response{code: fmt.Sprintf("%06d", (int(l.Code[5]-'0')+1)%10), binding: pending.Binding})
		if !errors.Is(err, CodeInvalidToken) {
			t.Errorf("a wrong code: got %v, want invalid_token", err)
		}
	}
	if _, err := k.find(t.Context(), app, forSignIn, response{code: l.Code, binding: pending.Binding}); !errors.Is(err, CodeInvalidToken) {
		t.Errorf("the right one after five: got %v, want invalid_token", err)
	}
	if _, err := k.find(t.Context(), app, forSignIn, response{token: tokenOf(l.Link)}); err != nil {
		t.Errorf("the link: got %v, want it found", err)
	}
}

func TestAChallengeBeyondTheShareOfItsAddressIsADecoy(t *testing.T) {
	t.Parallel()
	k, store, _ := testTokens(t)
	app := App{ID: newID(testTime)}
	slots := map[string]int{}
	for i := range 7 {
		pending, l := k.asked(t, store, linkRequest(forSignIn, app))
		if l.Decoy != (i >= 5) {
			t.Errorf("mail %d: got a decoy: %v", i+1, l.Decoy)
		}
		_, err := k.find(t.Context(), app, forSignIn, response{code: l.Code, binding: pending.Binding})
		if (err != nil) != l.Decoy {
			t.Errorf("code %d: got %v, want it right only in what is mailed", i+1, err)
		}
	}
	for _, kept := range store.tokens {
		slots[kept.Slot]++
	}
	if len(slots) != 3 {
		t.Errorf("slots: got %v, want one of the address and one of each decoy", slots)
	}
}

func TestBindingAPendingReset(t *testing.T) {
	t.Parallel()
	k, store, _ := testTokens(t)
	app := App{ID: newID(testTime)}
	pending, l := k.asked(t, store, linkRequest(forReset, app))
	account := &Account{User: User{ID: newID(testTime), Email: l.Address, Epoch: 7}}
	byCode := response{code: l.Code, binding: pending.Binding}
	if _, err := k.find(t.Context(), app, forReset, byCode); !errors.Is(err, CodeInvalidToken) {
		t.Errorf("the code before it is bound: got %v, want invalid_token", err)
	}
	for range 2 { // a mail may be sent again
		if alive, err := k.bind(t.Context(), app.ID, forReset, &l, account); !alive || err != nil {
			t.Fatalf("bind: got %v and %v, want it alive", alive, err)
		}
	}
	got, err := k.find(t.Context(), app, forReset, byCode)
	if err != nil || got.user != account.User.ID || got.data.Bare != 1 {
		t.Errorf("the code once it is bound: got %+v and %v, want the user's, without a password", got, err)
	}
	unknown := l
	unknown.Attempt = []byte("another attempt.")
	if alive, err := k.bind(t.Context(), app.ID, forReset, &unknown, account); alive || err != nil {
		t.Errorf("a challenge that is gone: got %v and %v, want it not alive", alive, err)
	}
}

func TestUndosOfAChange(t *testing.T) {
	t.Parallel()
	k, _, _ := testTokens(t)
	app := newID(testTime)
	user := User{App: app, ID: newID(testTime), Email: "ann@example.com", EmailTyped: "Ann@example.com"}
	at := func(email string, ago time.Duration) Credential {
		u := user
		u.Email = email
		undo, _ := k.newUndo(app, u, testTime.Add(-ago))
		return undo
	}
	var many []Credential
	for i := range maxUndos {
		many = append(many, at(user.Email, time.Duration(i+1)*time.Hour))
	}
	for name, c := range map[string]struct {
		held       []Credential
		link       bool
		drop, puts int
	}{
		"the first one":                                {nil, true, 0, 1},
		"one more of the same address":                 {[]Credential{at(user.Email, time.Hour)}, true, 0, 1},
		"an expired one is dropped":                    {[]Credential{at("bob@example.com", forUndo.ttl)}, true, 1, 1},
		"a live one brings another address back":       {[]Credential{at("bob@example.com", time.Hour)}, false, 0, 0},
		"there are as many as there may be":            {many, true, 1, 1},
		"what is no undo does not count":               {[]Credential{{Kind: passwordKind}}, true, 0, 1},
		"one that cannot be opened is as another's is": {[]Credential{{Kind: undoKind, CreatedAt: testTime}}, false, 0, 0},
	} {
		change := UserChange{App: app, Now: testTime}
		link := k.addUndo(&change, &Account{User: user, Credentials: c.held})
		if (link != "") != c.link || len(change.Drop) != c.drop || len(change.Put) != c.puts {
			t.Errorf("%s: got link %q, %d dropped and %d put, want %v, %d and %d", name, link, len(change.Drop), len(change.Put), c.link, c.drop, c.puts)
		}
		if len(c.held) == maxUndos && change.Drop[0].Subject != many[maxUndos-1].Subject {
			t.Errorf("%s: got another one dropped, want the oldest", name)
		}
		if link == "" {
			continue
		}
		subject, err := k.undoSubject(app, tokenOf(link))
		if err != nil || subject != change.Put[0].Subject {
			t.Errorf("%s: got the subject %q and %v, want that of the credential", name, subject, err)
		}
		former, err := k.formerOf(&Account{User: user, Credentials: change.Put}, subject)
		if err != nil || former.Email != user.Email {
			t.Errorf("%s: got %v and %v, want the former address", name, former, err)
		}
	}
	if _, err := k.undoSubject(uuid.Nil, "no link"); !errors.Is(err, CodeInvalidToken) {
		t.Errorf("what is no link: got %v, want invalid_token", err)
	}
}
