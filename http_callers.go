package authkit

// caller says who may call a route: the check, and what the API document says of it.
type caller struct {
	check   access
	who     string   // for the table of endpoints in docs/http.md
	schemes []string // the security schemes of the API document, any of which will do
	anon    bool     // a caller without a credential is let in as well
	codes   []Code   // with which the check refuses
}

// The security schemes of the API document.
const (
	schemeToken     = "accessToken"
	schemeCookie    = "sessionCookie"
	schemeAPIKey    = "apiKey"
	schemeDeveloper = "developer"
)

var (
	byAnyone        = caller{check: anyone, who: "anyone", anon: true}
	byVisitor       = caller{check: visitor, who: "anyone", anon: true, codes: []Code{CodeAppNotFound}}
	byUser          = caller{check: user, who: "user", schemes: []string{schemeToken, schemeCookie}, codes: userCodes}
	byUserOrVisitor = caller{check: userOrVisitor, who: "anyone, or a user", anon: true, schemes: []string{schemeToken, schemeCookie}, codes: userCodes}
	byCookieAlone   = caller{check: userByCookieAlone, who: "user, by cookie", schemes: []string{schemeCookie}, codes: userCodes}
	byDeveloper     = caller{check: developer, who: "developer", schemes: []string{schemeDeveloper}, codes: developerCodes}
	byCreator       = caller{check: creator, who: "developer (proven)", schemes: []string{schemeDeveloper}, codes: append([]Code{CodeEmailNotVerified}, developerCodes...)}
	byOwner         = caller{check: owner, who: "owner", schemes: []string{schemeDeveloper}, codes: append([]Code{CodeAppNotFound}, developerCodes...)}
	byReader        = caller{check: apiKey(ScopeUsersRead), who: "API key (`users:read`)", schemes: []string{schemeAPIKey}, codes: keyCodes}
	byWriter        = caller{check: apiKey(ScopeUsersWrite), who: "API key (`users:write`)", schemes: []string{schemeAPIKey}, codes: keyCodes}

	// These require a sign-in of the last ten minutes besides.
	byFreshUser    = freshly(byUser)
	byFreshOwner   = freshly(byOwner)
	byFreshDeleter = freshly(caller{check: deleter, who: byOwner.who, schemes: byOwner.schemes, codes: byOwner.codes})
)

var (
	userCodes      = []Code{CodeUnauthenticated, CodeInvalidToken, CodeAppNotFound, CodeEmailNotVerified}
	developerCodes = []Code{CodeUnauthenticated, CodeInvalidToken}
	keyCodes       = []Code{CodeUnauthenticated, CodeInvalidAPIKey, CodeForbidden, CodeAppNotFound}
)

func freshly(who caller) caller {
	who.check, who.who = fresh(who.check), who.who+" (fresh)"
	who.codes = append([]Code{CodeReauthenticationRequired}, who.codes...)
	return who
}
