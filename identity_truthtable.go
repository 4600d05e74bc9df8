package authkit

// linkCase is what is known when a person returns from a provider.
type linkCase struct {
	identityKnown bool // an account of the app has this identity
	local         bool // an account has the address
	localVerified bool // and has verified it
	signupOpen    bool
	never         bool // the app's policy: a sign-in links no identity to an account
	email         bool // the provider gave an address
	emailVerified bool // verified by a provider that is trusted for it
}

// linkOutcome is the decision of the table.
type linkOutcome int

const (
	linkSignIn           linkOutcome = iota // to the account of the identity
	linkCreateVerified                      // a new user with a verified address
	linkCreateUnverified                    // a new user with an unverified address
	linkSignupDisabled
	linkAdd           // link the identity to the account, and notify the user
	linkResetAndAdd   // the same, after a reset of the account, whose address was never verified
	linkRequired      // sign in first, then link
	linkEmailRequired // no address, and no account with the identity
)

// link is the linking truth table. An identity is never linked to an account by an address that
// one of the two has not verified.
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
