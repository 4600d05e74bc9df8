package httpio_test

import (
	"errors"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// A refusal says which value a member takes.
func TestAWrongTypeSaysWhatIsWanted(t *testing.T) {
	t.Parallel()
	type body struct {
		Email string     `json:"email"`
		Name  *string    `json:"name"`
		Open  bool       `json:"open"`
		Count *int       `json:"count"`
		Since *time.Time `json:"since"`
		List  *[]string  `json:"list"`
		Inner *struct {
			URL string `json:"url"`
		} `json:"inner"`
	}
	for text, want := range map[string]string{
		`{"email":1}`:            "is not a string",
		`{"name":[]}`:            "is not a string",
		`{"open":"yes"}`:         "is not a boolean",
		`{"count":1.5}`:          "is not a whole number in range",
		`{"since":"2030-01-02"}`: "is not a time such as 2030-01-02T15:04:05Z",
		`{"since":5}`:            "is not a time such as 2030-01-02T15:04:05Z",
		`{"list":"a"}`:           "is not a list",
		`{"list":["a",{}]}`:      "is not a string",
		`{"inner":"a"}`:          "is not an object",
		`{"inner":{"url":true}}`: "is not a string",
		`{"count":"1"}`:          "is not a whole number in range",
	} {
		var v body
		err := httpio.DecodeBytes([]byte(text), &v)
		got, ok := errors.AsType[*httpio.BodyError](err)
		if !ok || len(got.Fields) != 1 || got.Fields[0].Code != "wrong_type" || got.Fields[0].Detail != want {
			t.Errorf("%s: got %v, want one field that %s", text, err, want)
		}
	}
}
