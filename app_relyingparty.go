package authkit

import (
	"net"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// maxRememberDays bounds for how many days a browser is remembered.
const maxRememberDays = 90

// faultOfRelyingParty says why a text is no relying party (WebAuthn Level 3, section 5.1.2: a domain that
// is no public suffix); empty: it is one.
func faultOfRelyingParty(domain string) string {
	if domain == "" || domain == "localhost" {
		return ""
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	switch {
	case err != nil || ascii != domain || strings.HasSuffix(domain, "."), len(domain) > 253:
		return "is not a domain in lower case, such as example.com"
	case net.ParseIP(domain) != nil:
		return "is an IP address, which browsers take for no relying party"
	}
	if suffix, _ := publicsuffix.PublicSuffix(domain); suffix == domain {
		return "is a public suffix, under which anyone can have a domain"
	}
	return ""
}

// holdsHost reports whether a host may use passkeys of a relying party: it is that domain, or ends in it.
func holdsHost(rpID, host string) bool {
	return rpID == host || strings.HasSuffix(host, "."+rpID)
}
