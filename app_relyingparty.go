package authkit

import (
	"context"
	"net"
	"net/url"
	"reflect"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// maxRememberDays bounds for how many days a browser is remembered.
const maxRememberDays = 90

// relyingParty is the domain of an app's passkeys; empty: the host of BaseURL.
func relyingParty() settingKind {
	return settingKind{
		rank: choiceRank, body: reflect.TypeFor[*string](), same: equal,
		read: func(_ string, member any, to reflect.Value) (bool, []FieldError) {
			v, _ := member.(*string)
			if v != nil {
				to.SetString(*v)
			}
			return v != nil, nil
		},
		check: func(name string, v reflect.Value, _ appDefaults) []FieldError {
			if why := faultOfRelyingParty(v.String()); why != "" {
				return []FieldError{{name, "invalid_domain", name + " " + why}}
			}
			return nil
		},
		show: func(v reflect.Value, _ appDefaults) any { return v.String() },
	}
}

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

// faultsOfRelyingParty says what is wrong with the relying party after a patch that changes it, or the
// origins: a relying party that no origin of the app may use is of no use.
func (f *factors) faultsOfRelyingParty(p *AppPatch, s Settings) []FieldError {
	const name = "passkey_rp_id"
	if p.PasskeyRPID == nil && p.Origins == nil || s.PasskeyRPID == "" || faultOfRelyingParty(s.PasskeyRPID) != "" {
		return nil
	}
	if len(f.originsOf(App{Settings: s}, s.PasskeyRPID)) > 0 {
		return nil
	}
	return []FieldError{{name, "no_origin", name + " is neither the host of the base URL or of one of the app's origins, nor what one of them ends in"}}
}

// originsOf returns the origins of an app that may use passkeys of a relying party.
func (f *factors) originsOf(app App, rpID string) (origins []string) {
	for _, origin := range append([]string{f.origin}, app.Settings.Origins...) {
		if u, err := url.Parse(origin); err == nil && holdsHost(rpID, u.Hostname()) {
			origins = append(origins, origin)
		}
	}
	return origins
}

// checkPasskeys refuses a change of the relying party while there are passkeys of another one, which
// would work no more: [CodePasskeysRemain].
func (p appEdit) checkPasskeys(ctx context.Context, e *Engine, app App, is Settings) error {
	next := e.factors.relyingParty(App{Settings: is})
	if p.StrandPasskeys || next == e.factors.relyingParty(app) {
		return nil
	}
	remain, err := e.store.PasskeysElsewhere(ctx, app.ID, next)
	switch {
	case err != nil:
		return storeError(err, app.ID)
	case remain:
		return refuse(CodePasskeysRemain, "users of the app have passkeys of another relying party, which would work no more: with strand_passkeys true they are given up")
	}
	return nil
}

// holdsHost reports whether a host may use passkeys of a relying party: it is that domain, or ends in it.
func holdsHost(rpID, host string) bool {
	return rpID == host || strings.HasSuffix(host, "."+rpID)
}
