package authkit

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// The answers that are sent most often append their own JSON. It is the text that an encoder
// makes of them.

// AppendJSON implements [httpio.Appender].
func (u userJSON) AppendJSON(b []byte) []byte {
	return append(u.appendMembers(append(b, '{')), '}')
}

func (u userJSON) appendMembers(b []byte) []byte {
	b = appendID(append(b, `"user_id":`...), u.ID)
	b = appendText(append(b, `,"email":`...), u.Email)
	b = strconv.AppendBool(append(b, `,"email_verified":`...), u.Verified)
	b = u.Name.append(append(b, `,"name":`...))
	b = appendText(append(b, `,"auth_method":`...), u.AuthMethod)
	b = u.LastLogin.append(append(b, `,"last_login":`...))
	b = appendTime(append(b, `,"created_at":`...), u.CreatedAt)
	b = u.Metadata.append(append(b, `,"metadata":`...))
	return appendTexts(append(b, `,"roles":`...), u.Roles)
}

// AppendJSON implements [httpio.Appender].
func (u managedUserJSON) AppendJSON(b []byte) []byte {
	b = u.appendMembers(append(b, '{'))
	b = strconv.AppendBool(append(b, `,"disabled":`...), u.Disabled)
	b = u.Reason.append(append(b, `,"disabled_reason":`...))
	b = u.ExternalID.append(append(b, `,"external_id":`...))
	return append(u.Private.append(append(b, `,"private_metadata":`...)), '}')
}

// usersJSON is a page of users.
type usersJSON struct {
	Users []User `json:"users"` // newest first
	Next  string `json:"next_cursor,omitempty"`
}

// AppendJSON implements [httpio.Appender].
func (p usersJSON) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	if p.Next != "" {
		b = append(appendText(append(b, `"next_cursor":`...), p.Next), ',')
	}
	b = append(b, `"users":[`...)
	for i, u := range p.Users {
		if i > 0 {
			b = append(b, ',')
		}
		b = toManagedUserJSON(u).AppendJSON(b)
	}
	return append(b, "]}"...)
}

// AppendJSON implements [httpio.Appender].
func (s signInJSON) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	if s.Token != "" {
		b = append(appendText(append(b, `"token":`...), s.Token), ',')
	}
	if s.TokenType != "" {
		b = append(appendText(append(b, `"token_type":`...), s.TokenType), ',')
	}
	if s.ExpiresIn != 0 {
		b = append(strconv.AppendInt(append(b, `"expires_in":`...), int64(s.ExpiresIn), 10), ',')
	}
	if s.RefreshToken != "" {
		b = append(appendText(append(b, `"refresh_token":`...), s.RefreshToken), ',')
	}
	b = s.User.AppendJSON(append(b, `"user":`...))
	b = strconv.AppendBool(append(b, `,"created":`...), s.Created)
	for i, r := range s.Removed {
		if i == 0 {
			b = append(b, `,"removed":[`...)
		} else {
			b = append(b, ',')
		}
		b = appendText(append(b, `{"type":`...), r.Type)
		b = append(appendText(append(b, `,"name":`...), r.Name), '}')
	}
	if len(s.Removed) > 0 {
		b = append(b, ']')
	}
	return append(b, '}')
}

// nullText is a text that is null if it is empty.
type nullText string

func (t nullText) append(b []byte) []byte {
	if t == "" {
		return append(b, "null"...)
	}
	return appendText(b, string(t))
}

// MarshalJSON implements [encoding/json.Marshaler].
func (t nullText) MarshalJSON() ([]byte, error) { return t.append(nil), nil }

// nullTime is a time that is null if it is zero.
type nullTime time.Time

func (t nullTime) append(b []byte) []byte {
	if time.Time(t).IsZero() {
		return append(b, "null"...)
	}
	return appendTime(b, time.Time(t))
}

// MarshalJSON implements [encoding/json.Marshaler].
func (t nullTime) MarshalJSON() ([]byte, error) { return t.append(nil), nil }

// appendText replaces what is not UTF-8, so that every text can be sent.
func appendText(b []byte, text string) []byte {
	b, _ = jsontext.AppendQuote(b, text)
	return b
}

// appendTexts appends a list.
func appendTexts(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, text := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, text)
	}
	return append(b, ']')
}

// objectJSON is a JSON object that is kept, or passed on, as it is; nil: {}.
type objectJSON []byte

func (m objectJSON) append(b []byte) []byte {
	if m == nil {
		return append(b, noMetadata...)
	}
	return append(b, m...)
}

// MarshalJSON implements [encoding/json.Marshaler].
func (m objectJSON) MarshalJSON() ([]byte, error) { return m.append(nil), nil }

// UnmarshalJSON implements [encoding/json.Unmarshaler]: it keeps any value as it is, null too.
func (m *objectJSON) UnmarshalJSON(b []byte) error {
	*m = bytes.Clone(b)
	return nil
}

// isObject reports whether the value that was kept is an object.
func (m objectJSON) isObject() bool { return len(m) > 0 && m[0] == '{' }

func appendTime(b []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}

// appendID appends the canonical form of a UUID.
func appendID(b []byte, id uuid.UUID) []byte {
	b = hex.AppendEncode(append(b, '"'), id[:4])
	b = hex.AppendEncode(append(b, '-'), id[4:6])
	b = hex.AppendEncode(append(b, '-'), id[6:8])
	b = hex.AppendEncode(append(b, '-'), id[8:10])
	b = hex.AppendEncode(append(b, '-'), id[10:])
	return append(b, '"')
}
