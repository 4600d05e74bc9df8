package verify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/verify"
)

func TestNewTakesIssuers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]verify.Config{
		"under a path":                {Issuer: issuer},
		"at the root":                 {Issuer: "https://a.example/apps/" + app},
		"the console":                 {Issuer: base + "/apps/00000000-0000-7000-8000-000000000000"},
		"http on loopback":            {Issuer: "http://127.0.0.1:8080/apps/" + app},
		"http on localhost":           {Issuer: "http://localhost/apps/" + app},
		"http with InsecureAllowHTTP": {Issuer: "http://a.example/apps/" + app, InsecureAllowHTTP: true},
		"the shortest age":            {Issuer: issuer, MaxAge: 30 * time.Second},
		"the longest age":             {Issuer: issuer, MaxAge: 15 * time.Minute},
		"a mount at /apps/x":          {Issuer: "https://a.example/apps/x/apps/" + app},
	} {
		if _, err := verify.New(c); err != nil {
			t.Errorf("%s: got %v, want no error", name, err)
		}
	}
}

func TestNewRefusesIssuers(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{
		"none":                      "",
		"http":                      "http://a.example/apps/" + app,
		"another scheme":            "ftp://a.example/apps/" + app,
		"a slash at the end":        issuer + "/",
		"a query":                   issuer + "?",
		"a fragment":                issuer + "#",
		"user info":                 "https://u@a.example/apps/" + app,
		"no host":                   "https:///apps/" + app,
		"a relative one":            "/auth/apps/" + app,
		"the base URL":              base,
		"another path":              base + "/app/" + app,
		"an id in capitals":         base + "/apps/" + strings.ToUpper(app),
		"an id that is not a UUID":  base + "/apps/1",
		"the console's alias":       base + "/apps/console",
		"a path that is not clean":  "https://a.example//apps/" + app,
		"a path with dots":          "https://a.example/x/../apps/" + app,
		"an escaped path":           "https://a.example/a%2Fb/apps/" + app,
		"a text that is not a URL":  "https://a.example:x/apps/" + app,
		"a line break":              issuer + "\n",
		"a host that is a loopback": "http://127.0.0.1.example/apps/" + app,
	} {
		if _, err := verify.New(verify.Config{Issuer: bad}); err == nil || !strings.Contains(err.Error(), "Config.Issuer") {
			t.Errorf("%s: got %v, want an error about Config.Issuer", name, err)
		}
	}
}

func TestNewReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	for _, age := range []time.Duration{-1, time.Second, 15*time.Minute + 1} {
		_, err := verify.New(verify.Config{MaxAge: age})
		if err == nil || !strings.Contains(err.Error(), "2 problem(s)") || !strings.Contains(err.Error(), "Config.MaxAge") {
			t.Errorf("MaxAge %v without issuer: got %v, want both problems", age, err)
		}
	}
}
