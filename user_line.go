package authkit

import (
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// userLine is a user of an import, on one line. A member that is null counts as left out.
type userLine struct {
	Email    string     `json:"email" api:"required"`         // the user's address
	ID       clearable  `json:"user_id" null:"ok"`            // the id that the user keeps; otherwise a new one
	Name     clearable  `json:"name" null:"ok"`               // the user's name, of up to 200 characters
	Verified *bool      `json:"email_verified" null:"ok"`     // whether the address counts as proven, by the word of the caller
	Hash     clearable  `json:"password_hash" null:"ok"`      // a hash of the user's password that another system made, in the forms of docs/migrating.md
	Created  *time.Time `json:"created_at" null:"ok"`         // when the user was created; otherwise now
	External clearable  `json:"external_id" null:"ok"`        // the user's id at the app's own
	Metadata objectJSON `json:"metadata" null:"deep"`         // an object of at most 4 KiB and 5 levels, which the user sees
	Private  objectJSON `json:"private_metadata" null:"deep"` // an object of at most 4 KiB and 5 levels, which the user never sees
	Roles    *[]string  `json:"roles" null:"ok"`              // at most 32
	Disabled *bool      `json:"disabled" null:"ok"`           // whether the user may not sign in
	Reason   clearable  `json:"disabled_reason" null:"ok"`    // for the developer

	Identities *[]identityLine `json:"identities" null:"ok"`  // accounts at providers
	TOTP       clearable       `json:"totp_secret" null:"ok"` // the seed of the user's TOTP, in base32
}

// identityLine is an account at a provider.
type identityLine struct {
	Provider string    `json:"provider" api:"required"` // the name of a provider that is built in or configured
	Subject  string    `json:"subject" api:"required"`  // the id that the provider gives the person
	Issuer   clearable `json:"issuer" null:"ok"`        // the URL of the provider; otherwise that which it has by now
}

// ParseUserImport reads a user from a JSON object, as `authkit users import` and
// POST /users/{app_id}/import take it: one line of a file. [CodeInvalidRequest].
func ParseUserImport(line []byte) (UserImport, error) {
	var in userLine
	if err := httpio.DecodeBytes(line, &in); err != nil {
		if body, ok := errors.AsType[*httpio.BodyError](err); ok {
			body.Detail = strings.Replace(body.Detail, "the body", "the line", 1)
			return UserImport{}, bodyRefusal(body)
		}
		return UserImport{}, err
	}
	return in.user()
}

func (in userLine) user() (u UserImport, err error) {
	u.Email, u.Metadata, u.PrivateMetadata = in.Email, orAbsent(in.Metadata), orAbsent(in.Private)
	set(&u.Name, in.Name.text)
	set(&u.Verified, in.Verified)
	set(&u.PasswordHash, in.Hash.text)
	set(&u.ExternalID, in.External.text)
	set(&u.Roles, in.Roles)
	set(&u.CreatedAt, in.Created)
	set(&u.Disabled, in.Disabled)
	set(&u.DisabledReason, in.Reason.text)
	if in.ID.text != nil && *in.ID.text != "" {
		id, ok := httpio.CanonicalUUID(*in.ID.text)
		if !ok || id == uuid.Nil { // which would ask for a new id
			return u, invalid("user_id", "invalid_id", "user_id is not a UUID in lower case, or is the nil UUID; an id of another form goes into external_id")
		}
		u.ID = id
	}
	if in.Identities != nil {
		for _, one := range *in.Identities {
			held := ImportedIdentity{Provider: one.Provider, Subject: one.Subject}
			set(&held.Issuer, one.Issuer.text)
			u.Identities = append(u.Identities, held)
		}
	}
	set(&u.TOTPSecret, in.TOTP.text)
	return u, nil
}

// orAbsent makes nil of metadata that is null.
func orAbsent(m objectJSON) []byte {
	if string(m) == "null" {
		return nil
	}
	return m
}

// AppendJSON appends the user as a JSON object on one line, which [ParseUserImport] reads. Members
// without a value are left out.
func (u UserImport) AppendJSON(b []byte) []byte {
	b = appendText(append(b, `{"email":`...), u.Email)
	b = appendID(append(b, `,"user_id":`...), u.ID)
	b = appendMember(b, "name", u.Name)
	if u.Verified {
		b = append(b, `,"email_verified":true`...)
	}
	b = appendMember(b, "password_hash", u.PasswordHash)
	b = appendTime(append(b, `,"created_at":`...), u.CreatedAt)
	b = appendMember(b, "external_id", u.ExternalID)
	if len(u.Roles) > 0 {
		b = appendTexts(append(b, `,"roles":`...), u.Roles)
	}
	if u.Metadata != nil {
		b = append(append(b, `,"metadata":`...), u.Metadata...)
	}
	if u.PrivateMetadata != nil {
		b = append(append(b, `,"private_metadata":`...), u.PrivateMetadata...)
	}
	for i, one := range u.Identities {
		b = append(b, []string{`,"identities":[`, `,`}[min(i, 1)]...)
		b = appendText(append(b, `{"provider":`...), one.Provider)
		b = append(appendMember(appendText(append(b, `,"subject":`...), one.Subject), "issuer", one.Issuer), '}')
	}
	if len(u.Identities) > 0 {
		b = append(b, ']')
	}
	if u.Disabled {
		b = append(b, `,"disabled":true`...)
	}
	b = appendMember(b, "disabled_reason", u.DisabledReason)
	return append(appendMember(b, "totp_secret", u.TOTPSecret), '}')
}

// appendMember appends a member, unless its text is empty.
func appendMember(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	return appendText(append(append(append(b, `,"`...), name...), `":`...), text)
}
