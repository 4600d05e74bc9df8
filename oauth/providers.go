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

// Ways in which a client authenticates at the token endpoint (OpenID Connect Core, section 9).
const (
	authBasic = "client_secret_basic"
	authPost  = "client_secret_post"
)

// facts are what is known about a provider in advance. Everything that is particular to a
// built-in provider is in its row of the table.
type facts struct {
	// issuer is the issuer of its identities and ID tokens. If tenants is true, one segment in
	// braces stands for any segment, as in "https://login.example/{tenant}/v2.0", and each
	// tenant is an issuer of its own. Otherwise braces have no meaning, and the issuer must
	// match exactly (OpenID Connect Core, section 3.1.3.7).
	issuer  string
	tenants bool

	// alias is another spelling of the issuer in ID tokens.
	alias string

	// discovery is the issuer whose discovery document is read. If it is empty, the provider is
	// plain OAuth, and endpoint and api are its addresses.
	discovery string
	endpoint  oauth2.Endpoint
	api       string

	// iss is the value that the provider's answers may have (RFC 9207). If it is empty, that is
	// the issuer if discovery is read, and no value otherwise. Only discovery promises an iss.
	iss string

	responseMode string // empty: by discovery, whose default is that of the provider
	noNonce      bool   // whether its ID tokens have no nonce
	auth         string // at the token endpoint; empty: by discovery
	scopes       []string

	// trusted reports whether the provider is trusted for an address.
	trusted func(claims) bool
}

// builtIn returns the table of built-in providers.
func builtIn(replaced map[string]Endpoint) map[string]facts {
	table := map[string]facts{
		github: {
			issuer:   "https://github.com",
			iss:      "https://github.com/login/oauth", // it is sent, but no document promises it
			endpoint: endpoints.GitHub, api: "https://api.github.com",
			auth: authPost, noNonce: true, scopes: []string{"read:user", "user:email"},
		},
		google: {
			issuer: "https://accounts.google.com", alias: "accounts.google.com", discovery: "https://accounts.google.com",
			scopes:  []string{openID, "email", "profile"},
			trusted: googleHostsMailbox,
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

// custom returns the facts of a developer's own provider.
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

// googleHostsMailbox reports whether Google keeps the mailbox of an address. Google is trusted
// for such addresses only.
func googleHostsMailbox(said claims) bool {
	_, domain, _ := strings.Cut(strings.ToLower(said.Email), "@")
	return domain == "gmail.com" || (domain != "" && domain == strings.ToLower(said.HD))
}

// Known reports whether a provider is built in.
func Known(provider string) bool { return provider == github || provider == google }

// BuiltInIssuer returns the issuer of the identities of a built-in provider; empty: the provider is
// not built in, or its tenants are issuers of their own.
func BuiltInIssuer(provider string) string {
	if f := builtIn(nil)[provider]; !f.tenants {
		return f.issuer
	}
	return ""
}

// Issues reports whether identities of an issuer come from a provider. custom is the issuer of
// a provider that is not built in.
func Issues(provider, custom, issuer string) bool {
	if f, ok := builtIn(nil)[provider]; ok {
		return f.ownIssuer(issuer)
	}
	return custom == issuer
}

// WellFormedName reports whether a name has the form of a provider's: [a-z0-9-]{2,32}.
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

// ValidName reports whether a custom provider may have the name. It must be well-formed and
// must differ from every word that a path has in the same place.
func ValidName(provider string) bool {
	return WellFormedName(provider) && !slices.Contains([]string{
		"credentials", "magic-link", "verify", "callback", "token", "access-token", "refresh", "sign-out", "me", "sessions",
		"identities", "id-token", "password", "email", "passkey", "passkeys", "totp", "mfa", "recovery-codes", "step-up",
		"sign-in", "sign-up", "account", "invitation",
	}, provider)
}
