package httpio

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Cookies sets and reads authkit's cookies. Insecure is for a base URL of http on loopback:
// names then have no __Host- prefix, and cookies no Secure attribute.
type Cookies struct{ Insecure bool }

// Name returns the full name of a cookie, as browsers know it.
func (c Cookies) Name(name string) string {
	if c.Insecure {
		return "authkit-" + name
	}
	return "__Host-authkit-" + name // bound to this host: RFC 6265bis, section 4.1.3.2
}

// Set writes a cookie for this host alone. An age of 0 keeps it until the browser closes. A
// negative age drops it. It takes the place of a cookie of the same name that the answer sets (RFC
// 6265, section 4.1.1).
func (c Cookies) Set(w http.ResponseWriter, name, value string, age time.Duration) {
	const field = "Set-Cookie"
	if lines := w.Header()[field]; len(lines) > 0 {
		w.Header()[field] = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, c.Name(name)+"=") })
	}
	//nolint:gosec // Secure is missing on loopback only, where there is no TLS
	http.SetCookie(w, &http.Cookie{
		Name: c.Name(name), Value: value, Path: "/", MaxAge: int(age / time.Second),
		Secure: !c.Insecure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Get reads a cookie. If a request has two of the same name, Get reports false, because one of
// them was planted.
func (c Cookies) Get(r *http.Request, name string) (string, bool) {
	if len(r.Header["Cookie"]) == 0 {
		return "", false
	}
	found := r.CookiesNamed(c.Name(name))
	if len(found) != 1 {
		return "", false
	}
	return found[0].Value, true
}

// Written returns the value of a cookie that the answer sets so far; false: it sets none.
func (c Cookies) Written(header http.Header, name string) (string, bool) {
	for _, line := range header["Set-Cookie"] {
		if rest, ours := strings.CutPrefix(line, c.Name(name)+"="); ours {
			value, _, _ := strings.Cut(rest, ";")
			return value, true
		}
	}
	return "", false
}

// Sessions counts the session cookies of a request, which are named by a UUID. It counts each
// name once and leaves out the one named own.
func (c Cookies) Sessions(r *http.Request, own string) int {
	if len(r.Header["Cookie"]) == 0 {
		return 0
	}
	names := map[string]bool{}
	for _, cookie := range r.Cookies() {
		name, ours := strings.CutPrefix(cookie.Name, c.Name(""))
		if _, ok := CanonicalUUID(name); ours && ok && name != own {
			names[name] = true
		}
	}
	return len(names)
}

// DropSurplus drops the session cookies of a request, except for the first most. Browsers list
// the cookies that were set first at the beginning (RFC 6265, section 5.4).
func (c Cookies) DropSurplus(r *http.Request, w http.ResponseWriter, most int) {
	names := map[string]bool{}
	for _, cookie := range r.Cookies() {
		name, ours := strings.CutPrefix(cookie.Name, c.Name(""))
		if _, ok := CanonicalUUID(name); !ours || !ok || names[name] {
			continue
		}
		if names[name] = true; len(names) > most {
			c.Set(w, name, "", -time.Second)
		}
	}
}

// SetsCookie reports whether an answer sets or drops a session, device or binding cookie, with or
// without the __Host- prefix.
func SetsCookie(header http.Header) bool {
	for _, line := range header.Values("Set-Cookie") {
		name, _, _ := strings.Cut(line, "=")
		name, ours := strings.CutPrefix(strings.TrimPrefix(strings.TrimSpace(name), "__Host-"), "authkit-")
		if _, session := CanonicalUUID(name); ours && (session || name == "d" || name == "b") {
			return true
		}
	}
	return false
}

// DropFormer drops the cookies of a request that earlier versions of authkit set: refresh
// tokens, and a device token for each app.
func (c Cookies) DropFormer(r *http.Request, w http.ResponseWriter) {
	for _, cookie := range r.Cookies() {
		name, ours := strings.CutPrefix(cookie.Name, c.Name(""))
		if ours && (strings.HasPrefix(name, "r-") || strings.HasPrefix(name, "d-")) {
			c.Set(w, name, "", -time.Second)
		}
	}
}
