package authkit

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/errordoc"
)

// Code names what went wrong. Codes are stable API: clients branch on them, and GET
// /errors/{code} explains each. A Code is an error itself, so that
//
//	errors.Is(err, authkit.CodeEmailTaken)
//
// works on any error that an Engine method returns.
type Code string

// Error returns the code as text.
func (c Code) Error() string { return string(c) }

// The codes that authkit answers with, and their HTTP status.
const (
	CodeInvalidRequest           Code = "invalid_request"           // 400: the request breaks a rule; Error.Fields say where
	CodeProviderRefused          Code = "provider_refused"          // 400: the provider refused; Error.ProviderCode says why, if the provider does
	CodeInvalidCredentials       Code = "invalid_credentials"       // 401: wrong password, unknown address, or no password; the answer does not say which
	CodeInvalidToken             Code = "invalid_token"             // 401: a token, link or code is spent, expired, foreign or malformed; Error.Reason says which, if the caller may know
	CodeMFARequired              Code = "mfa_required"              // 401: the first factor was right, and a second is required; Error.Second says how to show it
	CodeMFAEnrollmentRequired    Code = "mfa_enrollment_required"   // 401: likewise, and the user has no second factor yet; Error.Second says how to set one up
	CodeInvalidAPIKey            Code = "invalid_api_key"           // 401: not a live key of any app
	CodeUnauthenticated          Code = "unauthenticated"           // 401: no credential of the required kind
	CodeForbidden                Code = "forbidden"                 // 403: the key lacks the scope; the origin, or the form, is foreign; a browser forwards; the host grants no cookies; or Hooks.Before refused
	CodeReauthenticationRequired Code = "reauthentication_required" // 403: the sign-in is older than ten minutes
	CodeSignupDisabled           Code = "signup_disabled"           // 403: the app takes no new users
	CodeEmailNotVerified         Code = "email_not_verified"        // 403: the address has to be verified first; Error.Binding belongs to the proof that was mailed
	CodeUserDisabled             Code = "user_disabled"             // 403: only for a caller who holds the password or a proof of the address
	CodeAppNotFound              Code = "app_not_found"             // 404: no such live app, or another developer's
	CodeProviderNotConfigured    Code = "provider_not_configured"   // 404: the app has no such provider, or has it disabled
	CodeUserNotFound             Code = "user_not_found"            // 404: no such user in this app
	CodeSessionNotFound          Code = "session_not_found"         // 404: the user has no such live session
	CodeIdentityNotFound         Code = "identity_not_found"        // 404: the user has no identity at this provider
	CodeNotFound                 Code = "not_found"                 // 404: no such path, key or error code
	CodeMethodNotAllowed         Code = "method_not_allowed"        // 405: the path has other methods
	CodeAppNameTaken             Code = "app_name_taken"            // 409: the developer has an app of that name
	CodeOAuthConfigExists        Code = "oauth_config_exists"       // 409: the app has a configuration for the provider
	CodeAppsRemain               Code = "apps_remain"               // 409: the developer has apps
	CodeExternalIDTaken          Code = "external_id_taken"         // 409: the app has a user of that external id
	CodeEmailTaken               Code = "email_taken"               // 409: the app has a user of that address
	CodeIdempotencyConflict      Code = "idempotency_conflict"      // 409: the idempotency key came with another request
	CodeLastCredential           Code = "last_credential"           // 409: it is the last way to sign in to the account
	CodeLimitReached             Code = "limit_reached"             // 409: a bound on a number of things is reached; Error.Detail names it and the bound
	CodePasskeysRemain           Code = "passkeys_remain"           // 409: passkeys of another relying party live
	CodePasswordSet              Code = "password_set"              // 409: the user has a password already
	CodeLinkRequired             Code = "link_required"             // 409: the address or identity is another account's: sign in to it and link
	CodeEmailRequired            Code = "email_required"            // 409: the provider gave no address
	CodeBodyTooLarge             Code = "body_too_large"            // 413: more than 64 KiB
	CodeUnsupportedMediaType     Code = "unsupported_media_type"    // 415: not JSON where JSON is required
	CodeWeakPassword             Code = "weak_password"             // 422: the policy refuses the password; Error.Fields say why
	CodeRateLimited              Code = "rate_limited"              // 429: a limit is exhausted; Error.RetryAfter says for how long
	CodeInternal                 Code = "internal"                  // 500: a defect, data that cannot be opened, or a mistake of the host
	CodeProviderError            Code = "provider_error"            // 502: the provider gave no usable answer
	CodeUnavailable              Code = "unavailable"               // 503: the store or the hash gate failed; nothing was decided; try again after Error.RetryAfter
	CodeProviderTimeout          Code = "provider_timeout"          // 504: the provider did not answer in time
)

// Error is what every Engine method returns when it refuses. It unwraps to its Code
// and to its cause.
type Error struct {
	Code   Code
	Detail string       // for people; holds nothing internal
	Fields []FieldError // which parts of the request are wrong, with CodeInvalidRequest and CodeWeakPassword

	RetryAfter   time.Duration // with CodeRateLimited and CodeUnavailable
	ProviderCode string        // with CodeProviderRefused: the provider's own code, if it is a registered one
	Binding      string        // with CodeEmailNotVerified: the binding, if a proof was mailed
	Reason       Reason        // with CodeInvalidToken: why, if the caller may know; may be empty
	TriesLeft    int           // with ReasonWrongCode: how often a code may still be tried; 0, too, where the code has no tries of its own: StepUpSession, FinishTOTP

	Second  *SecondFactorDue // with CodeMFARequired and CodeMFAEnrollmentRequired
	Methods []string         // with CodeReauthenticationRequired: the methods of a step-up that the user has, as in SecondFactorDue, "password" and "sign_in"; may be empty

	Err error // the cause, for the log only

	exhausted policy    // with CodeRateLimited: the limit
	uncounted bool      // with ReasonWrongCode: the code has no tries of its own
	user      uuid.UUID // the user it is about, for the observer only
	page      pageText  // the texts of its page; empty: those of the code
}

