package authkit

// linkCase is what is known when a person comes back from a provider.
type linkCase struct {
	identityKnown bool // an account of the app has this identity
	local         bool // an account has the address
	localVerified bool // and has proven it
	signupOpen    bool
	never         bool // the app's policy: a sign-in links no identity to an account
	email         bool // the provider told an address
	emailVerified bool // verified, by a provider that is trusted for it
}

// linkOutcome is what happens then.
type linkOutcome int

const (
	linkSignIn           linkOutcome = iota // to the account of the identity
	linkCreateVerified                      // a new user, the address proven
	linkCreateUnverified                    // a new user whose address counts for nothing yet
	linkSignupDisabled
	linkAdd           // link the identity to the account, and tell the user
	linkResetAndAdd   // the same, of an account whose address was never proven: it is reset first
	linkRequired      // sign in first, then link
	linkEmailRequired // no address, no account
)

// link is the linking truth table. An identity is never linked to an account by an address that
// either side has not proven.
func link(c linkCase) linkOutcome {
	switch {
	case c.identityKnown:
		return linkSignIn
	case !c.email:
		return linkEmailRequired
	case !c.local && !c.signupOpen:
		return linkSignupDisabled
	case !c.local && c.emailVerified:
		return linkCreateVerified
	case !c.local:
		return linkCreateUnverified
	case !c.emailVerified || c.never:
		return linkRequired
	case c.localVerified:
		return linkAdd
	}
	return linkResetAndAdd
}
