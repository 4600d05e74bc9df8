package authkittest

// Fault is one way in which a [Provider] misbehaves. The comment of each says how authkit
// answers, for a provider that [Provider.Configure] configured.
type Fault int

// What is wrong with the ID token. authkit refuses it: [authkit.CodeProviderError].
const (
	WrongNonce       Fault = iota + 1 // it answers another sign-in
	WrongIssuer                       // it is from another issuer
	WrongAudience                     // it is for another client
	Expired                           // it expired a day ago
	Unsigned                          // its alg is "none", which discovery announces
	SignedWithSecret                  // HS256 with the client secret as the key, which discovery announces
	WrongKey                          // another key signed it
	IssuedAhead                       // it was issued a day ahead
	ExpiryAsText                      // exp is a string instead of a number
)

// What is wrong with the address.
const (
	// UnverifiedAddress says that the address is not verified. A new user is not verified, and
	// an account that has the address is not joined: [authkit.CodeLinkRequired].
	UnverifiedAddress Fault = iota + 101

	// NoAddress leaves the address out of the ID token and of userinfo. A new identity gets
	// [authkit.CodeEmailRequired].
	NoAddress

	// WrongUserInfo leaves the address to userinfo, which answers with another subject:
	// [authkit.CodeProviderError].
	WrongUserInfo

	// NoUserInfo leaves the address to userinfo, which is down. A new identity gets
	// [authkit.CodeEmailRequired], and a known one signs in.
	NoUserInfo
)

// What authkit accepts.
const (
	// OddKeys adds unreadable keys beside the provider's own, which gets a malformed
	// certificate.
	OddKeys Fault = iota + 301

	// OddClaims puts optional claims of unusual types into ID tokens.
	OddClaims

	// SecretInForm accepts the client's secret in the form alone. Discovery says so; authkit
	// keeps for a while what it read there before.
	SecretInForm

	// OddAnswer answers a token request with members of unusual types, and as text/html.
	OddAnswer
)

// What is wrong with the answers.
const (
	// NoIss leaves iss out of the authorization response, though discovery announces it (RFC
	// 9207): [authkit.CodeInvalidToken].
	NoIss Fault = iota + 201

	// AccessDenied redirects back with this error, as when the user presses Cancel:
	// [authkit.CodeProviderRefused].
	AccessDenied

	// RefusesCodes refuses every code, with an error code of its own and status 200, as GitHub
	// does: [authkit.CodeProviderRefused].
	RefusesCodes

	// RefusesClients answers that the client is unknown, with status 200:
	// [authkit.CodeProviderError].
	RefusesClients

	HugeAnswer // the token endpoint answers with 2 MiB: [authkit.CodeProviderError]
	Redirects  // the token endpoint redirects to itself: [authkit.CodeProviderError]
	Down       // every answer is a 500: [authkit.CodeProviderError]
)
