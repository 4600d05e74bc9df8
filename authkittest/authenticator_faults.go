package authkittest

// PasskeyFault is one way in which an [Authenticator], or the browser that uses it, misbehaves. authkit
// refuses what comes of it, unless its comment says otherwise.
type PasskeyFault int

// What is wrong with the authenticator data.
const (
	NotVerified       PasskeyFault = iota + 1 // the authenticator did not verify its user: UV is 0
	NotPresent                                // the user was not there: UP is 0
	OtherRelyingParty                         // the data is of another relying party
	BackupChanges                             // a passkey that can be backed up cannot, or the other way round
	BackupOnly                                // backed up, but not eligible for backup

	// CounterStands stops the signature counter.
	CounterStands

	// CounterReturns sets the signature counter back to 1.
	CounterReturns
)

// What is wrong with the client data.
const (
	// AnyOrigin makes the browser use a relying party that is not the page's, so that an origin of any
	// kind comes into the client data.
	AnyOrigin PasskeyFault = iota + 101

	CrossOrigin    // the page is in a frame of another origin
	OtherTopOrigin // the page is in a frame of https://frame.example, and says so
	OtherChallenge // the client data has a challenge of its own
	OtherType      // a registration is called a sign-in, and the other way round
)

// What is wrong with the answer.
const (
	WrongSignature  PasskeyFault = iota + 201 // another key signs
	NoUserHandle                              // a sign-in tells no user handle
	OtherUserHandle                           // a sign-in tells another user handle
)
