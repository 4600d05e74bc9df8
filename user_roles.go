package authkit

import (
	"regexp"
	"slices"
	"strconv"
)

// The bounds of a user's roles.
const (
	mostRoles     = 32
	mostRoleBytes = 1024 // of all roles of a user
)

// roles returns the roles of the user that count in the app: while the address is unproven, no
// role does, unless the app lets its users be without a proof. Otherwise the one who took an address
// that is another's would have the roles that the app gave that other one.
func (u User) roles(app App) []string {
	if !u.Verified && app.Settings.VerifyEmail != VerifyEmailOff {
		return nil
	}
	return u.Roles
}

var roleForm = regexp.MustCompile(`^[a-z0-9][a-z0-9:._-]{0,63}$`)

// checkedRoles returns roles as they are kept: sorted, each once. [CodeInvalidRequest]: one of them
// has another form, or they are too many.
func checkedRoles(given []string) ([]string, error) {
	bytes := 0
	for _, role := range given {
		if !roleForm.MatchString(role) {
			return nil, invalid("roles", "invalid_role", "roles holds "+strconv.Quote(clean(role, 64))+`, which is not 1 to 64 of a-z, 0-9, ":", ".", "_" and "-", beginning with a letter or digit`)
		}
	}
	roles := slices.Compact(slices.Sorted(slices.Values(given)))
	for _, role := range roles {
		bytes += len(role)
	}
	if len(roles) > mostRoles || bytes > mostRoleBytes {
		return nil, invalid("roles", "too_many", "roles are more than 32, or longer than 1024 bytes together")
	}
	return roles, nil
}