// FieldError says what is wrong with one member of a request.
type FieldError struct {
	Field  string `json:"field"`  // the member, parameter or header; empty: the body as a whole
	Code   string `json:"code"`   // what is wrong with it; stable, for programs
	Detail string `json:"detail"` // what is wrong with it, for people
}

// Error returns code, detail and cause as one path that ends in the cause.
func (e *Error) Error() string {
	text := string(e.Code)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap lets errors.Is find the Code and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Code}
	}
	return []error{e.Code, e.Err}
}

// asError makes an Error of the error of a flow.
func asError(err error) *Error {
	if refusal, ok := errors.AsType[*Error](err); ok {
		return refusal
	}
	if errors.Is(err, errAgain) {
		return unavailable(err)
	}
	return &Error{Code: CodeInternal, Detail: "something is wrong in the server", Err: err}
}

// pageText is what the page of a refusal says, in place of the text of its code: the keys of its
// title and text, and the step of the sign-in page that mails a new link.
type pageText struct{ title, text, again string }

// refuse makes an Error of a code and a sentence for people.
func refuse(code Code, detail string) *Error { return &Error{Code: code, Detail: detail} }

// cause names the check that refused, where several checks share one code and one answer. It is
// only in the log and in events for the observer.
type cause string

// Error returns the name of the check.
func (c cause) Error() string { return string(c) }

// because adds a cause to a refusal.
func (e *Error) because(err error) *Error {
	if e.Err != nil {
		err = fmt.Errorf("%w: %w", e.Err, err)
	}
	e.Err = err
	return e
}

// about sets the user whom a refusal is about, if there is an account.
func (e *Error) about(account *Account) *Error {
	if account != nil {
		e.user = account.User.ID
	}
	return e
}

// invalid refuses one member of a request.
func invalid(field, code, detail string) *Error {
	return &Error{
		Code: CodeInvalidRequest, Detail: "the request is not valid: " + detail,
		Fields: []FieldError{{Field: field, Code: code, Detail: detail}},
	}
}

// invalidFields refuses a request for all its errors; nil: there are no errors.
func invalidFields(bad []FieldError) error {
	if len(bad) == 0 {
		return nil
	}
	return &Error{Code: CodeInvalidRequest, Detail: "the request is not valid: " + detailsOf(bad), Fields: bad}
}

// missing lists the members, each a name and its text, that are empty.
func missing(members ...[2]string) (bad []FieldError) {
	for _, member := range members {
		if member[1] == "" {
			bad = append(bad, FieldError{member[0], "required", member[0] + " is missing"})
		}
	}
	return bad
}

// invalidAll refuses a request for all that several checks have found wrong with it; nil: they have found
// nothing. An error of another kind than invalid_request comes first.
func invalidAll(errs ...error) error {
	var bad []FieldError
	for _, err := range errs {
		if err != nil && !errors.Is(err, CodeInvalidRequest) {
			return err
		}
		bad = append(bad, fieldsOf(err)...)
	}
	return invalidFields(bad)
}

// detailsOf joins what is wrong with each field.
func detailsOf(bad []FieldError) string {
	details := make([]string, len(bad))
	for i, f := range bad {
		details[i] = f.Detail
	}
	return strings.Join(details, "; ")
}

// fieldsOf returns the fields that a refusal finds wrong.
func fieldsOf(err error) []FieldError {
	if refusal, ok := errors.AsType[*Error](err); ok {
		return refusal.Fields
	}
	return nil
}

// limitReached refuses one thing more than a bound allows.
func limitReached(things string, most int) *Error {
	return refuse(CodeLimitReached, fmt.Sprintf("the bound of %d %s is reached: delete one first", most, things))
}

// unavailable refuses because something that authkit depends on fails.
func unavailable(err error) *Error {
	return &Error{
		Code: CodeUnavailable, Detail: "the service is overloaded or a part of it is out of reach; try again",
		RetryAfter: time.Second, Err: err,
	}
}

// invalidToken refuses a token, link or code. The log says why; the answer does only by a [Reason].
func invalidToken(why cause) *Error {
	return refuse(CodeInvalidToken, "the token is malformed, expired, used already, or another's").because(why)
}

// unknownApp refuses an app that does not exist, or whose existence the caller must not learn.
func unknownApp(why cause) *Error {
	return refuse(CodeAppNotFound, "there is no such app").because(why)
}

// storeError translates the error of a store call in an app that existed a moment ago.
func storeError(err error, app uuid.UUID) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNotFound):
		return unknownApp("the app was deleted during the request")
	}
	return unavailable(fmt.Errorf("change app %s: %w", app, err))
}

// Status returns the HTTP status of a code, 500 for an unknown one.
func (c Code) Status() int {
	if doc, ok := errordoc.Find(string(c)); ok {
		return doc.Status
	}
	return http.StatusInternalServerError
}
