package authkit

import (
	"context"
	"errors"
	"log/slog"

	"github.com/google/uuid"
)

// OAuthReturn is the answer of a provider, with the proof that the same browser or client began
// the flow.
type OAuthReturn struct {
	App                    uuid.UUID
	Provider               string
	Code, State, Iss, Fail string // Fail is the provider's error code
	Binding                string // of a flow that began without the binding cookie
	Browser                []byte // the secret in the binding cookie (see [Engine.Browser]), for a flow that began with it
	Device                 string // as in [PasswordSignIn]
	Client                 Client
}

// answer is the part of the return that the provider sent, without the state.
func (in OAuthReturn) answer() providerAnswer { return providerAnswer{in.Code, in.Iss, in.Fail} }

// FinishOAuth claims the state, asks the provider who the person is, and signs in. The state is
// claimed first, so that no other call can use it: the request to the provider has an effect
// outside the store.
func (e *Engine) FinishOAuth(ctx context.Context, in OAuthReturn) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return SignIn{}, err
	}
	kept, take, err := e.claimState(ctx, app.ID, in, stateKind, uuid.Nil)
	if err != nil {
		return SignIn{}, err
	}
	landing, err := e.finish(ctx, app, in, kept, signInStep{take: &take, browser: in.Browser, device: in.Device})
	return landing.SignIn, err
}

// ReturnOAuth finishes a flow that began with a redirect. If the flow has a redirect URL, the
// session is handed over by a one-time code. An error after the claim of the state goes there as
// well, if the app still lists the URL: it comes with a Landing that has the RedirectTo. Otherwise
// the session begins in this browser.
//
// Within a minute, the same browser that returns with the same answer gets the same result again,
// also a refusal, as long as what was made is live. A return during the first one waits for its
// outcome.
func (e *Engine) ReturnOAuth(ctx context.Context, in OAuthReturn) (_ Landing, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return Landing{}, err
	}
	p := in.press(uuid.Nil)
	kept, take, err := e.claimState(ctx, app.ID, in, stateKind, uuid.Nil)
	if err != nil {
		out, err := e.awaitOutcome(ctx, p, take, err)
		if err != nil {
			return Landing{}, err
		}
		return e.repeatLanding(ctx, app, out, in.Client, invalidToken("the session or code of the first, equal return has ended"))
	}
	ctx, cancel := outlive(ctx)
	defer cancel()
	landing, err := e.finishReturn(ctx, app, in, kept, signInStep{take: &take, press: p, browser: in.Browser, device: in.Device})
	if err != nil && !waitsForFactor(err) {
		e.rememberRefusal(ctx, p, take, landing.RedirectTo, err)
	}
	return landing, err
}

// finishReturn finishes a flow whose state was claimed. An error comes with the RedirectTo, if
// the app still has that URL.
func (e *Engine) finishReturn(ctx context.Context, app App, in OAuthReturn, kept stateData, step signInStep) (Landing, error) {
	if kept.RedirectTo == "" {
		return e.finish(ctx, app, in, kept, step)
	}
	if err := e.checkGoal(app, goal{to: kept.RedirectTo, challenge: kept.Challenge, cookie: app.holdsInCookie(Client{Cookie: kept.Cookie})}); err != nil {
		return Landing{}, err // no longer registered
	}
	step.handOver = handOver{kept.RedirectTo, kept.Challenge, in.Browser}
	landing, err := e.finish(ctx, app, in, kept, step)
	if err != nil && !waitsForFactor(err) {
		landing = Landing{State: LandingGoesOn, RedirectTo: kept.RedirectTo}
	}
	return landing, err
}

// press identifies a return by all that the provider sent. session is the session of a flow that links
// an identity; otherwise the nil UUID.
func (in OAuthReturn) press(session uuid.UUID) press {
	return pressOf(in.App, in.Browser, "return", session.String(), in.Provider, in.State, in.Code, in.Iss, in.Fail)
}

