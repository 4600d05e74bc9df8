package authkit

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// clearable is a text that null clears. It is nil if the member is missing.
type clearable struct{ text *string }

// UnmarshalJSON implements json.Unmarshaler.
func (c *clearable) UnmarshalJSON(b []byte) error {
	c.text = new("")
	return json.Unmarshal(b, c.text)
}

// MarshalJSON implements json.Marshaler. An empty text is null.
func (c *clearable) MarshalJSON() ([]byte, error) {
	if c.text == nil || *c.text == "" {
		return []byte("null"), nil
	}
	return jsontext.AppendQuote(nil, *c.text)
}
