package password_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/password"
)

// The SHA-1 sum of "password" is 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8.
func TestRanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		has    bool
		fails  bool
	}{
		"listed":                       {200, "0000000000000000000000000000000000A:1\r\n1E4C9B93F3F0682250B6CF8331B7EE68FD8:42\r\n", true, false},
		"in lower case":                {200, "1e4c9b93f3f0682250b6cf8331b7ee68fd8:42\n", true, false},
		"padding":                      {200, "1E4C9B93F3F0682250B6CF8331B7EE68FD8:0\r\n", false, false},
		"not listed":                   {200, "0000000000000000000000000000000000A:1\r\n", false, false},
		"nothing":                      {200, "", false, false},
		"an error":                     {503, "1E4C9B93F3F0682250B6CF8331B7EE68FD8:42", false, true},
		"a redirect":                   {302, "", false, true},
		"an answer that is not a list": {200, "<html>", false, false},
		"an answer without end":        {200, strings.Repeat("0000000000000000000000000000000000A:1\r\n", 30_000), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.URL.Path
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer server.Close()
			has, err := password.NewRanges(server.URL+"/range/", nil).Has(t.Context(), "password")
			if has != c.has || (err != nil) != c.fails {
				t.Errorf("got %v, %v, want %v and an error: %v", has, err, c.has, c.fails)
			}
			if asked != "/range/5BAA6" {
				t.Errorf("asked: got %q, want five digits of the sum and nothing else", asked)
			}
		})
	}
}
