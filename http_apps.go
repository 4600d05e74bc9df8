package authkit

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/authkit-dev/authkit/internal/httpio"
)

func listApps(c *call) (any, error) {
	values, err := query(c.r)
	if err != nil {
		return nil, err
	}
	page, err := c.page(values)
	if err != nil {
		return nil, err
	}
	most := page.Limit
	page.Limit++
	apps, err := c.e.Apps(c.ctx(), c.developer, page)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(apps) > most {
		apps = apps[:most]
		last := apps[most-1]
		next = c.next(values, last.CreatedAt, last.ID)
	}
	out := make([]appJSON, len(apps))
	for i, a := range apps {
		out[i] = wireApp(a)
	}
	return list("apps", out, next), nil
}

type appBody struct {
	Name string `json:"name"`
}

func createApp(c *call, in appBody) (answered, error) {
	app, key, err := c.e.addApp(c.ctx(), newApp{owner: c.e.cfg.developerOf(c.developer), name: in.Name, withKey: true, overHTTP: true})
	if err != nil {
		return answered{}, err
	}
	out := wireApp(app)
	out.APIKey = key
	return answered{http.StatusCreated, out}, nil
}

func readApp(c *call) (any, error) { return c.wireAppWithSettings(c.app), nil }

type appPatchBody struct {
	Name            *string    `json:"name"`
	Signup          *string    `json:"signup"`
	RequireVerified *bool      `json:"require_verified_email"`
	LinkPolicy      *string    `json:"link_policy"`
	MagicLink       *string    `json:"magic_link"`
	RedirectURLs    *[]string  `json:"redirect_urls"`
	Origins         *[]string  `json:"origins"`
	Access          *int64     `json:"access_token_seconds"`
	Idle            *int64     `json:"session_idle_seconds"`
	Absolute        *int64     `json:"session_absolute_seconds"`
	SessionMode     *string    `json:"session_mode"`
	SigningAlg      *string    `json:"signing_alg"`
	Limits          limitsBody `json:"limits" null:"ok"`
}

// limitsBody is an app's limits as a whole: null, and a member that is null or missing, is
// the engine's own.
type limitsBody struct {
	Credentials *string `json:"credentials" null:"ok"`
	SignUp      *string `json:"sign_up"     null:"ok"`
	Mail        *string `json:"mail"        null:"ok"`
	OAuth       *string `json:"oauth"       null:"ok"`

	given bool
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (l *limitsBody) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	type plain limitsBody
	err := json.UnmarshalDecode(dec, (*plain)(l))
	l.given = true
	return err
}

// limits refuses an empty text, which says nothing.
func (l *limitsBody) limits(bad *[]FieldError) *AppLimits {
	if !l.given {
		return nil
	}
	var out AppLimits
	for _, v := range []struct {
		field    string
		from, to *string
	}{
		{"limits.credentials", l.Credentials, &out.Credentials},
		{"limits.sign_up", l.SignUp, &out.SignUp},
		{"limits.mail", l.Mail, &out.Mail},
		{"limits.oauth", l.OAuth, &out.OAuth},
	} {
		if v.from != nil && *v.from == "" {
			*bad = append(*bad, FieldError{v.field, "invalid_limit", v.field + ` is empty: write a limit such as "10/m/ip", or null for the engine's own`})
		}
		set(v.to, v.from)
	}
	return &out
}

// closed says what signup asks for.
func (in appPatchBody) closed(bad *[]FieldError) *bool {
	if in.Signup == nil {
		return nil
	}
	oneOf(bad, "signup", written(*in.Signup), "open", "closed")
	return new(*in.Signup == "closed")
}

// written makes of an empty text one that is no value either: to the Engine an empty one is
// the default, which nobody has asked for.
func written(s string) string { return cmp.Or(s, "empty") }

func writtenTo[T ~string](s *string) *T {
	if s == nil {
		return nil
	}
	return new(T(written(*s)))
}

