package oauth

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Kind says whose fault an error is.
type Kind int

// The kinds of an [Error].
const (
	Broken        Kind = iota // the provider's answer cannot be used
	Refused                   // the provider refused the request
	Timeout                   // the provider did not answer in time
	Misconfigured             // the configuration cannot be used
	WrongIssuer               // the answer's iss is that of another provider, or is missing though it was promised
)

// Error is the error of every call of a [Client]. It holds no secret, no code, no token, and no
// text of a provider that is not quoted.
type Error struct {
	Kind Kind
	Code string // the provider's error code, if it is a registered one

	// Check is the check that failed, Seen what was seen and Want what was expected. Each may
	// be empty.
	Check, Seen, Want string

	Err error // the cause; may be nil
}

const (
	// maxText is the greatest length of an error's text. A library may repeat what a provider
	// answered, and that may be a megabyte for every request to a provider in trouble.
	maxText = 512

	// maxSeen is the greatest length of one value of a provider in a text.
	maxSeen = 128
)

// Error returns a path that ends in the cause. It is for the log.
func (e *Error) Error() string {
	text := "oauth: " + e.Finding()
	if e.Seen != "" && e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return cut(text, maxText)
}

// Finding returns what the developer of an app may know: the check, what was seen and what was
// expected. If what was seen is empty, the cause takes the place of both.
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

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func cut(text string, most int) string {
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// finding returns the error of a check.
func finding(kind Kind, check, seen, want string) *Error {
	return &Error{Kind: kind, Check: check, Seen: seen, Want: want}
}

// quote makes text of a provider fit for a log: it cuts long text and escapes control
// characters.
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

// LoggableCode returns an error code of a provider in a form fit for a log. If the code has
// characters that codes do not have, or holds one of the secrets, the text says only that there
// is a code.
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

// asError returns an Error for a fault of the provider or of the connection to it.
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
