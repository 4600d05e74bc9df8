package authkit

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// AppPatch changes the name and the settings whose fields are not nil. A zero duration resets to
// the engine's own. All errors of a patch are reported at once.
type AppPatch struct {
	Name           *string
	SignupClosed   *bool
	VerifyEmail    *VerifyEmailPolicy
	IdentityPolicy *IdentityPolicy
	MagicLink      *MagicLinkPolicy
	RedirectURLs   *[]string
	Origins        *[]string

	AccessTTL       *time.Duration // 1 min to 1 h
	SessionIdle     *time.Duration // 5 min to 90 days
	SessionAbsolute *time.Duration // 1 s to 365 days
	SessionMode     *SessionMode
	SigningAlg      *string // of keys that are made from now on

	// Limits replaces all four limits. An empty one resets to the engine's own.
	Limits *AppLimits

	// Branding changes its members that are not nil.
	Branding *BrandingPatch

	MFA             *MFAPolicy
	MFARememberDays *int // 1 to 90, or zero: no browser is remembered

	// PasskeyRPID changes the relying party: a domain that is the host of the base URL or of one of the
	// app's origins, or that it ends in, and no public suffix. Empty: the host of the base URL. While passkeys of another one live, that is
	// [CodePasskeysRemain], unless StrandPasskeys is set: those work no more.
	PasskeyRPID    *string
	StrandPasskeys bool

	AuditDays *int // 7 to 3650, or zero for 400
}

// appSettings is the table of an app's settings, in the order of their members in JSON. To add a
// setting, add a field to [Settings], a field of the same name to [AppPatch], and a row.
var appSettings = []appSetting{
	{"signup", "SignupClosed", toggle("open", "closed"), "Whether new users may sign up."},
	{"verify_email", "VerifyEmail", choice(VerifyEmailAsk, VerifyEmailRequired, VerifyEmailOff), "Whether a sign-up by password mails a proof of the address, and whether its user is let in before it is redeemed."},
	{"mfa", "MFA", choice(MFAOptional, MFAOff, MFARequired), "Whether users may or must have a second factor."},
	{"mfa_remember_days", "MFARememberDays", days(0, maxRememberDays, 0), "For how many days a browser that a person asked to remember is not asked for a second factor; 0: every sign-in is asked."},
	{"passkey_rp_id", "PasskeyRPID", relyingParty(), "The domain of the app's passkeys, which the hosts of its origins end in; empty: the host of the base URL."},
	{"link_policy", "IdentityPolicy", choice(IdentitiesJoinVerified, IdentitiesJoinNever), "When an identity at a provider joins an account by itself."},
	{"magic_link", "MagicLink", choice(MagicLinkConfirm, MagicLinkBoundOnly), "Who may redeem a sign-in link."},
	{"redirect_urls", "RedirectURLs", urls(httpio.CheckRedirectURL), "The exact URLs to which a sign-in may go on."},
	{"origins", "Origins", urls(httpio.CheckOrigin), "The exact web origins that may call the app's routes for signing in."},
	{"access_token_seconds", "AccessTTL", lifetime(accessTTLs, func(t TokenConfig) time.Duration { return t.AccessTTL }), "How long an access token lives."},
	{"session_idle_seconds", "SessionIdle", lifetime(idleTimes, func(t TokenConfig) time.Duration { return t.SessionIdle }), "How long after its last use a session ends."},
	{"session_absolute_seconds", "SessionAbsolute", lifetime(absoluteTimes, func(t TokenConfig) time.Duration { return t.SessionAbsolute }), "How long after the sign-in a session ends."},
	{"session_mode", "SessionMode", choice(SessionBearer, SessionCookie, SessionEither), "Where the tokens of a sign-in go."},
	{"signing_alg", "SigningAlg", choice("ES256", "EdDSA", "RS256"), "The algorithm of signing keys that are made from now on."},
	{"limits", "Limits", ownLimits(), "The app's own rate limits, where they are tighter than the engine's."},
	{"audit_days", "AuditDays", days(minAuditDays, maxAuditDays, defaultAuditDays), "For how many days the events of the app are kept."},
	{"branding", "Branding", branding(), "How the app looks on pages: its colour, and its links."},
}

// appSetting is one row of the table.
type appSetting struct {
	name  string // of the member in JSON
	field string // of Settings and AppPatch
	kind  settingKind
	doc   string // one sentence, for the API document
}

// appDefaults are the values for an app that has no setting of its own.
type appDefaults struct {
	tokens TokenConfig
	limits limits
}

func (a appSetting) value(s *Settings) reflect.Value {
	return reflect.ValueOf(s).Elem().FieldByName(a.field)
}

// patchValue returns the field of the patch. It is a pointer, nil where the patch leaves the
// setting as it is.
func (a appSetting) patchValue(p *AppPatch) reflect.Value {
	return reflect.ValueOf(p).Elem().FieldByName(a.field)
}

// read sets a field of the patch from a member of a request.
func (a appSetting) read(member any, p *AppPatch) []FieldError {
	to := reflect.New(a.patchValue(p).Type().Elem())
	given, bad := a.kind.read(a.name, member, to.Elem())
	if given {
		a.patchValue(p).Set(to)
	}
	return bad
}

// show returns the value in effect, as JSON.
func (a appSetting) show(s Settings, d appDefaults) any { return a.kind.show(a.value(&s), d) }

// memberNames lists the members that the patch has.
func (p *AppPatch) memberNames() string {
	var names []string
	if p.Name != nil {
		names = append(names, "name")
	}
	for _, a := range appSettings {
		if !a.patchValue(p).IsNil() {
			names = append(names, a.name)
		}
	}
	return strings.Join(names, ", ")
}

// settings returns the settings of an app after the patch.
func (p *AppPatch) settings(s Settings, d appDefaults) (_ Settings, bad []FieldError) {
	for _, a := range appSettings {
		if to := a.patchValue(p); !to.IsNil() {
			a.value(&s).Set(a.kind.merged(a.value(&s), to.Elem()))
		}
	}
	for rank := range ranks {
		for _, a := range appSettings {
			if a.kind.rank == rank && (!a.kind.onlyGiven || !a.patchValue(p).IsNil()) {
				bad = append(bad, a.kind.check(a.name, a.value(&s), d)...)
			}
		}
	}
	return s, bad
}

// same reports whether no setting differs.
func (s Settings) same(other Settings) bool {
	return !slices.ContainsFunc(appSettings, func(a appSetting) bool { return !a.kind.same(a.value(&s), a.value(&other)) })
}

// enablesTakeover reports whether a change of settings could help to take over an app or its
// users: every change but limits that become tighter.
func enablesTakeover(was, is Settings, d appDefaults) bool {
	return slices.ContainsFunc(appSettings, func(a appSetting) bool {
		if a.kind.risky != nil {
			return a.kind.risky(a.value(&was), a.value(&is), d)
		}
		return !a.kind.same(a.value(&was), a.value(&is))
	})
}
