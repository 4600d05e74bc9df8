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
	read := func(p Page) ([]User, error) { filter.Page = p; return c.e.Users(c.ctx(), c.key.App, filter) }
	at := func(u User) cursor.Position { return cursor.Position{Time: u.CreatedAt, ID: u.ID} }
	if httpio.AcceptsOnly(c.r, ndjson) {
		return streamLines(c, read, at, func(b []byte, u User) []byte { return toManagedUserJSON(u).AppendJSON(b) })
	}
	users, next, err := readPage(c, values, page, read, at)
	if err != nil {
		return err
	}
	return c.writeJSON(http.StatusOK, usersJSON{users, next})
}

// newUserBody creates a user.
type newUserBody struct {
	Email    string `json:"email" api:"required"` // the user's address
	Name     string `json:"name"`                 // the user's name, of up to 200 characters
	Verified bool   `json:"email_verified"`       // whether the address counts as proven, by the word of the caller

	// PasswordHash is a hash of the user's password that another system made: argon2id, argon2i, bcrypt,
	// scrypt or PBKDF2, in the forms of docs/migrating.md.
	PasswordHash string `json:"password_hash"`
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
