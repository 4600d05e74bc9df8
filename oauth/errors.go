package oauth

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Kind tells whose fault an error is.
type Kind int

// The kinds of an [Error].
const (
	Broken        Kind = iota // the provider's answer cannot be used
	Refused                   // the provider said no
	Timeout                   // it did not answer in time
	Misconfigured             // the configuration cannot be used
	WrongIssuer               // the answer is not of the provider that was asked
)

// Error is what every call of a [Client] fails with. Nothing in it is a secret, a code, a
// token, or a provider's text that was not quoted.
type Error struct {
	Kind Kind
	Code string // the provider's, if it is a registered one

	// Check is the check that failed, Seen what was seen and Want what was expected; each may
	// be empty.
	Check, Seen, Want string

	Err error // the cause; may be nil
}

const (
	// maxText is how much of an error is told: a library may repeat what a provider answered,
	// and that is up to a megabyte for every request to a provider in trouble.
	maxText = 512

	// maxSeen is how much is told of one value that a provider sent.
	maxSeen = 128
)

// Error reads as a path that ends in the cause. It is for the log.
func (e *Error) Error() string {
	text := "oauth: " + e.Finding()
	if e.Seen != "" && e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return cut(text, maxText)
}

// Finding is what the developer of an app may know: the check, and what was seen and expected.
// Where that is not told, it is the cause.
func (e *Error) Finding() string {
	text, sep := e.Check, ": "
	if text == "" {
		sep = ""
	}
	switch {
	case e.Seen != "":
		text += sep + "got " + e.Seen + ", want " + e.Want
	case e.Err != nil:
		text += sep + e.Err.Error()
	}
	return cut(text, maxText)
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

func cut(text string, most int) string {
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// finding is the error of a check.
func finding(kind Kind, check, seen, want string) *Error {
	return &Error{Kind: kind, Check: check, Seen: seen, Want: want}
}

// quote makes text of a provider's fit for a log: no control characters, and not much of it.
func quote(s string) string { return strconv.QuoteToASCII(short(s)) }

func short(s string) string { return cut(s, maxSeen) }

func quoteList(list []string) string {
	out := make([]string, 0, min(len(list), 9))
	for i, s := range list {
		if i == 8 {
			out = append(out, "…")
			break
		}
		out = append(out, quote(s))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// KnownErrorCode reports whether a code is one of RFC 6749, sections 4.1.2.1 and 5.2, or of
// OpenID Connect Core, section 3.1.2.6. No other text of a provider is repeated to a client.
func KnownErrorCode(code string) bool {
	return slices.Contains([]string{
		"invalid_request", "unauthorized_client", "access_denied", "unsupported_response_type", "invalid_scope",
		"server_error", "temporarily_unavailable", "invalid_client", "invalid_grant", "unsupported_grant_type",
		"interaction_required", "login_required", "account_selection_required", "consent_required",
		"invalid_request_uri", "invalid_request_object", "request_not_supported", "request_uri_not_supported",
		"registration_not_supported",
	}, code)
}

// LoggableCode is an error code of a provider's as a log may have it: one that is spelled as
// codes are and holds none of the secrets, else only that there is one.
func LoggableCode(code string, secrets ...string) string {
	strange := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '-' && r != '.'
	}
	holds := func(secret string) bool { return secret != "" && strings.Contains(code, secret) }
	if len(code) > 64 || strings.ContainsFunc(code, strange) || slices.ContainsFunc(secrets, holds) {
		return "a code that is not spelled as one"
	}
	return strconv.Quote(code)
}

// asError makes an Error of a fault of the provider, or of the way to it.
func asError(doing string, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		if e.Check == "" {
			named := *e
			named.Check = doing
			return &named
		}
		return e
	}
	var netErr net.Error
	if errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &netErr) && netErr.Timeout()) {
		return &Error{Kind: Timeout, Check: doing, Err: err}
	}
	if err == nil {
		err = errors.New("no answer")
	}
	return &Error{Kind: Broken, Check: doing, Err: err}
}
