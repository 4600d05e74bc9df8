package authkit

import (
	"cmp"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

// The objects of the HTTP contract.

type userJSON struct {
	ID         uuid.UUID  `json:"user_id"`
	Email      string     `json:"email"`
	Verified   bool       `json:"email_verified"`
	Name       *string    `json:"name"`
	AuthMethod string     `json:"auth_method"`
	LastLogin  *time.Time `json:"last_login"`
	CreatedAt  time.Time  `json:"created_at"`
}

func wireUser(u User) userJSON {
	return userJSON{
		ID: u.ID, Email: u.EmailTyped, Verified: u.Verified, Name: orNull(u.Name), AuthMethod: u.AuthMethod,
		LastLogin: timeOrNull(u.LastLogin), CreatedAt: u.CreatedAt.UTC(),
	}
}

// managedUserJSON is a user as the app's own server sees it.
type managedUserJSON struct {
	userJSON

	Disabled bool    `json:"disabled"`
	Reason   *string `json:"disabled_reason"`
}

func wireManagedUser(u User) managedUserJSON {
	return managedUserJSON{userJSON: wireUser(u), Disabled: u.Disabled, Reason: orNull(u.DisabledReason)}
}

// clearable is a text that null clears: nil if the member is missing.
type clearable struct{ text *string }

// UnmarshalJSON implements json.Unmarshaler.
func (c *clearable) UnmarshalJSON(b []byte) error {
	c.text = new("")
	return json.Unmarshal(b, c.text)
}

type signInJSON struct {
	Token        string   `json:"token,omitempty"`
	TokenType    string   `json:"token_type,omitempty"`
	ExpiresIn    int      `json:"expires_in,omitzero"`
	RefreshToken string   `json:"refresh_token,omitempty"`
	User         userJSON `json:"user"`
	Created      bool     `json:"created"`

	Removed []removedJSON `json:"removed,omitempty"`
}

type removedJSON struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

func wireRemoved(all []Removed) []removedJSON {
	out := make([]removedJSON, len(all))
	for i, r := range all {
		out[i] = removedJSON(r)
	}
	return out
}

func wireSignIn(s SignIn) signInJSON {
	kind := "Bearer"
	if s.Token == "" { // it is in a cookie
		kind = ""
	}
	return signInJSON{
		Token: s.Token, TokenType: kind, ExpiresIn: int(s.ExpiresIn / time.Second), RefreshToken: s.RefreshToken,
		User: wireUser(s.User), Created: s.Created, Removed: wireRemoved(s.Removed),
	}
}

type appJSON struct {
	ID        uuid.UUID     `json:"app_id"`
	Name      string        `json:"name"`
	CreatedAt time.Time     `json:"created_at"`
	Settings  *settingsJSON `json:"settings,omitempty"`
	APIKey    string        `json:"api_key,omitempty"`
}

type settingsJSON struct {
	Signup          string          `json:"signup"`
	RequireVerified bool            `json:"require_verified_email"`
	LinkPolicy      LinkPolicy      `json:"link_policy"`
	MagicLink       MagicLinkPolicy `json:"magic_link"`
	RedirectURLs    []string        `json:"redirect_urls"`
	Origins         []string        `json:"origins"`
	Access          int64           `json:"access_token_seconds"`
	Idle            int64           `json:"session_idle_seconds"`
	Absolute        int64           `json:"session_absolute_seconds"`
	SessionMode     SessionMode     `json:"session_mode"`
	SigningAlg      string          `json:"signing_alg"`
	Limits          limitsJSON      `json:"limits"`
}

type limitsJSON struct {
	Credentials string `json:"credentials"`
	SignUp      string `json:"sign_up"`
	Mail        string `json:"mail"`
	OAuth       string `json:"oauth"`
}

func wireLimits(l limits) limitsJSON {
	return limitsJSON{Credentials: l.credentials.String(), SignUp: l.signUp.String(), Mail: l.mail.String(), OAuth: l.oauth.String()}
}

func wireApp(a App) appJSON {
	return appJSON{ID: a.ID, Name: a.Name, CreatedAt: a.CreatedAt.UTC()}
}

// wireAppWithSettings tells what is in effect, the defaults included.
func (c *call) wireAppWithSettings(a App) appJSON {
	out := wireApp(a)
	s := a.Settings
	access, idle, absolute := c.e.cfg.Tokens.lifetimes(a)
	out.Settings = &settingsJSON{
		Signup: "open", RequireVerified: s.RequireVerified,
		LinkPolicy: cmp.Or(s.LinkPolicy, LinkVerified), MagicLink: cmp.Or(s.MagicLink, LinkConfirm), RedirectURLs: orEmpty(s.RedirectURLs), Origins: orEmpty(s.Origins),
		Access: int64(access / time.Second), Idle: int64(idle / time.Second), Absolute: int64(absolute / time.Second),
		SessionMode: cmp.Or(s.SessionMode, SessionBearer), SigningAlg: cmp.Or(s.SigningAlg, "ES256"),
		Limits: wireLimits(c.e.limits.all.of(a)),
	}
	if s.SignupClosed {
		out.Settings.Signup = "closed"
	}
	return out
}

type apiKeyJSON struct {
	ID         uuid.UUID  `json:"id"`
	Name       string     `json:"name"`
	Hint       string     `json:"hint"`
	Scopes     []string   `json:"scopes"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	Active     bool       `json:"is_active"`
	Key        string     `json:"key,omitempty"`
}

func wireAPIKey(k APIKey, now time.Time) apiKeyJSON {
	return apiKeyJSON{
		ID: k.ID, Name: k.Name, Hint: k.Hint, Scopes: orEmpty(k.Scopes), CreatedAt: k.CreatedAt.UTC(),
		LastUsedAt: timeOrNull(k.LastUsedAt), ExpiresAt: timeOrNull(k.ExpiresAt),
		Active: k.Active && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt)),
	}
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// list is a page of anything under its own name, with the cursor of the next.
func list(name string, items any, next string) map[string]any {
	out := map[string]any{name: items}
	if next != "" {
		out["next_cursor"] = next
	}
	return out
}
