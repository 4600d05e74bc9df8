package oauth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/oauth2"
)

// Kind says whose fault an error is.
type Kind int

// The kinds of an [Error].
const (
	Broken        Kind = iota // the provider's answer cannot be used
	Refused                   // the provider said no
	Timeout                   // it did not answer in time
	Misconfigured             // the configuration cannot be used
)

// Error is what every call of a [Client] fails with.
type Error struct {
	Kind Kind
	Code string // the provider's, if it is a registered one
	Err  error
}

// maxText is how much of an error is told: a library may repeat what a provider answered, and
// that is up to a megabyte for every request to a provider in trouble.
const maxText = 512

// Error reads as a path that ends in the cause.
func (e *Error) Error() string {
	text := "oauth: " + e.Err.Error()
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// KnownErrorCode says whether a code is one of RFC 6749, sections 4.1.2.1 and 5.2, or of
// OpenID Connect Core, section 3.1.2.6. No other text of a provider is repeated.
func KnownErrorCode(code string) bool {
	return slices.Contains([]string{
		"invalid_request", "unauthorized_client", "access_denied", "unsupported_response_type", "invalid_scope",
		"server_error", "temporarily_unavailable", "invalid_client", "invalid_grant", "unsupported_grant_type",
		"interaction_required", "login_required", "account_selection_required", "consent_required",
		"invalid_request_uri", "invalid_request_object", "request_not_supported", "request_uri_not_supported",
		"registration_not_supported",
	}, code)
}

// broken wraps a fault of the provider, or of the way to it.
func broken(err error) *Error {
	var netErr net.Error
	if errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &netErr) && netErr.Timeout()) {
		return &Error{Kind: Timeout, Err: err}
	}
	return &Error{Kind: Broken, Err: err}
}

// exchangeError leaves out what the provider answered: it may repeat the request, which holds
// the client secret and the code.
func exchangeError(err error) error {
	if refusal, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		e := &Error{Kind: Broken, Err: errors.New("fetch a token: the provider answers an error")}
		if refusal.Response != nil {
			e.Err = fmt.Errorf("fetch a token: status %d", refusal.Response.StatusCode)
		}
		if KnownErrorCode(refusal.ErrorCode) {
			e.Code = refusal.ErrorCode
			e.Err = fmt.Errorf("%w, %s", e.Err, e.Code)
		}
		if refusal.ErrorCode == "invalid_grant" {
			e.Kind = Refused
		}
		return e
	}
	return broken(err)
}
