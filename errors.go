package authkit

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Code names what went wrong. Codes are stable API: clients branch on them, and
// GET /errors/{code} explains each. A Code is an error itself, so that
//
//	errors.Is(err, authkit.CodeEmailTaken)
//
// works on whatever an Engine method returns.
type Code string

// Error is the code as text.
func (c Code) Error() string { return string(c) }

// The codes that authkit answers with.
const (
	CodeInvalidRequest           Code = "invalid_request"
	CodeProviderRefused          Code = "provider_refused"
	CodeInvalidCredentials       Code = "invalid_credentials"
	CodeInvalidToken             Code = "invalid_token"
	CodeInvalidAPIKey            Code = "invalid_api_key"
	CodeUnauthenticated          Code = "unauthenticated"
	CodeForbidden                Code = "forbidden"
	CodeReauthenticationRequired Code = "reauthentication_required"
	CodeSignupDisabled           Code = "signup_disabled"
	CodeEmailNotVerified         Code = "email_not_verified"
	CodeUserDisabled             Code = "user_disabled"
	CodeAppNotFound              Code = "app_not_found"
	CodeProviderNotConfigured    Code = "provider_not_configured"
	CodeUserNotFound             Code = "user_not_found"
	CodeSessionNotFound          Code = "session_not_found"
	CodeNotFound                 Code = "not_found"
	CodeMethodNotAllowed         Code = "method_not_allowed"
	CodeAppNameTaken             Code = "app_name_taken"
	CodeOAuthConfigExists        Code = "oauth_config_exists"
	CodeEmailTaken               Code = "email_taken"
	CodeLinkRequired             Code = "link_required"
	CodeEmailRequired            Code = "email_required"
	CodeBodyTooLarge             Code = "body_too_large"
	CodeUnsupportedMediaType     Code = "unsupported_media_type"
	CodeWeakPassword             Code = "weak_password"
	CodeRateLimited              Code = "rate_limited"
	CodeInternal                 Code = "internal"
	CodeProviderError            Code = "provider_error"
	CodeUnavailable              Code = "unavailable"
	CodeProviderTimeout          Code = "provider_timeout"
)

// Error is what every Engine method returns when it refuses. It unwraps to its Code
// and to its cause.
type Error struct {
	Code   Code
	Detail string       // for people; holds nothing internal
	Fields []FieldError // which parts of the request are wrong, with CodeInvalidRequest

	RetryAfter   time.Duration // with CodeRateLimited and CodeUnavailable
	ProviderCode string        // with CodeProviderRefused: the provider's own code, if it is a registered one
	Binding      string        // with CodeEmailNotVerified: the asker's secret, if a proof was mailed

	Err error // the cause, for the log only

	full policy    // with CodeRateLimited: what is full
	user uuid.UUID // whom it is about, for the observer only
}

// FieldError says what is wrong with one member of a request.
type FieldError struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Error reads as a path that ends in the cause.
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

// Unwrap makes errors.Is find the Code and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Code}
	}
	return []error{e.Code, e.Err}
}

// refuse makes an Error from a code and a sentence for people.
func refuse(code Code, detail string) *Error { return &Error{Code: code, Detail: detail} }

// about says whose account a refusal is about, where there is one.
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

// invalidFields refuses a request for all that is wrong with it; nil: nothing is.
func invalidFields(bad []FieldError) error {
	if len(bad) == 0 {
		return nil
	}
	details := make([]string, len(bad))
	for i, f := range bad {
		details[i] = f.Detail
	}
	return &Error{Code: CodeInvalidRequest, Detail: "the request is not valid: " + strings.Join(details, "; "), Fields: bad}
}

// fieldsOf are what a refusal says is wrong.
func fieldsOf(err error) []FieldError {
	if refusal, ok := errors.AsType[*Error](err); ok {
		return refusal.Fields
	}
	return nil
}

// unavailable refuses because something that authkit stands on is out of order.
func unavailable(err error) *Error {
	return &Error{
		Code: CodeUnavailable, Detail: "the service is overloaded or a part of it is out of reach; try again",
		RetryAfter: time.Second, Err: err,
	}
}

// explanation is what GET /errors/{code} says.
type explanation struct {
	status  int
	meaning string
	causes  []string
	fix     string
}

// Status is the HTTP status of a code, 500 for an unknown one.
func (c Code) Status() int {
	if x, ok := explain(c); ok {
		return x.status
	}
	return http.StatusInternalServerError
}
