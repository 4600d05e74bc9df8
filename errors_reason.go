package authkit

import (
	"errors"
	"strings"

	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/magiclink"
)

// Reason says why a token, link or code is refused with [CodeInvalidToken]. It tells no more than
// who asks may know: those who hold a token any, and those who hold an address and a code only
// with the binding that the attempt was answered with. ReasonWrongKind and ReasonMalformed go by
// the form alone. Everything else has no reason. Values may be added.
type Reason string

// The reasons.
const (
	ReasonExpired        Reason = "expired"         // its time is over
	ReasonSpent          Reason = "spent"           // it was used already, or a newer one or a change of the account took its place
	ReasonWrongCode      Reason = "wrong_code"      // the code is wrong, or was tried too often; Error.TriesLeft says how many tries are left
	ReasonBindingMissing Reason = "binding_missing" // it needs the binding of the answer with which it began, or that browser's cookie
	ReasonWrongBrowser   Reason = "wrong_browser"   // it began in another browser, or the binding is another's
	ReasonWrongKind      Reason = "wrong_kind"      // it is a credential of another kind, such as an API key
	ReasonWrongIssuer    Reason = "wrong_issuer"    // the iss of a provider's answer is not that provider's
	ReasonMalformed      Reason = "malformed"       // it has not the form of a token or code
)

// reasonDetails are the sentences for people, by reason. They tell what the reason tells, and no more.
var reasonDetails = map[Reason]string{
	ReasonExpired:        "the token, link or code has expired",
	ReasonSpent:          "the token, link or code was used already, or a newer one or a change of the account took its place",
	ReasonWrongCode:      "the code is wrong, was used, or was tried too often",
	ReasonBindingMissing: "the binding is missing; send that of the answer with which this began, or that browser's cookie",
	ReasonWrongBrowser:   "this began in another browser, or the binding is another's",
	ReasonWrongKind:      "this is a credential of another kind",
	ReasonWrongIssuer:    "the iss of the answer is not that of the provider",
	ReasonMalformed:      "the token, link or code is missing, or has not the form of one",
}

// with gives a refusal a reason, and the detail that goes with it.
func (e *Error) with(why Reason) *Error {
	e.Reason = why
	if detail := reasonDetails[why]; detail != "" {
		e.Detail = detail
	}
	return e
}

// wrongCode refuses a code. The answer counts the tries that are left, and does not tell a wrong
// code from one that comes after the last try.
func wrongCode(left int) *Error {
	refusal := invalidToken("the code is wrong, or was tried too often").with(ReasonWrongCode)
	refusal.TriesLeft = max(left, 0)
	return refusal
}

// notTheAsker is the reason for a token that only its asker may redeem. browser is the secret in
// the binding cookie of the request, nil if there is none.
func notTheAsker(browser []byte) Reason {
	if browser == nil {
		return ReasonBindingMissing
	}
	return ReasonWrongBrowser
}

// The forms of credentials, by which ReasonWrongKind and ReasonMalformed are told.
const (
	formNone    = iota
	formCode    // a code or a binding, which have no form that tells what they are
	formAPIKey  // begins with ak_
	formRefresh // a refresh token
	formAccess  // an access token
	formLink    // the token of a link
)

// formOf returns the form of a text. Whether the credential is genuine plays no part.
func formOf(text string) int {
	switch _, refresh := token.ParseRefresh(text); {
	case strings.HasPrefix(text, "ak_"):
		return formAPIKey
	case refresh:
		return formRefresh
	case token.AccessForm(text):
		return formAccess
	case magiclink.Form(text):
		return formLink
	}
	return formNone
}

// reasonOfForm is the reason for a text that is no valid credential of the form want. A text that
// has that form has no reason: it may be another app's, or forged.
func reasonOfForm(text string, want int) Reason {
	switch formOf(text) {
	case want:
		return ""
	case formNone:
		return ReasonMalformed
	}
	return ReasonWrongKind
}

// reasonOfLink is the reason for a link that [magiclink.Parse] refuses.
func reasonOfLink(raw string, err error) Reason {
	if errors.Is(err, magiclink.ErrExpired) {
		return ReasonExpired
	}
	return reasonOfForm(raw, formLink)
}

// reasonOfAccess is the reason for an access token that [token.Verify] refuses.
func reasonOfAccess(raw string, err error) Reason {
	if errors.Is(err, token.ErrExpired) {
		return ReasonExpired
	}
	return reasonOfForm(raw, formAccess)
}
