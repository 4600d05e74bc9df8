package authkit

import (
	"context"

	"github.com/google/uuid"
)

// maxMethod is how long the name of a sign-in method may be.
const maxMethod = 64

// mailedTo returns the address of the user if a mailed proof began the session. Otherwise it is empty.
// What the session has shown since stands behind it in `amr`.
func (s Session) mailedTo(u User) string {
	if len(s.AMR) == 0 || s.AMR[0] != amrOTP {
		return ""
	}
	return u.Email
}

// HostSignIn describes a sign-in by a method of the host.
type HostSignIn struct {
	App, User uuid.UUID
	Method    string // 1 to 64 bytes of printable text, such as "hwk" (RFC 8176)

	// SecondFactor says that the host has checked two factors. The session counts as one with a
	// second factor, and authkit asks for no other.
	SecondFactor bool

	Client Client
}

// StartSession signs a user in by a method of the host. The method becomes the user's auth_method
// and the one entry of `amr` (RFC 8176); it is 1 to 64 bytes of printable text.
//
// Do not name a method "otp": that is the name of a proof by mail. Sessions of such a method count
// as begun by mail, and a reset keeps the identities that were linked in them.
//
// [CodeUserNotFound]; [CodeUserDisabled]; [CodeEmailNotVerified]: the app requires a verified address;
// [CodeForbidden]: Hooks.Before refuses; [CodeLimitReached]: a cookie is to hold the session, and the
// browser has no room for it.
func (e *Engine) StartSession(ctx context.Context, in HostSignIn) (_ SignIn, err error) {
	defer e.hooks.refused(ctx, attempt{EventSessionStart, in.App, in.Client}, &err)
	if in.Method == "" || clean(in.Method, maxMethod) != in.Method {
		return SignIn{}, invalid("method", "invalid_method", "method is not one to 64 printable characters, such as hwk")
	}
	app, err := e.appFor(ctx, in.App, in.Client)
	if err != nil {
		return SignIn{}, err
	}
	step := signInStep{method: in.Method, amr: []string{in.Method}, client: in.Client}
	if in.SecondFactor {
		step.second = &factorUse{method: in.Method}
	}
	landing, err := again(func() (Landing, error) {
		account, err := e.accountOf(ctx, UserRef{App: in.App, ID: in.User})
		if err != nil {
			return Landing{}, err
		}
		return e.signInUser(ctx, app, account, step)
	})
	return landing.SignIn, err
}
