package authkittest

// Fault is one way in which a [Provider] misbehaves. Beside each stands what authkit
// makes of it, for a provider that [Provider.Configure] configured.
type Fault int

// What is wrong with the ID token. authkit refuses it: [authkit.CodeProviderError].
const (
	WrongNonce       Fault = iota + 1 // it answers another sign-in
	WrongIssuer                       // it is from somebody else
	WrongAudience                     // it is for another client
	Expired                           // a day ago
	Unsigned                          // alg is none, and discovery says that this is fine
	SignedWithSecret                  // HS256 with the client secret as the key, likewise
	WrongKey                          // the signature is another key's
	IssuedAhead                       // by a day
	ExpiryAsText                      // exp is "…" and no number
)

// What is wrong with the address.
const (
	// UnverifiedAddress does not vouch for the address: a new user is not verified, and
	// an account that has the address is not joined, [authkit.CodeLinkRequired].
	UnverifiedAddress Fault = iota + 101

	// NoAddress tells none, neither in the ID token nor at userinfo: an identity that is
	// new gets [authkit.CodeEmailRequired].
	NoAddress

	// WrongUserInfo leaves the address to userinfo, which speaks of another subject:
	// [authkit.CodeProviderError].
	WrongUserInfo

	// NoUserInfo leaves the address to userinfo, which is down: an identity that is new gets
	// [authkit.CodeEmailRequired], one that is known signs in.
	NoUserInfo
)

// What authkit takes all the same.
const (
	// OddKeys has keys that cannot be read beside its own, which has a certificate that is
	// badly made.
	OddKeys Fault = iota + 301

	// OddClaims has optional claims of odd types in its ID tokens.
	OddClaims

	// SecretInForm takes the client's secret in the form alone, which discovery says from the
	// first time that it is asked.
	SecretInForm

	// OddAnswer has a token answer with parts of odd types, as a page.
	OddAnswer
)

// What is wrong with the answers.
const (
	// NoIss leaves iss out of the authorization response, which discovery promised (RFC
	// 9207): [authkit.CodeInvalidToken].
	NoIss Fault = iota + 201

	// AccessDenied redirects back with that error, as when the person presses Cancel:
	// [authkit.CodeProviderRefused].
	AccessDenied

	// RefusesCodes says no to every code, with a code of its own and status 200, as GitHub
	// does: [authkit.CodeProviderRefused].
	RefusesCodes

	// RefusesClients says that the client is not known, with status 200:
	// [authkit.CodeProviderError].
	RefusesClients

	HugeAnswer // of 2 MiB, from the token endpoint: [authkit.CodeProviderError]
	Redirects  // the token endpoint does, to itself: [authkit.CodeProviderError]
	Down       // every answer is a 500: [authkit.CodeProviderError]
)