// claimState gives a state of the kind and, if it links, of the session to one return only. The
// state lives until the flow has ended, so that another return can distinguish a flow that is in
// progress from one that is over.
func (e *Engine) claimState(ctx context.Context, app uuid.UUID, in OAuthReturn, kind TokenKind, session uuid.UUID) (stateData, Take, error) {
	state := parseState(in.State)
	switch {
	case state.malformed():
		return stateData{}, Take{}, e.providers.noState(ctx, app, in.Provider, invalidToken("the state is malformed").with(reasonOfForm(in.State, formCode)))
	case state.kind != kind:
		return stateData{}, Take{}, e.providers.noState(ctx, app, in.Provider, invalidToken("the state is of another kind of flow").with(ReasonWrongKind))
	}
	binding := in.Binding
	if in.Browser != nil {
		binding = bindingOf(in.Browser, app, state.id)
	}
	take := state.take(binding, session)
	dead := take
	dead.Dead = true
	tried, found, err := e.tokens.try(ctx, app, Try{Take: dead, Proof: take.Hash, Max: 1})
	if err == nil && (!tried.Right || tried.Token.Dead) {
		var why Reason
		if why, err = e.tokens.reasonOfState(ctx, app, take, tried.Token, found); err == nil {
			err = e.providers.noState(ctx, app, in.Provider, invalidToken("the state is unknown, spent or expired, or another browser's").with(why))
		}
		return stateData{}, take, err
	}
	if err != nil {
		return stateData{}, Take{}, err
	}
	var kept stateData
	err = e.tokens.open(tried.Token, take, &kept)
	switch {
	case err != nil:
	case kept.Provider != in.Provider:
		err = e.providers.noState(ctx, app, in.Provider, invalidToken("the state is another provider's"))
	case !e.now().Before(kept.Until):
		err = e.providers.noState(ctx, app, in.Provider, invalidToken("the state has expired").with(ReasonExpired))
	}
	if err != nil {
		if lost := e.tokens.spend(ctx, app, take); lost != nil {
			e.cfg.Logger.WarnContext(ctx, "an unusable state was not spent", slog.String("app", app.String()), slog.Any("error", lost))
		}
		return stateData{}, Take{}, err
	}
	return kept, take, nil
}

// rememberRefusal stores the refusal of a return as its outcome, and then spends the state. A server
// fault is not stored, since it is not about the return. For the zero press it does nothing.
func (e *Engine) rememberRefusal(ctx context.Context, p press, take Take, to string, refused error) {
	if p.hash == nil {
		return
	}
	now := e.now()
	var err error
	if code := asError(refused).Code; code != CodeUnavailable && code != CodeInternal {
		err = e.tokens.put(ctx, p.app, Riders{Tokens: []Token{e.tokens.outcomeToken(p, refusedOutcome(to, refused), now)}})
	}
	if err == nil {
		err = e.tokens.spend(ctx, p.app, take)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		e.cfg.Logger.WarnContext(ctx, "the outcome of a return from a provider was not stored", slog.String("app", p.app.String()), slog.Any("error", err))
	}
}

// awaitOutcome returns the outcome of an equal return that has claimed the state. If that one is still
// in flight, it waits for its end. Only the browser of that return waits. If there is no outcome, it
// returns refused.
func (e *Engine) awaitOutcome(ctx context.Context, p press, take Take, refused error) (outcome, error) {
	if !errors.Is(refused, CodeInvalidToken) || take.Hash == nil || p.hash == nil {
		return outcome{}, refused
	}
	out, ok, err := e.tokens.recall(ctx, p)
	if err != nil || ok {
		return out, err
	}
	_, err = e.providers.wait(ctx, func() (bool, error) {
		_, alive, err := e.tokens.peek(ctx, p.app, take)
		if err != nil {
			return false, err
		}
		// The outcome is written no later than the state ends, so it is read after the state.
		out, ok, err = e.tokens.recall(ctx, p)
		return ok || !alive, err
	})
	switch {
	case err != nil:
		return outcome{}, err
	case !ok:
		return outcome{}, refused
	}
	return out, nil
}
