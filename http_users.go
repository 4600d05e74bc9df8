package authkit

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/cursor"
	"github.com/authkit-dev/authkit/internal/httpio"
)

func listUsers(c *call) error {
	values, err := query(c.r)
	if err != nil {
		return err
	}
	page, err := c.page(values)
	if err != nil {
		return err
	}
	for _, name := range []string{"email", "auth_method"} { // an empty filter is an error: it would list every user
		if values.Has(name) && values.Get(name) == "" {
			return invalid(name, "required", name+" is empty; leave it out to list every user")
		}
	}
	filter := UserFilter{Page: page, Email: values.Get("email"), Prefix: values.Get("q"), AuthMethod: values.Get("auth_method")}
	if httpio.AcceptsOnly(c.r, "application/x-ndjson") {
		return streamUsers(c, filter)
	}
	users, next, err := readPage(c, values, page,
		func(p Page) ([]User, error) { filter.Page = p; return c.e.Users(c.ctx(), c.key.App, filter) },
		func(u User) cursor.Position { return cursor.Position{Time: u.CreatedAt, ID: u.ID} })
	if err != nil {
		return err
	}
	return c.writeJSON(http.StatusOK, usersJSON{users, next})
}

// streamUsers writes one user a line, a page at a time. If the store fails midway, the connection
// is cut: half a list must not look like a whole one.
func streamUsers(c *call, filter UserFilter) error {
	filter.Limit = maxPage
	var lines []byte
	for first := true; ; first = false {
		users, err := c.e.Users(c.ctx(), c.key.App, filter)
		if err != nil && first {
			return err
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		if first {
			c.w.Header().Set("Content-Type", "application/x-ndjson")
			c.w.Header().Set("Cache-Control", "no-store")
		}
		lines = lines[:0]
		for _, u := range users {
			lines = append(toManagedUserJSON(u).AppendJSON(lines), '\n')
		}
		if _, err := c.w.Write(lines); err != nil || len(users) < filter.Limit {
			return nil //nolint:nilerr // the peer is gone
		}
		last := users[len(users)-1]
		filter.Time, filter.ID = last.CreatedAt, last.ID
	}
}

// newUserBody creates a user.
type newUserBody struct {
	Email    string `json:"email" api:"required"` // the user's address
	Name     string `json:"name"`                 // the user's name, of up to 200 characters
	Verified bool   `json:"email_verified"`       // whether the address counts as proven, by the word of the caller
}

func createUser(c *call, in newUserBody) (jsonResponse, error) {
	u, err := c.e.CreateUser(c.ctx(), c.key.App, UserRequest(in))
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusCreated, toManagedUserJSON(u)}, nil
}

// pathUser returns the id of the user in the path.
func (c *call) pathUser() (uuid.UUID, error) {
	id, ok := httpio.CanonicalUUID(c.r.PathValue("user_id"))
	if !ok {
		return uuid.Nil, noUser()
	}
	return id, nil
}

func readUser(c *call) (any, error) {
	id, err := c.pathUser()
	if err != nil {
		return nil, err
	}
	u, err := c.e.User(c.ctx(), UserRef{App: c.key.App, ID: id})
	if err != nil {
		return nil, err
	}
	return toManagedUserJSON(u), nil
}

// userPatchBody changes the members that it has.
type userPatchBody struct {
	Name clearable `json:"name" null:"ok"` // the user's new name; null clears it

	// Verified true makes the address count as proven. It resets an account that never proved its
	// address, as a proof would, unless keep stands beside it.
	Verified *bool `json:"email_verified"`

	Keep     bool      `json:"keep"`                      // keeps what the account has, beside email_verified
	Disabled *bool     `json:"disabled"`                  // true ends every session of the user
	Reason   clearable `json:"disabled_reason" null:"ok"` // for the developer; null clears it
}

func changeUser(c *call, in userPatchBody) (jsonResponse, error) {
	id, err := c.pathUser()
	if err != nil {
		return jsonResponse{}, err
	}
	u, err := c.e.ChangeUser(c.ctx(), UserRef{App: c.key.App, ID: id}, UserPatch{
		Name: in.Name.text, DisabledReason: in.Reason.text, Verified: in.Verified, Keep: in.Keep, Disabled: in.Disabled,
	})
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusOK, toManagedUserJSON(u)}, nil
}

func deleteUser(c *call) error {
	id, err := c.pathUser()
	if err != nil {
		return err
	}
	if err := c.e.DeleteUser(c.ctx(), UserRef{App: c.key.App, ID: id}); err != nil {
		return err
	}
	return c.noContent()
}
