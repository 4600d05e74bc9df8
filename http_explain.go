package authkit

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// explanationJSON says why a request was refused.
type explanationJSON struct {
	Rule     string `json:"rule"`     // what refused
	Received string `json:"received"` // the one member at fault, of at most 200 characters; of a secret its length and form
	Allowed  string `json:"allowed"`  // what the rule allows; empty: the rule says it
	Setting  string `json:"setting"`  // what changes the rule; empty: there is no such setting
	Fix      string `json:"fix"`      // what to do
}

func explainRequest(c *call) (any, error) {
	id, ok := httpio.CanonicalUUID(c.r.PathValue("request_id"))
	if !ok {
		return nil, refuse(CodeNotFound, "the request's id is not a canonical UUID, as X-Request-Id has it")
	}
	x, err := c.e.Explain(c.ctx(), c.appRef(), id)
	if err != nil {
		return nil, err
	}
	return explanationJSON{x.Rule, x.Received, x.Allowed, x.Setting, x.Fix}, nil
}

// maxExplained bounds a text of an explanation, in characters.
const maxExplained = 200

// maxFields bounds the body in which the member at fault is looked for.
const maxFields = 16 << 10

// refused is a refused request that is explained.
type refused struct {
	*call

	refusal *Error
	kind    string     // of the refusal, as in explainRules
	field   FieldError // the first one at fault; may be empty
}

// explain keeps why the request is refused, for the developer of its app.
func (c *call) explain(refusal *Error) {
	app, exists := c.foundApp(), true
	if app == uuid.Nil {
		app, exists = c.appID(), false
	}
	id, err := uuid.Parse(c.request.id)
	if app == uuid.Nil || app == Console || err != nil { // the console app has no owner
		return
	}
	of := refused{call: c, refusal: refusal}
	if len(refusal.Fields) > 0 {
		of.field = refusal.Fields[0]
	}
	of.kind = of.kindOf()
	rule, _ := ruleOf(of.kind, refusal.Code)
	x := Explanation{
		RequestID: id, Expires: c.e.now().Add(explainKept), Setting: rule.setting, Fix: rule.fix,
		Rule: of.rule(), Received: of.received(), Allowed: cmp.Or(of.allowed(), rule.allowed),
	}
	x.Rule, x.Received, x.Allowed = cut(x.Rule), cut(x.Received), cut(x.Allowed)
	c.h.http.explanations.add(app, exists, x)
}

// cut shortens a text whose parts a request may choose.
func cut(text string) string {
	if utf8.RuneCountInString(text) > maxExplained {
		text = string([]rune(text)[:maxExplained-1]) + "…"
	}
	return clean(text, utf8.UTFMax*maxExplained)
}

// kindOf returns the kind of the refusal.
func (c refused) kindOf() string {
	refusal, field := c.refusal, c.field
	switch {
	case c.r.Method == http.MethodOptions && refusal.Code == CodeForbidden:
		return rulePreflight
	case refusal.Code == CodeForbidden && refusal.Detail == detailOtherOrigin:
		return ruleOrigin
	case refusal.Code == CodeForbidden && strings.HasPrefix(refusal.Detail, detailScope):
		return ruleScope
	case refusal.Code == CodeUnauthenticated && c.bringsCookie():
		return ruleCookies
	case field.Field == ruleRedirect || field.Field == ruleChallenge:
		return field.Field
	}
	return string(refusal.Code)
}

// rule names what refused. Of causes only those that authkit itself words are named: other errors
// may hold what is internal.
func (c refused) rule() string {
	refusal, field := c.refusal, c.field
	text := string(refusal.Code)
	if refusal.Reason != "" {
		text += " (" + string(refusal.Reason) + ")"
	}
	why, ok := errors.AsType[cause](refusal.Err)
	switch {
	case field.Field != "":
		return text + ": " + field.Field + ": " + field.Code
	case refusal.exhausted.name != "":
		return text + ": " + refusal.exhausted.name
	case ok:
		return text + ": " + string(why)
	}
	return text + ": " + refusal.Detail
}

// allowed returns what the rule allows, where the app or the request decides it.
func (c refused) allowed() string {
	refusal, field := c.refusal, c.field
	switch c.kind {
	case ruleOrigin, rulePreflight:
		origins := c.app.Settings.Origins
		if !strings.HasPrefix(c.r.URL.Path, "/auth/") {
			origins = c.e.cfg.ConsoleOrigins
		}
		return strings.Join(append([]string{c.h.http.origin}, origins...), " ")
	case ruleRedirect:
		return cmp.Or(strings.Join(c.app.Settings.RedirectURLs, " "), "no URL: redirect_urls is empty")
	case ruleScope:
		return strings.TrimPrefix(refusal.Detail, detailScope)
	case ruleChallenge:
		return ""
	}
	switch {
	case refusal.exhausted.name != "":
		return fmt.Sprintf("%d in %s", refusal.exhausted.rate.N, refusal.exhausted.rate.Per)
	case field.Field != "":
		return field.Detail
	}
	return cmp.Or(c.w.Header().Get("Allow"), "")
}

