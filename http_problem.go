package authkit

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// fail renders an error, as a page for a person and as a problem otherwise. Internal text goes to
// the log only.
func (c *call) fail(err error) {
	c.logRefusal(err)
	c.w.Header().Add("Vary", "Accept, Sec-Fetch-Mode")
	if c.wantsPage() && answerPerson(person{c}, refusalOf(err)) {
		return
	}
	writeProblem(c.w, c.h.http.docs, refusalOf(err), c.request.id)
}

// failHost renders an error of a request to a route of the host. It gives the request an id.
func (b *border) failHost(w http.ResponseWriter, r *http.Request, app uuid.UUID, err error) {
	of := loggedRequest{r: r, app: app, id: newID(b.now()).String()}
	w.Header().Set("X-Request-ID", of.id)
	b.logRefusal(of, err)
	writeProblem(w, b.docs, refusalOf(err), of.id)
}

// refusalOf makes an Error of what a route returns.
func refusalOf(err error) *Error {
	if body, ok := errors.AsType[*httpio.BodyError](err); ok {
		return bodyRefusal(body)
	}
	return asError(err)
}

func bodyRefusal(body *httpio.BodyError) *Error {
	code := CodeInvalidRequest
	switch body.Status {
	case http.StatusRequestEntityTooLarge:
		code = CodeBodyTooLarge
	case http.StatusUnsupportedMediaType:
		code = CodeUnsupportedMediaType
	}
	refusal := refuse(code, body.Detail)
	for _, f := range body.Fields {
		refusal.Fields = append(refusal.Fields, FieldError(f))
	}
	return refusal
}

// judged is a body that tells what is wrong with the values of its members.
type judged interface{ wrong() []FieldError }

// wholeRefusal adds to the refusal of a body what is wrong with the values of those members that could
// be read.
func wholeRefusal(err error, in any) error {
	body, ok := errors.AsType[*httpio.BodyError](err)
	values, judges := in.(judged)
	if !ok || !body.Judged || !judges {
		return err
	}
	refusal := bodyRefusal(body)
	for _, f := range values.wrong() {
		if !slices.ContainsFunc(body.Fields, func(unread httpio.FieldError) bool { return topMember(unread.Field) == f.Field }) {
			refusal.Detail += "; " + f.Detail
			refusal.Fields = append(refusal.Fields, f)
		}
	}
	return refusal
}

// topMember is the member of the body in which a field stands: roles of roles[1].
func topMember(field string) string {
	if i := strings.IndexAny(field, ".["); i >= 0 {
		return field[:i]
	}
	return field
}

// problem is the JSON form of an Error (RFC 9457).
type problem struct {
	Type         string       `json:"type"`                    // the address of a page about the code
	Title        string       `json:"title"`                   // the status in words
	Status       int          `json:"status"`                  // the HTTP status
	Code         Code         `json:"code"`                    // what went wrong; stable, for programs
	Detail       string       `json:"detail"`                  // what went wrong, for people
	RequestID    string       `json:"request_id,omitempty"`    // as in the header X-Request-Id
	ProviderCode string       `json:"provider_code,omitempty"` // the provider's own code, with provider_refused
	Binding      string       `json:"binding,omitempty"`       // with email_not_verified: that of the proof that was mailed; with mfa_token: that of the token
	Reason       Reason       `json:"reason,omitempty"`        // with invalid_token: why, if the asker may know; values may be added
	TriesLeft    *int         `json:"tries_left,omitempty"`    // with reason wrong_code: how often a code may still be tried; missing where only the limits bound that
	MFAToken     string       `json:"mfa_token,omitempty"`     // with mfa_required and mfa_enrollment_required: stands for the first factor
	Methods      []string     `json:"methods,omitempty"`       // likewise, and with reauthentication_required: totp, recovery_code, passkey, email_code, password, sign_in
	ExpiresIn    int          `json:"expires_in,omitzero"`     // in how many seconds mfa_token expires
	Errors       []FieldError `json:"errors,omitempty"`        // each part of the request that is wrong; with weak_password, each fault of the password
}

// headers sets the headers of a refusal, whatever its form.
func (e *Error) headers(header http.Header) {
	header.Set("Cache-Control", "no-store")
	if e.Code.Status() == http.StatusUnauthorized {
		challenge := `Bearer realm="authkit"`
		if e.Code == CodeInvalidToken || e.Code == CodeInvalidAPIKey {
			challenge += `, error="invalid_token"` // RFC 6750, section 3.1
		}
		header.Set("WWW-Authenticate", challenge)
	}
	if e.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(wholeSeconds(e.RetryAfter)))
	}
	if e.exhausted.name != "" {
		e.exhausted.setPolicyHeader(header)
		e.exhausted.setExhaustedHeader(header, e.RetryAfter)
	}
}

func writeProblem(w http.ResponseWriter, docs string, err *Error, requestID string) {
	status := err.Code.Status()
	err.headers(w.Header())
	p := problem{
		Type: docs + string(err.Code), Title: http.StatusText(status), Status: status, Code: err.Code,
		Detail: err.Detail, RequestID: requestID, ProviderCode: err.ProviderCode, Binding: err.Binding, Reason: err.Reason, Errors: err.Fields,
	}
	p.Methods = err.Methods
	if due := err.Second; due != nil {
		p.MFAToken, p.Binding, p.Methods, p.ExpiresIn = due.Token, due.Binding, due.Methods, wholeSeconds(due.ExpiresIn)
	}
	if err.Reason == ReasonWrongCode && !err.uncounted {
		p.TriesLeft = &err.TriesLeft
	}
	// A write that fails is not reported: the peer may be gone.
	_ = httpio.WriteJSON(w, status, "application/problem+json", p)
}
