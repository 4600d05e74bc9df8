package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Code names what went wrong. Codes are stable, and new ones may come. A Code is an error itself,
// so that errors.Is finds it in the error of any call.
type Code string

// Error returns the code as text.
func (c Code) Error() string { return string(c) }

// The codes that the calls of this package may lead to.
const (
	CodeInvalidRequest      Code = "invalid_request"      // 400: Error.Fields says what is wrong
	CodeInvalidAPIKey       Code = "invalid_api_key"      // 401: the key is unknown, inactive or expired
	CodeUnauthenticated     Code = "unauthenticated"      // 401: a proxy took the key away
	CodeForbidden           Code = "forbidden"            // 403: the key lacks the scope
	CodeAppNotFound         Code = "app_not_found"        // 404: the app was deleted
	CodeUserNotFound        Code = "user_not_found"       // 404: the app has no such user
	CodeIdempotencyConflict Code = "idempotency_conflict" // 409: the idempotency key came with another request
	CodeExternalIDTaken     Code = "external_id_taken"    // 409: the app has a user of that external id
	CodeEmailTaken          Code = "email_taken"          // 409: the app has a user of that address
	CodeBodyTooLarge        Code = "body_too_large"       // 413: the request has more than 64 KiB
	CodeRateLimited         Code = "rate_limited"         // 429: wait for Error.RetryAfter
	CodeInternal            Code = "internal"             // 500: a defect of the server
	CodeUnavailable         Code = "unavailable"          // 503: it is not known whether it was done; wait for Error.RetryAfter
)

// Error is a refusal of the server.
type Error struct {
	Status     int          // of HTTP
	Code       Code         // empty: the answer is not authkit's, but that of a proxy, say
	Detail     string       // for people
	RequestID  string       // that the log of the server has
	Fields     []FieldError // with CodeInvalidRequest
	RetryAfter time.Duration
}

// FieldError says what is wrong with one member or parameter of a request.
type FieldError struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Error names the status, the code, what is wrong, and the request.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "authkit: %d", e.Status)
	if e.Code != "" {
		text.WriteString(" " + string(e.Code))
	}
	if e.Detail != "" {
		text.WriteString(": " + e.Detail)
	}
	for _, f := range e.Fields {
		text.WriteString("; " + f.Detail)
	}
	if e.RequestID != "" {
		text.WriteString(" (request " + e.RequestID + ")")
	}
	return text.String()
}

// Unwrap returns the Code; nil: there is none.
func (e *Error) Unwrap() error {
	if e.Code == "" {
		return nil
	}
	return e.Code
}

// refusal makes the Error of an answer.
func refusal(res *http.Response, body []byte) *Error {
	e := &Error{Status: res.StatusCode, RequestID: res.Header.Get("X-Request-ID")}
	if n, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && n > 0 {
		e.RetryAfter = time.Duration(n) * time.Second
	}
	var said struct {
		Code   Code         `json:"code"`
		Detail string       `json:"detail"`
		Errors []FieldError `json:"errors"`
	}
	kind := res.Header.Get("Content-Type")
	if strings.HasPrefix(kind, "application/problem+json") && json.Unmarshal(body, &said) == nil && said.Code != "" {
		e.Code, e.Detail, e.Fields = said.Code, said.Detail, said.Errors
		return e
	}
	e.Detail = fmt.Sprintf("the answer is not authkit's: its content type is %q", kind)
	if to := res.Header.Get("Location"); to != "" {
		e.Detail = fmt.Sprintf("the answer is a redirect to %q, which is not followed", to)
	}
	return e
}
