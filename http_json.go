package authkit

import (
	"time"

	"github.com/google/uuid"
)

// The objects of the HTTP contract.

// userJSON is a user as the user sees it.
type userJSON struct {
	ID         uuid.UUID `json:"user_id"`        // the user's id
	Email      string    `json:"email"`          // the address as first given
	Verified   bool      `json:"email_verified"` // whether the address was proven
	Name       nullText  `json:"name"`           // the user's name, of up to 200 characters; null: there is no name
	AuthMethod string    `json:"auth_method"`    // of the latest sign-in: credentials, magic_link, oauth, passkey, or what the host calls its own
	LastLogin  nullTime  `json:"last_login"`     // when the user last signed in; null before the first sign-in
	CreatedAt  time.Time `json:"created_at"`     // when the user was created

	Metadata objectJSON `json:"metadata"` // an object of the app's own; it may be empty
	Roles    []string   `json:"roles"`    // those that the app gave the user, sorted; they count once the address is proven
}

func toUserJSON(u User) userJSON {
	return userJSON{
		ID: u.ID, Email: u.EmailTyped, Verified: u.Verified, Name: nullText(u.Name), AuthMethod: u.AuthMethod,
		LastLogin: nullTime(u.LastLogin), CreatedAt: u.CreatedAt.UTC(), Metadata: objectJSON(u.Metadata), Roles: orEmpty(u.Roles),
	}
}

// managedUserJSON is a user as the server of the app sees it.
type managedUserJSON struct {
	userJSON

	Disabled bool     `json:"disabled"`        // whether the user is kept from signing in
	Reason   nullText `json:"disabled_reason"` // as it was given; null: there is no reason

	ExternalID nullText   `json:"external_id"`      // the user's id at the app's own; null: there is no such id
	Private    objectJSON `json:"private_metadata"` // an object that the user never sees; it may be empty
}

func toManagedUserJSON(u User) managedUserJSON {
	return managedUserJSON{userJSON: toUserJSON(u), Disabled: u.Disabled, Reason: nullText(u.DisabledReason), ExternalID: nullText(u.ExternalID), Private: objectJSON(u.PrivateMetadata)}
}

// signInJSON is a sign-in. Where a cookie holds the session, token, token_type, expires_in and
// refresh_token are absent.
type signInJSON struct {
	Token        string   `json:"token,omitempty"`                        // the access token, a JWT
	TokenType    string   `json:"token_type,omitempty" api:"enum=Bearer"` // how the access token is sent
	ExpiresIn    int      `json:"expires_in,omitzero"`                    // in how many seconds the access token expires
	RefreshToken string   `json:"refresh_token,omitempty"`                // for one exchange at refresh
	User         userJSON `json:"user"`                                   // who signed in
	Created      bool     `json:"created"`                                // whether the user was created by this sign-in

	Removed []removedJSON `json:"removed,omitempty"` // the ways to sign in that a reset of the password has removed
}

// removedJSON is a way to sign in that was removed.
type removedJSON struct {
	Type string `json:"type"` // its kind, such as identity
	Name string `json:"name"` // its name, such as that of the provider
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

// appJSON is an app.
type appJSON struct {
	ID        uuid.UUID     `json:"app_id"`             // the app's id
	Name      string        `json:"name"`               // the app's name
	CreatedAt time.Time     `json:"created_at"`         // when the app was created
	Settings  *settingsJSON `json:"settings,omitempty"` // where one app is read or changed
	LogoURL   string        `json:"logo_url,omitempty"` // of the logo, a PNG, where one app is read or changed; absent: it has none
	APIKey    string        `json:"api_key,omitempty"`  // the first API key, shown by the answer that creates the app alone
}

// appsJSON is a page of apps.
type appsJSON struct {
	Apps []appJSON `json:"apps"`                  // the developer's own, newest first
	Next string    `json:"next_cursor,omitempty"` // the cursor of the next page; absent on the last one
}

func toAppJSON(a App) appJSON {
	return appJSON{ID: a.ID, Name: a.Name, CreatedAt: a.CreatedAt.UTC()}
}

// apiKeyJSON is an API key.
type apiKeyJSON struct {
	ID         uuid.UUID  `json:"id"`            // the key's id
	Name       string     `json:"name"`          // as it was given
	Hint       string     `json:"hint"`          // the beginning of the key
	Scopes     []string   `json:"scopes"`        // what the key may do
	CreatedAt  time.Time  `json:"created_at"`    // when the key was created
	LastUsedAt *time.Time `json:"last_used_at"`  // when it was last used; null: never
	ExpiresAt  *time.Time `json:"expires_at"`    // when it expires; null: never
	Active     bool       `json:"is_active"`     // whether it is accepted now
	Key        string     `json:"key,omitempty"` // the key itself, shown by the answer that creates it alone
}

// apiKeysJSON lists the API keys of an app.
type apiKeysJSON struct {
	Keys []apiKeyJSON `json:"api_keys"` // newest first, inactive ones too
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
