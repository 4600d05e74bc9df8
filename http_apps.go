package authkit

import (
	"net/http"
	"strings"
	"time"

	"github.com/authkit-dev/authkit/internal/cursor"
	"github.com/authkit-dev/authkit/internal/httpio"
)

func listApps(c *call) (any, error) {
	apps, next, err := listPage(c,
		func(p Page) ([]App, error) { return c.e.Apps(c.ctx(), c.developer, p) },
		func(a App) cursor.Position { return cursor.Position{Time: a.CreatedAt, ID: a.ID} }, toAppJSON)
	return appsJSON{apps, next}, err
}

// appBody creates an app.
type appBody struct {
	Name string `json:"name" api:"required"` // 1 to 64 printable characters, unique among the developer's apps
}

func createApp(c *call, in appBody) (jsonResponse, error) {
	once, err := creationKey(c.r)
	if err != nil {
		return jsonResponse{}, err
	}
	app, key, err := newApp{owner: c.e.cfg.developerOf(c.developer), name: in.Name, withKey: true, overHTTP: true, once: once}.add(c.ctx(), c.e)
	if err != nil {
		return jsonResponse{}, err
	}
	out := toAppJSON(app)
	out.APIKey = key
	return jsonResponse{http.StatusCreated, out}, nil
}

func readApp(c *call) (any, error) { return c.toAppWithSettingsJSON(c.app), nil }

func changeApp(c *call) error {
	patch, bad, err := readAppPatch(c.r)
	if err != nil {
		return err
	}
	app, err := appEdit{AppPatch: patch, bad: bad, checkTakeover: c.mustBeFresh, mayChooseCookies: c.e.cfg.DeveloperCookies}.change(c.ctx(), c.e, c.appRef())
	if err != nil {
		return err
	}
	return c.writeJSON(http.StatusOK, c.toAppWithSettingsJSON(app))
}

func deleteApp(c *call) error {
	if c.deleted {
		return c.noContent()
	}
	if err := c.e.DeleteApp(c.ctx(), c.appRef()); err != nil {
		return err
	}
	return c.noContent()
}

// rotateBody makes the next signing key.
type rotateBody struct {
	RevokeOld bool `json:"revoke_old"` // ends the trust in all earlier keys at once, and every session's access token with it
}

// signingKeyJSON names a signing key.
type signingKeyJSON struct {
	KID string `json:"kid"` // the id of the key, as in the key set and in the header of tokens
}

func rotateSigningKey(c *call, in rotateBody) (jsonResponse, error) {
	key, err := c.e.RotateSigningKey(c.ctx(), c.appRef(), SigningKeyRotation(in))
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusCreated, signingKeyJSON{key.KID}}, nil
}

func listAPIKeys(c *call) (any, error) {
	keys, err := c.e.APIKeys(c.ctx(), c.appRef())
	if err != nil {
		return nil, err
	}
	now := c.e.now()
	out := make([]apiKeyJSON, len(keys))
	for i, k := range keys {
		out[i] = toAPIKeyJSON(k, now)
	}
	return apiKeysJSON{out}, nil
}

// apiKeyBody makes an API key in the place of those that are.
type apiKeyBody struct {
	Name      string    `json:"name"`                                   // to tell keys apart
	Scopes    *[]string `json:"scopes"`                                 // what the key may do; users:read and users:write where it is left out
	ExpiresAt *string   `json:"expires_at" api:"format=date-time"`      // when the key expires; never where it is left out
	Overlap   int64     `json:"overlap_seconds" api:"min=0,max=604800"` // for how long the old keys live on
}

func rotateAPIKey(c *call, in apiKeyBody) (jsonResponse, error) {
	once, err := creationKey(c.r)
	if err != nil {
		return jsonResponse{}, err
	}
	request := APIKeyRequest{Name: in.Name, Overlap: maxOverlap + 1, IdempotencyKey: once}
	if in.Overlap >= 0 && in.Overlap <= int64(maxOverlap/time.Second) {
		request.Overlap = time.Duration(in.Overlap) * time.Second
	}
	if in.Scopes != nil {
		request.Scopes = orEmpty(*in.Scopes)
	}
	if in.ExpiresAt != nil {
		at, ok := rfc3339(*in.ExpiresAt)
		if !ok {
			return jsonResponse{}, invalid("expires_at", "invalid_time", "expires_at is not a time such as 2030-01-02T15:04:05Z")
		}
		request.ExpiresAt = at
	}
	key, text, err := c.e.RotateAPIKey(c.ctx(), c.appRef(), request)
	if err != nil {
		return jsonResponse{}, err
	}
	out := toAPIKeyJSON(key, key.CreatedAt) // as it was, where the request is a repeated one
	out.Key = text
	return jsonResponse{http.StatusCreated, out}, nil
}

// rfc3339 reads a time in the format of RFC 3339. It refuses what [time.Parse] takes besides: an
// hour of one digit, and a comma before the fraction. It refuses the zero time, which stands for
// "never".
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
	if err := c.e.RevokeAPIKey(c.ctx(), c.appRef(), id); err != nil {
		return err
	}
	return c.noContent()
}
