package authkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// EndSession ends one session of a user. A session that was ended by this method in the last hour
// is no error, and has durably ended when this returns. [CodeSessionNotFound]: the user has no
// such session.
func (e *Engine) EndSession(ctx context.Context, ref SessionRef) error {
	return e.endSession(ctx, ref, "signed out")
}

func (e *Engine) endSession(ctx context.Context, ref SessionRef, why string) error {
	now, app, user, session := e.now(), ref.App, ref.User, ref.ID
	var riders Riders
	riders.note(now, Event{App: app, UserID: user, Type: EventSessionEnd, Reason: why, Detail: sessionDetail(session)})
	err := e.sessions.end(ctx, SessionEnd{App: app, User: user, ID: session, Now: now, Riders: riders})
	switch {
	case errors.Is(err, CodeSessionNotFound):
		ended := func(ev Event) bool { return sessionOf(ev) == session }
		done, failed := revocations{e.store, now}.noted(ctx, app, EventQuery{Type: EventSessionEnd, UserID: user}, ended)
		if failed == nil && !done {
			return err
		}
		return storeError(failed, app)
	case err != nil:
		return err
	}
	e.live.forget(app, session)
	return nil
}

// sessionDetail names the session of an event.
func sessionDetail(session uuid.UUID) []byte {
	return []byte(`{"session_id":"` + session.String() + `"}`)
}

// sessionOf is the session that an event names; the nil UUID: the event names no session. Other
// members, such as the address of a forwarding server, may stand beside it.
func sessionOf(ev Event) uuid.UUID {
	var detail struct {
		SessionID uuid.UUID `json:"session_id"`
	}
	if json.Unmarshal(ev.Detail, &detail) != nil {
		return uuid.Nil
	}
	return detail.SessionID
}

// EndSessions ends every session of a user, and every token bound to the user.
// [CodeUserNotFound]: the app has no such user.
func (e *Engine) EndSessions(ctx context.Context, ref UserRef) error {
	return e.EndOtherSessions(ctx, SessionRef{App: ref.App, User: ref.ID})
}

// EndOtherSessions ends every session of a user but the one that ref names, and every token bound
// to the user. Without an ID it is [Engine.EndSessions]. [CodeUserNotFound]: the app has no such user.
func (e *Engine) EndOtherSessions(ctx context.Context, but SessionRef) error {
	now, app, user, why := e.now(), but.App, but.User, "signed out elsewhere"
	if but.ID == uuid.Nil {
		why = "signed out"
	}
	c := UserChange{Now: now, App: app, ID: user, End: true, Keep: but.ID}
	c.Riders.note(now, Event{App: app, UserID: user, Type: EventSessionEndAll, Reason: why})
	_, err := e.store.ChangeUser(ctx, c)
	switch {
	case errors.Is(err, ErrStale): // Version 0 is no guard: the user is gone
		return noUser()
	case errors.Is(err, ErrNotFound):
		return unknownApp("the app was deleted during the request")
	case err != nil:
		return unavailable(fmt.Errorf("end the sessions of user %s: %w", user, err))
	}
	return nil
}

// SignOutRequest names the session to end by its refresh token.
type SignOutRequest struct {
	App          uuid.UUID
	RefreshToken string
	All          bool // every session of the user
}

// SignOut ends the session of a refresh token. With All it ends every session of the user, which
// requires the current token. A token of the family that is too old ends the session as well, as
// any use of it does. [CodeInvalidToken]: there is no such session.
func (e *Engine) SignOut(ctx context.Context, in SignOutRequest) error {
	app, all := in.App, in.All
	presented, ok := token.ParseRefresh(in.RefreshToken)
	if !ok {
		return e.invalidUnlessUnknown(ctx, app, malformedRefresh(in.RefreshToken))
	}
	// The token is rotated into itself. If the store fails midway, it is still the current token,
	// and the client can try again.
	_, got, err := e.rotate(ctx, rotation{app: app, presented: presented, next: presented})
	switch {
	case errors.Is(err, ErrTokenReused):
		if all {
			return invalidToken("the refresh token was used already").with(ReasonSpent)
		}
		return nil
	case errors.Is(err, ErrNotFound):
		return e.invalidUnlessUnknown(ctx, app, invalidToken("no live session has the refresh token"))
	case err != nil:
		return err
	}
	switch {
	case all && got.Again != nil: // not the live token
		return invalidToken("the refresh token is a predecessor of the live one")
	case all:
		return e.EndSessions(ctx, UserRef{App: app, ID: got.User.ID})
	}
	err = e.EndSession(ctx, SessionRef{App: app, User: got.User.ID, ID: got.Session.ID})
	if errors.Is(err, CodeSessionNotFound) {
		return nil // another request was first
	}
	return err
}
