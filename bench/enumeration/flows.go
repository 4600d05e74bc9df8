package main

import (
	"context"
	"fmt"

	"github.com/authkit-dev/authkit"
)

// flow is a request whose answer must not show whether an address is known.
type flow struct {
	name     string
	status   int // of both answers
	settings authkit.AppPatch
	limits   authkit.LimitConfig

	// known makes an address known to the app, in the way that the flow is about.
	known func(ctx context.Context, s *site, email string) error

	// request makes the request that is measured.
	request func(ctx context.Context, s *site, email string) (message, error)
}

const passphrase, wrongOne = "a long enough passphrase", "a wrong long passphrase!"

// flows returns every flow.
func flows() []flow {
	off := authkit.LimitConfig{InsecureOff: true}
	proven := authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailRequired)}
	return []flow{
		{name: "sign-in", status: 401, limits: off, known: withPassword, request: signIn},
		{name: "sign-in-no-password", status: 401, limits: off, known: withoutPassword, request: signIn},
		{name: "sign-in-disabled", status: 401, limits: off, known: disabled, request: signIn},
		{name: "sign-up", status: 202, limits: off, settings: proven, known: cheaply, request: signUp},
		{name: "forgot", status: 202, limits: off, known: cheaply, request: posts("/auth/password/forgot/", `{"email":%q}`)},
		{name: "link", status: 202, limits: off, known: cheaply, request: posts("/auth/magic-link/", `{"email":%q}`)},
		{name: "change", status: 202, limits: off, known: cheaply, request: change},
		{name: "link-used-up", status: 202, limits: authkit.LimitConfig{Mail: "1/h/email"}, known: usedUp, request: posts("/auth/magic-link/", `{"email":%q}`)},
	}
}

// withPassword makes a user whose password has a hash of the usual cost.
func withPassword(ctx context.Context, s *site, email string) error {
	_, err := s.engine.SignInWithPassword(ctx, authkit.PasswordSignIn{App: s.app.ID, Email: email, Password: passphrase})
	return err
}

// cheaply makes a user with a cheap hash, for flows that check no password.
func cheaply(ctx context.Context, s *site, email string) error {
	_, err := s.cheap.SignInWithPassword(ctx, authkit.PasswordSignIn{App: s.app.ID, Email: email, Password: passphrase})
	return err
}

func withoutPassword(ctx context.Context, s *site, email string) error {
	_, err := s.engine.CreateUser(ctx, s.app.ID, authkit.UserRequest{Email: email, Verified: true})
	return err
}

func disabled(ctx context.Context, s *site, email string) error {
	in, err := s.engine.SignInWithPassword(ctx, authkit.PasswordSignIn{App: s.app.ID, Email: email, Password: passphrase})
	if err != nil {
		return err
	}
	_, err = s.engine.ChangeUser(ctx, authkit.UserRef{App: s.app.ID, ID: in.User.ID}, authkit.UserPatch{Disabled: new(true)})
	return err
}

// usedUp makes no user. It exhausts the mail limit of an address.
func usedUp(ctx context.Context, s *site, email string) error {
	_, err := s.engine.RequestMagicLink(ctx, authkit.MagicLinkRequest{App: s.app.ID, Email: email})
	return err
}

func (s *site) post(path, token, body string) message {
	head := fmt.Sprintf("POST %s%s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", path, s.app.ID, s.addr, len(body))
	if token != "" {
		head += "Authorization: Bearer " + token + "\r\n"
	}
	return message(head + "\r\n" + body)
}

func posts(path, body string) func(context.Context, *site, string) (message, error) {
	return func(_ context.Context, s *site, email string) (message, error) {
		return s.post(path, "", fmt.Sprintf(body, email)), nil
	}
}

func signIn(_ context.Context, s *site, email string) (message, error) {
	return s.post("/auth/credentials/", "", fmt.Sprintf(`{"email":%q,"password":%q,"intent":"sign_in"}`, email, wrongOne)), nil
}

func signUp(_ context.Context, s *site, email string) (message, error) {
	return s.post("/auth/credentials/", "", fmt.Sprintf(`{"email":%q,"password":%q,"intent":"sign_up"}`, email, wrongOne)), nil
}

// change asks for a change of address, each time as another user in a fresh session.
func change(ctx context.Context, s *site, email string) (message, error) {
	in, err := s.cheap.SignInWithPassword(ctx, authkit.PasswordSignIn{App: s.app.ID, Email: address(), Password: passphrase})
	return s.post("/auth/email/change/", in.Token, fmt.Sprintf(`{"new_email":%q}`, email)), err
}
