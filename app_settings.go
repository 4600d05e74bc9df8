package authkit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// These bound the lists among an app's settings, which every request of the app reads.
const (
	maxList     = 100
	maxListSize = 16 << 10 // bytes in all
)

// AppPatch changes the name and the settings that are not nil. A zero duration goes back
// to the engine's own. What is wrong with it is told all at once.
type AppPatch struct {
	Name            *string
	SignupClosed    *bool
	RequireVerified *bool
	LinkPolicy      *LinkPolicy
	MagicLink       *MagicLinkPolicy
	RedirectURLs    *[]string
	Origins         *[]string

	AccessTTL       *time.Duration // 1 min to 1 h
	SessionIdle     *time.Duration // 5 min to 90 days
	SessionAbsolute *time.Duration // 1 s to 365 days
	SessionMode     *SessionMode
	SigningAlg      *string // of the keys made from now on

	// Limits takes the place of all four: an empty one goes back to the engine's own.
	Limits *AppLimits
}

// names are the members that the patch has.
func (p AppPatch) names() string {
	return given(member{"name", p.Name != nil}, member{"signup", p.SignupClosed != nil}, member{"require_verified_email", p.RequireVerified != nil},
		member{"link_policy", p.LinkPolicy != nil}, member{"magic_link", p.MagicLink != nil},
		member{"redirect_urls", p.RedirectURLs != nil}, member{"origins", p.Origins != nil},
		member{"access_token_seconds", p.AccessTTL != nil}, member{"session_idle_seconds", p.SessionIdle != nil},
		member{"session_absolute_seconds", p.SessionAbsolute != nil}, member{"session_mode", p.SessionMode != nil},
		member{"signing_alg", p.SigningAlg != nil}, member{"limits", p.Limits != nil})
}

// member is one of a patch.
type member struct {
	name  string
	given bool
}

// given names the members that there are, for an event.
func given(members ...member) string {
	var names []string
	for _, m := range members {
		if m.given {
			names = append(names, m.name)
		}
	}
	return strings.Join(names, ", ")
}

// settings are those of an app after the patch.
func (p AppPatch) settings(s Settings, most limits) (_ Settings, bad []FieldError) {
	set(&s.SignupClosed, p.SignupClosed)
	set(&s.RequireVerified, p.RequireVerified)
	set(&s.LinkPolicy, p.LinkPolicy)
	set(&s.MagicLink, p.MagicLink)
	set(&s.RedirectURLs, p.RedirectURLs)
	set(&s.Origins, p.Origins)
	set(&s.SessionMode, p.SessionMode)
	set(&s.SigningAlg, p.SigningAlg)
	set(&s.AccessTTL, p.AccessTTL)
	set(&s.SessionIdle, p.SessionIdle)
	set(&s.SessionAbsolute, p.SessionAbsolute)
	set(&s.Limits, p.Limits)
	if p.RedirectURLs != nil { // what was taken under earlier rules stands until it is changed
		bad = append(bad, checkList("redirect_urls", s.RedirectURLs, httpio.CheckRedirectURL)...)
	}
	if p.Origins != nil {
		bad = append(bad, checkList("origins", s.Origins, httpio.CheckOrigin)...)
	}
	oneOf(&bad, "link_policy", s.LinkPolicy, LinkVerified, LinkNever)
	oneOf(&bad, "magic_link", s.MagicLink, LinkConfirm, LinkBoundOnly)
	oneOf(&bad, "session_mode", s.SessionMode, SessionBearer, SessionCookie, SessionEither)
	oneOf(&bad, "signing_alg", s.SigningAlg, "ES256", "EdDSA", "RS256")
	if p.Limits != nil {
		bad = append(bad, most.check(*p.Limits)...)
	}
	for _, d := range []struct {
		field       string
		got         time.Duration
		least, most time.Duration
	}{
		{"access_token_seconds", s.AccessTTL, time.Minute, time.Hour},
		{"session_idle_seconds", s.SessionIdle, 5 * time.Minute, 90 * day},
		{"session_absolute_seconds", s.SessionAbsolute, time.Second, 365 * day},
	} {
		if d.got != 0 && (d.got < d.least || d.got > d.most) {
			detail := fmt.Sprintf("%s is not between %d and %d", d.field, d.least/time.Second, d.most/time.Second)
			bad = append(bad, FieldError{d.field, "out_of_range", detail})
		}
	}
	return s, bad
}

// takeover reports whether a change of settings could help to take over an app or its users:
// each but limits that become tighter.
func (l limits) takeover(was, is Settings) bool {
	if l.of(App{Settings: is}).over(l.of(App{Settings: was})) {
		return true
	}
	was.Limits, is.Limits = AppLimits{}, AppLimits{}
	before, err1 := json.Marshal(was)
	after, err2 := json.Marshal(is)
	return err1 != nil || err2 != nil || !bytes.Equal(before, after)
}

// oneOf finds a value that is none of the ones there are; empty is the default.
func oneOf[T ~string](bad *[]FieldError, field string, got T, known ...T) {
	if got == "" || slices.Contains(known, got) {
		return
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = strconv.Quote(string(k))
	}
	*bad = append(*bad, FieldError{field, "unknown_value", field + " is none of " + strings.Join(names, ", ")})
}

// set changes a field if there is a new value.
func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

func checkList(field string, list []string, check func(string) error) (bad []FieldError) {
	if len(list) > maxList {
		return []FieldError{{field, "too_many", fmt.Sprintf("%s has %d entries, of at most %d", field, len(list), maxList)}}
	}
	size := 0
	for i, s := range list {
		size += len(s)
		if err := check(s); err != nil {
			name := fmt.Sprintf("%s[%d]", field, i)
			bad = append(bad, FieldError{name, "invalid_url", name + ": " + err.Error()})
		}
	}
	if size > maxListSize {
		bad = append(bad, FieldError{field, "too_long", fmt.Sprintf("%s has %d bytes in all, of at most %d", field, size, maxListSize)})
	}
	return bad
}