func changeApp(c *call, in appPatchBody) (answered, error) {
	var bad []FieldError
	patch := AppPatch{
		Name: in.Name, SignupClosed: in.closed(&bad), RequireVerified: in.RequireVerified,
		LinkPolicy: writtenTo[LinkPolicy](in.LinkPolicy), MagicLink: writtenTo[MagicLinkPolicy](in.MagicLink),
		RedirectURLs: in.RedirectURLs, Origins: in.Origins,
		AccessTTL: seconds(in.Access), SessionIdle: seconds(in.Idle), SessionAbsolute: seconds(in.Absolute),
		SessionMode: writtenTo[SessionMode](in.SessionMode), SigningAlg: writtenTo[string](in.SigningAlg), Limits: in.Limits.limits(&bad),
	}
	app, err := c.e.changeApp(c.ctx(), c.ownApp(), appEdit{AppPatch: patch, bad: bad, takeover: c.mustBeFresh, granted: c.e.cfg.DeveloperCookies})
	if err != nil {
		return answered{}, err
	}
	return answered{http.StatusOK, c.wireAppWithSettings(app)}, nil
}

// seconds keeps what no bound allows out of bounds: 0, which is no number of seconds that a
// setting may have, and what would overflow.
func seconds(n *int64) *time.Duration {
	switch {
	case n == nil:
		return nil
	case *n <= 0 || *n > int64(366*day/time.Second):
		return new(time.Duration(-1))
	}
	return new(time.Duration(*n) * time.Second)
}

func deleteApp(c *call) error {
	if c.deleted {
		return c.done()
	}
	if err := c.e.DeleteApp(c.ctx(), c.ownApp()); err != nil {
		return err
	}
	return c.done()
}

type rotateBody struct {
	RevokeOld bool `json:"revoke_old"`
}

type kidJSON struct {
	KID string `json:"kid"`
}

func rotateSigningKey(c *call, in rotateBody) (answered, error) {
	key, err := c.e.RotateSigningKey(c.ctx(), c.ownApp(), SigningKeyRotation{RevokeOld: in.RevokeOld})
	if err != nil {
		return answered{}, err
	}
	return answered{http.StatusCreated, kidJSON{key.KID}}, nil
}

func listAPIKeys(c *call) (any, error) {
	keys, err := c.e.APIKeys(c.ctx(), c.ownApp())
	if err != nil {
		return nil, err
	}
	now := c.e.now()
	out := make([]apiKeyJSON, len(keys))
	for i, k := range keys {
		out[i] = wireAPIKey(k, now)
	}
	return list("api_keys", out, ""), nil
}

type apiKeyBody struct {
	Name      string    `json:"name"`
	Scopes    *[]string `json:"scopes"`
	ExpiresAt *string   `json:"expires_at"`
	Overlap   int64     `json:"overlap_seconds"`
}

func rotateAPIKey(c *call, in apiKeyBody) (answered, error) {
	request := APIKeyRequest{Name: in.Name, Overlap: maxOverlap + 1}
	if in.Overlap >= 0 && in.Overlap <= int64(maxOverlap/time.Second) {
		request.Overlap = time.Duration(in.Overlap) * time.Second
	}
	if in.Scopes != nil {
		request.Scopes = orEmpty(*in.Scopes)
	}
	if in.ExpiresAt != nil {
		at, ok := rfc3339(*in.ExpiresAt)
		if !ok {
			return answered{}, invalid("expires_at", "invalid_time", "expires_at is not a time such as 2030-01-02T15:04:05Z")
		}
		request.ExpiresAt = at
	}
	key, text, err := c.e.RotateAPIKey(c.ctx(), c.ownApp(), request)
	if err != nil {
		return answered{}, err
	}
	out := wireAPIKey(key, c.e.now())
	out.Key = text
	return answered{http.StatusCreated, out}, nil
}

// rfc3339 is time.Parse without what that takes besides: an hour of one digit, and a comma
// before the fraction. The zero time, which stands for none, is no time either.
func rfc3339(text string) (time.Time, bool) {
	const colon = len("2006-01-02T15")
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil && !at.IsZero() && text[colon] == ':' && !strings.Contains(text, ",")
}

func revokeAPIKey(c *call) error {
	id, ok := httpio.CanonicalUUID(c.r.PathValue("id"))
	if !ok {
		return refuse(CodeNotFound, "the app has no such active key")
	}
	if err := c.e.RevokeAPIKey(c.ctx(), c.ownApp(), id); err != nil {
		return err
	}
	return c.done()
}
