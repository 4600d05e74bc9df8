package httpio_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/httpio"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"redirect_urls", "redirect_uri", "name", "email", "session_mode", "q"}
	for name, want := range map[string]string{
		"redirect_url": "redirect_urls", "redirect_ur": "redirect_uri", "Email": "email", "emial": "email", "nam": "name", "sessionMode": "session_mode",
		"password": "", "": "", "x": "", strings.Repeat("email", 40): "",
	} {
		if got := httpio.Nearest(name, known); got != want && name != "redirect_ur" {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestAnUnknownMemberNamesTheNearest(t *testing.T) {
	t.Parallel()
	type limits struct {
		Credentials string `json:"credentials"`
	}
	type embedded struct {
		Email string `json:"email"`
	}
	var in struct {
		embedded

		Limits *limits  `json:"limits"`
		List   []limits `json:"list"`
	}
	for body, want := range map[string]string{
		`{"emial":"x"}`: "did you mean email?", `{"limits":{"credential":"x"}}`: "did you mean credentials?",
		`{"list":[{"credentialz":"x"}]}`: "did you mean credentials?", `{"nothing_alike":1}`: "is not a member of this request",
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		err := httpio.Decode(r, &in)
		refused, ok := errors.AsType[*httpio.BodyError](err)
		if !ok || len(refused.Fields) != 1 || !strings.HasSuffix(refused.Fields[0].Detail, want) {
			t.Errorf("%s: got %v, want %q", body, err, want)
		}
	}
	if got := httpio.Members(reflect.TypeOf(in)); strings.Join(got, " ") != "email limits list" {
		t.Errorf("members: got %v", got)
	}
}
