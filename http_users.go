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
	page, wrongPage := c.page(values)
	var empty []FieldError
	for _, name := range []string{"email", "auth_method", "external_id", "role"} { // an empty filter is an error: it would list every user
		if values.Has(name) && values.Get(name) == "" {
			empty = append(empty, FieldError{name, "required", name + " is empty; leave it out to list every user"})
		}
	}
	if err := invalidAll(wrongPage, invalidFields(empty)); err != nil {
		return err
	}
	filter := UserFilter{
		Page: page, Email: values.Get("email"), Prefix: values.Get("q"), AuthMethod: values.Get("auth_method"),
		ExternalID: values.Get("external_id"), Role: values.Get("role"),
	}
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

	userWords
}

// userWords are members that only the server of an app sets.
type userWords struct {
	ExternalID externalIDJSON `json:"external_id"      null:"ok"`   // the user's id at the app's own: 1 to 128 printable characters of ASCII, unique in the app; null: no such id
	Metadata   objectJSON     `json:"metadata"         null:"deep"` // an object of at most 4 KiB and 5 levels, which the user sees; null: an empty one
	Private    objectJSON     `json:"private_metadata" null:"deep"` // an object of at most 4 KiB and 5 levels, which the user never sees; null: an empty one
	Roles      *[]string      `json:"roles"`                        // at most 32, of at most 1 KiB together, each 1 to 64 of a-z, 0-9, ":", ".", "_" and "-"; they count once the address is proven
}

// externalIDJSON is an external id that null clears, and an empty text does not.
type externalIDJSON struct {
	clearable

	cleared bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (x *externalIDJSON) UnmarshalJSON(b []byte) error {
	x.cleared = string(b) == "null"
	return x.clearable.UnmarshalJSON(b)
}

// given returns the id, which is empty to clear it; nil: the member is missing.
func (x externalIDJSON) given() (*string, error) {
	if x.text != nil && *x.text == "" && !x.cleared {
		return nil, checkExternalID("")
	}
	return x.text, nil
}

// request returns the user that the body describes, and what a UserRequest cannot hold.
func (in newUserBody) request() (UserRequest, []FieldError) {
	external, err := in.ExternalID.given()
	want := UserRequest{Email: in.Email, Name: in.Name, Verified: in.Verified, Metadata: in.Metadata, PrivateMetadata: in.Private, PasswordHash: in.PasswordHash}
	set(&want.ExternalID, external)
	set(&want.Roles, in.Roles)
	return want, fieldsOf(err)
}

// wrong implements [judged].
func (in newUserBody) wrong() []FieldError {
	want, bad := in.request()
	return append(bad, want.wrong()...)
}

func createUser(c *call, in newUserBody) (jsonResponse, error) {
	want, bad := in.request()
	once, err := creationKey(c.r)
	if bad = append(bad, fieldsOf(err)...); len(bad) > 0 {
		return jsonResponse{}, invalidFields(append(bad, want.wrong()...))
	}
	want.IdempotencyKey = once
	u, err := c.e.CreateUser(c.ctx(), c.key.App, want)
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

	userWords // metadata by merge patches (RFC 7396), roles as a whole
}

// patch returns the change that the body describes, and what a UserPatch cannot hold.
func (in userPatchBody) patch() (UserPatch, []FieldError) {
	external, err := in.ExternalID.given()
	return UserPatch{
		Name: in.Name.text, DisabledReason: in.Reason.text, Verified: in.Verified, Keep: in.Keep, Disabled: in.Disabled,
		ExternalID: external, Roles: in.Roles, Metadata: in.Metadata, PrivateMetadata: in.Private,
	}, fieldsOf(err)
}

// wrong implements [judged].
func (in userPatchBody) wrong() []FieldError {
	p, bad := in.patch()
	return append(bad, p.wrong()...)
}

func changeUser(c *call, in userPatchBody) (jsonResponse, error) {
	id, err := c.pathUser()
	if err != nil {
		return jsonResponse{}, err
	}
	p, bad := in.patch()
	if len(bad) > 0 {
		return jsonResponse{}, invalidFields(append(bad, p.wrong()...))
	}
	u, err := c.e.ChangeUser(c.ctx(), UserRef{App: c.key.App, ID: id}, p)
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

// managedSessionsJSON lists the live sessions of a user.
type managedSessionsJSON struct {
	Sessions []managedSessionJSON `json:"sessions"` // the live ones, newest first
}

func listUserSessions(c *call) (any, error) {
	id, err := c.pathUser()
	if err != nil {
		return nil, err
	}
	ref := UserRef{App: c.key.App, ID: id}
	sessions, err := c.e.Sessions(c.ctx(), ref)
	if err == nil && len(sessions) == 0 { // no user, perhaps
		_, err = c.e.User(c.ctx(), ref)
	}
	if err != nil {
		return nil, err
	}
	out := make([]managedSessionJSON, len(sessions))
	for i, s := range sessions {
		out[i] = toSessionJSON(s)
	}
	return managedSessionsJSON{out}, nil
}

func endUserSessions(c *call) error {
	id, err := c.pathUser()
	if err != nil {
		return err
	}
	if err := c.e.EndSessions(c.ctx(), UserRef{App: c.key.App, ID: id}); err != nil {
		return err
	}
	return c.noContent()
}
