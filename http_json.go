package authkit

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

// The objects of the HTTP contract.

type userJSON struct {
	ID         uuid.UUID `json:"user_id"`
	Email      string    `json:"email"`
	Verified   bool      `json:"email_verified"`
	Name       nullText  `json:"name"`
	AuthMethod string    `json:"auth_method"`
	LastLogin  nullTime  `json:"last_login"`
	CreatedAt  time.Time `json:"created_at"`
}

func toUserJSON(u User) userJSON {
	return userJSON{
		ID: u.ID, Email: u.EmailTyped, Verified: u.Verified, Name: nullText(u.Name), AuthMethod: u.AuthMethod,
		LastLogin: nullTime(u.LastLogin), CreatedAt: u.CreatedAt.UTC(),
	}
}

// managedUserJSON is a user as the server of the app sees it.
type managedUserJSON struct {
	userJSON

	Disabled bool     `json:"disabled"`
	Reason   nullText `json:"disabled_reason"`
}

func toManagedUserJSON(u User) managedUserJSON {
	return managedUserJSON{userJSON: toUserJSON(u), Disabled: u.Disabled, Reason: nullText(u.DisabledReason)}
}

// clearable is a text that null clears. It is nil if the member is missing.
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

func toRemovedJSON(all []Removed) []removedJSON {
	out := make([]removedJSON, len(all))
	for i, r := range all {
		out[i] = removedJSON(r)
	}
	return out
}

func toSignInJSON(s SignIn) signInJSON {
	kind := "Bearer"
	if s.Token == "" { // it is in a cookie
		kind = ""
	}
	return signInJSON{
		Token: s.Token, TokenType: kind, ExpiresIn: int(s.ExpiresIn / time.Second), RefreshToken: s.RefreshToken,
		User: toUserJSON(s.User), Created: s.Created, Removed: toRemovedJSON(s.Removed),
	}
}

type appJSON struct {
	ID        uuid.UUID     `json:"app_id"`
	Name      string        `json:"name"`
	CreatedAt time.Time     `json:"created_at"`
	Settings  *settingsJSON `json:"settings,omitempty"`
	APIKey    string        `json:"api_key,omitempty"`
}

func toAppJSON(a App) appJSON {
	return appJSON{ID: a.ID, Name: a.Name, CreatedAt: a.CreatedAt.UTC()}
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

func toAPIKeyJSON(k APIKey, now time.Time) apiKeyJSON {
	return apiKeyJSON{
		ID: k.ID, Name: k.Name, Hint: k.Hint, Scopes: orEmpty(k.Scopes), CreatedAt: k.CreatedAt.UTC(),
		LastUsedAt: timeOrNull(k.LastUsedAt), ExpiresAt: timeOrNull(k.ExpiresAt),
		Active: k.Active && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt)),
	}
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

// list makes a page of items under their own name, with the cursor of the next page.
func list(name string, items any, next string) map[string]any {
	out := map[string]any{name: items}
	if next != "" {
		out["next_cursor"] = next
	}
	return out
}
