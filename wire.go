package authkit

import (
	"time"

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

type signInJSON struct {
	Token     string   `json:"token"`
	TokenType string   `json:"token_type"`
	ExpiresIn int      `json:"expires_in"`
	User      userJSON `json:"user"`
	Created   bool     `json:"created"`
}

func wireSignIn(s SignIn) signInJSON {
	return signInJSON{Token: s.Token, TokenType: "Bearer", ExpiresIn: int(s.ExpiresIn / time.Second), User: wireUser(s.User), Created: s.Created}
}

type appJSON struct {
	ID        uuid.UUID     `json:"app_id"`
	Name      string        `json:"name"`
	CreatedAt time.Time     `json:"created_at"`
	Settings  *settingsJSON `json:"settings,omitempty"`
	APIKey    string        `json:"api_key,omitempty"`
}

type settingsJSON struct {
	Signup       string   `json:"signup"`
	RedirectURLs []string `json:"redirect_urls"`
	Origins      []string `json:"origins"`
}

func wireApp(a App) appJSON {
	return appJSON{ID: a.ID, Name: a.Name, CreatedAt: a.CreatedAt.UTC()}
}

func wireAppWithSettings(a App) appJSON {
	out := wireApp(a)
	s := a.Settings
	out.Settings = &settingsJSON{Signup: "open", RedirectURLs: orEmpty(s.RedirectURLs), Origins: orEmpty(s.Origins)}
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
