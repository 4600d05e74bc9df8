package authkit

import "github.com/google/uuid"

// LegacyAsk is a question to Config.LegacyPassword.
type LegacyAsk struct {
	App      uuid.UUID
	Email    string // canonical
	Password string // as typed
	User     User   // the account of the address; the zero User: there is no account
	Client   Client
}

// LegacyAnswer is what the system that users come from says.
//
// Each try of a stranger at an address that has no password here is a question to the old system,
// within the limits of sign-ins. An account that has signed in once, by whatever method, is never
// asked about again, so that a password that was voided here stays void. Refusals take as long as the
// old system does, whether or not it was asked, so that their time tells little of who exists. While
// the old system is out of order the difference shows: what it would be asked about is 503, the rest
// is 401.
type LegacyAnswer struct {
	// OK says that the password is that of the user of the address.
	OK bool

	// Known says that the address has a user in the old system, whatever the password. A sign-in
	// with a wrong password then never signs a new user up.
	Known bool

	// Verified says that the old system has a proof of the address, which counts for the account that
	// is made here. An account here whose address is proven takes a password from no user of the old
	// system without such a proof, who may be another person.
	Verified bool

	// Name is that of the account that is made here; it is not taken if it is longer than 200
	// characters or has control characters.
	Name string
}
