package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// User is a user of the app as a list shows it.
type User struct {
	ID            string    `json:"user_id"`
	Email         string    `json:"email"` // as it was first given
	EmailVerified bool      `json:"email_verified"`
	Name          string    `json:"name"`        // empty: none
	AuthMethod    string    `json:"auth_method"` // of the latest sign-in
	LastLogin     time.Time `json:"last_login"`  // the zero time: never
	CreatedAt     time.Time `json:"created_at"`

	Metadata map[string]any `json:"metadata"` // numbers are float64
	Roles    []string       `json:"roles"`    // sorted; they count once the address is proven
}

// Account is a user with what only the server of the app sees.
type Account struct {
	User

	Disabled       bool   `json:"disabled"` // from signing in
	DisabledReason string `json:"disabled_reason"`

	ExternalID      string         `json:"external_id"` // empty: the user has none
	PrivateMetadata map[string]any `json:"private_metadata"`
}

// Filter says which users a list has. A zero field does not filter.
type Filter struct {
	Email      string // the exact address; case does not matter
	Prefix     string // of the address or the name
	AuthMethod string // of the latest sign-in: credentials, magic_link, oauth, passkey, or one of the host's own
	ExternalID string // the exact id
	Role       string // one of the user's roles

	// PageSize is how many users one request reads, 1 to 500. Default 100.
	PageSize int
}

// query returns the parameters of a page.
func (f Filter) query(cursor string) url.Values {
	q := url.Values{"limit": {strconv.Itoa(defaultPage)}}
	if f.PageSize != 0 {
		q.Set("limit", strconv.Itoa(f.PageSize))
	}
	for name, value := range map[string]string{"email": f.Email, "q": f.Prefix, "auth_method": f.AuthMethod, "external_id": f.ExternalID, "role": f.Role, "cursor": cursor} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

const defaultPage = 100

// Users yields the users that match, newest first. It reads a page when the loop gets there, and
// ends after an error, which it yields with the zero User. A user who is created meanwhile may be
// missing; no user comes twice.
func (c *Client) Users(ctx context.Context, f Filter) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		for cursor := ""; ; {
			var page struct {
				Users []User `json:"users"`
				Next  string `json:"next_cursor"`
			}
			_, err := c.do(ctx, request{method: http.MethodGet, path: "?" + f.query(cursor).Encode()}, &page)
			if err == nil && page.Next == cursor && cursor != "" {
				err = errors.New("authkit client: the next page is the same again")
			}
			if err != nil {
				yield(User{}, err)
				return
			}
			for _, u := range page.Users {
				if !yield(u, nil) {
					return
				}
			}
			if cursor = page.Next; cursor == "" {
				return
			}
		}
	}
}

// User reads one user. [CodeUserNotFound].
func (c *Client) User(ctx context.Context, id string) (Account, error) {
	return c.one(ctx, request{method: http.MethodGet}, id)
}

// NewUser says what [Client.CreateUser] makes.
type NewUser struct {
	Email         string `json:"email"`
	Name          string `json:"name,omitempty"`
	EmailVerified bool   `json:"email_verified,omitempty"` // the caller has proven the address

	ExternalID      string         `json:"external_id,omitempty"` // the user's id at the caller's, unique in the app
	Metadata        map[string]any `json:"metadata,omitempty"`    // the user sees it
	PrivateMetadata map[string]any `json:"private_metadata,omitempty"`
	Roles           []string       `json:"roles,omitempty"`

	// IdempotencyKey is 16 to 64 random characters of printable ASCII, made for this one user. For
	// 24 hours the same call with it makes no other user and returns the first one, so that the call
	// may be made again, and is, when its answer was lost. Empty: it is not.
	IdempotencyKey string `json:"-"`
}

// CreateUser makes a user without a password. [CodeEmailTaken]; [CodeExternalIDTaken];
// [CodeInvalidRequest].
//
// After an error that is no [*Error] the user may be there or not: the same call again with the
// same IdempotencyKey tells, or [Client.Users] with the address. [CodeIdempotencyConflict].
func (c *Client) CreateUser(ctx context.Context, u NewUser) (User, error) {
	var out User
	_, err := c.do(ctx, request{method: http.MethodPost, body: u, key: u.IdempotencyKey}, &out)
	if err != nil {
		return User{}, err
	}
	return out, nil
}

