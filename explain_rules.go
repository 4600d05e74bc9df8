package authkit

import "github.com/authkit-dev/authkit/internal/errordoc"

// explainRule says of one kind of refusal what its rule allows, which setting changes that, and what
// to do. An empty fix is that of the code's page.
type explainRule struct {
	allowed, setting, fix string
}

// The kinds of refusals that an error code does not tell apart.
const (
	ruleOrigin    = "origin"
	rulePreflight = "preflight"
	ruleRedirect  = "redirect_to"
	ruleChallenge = "code_challenge"
	ruleScope     = "scope"
	ruleCookies   = "cookies"
)

const onlyIfYours = "only if this is yours: "

// explainRules are the rules by the kind of the refusal: one of the above, or an error code.
var explainRules = map[string]explainRule{
	ruleOrigin:    {"", "origins", onlyIfYours + "add the origin to the app's origins, exactly as the browser sends it; otherwise another site calls your app from the browsers of your users, and the refusal is right"},
	rulePreflight: {"", "origins", onlyIfYours + "add the origin to the app's origins, exactly as the browser sends it, and ask for a method and for headers that the route takes; otherwise another site asked, and the refusal is right"},
	ruleRedirect:  {"", "redirect_urls", onlyIfYours + "add the URL to the app's redirect_urls, exactly as it is sent, to the last slash; otherwise someone tries to receive the sign-ins of your users, and the refusal is right"},
	ruleChallenge: {"the base64url of a SHA-256 sum, of 43 characters", "", "make a code_verifier, send its S256 code_challenge where the flow begins, and the verifier with the code (RFC 7636); authkit.js does so"},
	ruleScope:     {"", "scopes of the API key", "make an API key with this scope, with overlap_seconds so that the old one lives on for a while"},
	ruleCookies:   {"session_mode cookie or either", "session_mode", "send Authorization: Bearer and an access token, or have the host set session_mode"},

	string(CodeInvalidRequest):           {"", "", ""},
	string(CodeProviderRefused):          {"a sign-in that the provider and the person complete", "oauth_configs", "look for the provider's code in its documentation; check client_id, scopes and redirect_uri of the configuration. A person who pressed cancel is refused so, too"},
	string(CodeInvalidCredentials):       {"the address of a user, and the password of that user", "", ""},
	string(CodeInvalidToken):             {"a token, link or code of this app that is live, from the browser or with the binding that it was made for", "access_token_seconds, session_idle_seconds, session_absolute_seconds", ""},
	string(CodeInvalidAPIKey):            {"a live API key of this app", "", ""},
	string(CodeUnauthenticated):          {"the credential that the route names", "session_mode", ""},
	string(CodeForbidden):                {"what the app and the host allow", "Config.Hooks.Before", "ask the operator: the host's own rule, or its configuration, refused"},
	string(CodeMFARequired):              {"a sign-in with a second factor, which its user has set up", "", ""},
	string(CodeMFAEnrollmentRequired):    {"users with a second factor", "mfa", ""},
	string(CodeReauthenticationRequired): {"a sign-in of the last ten minutes, with a second factor if the user has one", "", ""},
	string(CodeSignupDisabled):           {"users whom the app knows", "signup", "set signup to open, or create the user with an API key"},
	string(CodeEmailNotVerified):         {"an address that was proven", "verify_email", "let the user follow the link in the mail; verify_email ask lets users in before that"},
	string(CodeUserDisabled):             {"users who are not disabled", "disabled of the user", "PATCH /users/{app_id}/{user_id} with disabled false, if the user is to sign in again"},
	string(CodeAppNotFound):              {"the id of a live app of the caller", "", ""},
	string(CodeProviderNotConfigured):    {"a provider that the app has configured and enabled", "oauth_configs", "configure the provider, or set enabled"},
	string(CodeUserNotFound):             {"the id of a user of this app", "", ""},
	string(CodeSessionNotFound):          {"the id of a live session of the user", "", ""},
	string(CodeIdentityNotFound):         {"a provider at which the user has an identity", "", ""},
	string(CodeNotFound):                 {"what exists in this app", "", ""},
	string(CodeMethodNotAllowed):         {"", "", ""},
	string(CodeAppNameTaken):             {"a name that no other app of the developer has", "name", ""},
	string(CodeOAuthConfigExists):        {"one configuration a provider", "oauth_configs", ""},
	string(CodeAppsRemain):               {"a developer without apps", "", ""},
	string(CodePasskeysRemain):           {"a relying party of which no other passkeys live", "passkey_rp_id", ""},
	string(CodeExternalIDTaken):          {"an external_id that no other user of the app has", "", ""},
	string(CodeIdempotencyConflict):      {"the body that came first with this Idempotency-Key", "", ""},
	string(CodeEmailTaken):               {"an address that no other user of the app has", "", ""},
	string(CodeLastCredential):           {"an account that keeps a way to sign in", "", ""},
	string(CodeLimitReached):             {"", "", ""},
	string(CodePasswordSet):              {"a user without a password", "", ""},
	string(CodeLinkRequired):             {"an address or identity that no other account has, or a provider that is trusted for the address", "link_policy, trust_email", ""},
	string(CodeEmailRequired):            {"an identity with an address", "scopes of the OAuth configuration", ""},
	string(CodeBodyTooLarge):             {"64 KiB", "", ""},
	string(CodeUnsupportedMediaType):     {"Content-Type: application/json, or what the route names", "", ""},
	string(CodeWeakPassword):             {"", "Config.Password", ""},
	string(CodeRateLimited):              {"", "limits", "wait as long as Retry-After says. An app's limits may only be tighter than those of the server: the operator raises Config.Limits"},
	string(CodeInternal):                 {"", "", ""},
	string(CodeProviderError):            {"an answer of the provider that keeps its protocol", "oauth_configs", ""},
	string(CodeUnavailable):              {"", "", ""},
	string(CodeProviderTimeout):          {"an answer of the provider within ten seconds", "oauth_configs", ""},
}

// ruleOf returns the rule of a kind, or that of the code.
func ruleOf(kind string, code Code) (explainRule, bool) {
	rule, ok := explainRules[kind]
	if !ok {
		rule, ok = explainRules[string(code)]
	}
	if doc, known := errordoc.Find(string(code)); rule.fix == "" && known {
		rule.fix = doc.Fix
	}
	return rule, ok
}
