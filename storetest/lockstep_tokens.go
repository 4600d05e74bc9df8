package storetest

import (
	"github.com/authkit-dev/authkit"
)

// tokenSteps are the steps on tokens.
type tokenSteps struct{ *lockstep }

func (l *tokenSteps) steps() []step {
	return []step{
		{"Put", l.doPut},
		{"Put", l.doPut},
		{"Put", l.doPut},
		{"TryToken", l.doTryToken},
		{"TryToken", l.doTryToken},
		{"TakeToken", l.doTakeToken},
		{"look at a token", l.lookToken},
	}
}

func (l *tokenSteps) doPut() {
	app := l.app()
	riders := l.riders(app)
	// The contract does not say what happens if one token of a step displaces another of the
	// same hash, since hashes are random.
	if t := l.token(app); len(riders.Tokens) == 0 || !l.model(app).elsewhere(t) {
		riders.Tokens = append(riders.Tokens, t)
	}
	l.answered(l.s.Put(l.ctx, authkit.Put{App: app, Riders: riders}), l.m.step(app, riders, func(*modelApp, *against) {}))
}

func (l *tokenSteps) doTryToken() {
	app := l.app()
	tk, proof, most := l.take(app), draw(l, "proof", hash("code"), hash("code"), hash("code"), hash("wrong"), nil), draw(l, "max", 1, 2, 3)
	tk.Dead = draw(l, "dead", false, true)
	want, ok := l.model(app).try(tk, proof, most, l.at)
	got, err := l.s.TryToken(l.ctx, app, authkit.Try{Take: tk, Proof: proof, Max: most}, l.at)
	if l.found(err, ok) {
		l.same("TryToken", got, want)
	}
}

func (l *tokenSteps) doTakeToken() {
	app := l.app()
	tk := l.take(app)
	a := l.model(app)
	want, ok := a.token(tk, l.at)
	if ok {
		a.spend(want)
	}
	got, err := l.s.TakeToken(l.ctx, app, tk, l.at)
	if l.found(err, ok) {
		l.same("TakeToken", got, want.Token)
	}
}

func (l *tokenSteps) lookToken() {
	app := l.app()
	tk := l.take(app)
	tk.Dead = draw(l, "dead", false, true)
	want, ok := l.model(app).look(tk, l.at)
	got, holder, err := l.s.Token(l.ctx, app, tk, l.at)
	if l.found(err, ok) {
		l.same("Token", got, want.Token)
		var bound authkit.Account
		if !want.Dead {
			bound, _ = l.model(app).account(authkit.AccountKey{ID: want.UserID})
		}
		l.same("the account of a token", holder, bound)
	}
}