// Change says what [Client.ChangeUser] changes. A nil field stays.
type Change struct {
	Name           *string // empty: the user has no name
	Disabled       *bool   // true ends every session
	DisabledReason *string // empty: no reason
	EmailVerified  *bool

	// Keep keeps the password, name, identities and sessions of an account that never proved its
	// address when EmailVerified is set to true. Otherwise they go: another person may have set
	// them.
	Keep bool

	ExternalID *string  // empty: the user has none
	Roles      []string // all roles of the user from then on; empty and not nil: none

	// Metadata and PrivateMetadata are merged into what is there (RFC 7396): a member that is nil
	// goes, and a map changes the members that it has.
	Metadata, PrivateMetadata map[string]any
}

func (ch Change) body() map[string]any {
	body := map[string]any{}
	for name, text := range map[string]*string{"name": ch.Name, "disabled_reason": ch.DisabledReason, "external_id": ch.ExternalID} {
		switch {
		case text == nil:
		case *text == "":
			body[name] = nil
		default:
			body[name] = *text
		}
	}
	for name, value := range map[string]*bool{"disabled": ch.Disabled, "email_verified": ch.EmailVerified} {
		if value != nil {
			body[name] = *value
		}
	}
	for name, patch := range map[string]map[string]any{"metadata": ch.Metadata, "private_metadata": ch.PrivateMetadata} {
		if patch != nil {
			body[name] = patch
		}
	}
	if ch.Roles != nil {
		body["roles"] = ch.Roles
	}
	if ch.Keep {
		body["keep"] = true
	}
	return body
}

// ChangeUser changes a user, and returns it as it then is. [CodeUserNotFound];
// [CodeExternalIDTaken]; [CodeInvalidRequest].
func (c *Client) ChangeUser(ctx context.Context, id string, ch Change) (Account, error) {
	return c.one(ctx, request{method: http.MethodPatch, body: ch.body()}, id)
}

// DeleteUser deletes a user with all that belongs to it. [CodeUserNotFound], unless an earlier try
// of this call may have deleted it.
func (c *Client) DeleteUser(ctx context.Context, id string) error {
	path, err := pathOf(id)
	if err != nil {
		return err
	}
	before, err := c.do(ctx, request{method: http.MethodDelete, path: path}, nil)
	if before > 0 && errors.Is(err, CodeUserNotFound) {
		return nil
	}
	return err
}

// Session is one signed-in browser or device of a user.
type Session struct {
	ID         string    `json:"id"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	ExpiresAt  time.Time `json:"expires_at"` // if it is not used until then
	UserAgent  string    `json:"user_agent"`
	IP         string    `json:"ip"`
}

// Sessions lists the live sessions of a user, newest first. [CodeUserNotFound].
func (c *Client) Sessions(ctx context.Context, id string) ([]Session, error) {
	path, err := pathOf(id)
	if err != nil {
		return nil, err
	}
	var out struct {
		Sessions []Session `json:"sessions"`
	}
	_, err = c.do(ctx, request{method: http.MethodGet, path: path + "/sessions"}, &out)
	return out.Sessions, err
}

// EndSessions ends every session of a user, as a sign-out everywhere does. [CodeUserNotFound].
func (c *Client) EndSessions(ctx context.Context, id string) error {
	path, err := pathOf(id)
	if err != nil {
		return err
	}
	_, err = c.do(ctx, request{method: http.MethodDelete, path: path + "/sessions"}, nil)
	return err
}

// one sends a call about one user, whom the answer shows.
func (c *Client) one(ctx context.Context, r request, id string) (out Account, err error) {
	if r.path, err = pathOf(id); err != nil {
		return Account{}, err
	}
	if _, err = c.do(ctx, r, &out); err != nil {
		return Account{}, err
	}
	return out, nil
}

// pathOf returns the path of a user. It refuses an id that would name another path.
func pathOf(id string) (string, error) {
	if id == "" || id == "." || id == ".." {
		return "", fmt.Errorf("authkit client: user id %q: %w", id, CodeUserNotFound)
	}
	return "/" + url.PathEscape(id), nil
}
