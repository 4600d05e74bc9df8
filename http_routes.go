package authkit

import (
	"net/http"
	"slices"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// route is one row of the route table. The mux, the access checks and the limits follow from it.
type route struct {
	method, pattern string
	alias           string // a second spelling of the pattern; may be empty
	access          access
	limit           limit  // by peer address; the zero limit charges nothing
	remembers       bool   // the request may begin with a remembered app (see guarded); it is answered after a call of the store
	deferLimit      bool   // the flow charges the limit, together with that of an email address
	form            bool   // takes a cross-origin form: a provider's answer
	page            bool   // answers with a page, and refuses with one unless JSON is asked for
	anyOrigin       bool   // a page of any origin may read the answer, which is public
	summary         string // for the API document, which a later change makes from it; nothing reads it yet
	serve           func(*call) error
}

const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete

// routes returns the route table.
func routes() []route {
	return slices.Concat(signInRoutes(), accountRoutes(), managementRoutes(), publicRoutes())
}

// signInRoutes begin and end sessions.
func signInRoutes() []route {
	return []route{
		{method: post, pattern: "/auth/credentials/{app_id}", access: visitor, remembers: true, limit: limitCredentialsPeer, deferLimit: true, summary: "Sign in or up with email and password", serve: withBody(signInWithPassword)},
		{method: post, pattern: "/auth/magic-link/{app_id}", access: visitor, remembers: true, limit: limitMailPeer, summary: "Mail a link and a code", serve: withBody(requestLink)},
		{method: get, pattern: "/auth/verify/{app_id}", access: visitor, page: true, summary: "Show what a link would do, or redeem it", serve: openLink},
		{method: post, pattern: "/auth/verify/{app_id}", access: visitor, remembers: true, limit: limitProofPeer, summary: "Redeem a link or a code", serve: redeemLink},
		{method: get, pattern: "/auth/{provider}/{app_id}", access: visitor, limit: limitOAuthPeer, summary: "Go to a provider", serve: startOAuth},
		{method: get, pattern: "/auth/callback/{provider}/{app_id}", access: visitor, page: true, summary: "Come back from a provider", serve: returnOAuth},
		{method: post, pattern: "/auth/callback/{provider}/{app_id}", access: visitor, limit: limitCallbackPeer, form: true, summary: "Finish a sign-in at a provider", serve: finishOAuth},
		{method: post, pattern: "/auth/token/{app_id}", access: visitor, remembers: true, summary: "Exchange a one-time code", serve: withBody(exchangeCode)},
		{method: post, pattern: "/auth/refresh/{app_id}", access: anyone, summary: "Rotate a refresh token", serve: refresh},
		{method: post, pattern: "/auth/access-token/{app_id}", access: userByCookieAlone, remembers: true, summary: "Make an access token of the session that a cookie holds", serve: withBody(accessToken)},
		{method: post, pattern: "/auth/sign-out/{app_id}", access: userOrVisitor, summary: "End a session, or all", serve: withBody(signOut)},
		{method: get, pattern: "/auth/me/{app_id}", access: user, remembers: true, summary: "Read the signed-in user", serve: withoutBody(me)},
		{method: patch, pattern: "/auth/me/{app_id}", access: user, remembers: true, summary: "Change the signed-in user", serve: withBody(changeMe)},
		{method: del, pattern: "/auth/me/{app_id}", access: fresh(user), remembers: true, summary: "Delete the signed-in user", serve: deleteMe},
		{method: get, pattern: "/auth/sessions/{app_id}", access: user, remembers: true, summary: "List the user's sessions", serve: withoutBody(listSessions)},
		{method: del, pattern: "/auth/sessions/{app_id}/{session_id}", access: user, remembers: true, summary: "End one of them", serve: endSession},
		{method: get, pattern: "/auth/identities/{app_id}", access: user, remembers: true, summary: "List the user's identities at providers", serve: withoutBody(listIdentities)},
		{method: post, pattern: "/auth/identities/{app_id}", access: fresh(user), remembers: true, limit: limitOAuthPeer, summary: "Link an identity at a provider", serve: withBody(linkIdentity)},
		{method: del, pattern: "/auth/identities/{app_id}/{provider}", access: fresh(user), remembers: true, summary: "Unlink a provider's identities", serve: unlinkIdentity},
	}
}

// accountRoutes are about a user's password and address.
func accountRoutes() []route {
	return []route{
		{method: post, pattern: "/auth/password/forgot/{app_id}", access: visitor, remembers: true, limit: limitMailPeer, summary: "Mail a link and a code for a new password", serve: withBody(forgotPassword)},
		{method: get, pattern: "/auth/password/reset/{app_id}", access: visitor, page: true, summary: "Show the form of a link", serve: openReset},
		{method: post, pattern: "/auth/password/reset/{app_id}", access: visitor, limit: limitProofPeer, summary: "Choose a new password", serve: resetPassword},
		{method: post, pattern: "/auth/password/change/{app_id}", access: user, remembers: true, limit: limitCredentialsPeer, summary: "Change the password", serve: withBody(changePassword)},
		{method: post, pattern: "/auth/password/set/{app_id}", access: fresh(user), remembers: true, summary: "Set the first password", serve: withBody(setPassword)},
		{method: post, pattern: "/auth/email/send/{app_id}", access: user, remembers: true, limit: limitMailPeer, summary: "Mail a proof of the address", serve: withBody(sendProof)},
		{method: get, pattern: "/auth/email/verify/{app_id}", access: visitor, page: true, summary: "Show what a proof would do", serve: openVerify},
		{method: post, pattern: "/auth/email/verify/{app_id}", access: userOrVisitor, remembers: true, limit: limitProofPeer, summary: "Prove the address", serve: verifyEmail},
		{method: post, pattern: "/auth/email/change/{app_id}", access: fresh(user), remembers: true, limit: limitMailPeer, summary: "Mail a proof of a new address", serve: withBody(changeEmail)},
		{method: get, pattern: "/auth/email/confirm/{app_id}", access: visitor, page: true, summary: "Show what a change would do", serve: openConfirm},
		{method: post, pattern: "/auth/email/confirm/{app_id}", access: user, remembers: true, limit: limitProofPeer, summary: "Change to the proven address", serve: confirmEmail},
		{method: get, pattern: "/auth/email/undo/{app_id}", access: visitor, page: true, summary: "Show what an undo would do", serve: openUndo},
		{method: post, pattern: "/auth/email/undo/{app_id}", access: visitor, summary: "Take a change of address back", serve: undoEmail},
	}
}

// managementRoutes are for the server of an app and for developers.
func managementRoutes() []route {
	const app, users = "/apps/{app_id}", "/users/{app_id}"
	return []route{
		{method: get, pattern: users, access: apiKey(ScopeUsersRead), summary: "List users", serve: listUsers},
		{method: post, pattern: users, access: apiKey(ScopeUsersWrite), summary: "Create a user", serve: withBody(createUser)},
		{method: get, pattern: users + "/{user_id}", access: apiKey(ScopeUsersRead), summary: "Read a user", serve: withoutBody(readUser)},
		{method: patch, pattern: users + "/{user_id}", access: apiKey(ScopeUsersWrite), summary: "Change or disable a user", serve: withBody(changeUser)},
		{method: del, pattern: users + "/{user_id}", access: apiKey(ScopeUsersWrite), summary: "Delete a user", serve: deleteUser},
		{method: get, pattern: "/apps", alias: "/apps/{$}", access: developer, summary: "List your apps", serve: withoutBody(listApps)},
		{method: post, pattern: "/apps", access: creator, summary: "Create an app", serve: withBody(createApp)},
		{method: get, pattern: app, access: owner, summary: "Read an app", serve: withoutBody(readApp)},
		{method: patch, pattern: app, access: owner, summary: "Change an app", serve: changeApp},
		{method: del, pattern: app, access: fresh(deleter), summary: "Delete an app", serve: deleteApp},
		{method: post, pattern: app + "/signing-keys/rotate", access: fresh(owner), summary: "Make the next signing key", serve: withBody(rotateSigningKey)},
		{method: get, pattern: app + "/api-keys", access: owner, summary: "List API keys", serve: withoutBody(listAPIKeys)},
		{method: post, pattern: app + "/api-keys", access: fresh(owner), summary: "Replace the API key", serve: withBody(rotateAPIKey)},
		{method: del, pattern: app + "/api-keys/{id}", access: fresh(owner), summary: "Revoke an API key", serve: revokeAPIKey},

		{method: get, pattern: app + "/oauth-configs", access: owner, summary: "List OAuth configurations", serve: withoutBody(listOAuthConfigs)},
		{method: post, pattern: app + "/oauth-configs", access: fresh(owner), summary: "Configure a provider", serve: withBody(createOAuthConfig)},
		{method: patch, pattern: app + "/oauth-configs/{provider}", access: fresh(owner), summary: "Change a configuration", serve: withBody(changeOAuthConfig)},
		{method: del, pattern: app + "/oauth-configs/{provider}", access: fresh(owner), summary: "Remove a configuration", serve: deleteOAuthConfig},
	}
}

// publicRoutes need no credential and hold nothing private.
func publicRoutes() []route {
	const app = "/apps/{app_id}"
	return []route{
		{method: get, pattern: app + "/.well-known/openid-configuration", access: visitor, anyOrigin: true, summary: "Issuer metadata", serve: withoutBody(metadata)},
		{method: get, pattern: app + "/.well-known/jwks.json", access: visitor, anyOrigin: true, summary: "Public signing keys", serve: withoutBody(keySet)},
		{method: get, pattern: "/authkit.js", access: anyone, anyOrigin: true, summary: "The browser client, an ES module", serve: clientScript},
		{method: get, pattern: "/errors/{code}", access: anyone, summary: "What an error code means", serve: errorPage},
		{method: get, pattern: "/healthz", access: anyone, summary: "Whether the process is alive", serve: withoutBody(healthz)},
		{method: get, pattern: "/readyz", access: anyone, summary: "Whether the store answers", serve: withoutBody(readyz)},
	}
}

// jsonResponse is an answer with its status.
type jsonResponse struct {
	status int
	body   any
}

// withBody makes the function of a route from a flow that takes a JSON body.
func withBody[In any](flow func(*call, In) (jsonResponse, error)) func(*call) error {
	return func(c *call) error {
		var in In
		if err := httpio.Decode(c.r, &in); err != nil {
			return err
		}
		if err := c.checkSessionChoice(); err != nil {
			return err
		}
		out, err := flow(c, in)
		if err != nil {
			return err
		}
		return c.writeJSON(out.status, out.body)
	}
}

// withoutBody makes the function of a route from a flow that takes no body.
func withoutBody(flow func(*call) (any, error)) func(*call) error {
	return func(c *call) error {
		out, err := flow(c)
		if err != nil {
			return err
		}
		return c.writeJSON(http.StatusOK, out)
	}
}
