package verify

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"
)

// Config says whose tokens a [Verifier] checks. Issuer is required. The zero value of every
// other field means its default.
type Config struct {
	// Issuer is the app's issuer: the base URL of authkit, "/apps/" and the app's id, as in
	// "https://example.com/auth/apps/0190a000-0000-7000-8000-000000000001". Required; https, or
	// http on loopback.
	Issuer string

	// MaxAge is the greatest age of the keys before they are fetched again. While the issuer can
	// be reached, it is the longest time for which a revoked key still counts. 30 s to 15 min;
	// default: 10 min.
	MaxAge time.Duration

	// SkipDiscovery fetches the keys from <Issuer>/.well-known/jwks.json, without asking the
	// issuer's metadata for their address. Default: the metadata are asked.
	SkipDiscovery bool

	// Client fetches the keys. Its redirect policy and its cookies are not used. A fetch has 5
	// seconds, whatever its Timeout. Default: one on http.DefaultTransport.
	Client *http.Client

	// Logger logs keys that could not be fetched. Default: slog.Default().
	Logger *slog.Logger

	// Now is the clock. Default: time.Now.
	Now func() time.Time

	// InsecureAllowHTTP accepts an Issuer of http that is not on loopback. An attacker on the
	// network can then forge every token.
	InsecureAllowHTTP bool
}

// appIssuer matches a base URL and a canonical app id.
var appIssuer = regexp.MustCompile(`^(.+)/apps/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

// fill sets the defaults and splits the issuer. Its error reports everything that is wrong.
func (c *Config) fill() (base, app string, err error) {
	var bad []error
	add := func(field string, value any, fix string) {
		bad = append(bad, fmt.Errorf("field Config.%s is %v: %s", field, value, fix))
	}
	if fix := c.checkIssuer(); fix != "" {
		add("Issuer", fmt.Sprintf("%q", c.Issuer), fix)
	}
	if c.MaxAge == 0 {
		c.MaxAge = 10 * time.Minute
	}
	if c.MaxAge < cooldown || c.MaxAge > keyLead {
		add("MaxAge", c.MaxAge, fmt.Sprintf("set %v to %v, or 0 for the default, 10m0s", cooldown, keyLead))
	}
	if c.Client == nil {
		c.Client = &http.Client{}
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if len(bad) > 0 {
		return "", "", fmt.Errorf("verify: the configuration has %d problem(s):\n%w", len(bad), errors.Join(bad...))
	}
	parts := appIssuer.FindStringSubmatch(c.Issuer)
	return parts[1], parts[2], nil
}

// checkIssuer returns how to correct the issuer, or "" if it is valid.
func (c *Config) checkIssuer() string {
	u, err := url.Parse(c.Issuer)
	switch {
	case c.Issuer == "":
		return `set "<base URL of authkit>/apps/<app id>"`
	case err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(c.Issuer, "?#") || u.RawPath != "":
		return "give scheme, host and path only, such as https://example.com/auth/apps/<app id>"
	case !appIssuer.MatchString(c.Issuer) || path.Clean(u.Path) != u.Path:
		return `end it with "/apps/" and the app's id in lower case, without a slash at the end`
	case u.Scheme != "https" && u.Scheme != "http":
		return "use https"
	case u.Scheme == "http" && !loopback(u.Hostname()) && !c.InsecureAllowHTTP:
		return "use https; http is for loopback, or for InsecureAllowHTTP"
	}
	return ""
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && a.IsLoopback())
}
