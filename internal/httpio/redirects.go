package httpio

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// CheckRedirectURL refuses a URL to which a sign-in must not lead. It takes web addresses and
// URLs of a private-use scheme, which belong to a program on the person's device (RFC 8252,
// section 7.1).
func CheckRedirectURL(s string) error {
	u, err := parseRedirect(s)
	if err != nil {
		return err
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("its query is not form-encoded")
	}
	for _, reserved := range []string{"code", "error", "state", "iss", "request_id"} {
		if query.Has(reserved) {
			return errors.New("the parameter " + reserved + " is reserved: the answer adds it")
		}
	}
	return nil
}

func parseRedirect(s string) (*url.URL, error) {
	if !PrivateUse(s) {
		u, err := parseWeb(s)
		if err == nil || !customScheme(s) {
			return u, err
		}
		return nil, errors.New("its scheme is not https (http is accepted on loopback only), nor a private-use scheme in lower case with a dot in it, such as com.example.app:/callback")
	}
	if err := checkCharacters(s); err != nil {
		return nil, err
	}
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" || (u.Host == "" && u.Path == "") {
		return nil, errors.New("it is not an absolute URL with a path, such as com.example.app:/callback")
	}
	if strings.ContainsFunc(u.Hostname(), notHost) || !canonicalPort(u.Port()) {
		return nil, errors.New("its host has characters other than letters, digits, dots and hyphens, or its port is not valid")
	}
	if u.User != nil || strings.ContainsRune(s, '#') {
		return nil, errors.New("it has user information or a fragment")
	}
	return u, nil
}

// customScheme reports whether a text begins with a scheme other than http and https.
func customScheme(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https"
}

// PrivateUse reports whether a URL has a private-use scheme. Any program on the device may have
// claimed that scheme (RFC 8252, section 8.6).
func PrivateUse(s string) bool {
	scheme, _, found := strings.Cut(s, ":")
	return found && privateScheme(scheme)
}

// privateScheme reports whether a scheme is a domain name in reverse (RFC 8252, section 7.1).
// Such a scheme has a dot, and no scheme that a browser itself acts on has one.
func privateScheme(scheme string) bool {
	labels := strings.Split(scheme, ".")
	if len(labels) < 2 || strings.ContainsFunc(scheme, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' }) {
		return false
	}
	return !slices.Contains(labels, "") && scheme[0] >= 'a' && scheme[0] <= 'z'
}

// DiffersInPort reports whether s differs from entry in its port only, and both are on a loopback
// address. A program gets its port from the operating system at random (RFC 8252, section 7.3).
func DiffersInPort(entry, s string) bool {
	before, port, after, ok := loopback(s)
	if !ok || !canonicalPort(port) {
		return false
	}
	entryBefore, entryPort, entryAfter, ok := loopback(entry)
	return ok && before == entryBefore && after == entryAfter && port != entryPort
}

// loopback cuts the port out of a URL on a loopback address. It refuses the name localhost,
// because the system decides what that name resolves to (RFC 8252, section 8.3).
func loopback(s string) (before, port, after string, ok bool) {
	u, err := parseWeb(s)
	if err != nil || (u.Hostname() != netip.IPv6Loopback().String() && u.Hostname() != "127.0.0.1") {
		return "", "", "", false
	}
	before, after, _ = strings.Cut(s, u.Host)
	host := u.Host
	if u.Port() != "" {
		host = strings.TrimSuffix(host, ":"+u.Port())
	}
	return before + host, u.Port(), after, true
}

// WithQuery adds parameters to a URL without a fragment. It keeps the rest of the URL byte for
// byte.
func WithQuery(to string, with url.Values) string {
	switch {
	case strings.HasSuffix(to, "?"):
		return to + with.Encode()
	case strings.Contains(to, "?"):
		return to + "&" + with.Encode()
	}
	return to + "?" + with.Encode()
}

// Destination says where a URL leads, for a person to read: its host, or its private-use scheme.
func Destination(u *url.URL) string {
	if PrivateUse(u.String()) {
		return u.Scheme
	}
	return u.Host
}

// FormAction returns the source expression that lets a form lead to u, for a content security
// policy.
func FormAction(u *url.URL) string {
	if PrivateUse(u.String()) {
		return u.Scheme + ":"
	}
	return Origin(u)
}
