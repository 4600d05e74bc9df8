package authkit

import (
	"slices"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/token"
)

// listsGoal reports whether a URL is exactly one of the app's redirect_urls (RFC 9700, section
// 4.1). The port of a loopback address may differ.
func (a App) listsGoal(to string) bool {
	return slices.ContainsFunc(a.Settings.RedirectURLs, func(entry string) bool { return entry == to || httpio.DiffersInPort(entry, to) })
}

// leavesBrowser reports whether a goal is a program on the person's device, which anyone may have
// installed: a private-use scheme, or a loopback port that differs from the listed one. A browser
// goes to such a goal only when a person presses a button on a page that names the app, whatever
// sessions exist (RFC 8252, section 8.6).
func (a App) leavesBrowser(to string) bool {
	return httpio.PrivateUse(to) || (to != "" && !slices.Contains(a.Settings.RedirectURLs, to))
}

// checkGoal refuses a redirect URL that is not registered, and a code challenge that is not of
// S256.
func checkGoal(app App, redirectTo, challenge string) error {
	if redirectTo != "" && !app.listsGoal(redirectTo) {
		return invalid("redirect_to", "not_registered", "redirect_to is not one of the app's redirect_urls")
	}
	if challenge != "" {
		if _, ok := token.Decode(challenge, 32); !ok {
			return invalid("code_challenge", "invalid_challenge", "code_challenge is not the base64url of a SHA-256 sum")
		}
	}
	return nil
}

// checkHandOver is checkGoal for a goal that gets a one-time code. Another program may have
// claimed the private-use scheme, so that the code must be useless to it (RFC 8252, section 8.1).
func checkHandOver(app App, redirectTo, challenge string) error {
	if err := checkGoal(app, redirectTo, challenge); err != nil {
		return err
	}
	if challenge == "" && httpio.PrivateUse(redirectTo) {
		return invalid("code_challenge", "required", "code_challenge is missing, which a redirect_to of a private-use scheme needs")
	}
	return nil
}

// checkFlowGoal is checkHandOver where a flow begins. A page of another origin does not send the
// binding cookie, so that only a code challenge makes the code of use to the program that began
// alone (RFC 9700, section 2.1.1). A session in a cookie needs no code.
func (e *Engine) checkFlowGoal(app App, redirectTo, challenge string, by Client) error {
	if err := checkHandOver(app, redirectTo, challenge); err != nil {
		return err
	}
	if challenge == "" && redirectTo != "" && !(signInStep{client: by}).inCookie(app) && !e.cfg.ownOrigin(redirectTo) {
		return invalid("code_challenge", "required", "code_challenge is missing, which a redirect_to of another origin needs")
	}
	return nil
}