// received returns the member at fault.
func (c refused) received() string {
	kind, refusal, field := c.kind, c.refusal, c.field
	switch {
	case kind == ruleOrigin || kind == rulePreflight:
		text := "Origin: " + strings.Join(c.r.Header.Values("Origin"), ", ")
		if kind == rulePreflight {
			_, headers, _ := httpio.AskedHeaders(c.r, privateHeaders)
			text += "; method " + c.r.Header.Get("Access-Control-Request-Method") + "; headers " + headers
		}
		return text
	case field.Field != "":
		return c.receivedField()
	case refusal.Code == CodeUnsupportedMediaType:
		return "Content-Type: " + c.r.Header.Get("Content-Type")
	case refusal.Code == CodeMethodNotAllowed:
		return c.r.Method
	case refusal.Code == CodeRateLimited:
		return "one more, of " + c.client.IP
	case refusal.Code.Status() == http.StatusUnauthorized || kind == ruleScope:
		return c.receivedCredential()
	}
	return ""
}

// openMembers are the members whose values are no secrets. Of every other one an explanation says the
// length and the form.
var openMembers = []string{
	"redirect_to", "code_challenge", "session", "intent", "provider", "name", "limit", "from", "to", "since", "until", "type", "auth_method",
	"scopes", "issuer", "redirect_uri", "client_id", "trust_email", "enabled", "redirect_urls", "origins", "signup", "verify_email", "session_mode",
	"link_policy", "magic_link", "signing_alg", "limits", "access_token_seconds", "session_idle_seconds", "session_absolute_seconds", "expires_at",
	"overlap_seconds", "branding", "audit_days", "url", "types", "external_id", "roles", "disabled",
}

// urlMembers are those of the open members that hold one URL.
var urlMembers = []string{"redirect_to", "redirect_uri", "issuer", "url"}

// userInfo is the name and the password in a URL, wherever that stands.
var userInfo = regexp.MustCompile(`//[^/\s"@]*@`)

func (c refused) receivedField() string {
	field := c.field
	name, _, _ := strings.Cut(strings.ReplaceAll(field.Field, "[", "."), ".")
	value, ok := c.member(name)
	switch {
	case field.Code == "unknown":
		return field.Field
	case !ok:
		return field.Field + ": nothing"
	case slices.Contains(urlMembers, name):
		return field.Field + ": " + shownURL(value)
	case slices.Contains(openMembers, name):
		return field.Field + ": " + userInfo.ReplaceAllString(value, "//…@")
	}
	return field.Field + ": " + secretForm(value)
}

// member returns a member of the query or of the body, as far as it can be found again.
func (c refused) member(name string) (value string, ok bool) {
	if values, err := query(c.r); err == nil && values.Has(name) {
		return values.Get(name), true
	}
	body := httpio.Buffered(c.r)
	if len(body) > maxFields {
		return "", false
	}
	if httpio.MediaType(c.r) == "application/x-www-form-urlencoded" {
		values, err := url.ParseQuery(string(body))
		return values.Get(name), err == nil && values.Has(name)
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil || members[name] == nil {
		return "", false
	}
	var text string
	if json.Unmarshal(members[name], &text) == nil {
		return text, true
	}
	return string(members[name]), true
}

// receivedCredential describes what the caller shows.
func (c refused) receivedCredential() string {
	scheme, raw, found := strings.Cut(c.r.Header.Get("Authorization"), " ")
	switch {
	case found && (strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "ApiKey")):
		return "Authorization: " + scheme + ", " + secretForm(raw)
	case scheme != "":
		return "Authorization: of another scheme, " + secretForm(c.r.Header.Get("Authorization"))
	case c.bringsCookie():
		return "a session cookie"
	case c.r.Method == http.MethodPost:
		return "no Authorization header, and a body of " + strconv.Itoa(len(httpio.Buffered(c.r))) + " bytes"
	}
	return "no Authorization header"
}

// secretForm says of a secret how long it is and which characters it has.
func secretForm(secret string) string {
	var has []string
	for _, class := range []struct {
		name string
		of   func(rune) bool
	}{
		{"letters", unicode.IsLetter},
		{"digits", unicode.IsDigit},
		{"spaces", unicode.IsSpace},
		{"other characters", func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsSpace(r) }},
	} {
		if strings.ContainsFunc(secret, class.of) {
			has = append(has, class.name)
		}
	}
	text := fmt.Sprintf("%d characters", utf8.RuneCountInString(secret))
	if len(has) > 0 {
		text += " (" + strings.Join(has, ", ") + ")"
	}
	known := []string{"ak_", "rt_", "whsec_", "eyJ"}
	if i := slices.IndexFunc(known, func(prefix string) bool { return strings.HasPrefix(secret, prefix) }); i >= 0 {
		text += " that begin with " + known[i]
	}
	return text
}

// shownURL is a URL without what may be a secret in it: the password, the fragment, and long values of
// its query.
func shownURL(text string) string {
	const long = 24
	u, err := url.Parse(text)
	if err != nil || u.Host == "" && strings.Contains(u.Path+u.Opaque, "@") { // a name and a password without a scheme
		return "no URL, of " + secretForm(text)
	}
	plain, _, _ := strings.Cut(text, "#")
	plain, _, _ = strings.Cut(plain, "?")
	if u.User != nil {
		u.RawQuery, u.Fragment, u.RawFragment = "", "", ""
		u.User = url.User("…")
		plain = u.String()
	}
	if strings.Contains(text, "?") {
		q, _, _ := strings.Cut(text[strings.Index(text, "?")+1:], "#")
		var parts []string
		for part := range strings.SplitSeq(q, "&") {
			switch name, value, ok := strings.Cut(part, "="); {
			case ok && len(value) > long:
				part = name + "=…"
			case !ok && len(name) > long:
				part = "…"
			}
			parts = append(parts, part)
		}
		plain += "?" + strings.Join(parts, "&")
	}
	if strings.Contains(text, "#") {
		plain += "#…"
	}
	return plain
}
