package oauth

import (
	"slices"
	"strings"

	"golang.org/x/oauth2/endpoints"

	"golang.org/x/oauth2"
)

const (
	github = "github"
	google = "google"
	openID = "openid"
)

// How a client shows its secret at the token endpoint (OpenID Connect Core, section 9).
const (
	authBasic = "client_secret_basic"
	authPost  = "client_secret_post"
)

// facts are what is known of a provider before it is asked anything. All that is particular
// to a built-in provider stands in its row of the table.
type facts struct {
	// issuer is that of its identities and ID tokens. Where the provider has tenants, one
	// segment in braces, such as "https://login.example/{tenant}/v2.0", stands for any one
	// segment: each tenant is then an issuer of its own. Else it is that text and no other
	// (OpenID Connect Core, section 3.1.3.7), whatever it holds.
	issuer  string
	tenants bool

	// alias is another spelling of the issuer in ID tokens.
	alias string

	// discovery is the issuer whose discovery document is read. Empty: the provider is plain
	// OAuth, and endpoint and api say where it is.
	discovery string
	endpoint  oauth2.Endpoint
	api       string

	// iss is the value that its answers may have (RFC 9207). Empty: the issuer, if discovery
	// is read, else none. Discovery alone promises it.
	iss string

	responseMode string // empty: by discovery, which is the default of the provider
	noNonce      bool   // its ID tokens have no nonce
	auth         string // at the token endpoint; empty: by discovery
	scopes       []string

	// trusted reports whether its word on an address counts.
	trusted func(claims) bool
}

// builtIn is the table of built-in providers.
func builtIn(replaced map[string]Endpoint) map[string]facts {
	table := map[string]facts{
		github: {
			issuer:   "https://github.com",
			iss:      "https://github.com/login/oauth", // sent, and promised nowhere
			endpoint: endpoints.GitHub, api: "https://api.github.com",
			auth: authPost, noNonce: true, scopes: []string{"read:user", "user:email"},
		},
		google: {
			issuer: "https://accounts.google.com", alias: "accounts.google.com", discovery: "https://accounts.google.com",
			scopes:  []string{openID, "email", "profile"},
			trusted: googleKeeps,
		},
	}
	for name, e := range replaced {
		f := table[name]
		if e.Issuer != "" {
			f.issuer, f.discovery = e.Issuer, e.Issuer
		} else {
			f.endpoint, f.api = oauth2.Endpoint{AuthURL: e.AuthURL, TokenURL: e.TokenURL}, e.APIURL
		}
		table[name] = f
	}
	return table
}

// custom are the facts of a developer's own provider.
func custom(cfg Config) facts {
	return facts{
		issuer: cfg.Issuer, discovery: cfg.Issuer, scopes: []string{openID, "email", "profile"},
		trusted: func(claims) bool { return cfg.TrustEmail },
	}
}

func (f facts) usesNonce() bool { return f.discovery != "" && !f.noNonce }

// ownIssuer reports whether an issuer is the provider's.
func (f facts) ownIssuer(iss string) bool {
	if !f.tenants {
		return iss == f.issuer
	}
	before, rest, ok := strings.Cut(f.issuer, "{")
	_, after, ok2 := strings.Cut(rest, "}")
	if !ok || !ok2 {
		return false
	}
	segment, ok := strings.CutPrefix(iss, before)
	segment, ok2 = strings.CutSuffix(segment, after)
	strange := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	}
	return ok && ok2 && segment != "" && !strings.ContainsFunc(segment, strange)
}

// googleKeeps trusts Google where it keeps the mailbox.
func googleKeeps(said claims) bool {
	_, domain, _ := strings.Cut(strings.ToLower(said.Email), "@")
	return domain == "gmail.com" || (domain != "" && domain == strings.ToLower(said.HD))
}

// Known reports whether a provider is built in.
func Known(provider string) bool { return provider == github || provider == google }

// Issues reports whether identities of an issuer come from a provider; custom is the issuer
// of one that is not built in.
func Issues(provider, custom, issuer string) bool {
	if f, ok := builtIn(nil)[provider]; ok {
		return f.ownIssuer(issuer)
	}
	return custom == issuer
}

// WellFormedName reports whether a name is spelled as a provider's: [a-z0-9-]{2,32}.
func WellFormedName(provider string) bool {
	if len(provider) < 2 || len(provider) > 32 {
		return false
	}
	for _, c := range provider {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// ValidName reports whether a custom provider may have the name: one that is well formed and
// not a word that stands in the same place of a path.
func ValidName(provider string) bool {
	return WellFormedName(provider) && !slices.Contains([]string{
		"credentials", "magic-link", "verify", "callback", "token", "access-token", "refresh", "sign-out", "me", "sessions",
		"identities", "id-token", "password", "email", "passkey", "passkeys", "totp", "mfa", "recovery-codes", "step-up",
		"sign-in", "sign-up", "account", "invitation",
	}, provider)
}
