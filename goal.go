package authkit

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/token"
)

// goal is where a flow is to go on to, and how the session gets there.
type goal struct {
	to        string // empty: the flow has no goal
	challenge string // the code_challenge of PKCE; may be empty
	cookie    bool   // a cookie holds the session, so that no code goes to the goal
	noSession bool   // the flow starts no session
	begins    bool   // the flow begins; false: its goal was checked when it began
}

// checkGoal refuses a goal that the app does not list (RFC 9700, section 4.1), unless a cookie holds
// the session and the goal is a path of BaseURL's own origin, one that is a route of the handler, and a code_challenge that is not of
// S256. A goal of a private-use scheme needs a challenge: another program may have claimed the
// scheme, so that the code must be useless to it (RFC 8252, section 8.1). So does one of another
// origin where a flow begins, unless a cookie holds the session: that origin does not send the
// binding cookie, so that only a challenge makes the code of use to the program that began alone
// (RFC 9700, section 2.1.1).
func (e *Engine) checkGoal(app App, to goal) error {
	var bad []FieldError
	switch {
	case to.to == "":
	case app.listsGoal(to.to) && !e.http.leadsHere(to.to):
	case isPath(to.to) && to.cookie && e.http.ownPath(to.to) == nil:
	default:
		bad = append(bad, FieldError{"redirect_to", "not_registered", "redirect_to is not one of the app's redirect_urls"})
	}
	switch _, ok := token.Decode(to.challenge, 32); {
	case to.challenge != "" && !ok:
		bad = append(bad, FieldError{"code_challenge", "invalid_challenge", "code_challenge is not the base64url of a SHA-256 sum"})
	case to.challenge == "" && !to.noSession && httpio.PrivateUse(to.to):
		bad = append(bad, FieldError{"code_challenge", "required", "code_challenge is missing, which a redirect_to of a private-use scheme needs"})
	case to.challenge == "" && to.begins && to.to != "" && !to.cookie && !e.cfg.ownOrigin(to.to):
		bad = append(bad, FieldError{"code_challenge", "required", "code_challenge is missing, which a redirect_to of another origin needs"})
	}
	return invalidFields(bad)
}

// RedirectCheck asks whether a flow may go on to a URL.
type RedirectCheck struct {
	App           uuid.UUID
	RedirectTo    string // may be empty
	CodeChallenge string // as in MagicLinkRequest
	Client        Client
}

// CheckRedirect refuses a redirect URL that a flow of the app may not go on to, or that needs a
// code challenge: [CodeInvalidRequest], with every error. Every flow checks its own; this is for a
// page that is shown before its flow begins.
func (e *Engine) CheckRedirect(ctx context.Context, in RedirectCheck) error {
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return err
	}
	return e.checkGoal(app, goal{to: in.RedirectTo, challenge: in.CodeChallenge, cookie: app.holdsInCookie(in.Client), begins: true})
}

// isPath reports whether a goal is a path rather than a URL.
func isPath(to string) bool { return strings.HasPrefix(to, "/") }

// listsGoal reports whether a URL is exactly one of the app's redirect_urls (RFC 9700, section
// 4.1). The port of a loopback address may differ.
func (a App) listsGoal(to string) bool {
	return slices.ContainsFunc(a.Settings.RedirectURLs, func(entry string) bool { return entry == to || httpio.DiffersInPort(entry, to) })
}

// keepsGoal reports whether a goal that was checked when its flow began still holds.
func (a App) keepsGoal(to string) bool {
	return to == "" || isPath(to) && a.takesCookies() || a.listsGoal(to)
}

// leavesBrowser reports whether a goal is a program on the person's device, which anyone may have
// installed: a private-use scheme, or a loopback port that differs from the listed one. A browser
// goes to such a goal only when a person presses a button on a page that names the app, whatever
// sessions exist (RFC 8252, section 8.6).
func (a App) leavesBrowser(to string) bool {
	return httpio.PrivateUse(to) || (to != "" && !isPath(to) && !slices.Contains(a.Settings.RedirectURLs, to))
}
