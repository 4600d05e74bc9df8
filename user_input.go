package authkit

import (
	"github.com/authkit-dev/authkit/internal/address"
	"github.com/authkit-dev/authkit/internal/naming"
)

// checkEmail returns the canonical form of the email member of a request. [CodeInvalidRequest]: it
// is not an address.
func checkEmail(s string) (canonical string, err error) { return checkEmailMember("email", s) }

// checkEmailMember is checkEmail for a member of another name.
func checkEmailMember(member, s string) (canonical string, err error) {
	if canonical, err = address.Parse(s); err != nil {
		return "", invalid(member, "invalid_email", member+" is not an address like name@example.com")
	}
	return canonical, nil
}

// checkUserName refuses a user's name that is too long or has control characters. An empty name is
// allowed.
func checkUserName(s string) error {
	if _, err := naming.User(s); err != nil {
		return invalid("name", "invalid_name", "name is longer than 200 characters or holds control characters")
	}
	return nil
}

// checkDisabledReason refuses a reason that is too long or has control characters.
func checkDisabledReason(s string) error {
	if _, err := naming.User(s); err != nil {
		return invalid("disabled_reason", "invalid_text", "disabled_reason is longer than 200 characters or holds control characters")
	}
	return nil
}
