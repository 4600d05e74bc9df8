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
)

// What is wrong with the answers.
const (
	// NoIss leaves iss out of the authorization response, which discovery promised (RFC
	// 9207): [authkit.CodeInvalidToken].
	NoIss Fault = iota + 201

	// AccessDenied redirects back with that error, as when the person presses Cancel:
	// [authkit.CodeProviderRefused].
	AccessDenied

	HugeAnswer // of 2 MiB, from the token endpoint: [authkit.CodeProviderError]
	Redirects  // the token endpoint does, to itself: [authkit.CodeProviderError]
	Down       // every answer is a 500: [authkit.CodeProviderError]
)
