package httpio

import (
	"errors"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// urlLimit is the greatest length of a URL that is accepted, in bytes.
const urlLimit = 2000

// Loopback reports whether a host name leads to the same machine (RFC 8252, section 7.3).
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// Origin returns the web origin of a URL: scheme and host, with the port if it is not the
// default.
func Origin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}

// webViews are the schemes of the origins that browser extensions and programs with a web view
// send: Capacitor, Ionic, Tauri, and the extensions of Chrome and Firefox.
var webViews = []string{"capacitor", "ionic", "tauri", "chrome-extension", "moz-extension"}

// CheckOrigin refuses a text unless it is exactly what browsers send in the Origin header.
func CheckOrigin(s string) error {
	u, err := parseAbsolute(s)
	switch {
	case err != nil:
		return err
	case slices.Contains(webViews, u.Scheme):
	case u.Scheme == "http" && strings.HasSuffix(u.Hostname(), ".localhost"): // loopback: RFC 6761, section 6.3
	default:
		if err := checkWebScheme(u); err != nil {
			return err
		}
	}
	if Origin(u) != s || strings.HasSuffix(s, ":") {
		return errors.New("an origin is a scheme, a host in lower case and a port if it is not the default, such as https://example.com")
	}
	return nil
}

// notHost reports whether a character may not be in the name or address of a host, or not in a
// content security policy.
func notHost(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune(".-_:", r)
}

// canonicalPort reports whether a port is written as browsers write it. No port is valid too.
func canonicalPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return s == "" || (err == nil && n > 0 && strconv.FormatUint(n, 10) == s)
}

// CheckProviderRedirect refuses a redirect URI to which a provider should not send people.
func CheckProviderRedirect(s string) error {
	_, err := parseWeb(s)
	return err
}

// CheckLink refuses a URL that no page or mail should show as a link. It takes web addresses, with a
// fragment too, written as RFC 3986 has them: quotes and angle brackets are percent-encoded.
func CheckLink(s string) error {
	link, _, _ := strings.Cut(s, "#")
	if _, err := parseWeb(link); err != nil {
		return err
	}
	if err := checkCharacters(s); err != nil {
		return err
	}
	if strings.ContainsAny(s, "\"<>^`{|}") {
		return errors.New(`it holds one of "<>^{|} or a backtick, which are percent-encoded in a URL`)
	}
	if _, err := url.Parse(s); err != nil || strings.Count(s, "#") > 1 {
		return errors.New("its fragment is not valid")
	}
	return nil
}

// SameResource reports whether two URLs lead to one resource, in whatever spelling (RFC 3986,
// section 6.2). Both must pass [CheckProviderRedirect].
func SameResource(a, b string) bool {
	ua, err := url.Parse(a)
	ub, err2 := url.Parse(b)
	return err == nil && err2 == nil && site(ua) == site(ub) && cleaned(ua) == cleaned(ub) && ua.Query().Encode() == ub.Query().Encode()
}

// Below reports whether a URL is on the same site as directory, and in that directory or below
// it.
func Below(s, directory string) bool {
	u, err := url.Parse(s)
	in, err2 := url.Parse(directory)
	return err == nil && err2 == nil && site(u) == site(in) && strings.HasPrefix(cleaned(u)+"/", cleaned(in)+"/")
}

// OtherCallback reports whether a URL has the path of a callback of authkit, below any base URL, and
// not that of this provider and app: /auth/callback/, a provider, and the UUID of an app.
func OtherCallback(s, provider, app string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	names := strings.Split(cleaned(u), "/")
	if len(names) < 5 {
		return false
	}
	names = names[len(names)-4:]
	_, err = uuid.Parse(names[3])
	return err == nil && names[0] == "auth" && names[1] == "callback" && (names[2] != provider || names[3] != app)
}

// site is the origin without its default port.
func site(u *url.URL) string {
	host, scheme := strings.ToLower(u.Host), strings.ToLower(u.Scheme)
	return scheme + "://" + strings.TrimSuffix(host, map[string]string{"https": ":443", "http": ":80"}[scheme])
}

// cleaned is the path as browsers and servers resolve it.
func cleaned(u *url.URL) string { return path.Clean("/" + u.Path) }

// parseWeb reads an absolute URL of https, or of http on loopback, in printable ASCII.
func parseWeb(s string) (*url.URL, error) {
	u, err := parseAbsolute(s)
	if err != nil {
		return nil, err
	}
	return u, checkWebScheme(u)
}

// checkWebScheme refuses a URL that is not https, nor http on loopback.
func checkWebScheme(u *url.URL) error {
	if u.Scheme == "https" || (u.Scheme == "http" && Loopback(u.Hostname())) {
		return nil
	}
	return errors.New("it is not https (http is accepted on loopback only)")
}

// parseAbsolute reads an absolute URL with a host, of any scheme, in printable ASCII.
func parseAbsolute(s string) (*url.URL, error) {
	if err := checkCharacters(s); err != nil {
		return nil, err
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return nil, errors.New("it is not an absolute URL")
	}
	// A content security policy or a header would take some hosts for several: a;b and a,b.
	if strings.ContainsFunc(u.Hostname(), notHost) || !canonicalPort(u.Port()) {
		return nil, errors.New("its host has characters other than letters, digits, dots and hyphens, or its port is not valid")
	}
	if u.User != nil || strings.ContainsRune(s, '#') {
		return nil, errors.New("it has user information or a fragment")
	}
	return u, nil
}

// checkCharacters refuses a text that is too long, and characters that browsers read
// differently from how they look. They take a backslash for a slash, as in
// https://good.example\@evil.example.
func checkCharacters(s string) error {
	if len(s) > urlLimit {
		return errors.New("it is longer than 2000 bytes")
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' || r == '*' }) {
		return errors.New(`it holds a space, a "*", a backslash, or a character that is not printable ASCII`)
	}
	return nil
}
