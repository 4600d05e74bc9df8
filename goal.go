package authkit

import (
	"slices"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/token"
)

// listsGoal reports whether a URL is one of the app's redirect_urls, to the letter (RFC 9700,
// section 4.1) but for the port of a loopback address.
func (a App) listsGoal(to string) bool {
	return slices.ContainsFunc(a.Settings.RedirectURLs, func(entry string) bool { return entry == to || httpio.DiffersInPort(entry, to) })
}

// leavesBrowser reports whether a goal is a program on the person's device that anyone may
// have put there: it is of a private-use scheme, or on a loopback port of its own choosing. A
// browser goes to such a goal only when a person presses for it, on a page that names the
// app, whatever sessions there are (RFC 8252, section 8.6).
func (a App) leavesBrowser(to string) bool {
	return httpio.PrivateUse(to) || (to != "" && !slices.Contains(a.Settings.RedirectURLs, to))
}

// checkGoal refuses a redirect URL that is not registered, and a challenge that is not one of
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

// checkHandOver is checkGoal for a goal that is handed a code. Another program may have
// claimed the scheme, so that the code has to be of no use to it (RFC 8252, section 8.1).
func checkHandOver(app App, redirectTo, challenge string) error {
	if err := checkGoal(app, redirectTo, challenge); err != nil {
		return err
	}
	if challenge == "" && httpio.PrivateUse(redirectTo) {
		return invalid("code_challenge", "required", "code_challenge is missing, which a redirect_to of a private-use scheme needs")
	}
	return nil
}
