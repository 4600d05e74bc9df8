package authkit

// The types of an [Event].
const (
	EventUserCreate = "user.create" // Reason: the method, if by signing up
	EventUserImport = "user.import" // Reason: how many users were given in the step
	EventUserChange = "user.change" // Reason: the members that were given
	EventUserDelete = "user.delete"
	EventUserInvite = "user.invite"
	EventUserReset  = "user.reset" // what an account gathered before its address was proven is gone

	EventLinkRequest    = "link.request"
	EventPasswordForgot = "password.forgot"
	EventPasswordReset  = "password.reset"
	EventPasswordChange = "password.change"

	// EventPasswordUnchecked says that Config.Password.Breached did not answer.
	EventPasswordUnchecked = "password.unchecked"

	EventEmailSend    = "email.send"
	EventEmailVerify  = "email.verify"
	EventEmailChange  = "email.change"
	EventEmailConfirm = "email.confirm"
	EventEmailUndo    = "email.undo"

	EventIdentityLink   = "identity.link"   // Reason: the provider; a new user's first identity is its user.create
	EventIdentityUnlink = "identity.unlink" // Reason: the provider

	EventFactorAdd     = "factor.add"    // Reason: "totp" or "passkey"
	EventFactorRemove  = "factor.remove" // Reason: "totp", "passkey", or "all"
	EventRecoveryUse   = "recovery_code.use"
	EventRecoveryRenew = "recovery_code.renew"
	EventPasskeyClone  = "passkey.clone" // a warning: the signature counter did not grow; Reason: the passkey's id

	EventSessionStepUp = "session.step_up" // Reason: the method
	EventSessionStart  = "session.start"   // Reason: the method, or the [Code] where Result is "refused"
	EventSessionEnd    = "session.end"     // Reason: why; Detail: session_id, where one session is ended
	EventSessionRenew  = "session.renew"   // a refresh was repeated with its idempotency key: a new successor took the place of an unused one
	EventSessionEndAll = "session.end_all"

	// EventForwardedHeader warns of a header such as X-Forwarded-For that changed nothing.
	// Reason is "untrusted_peer": the peer is not among Config.TrustedProxies, so that a client
	// tries to pass for another, or the host's own proxy is missing there, and all peers behind
	// it count as one. Or "unreadable": a trusted proxy writes no addresses. Only
	// Config.Observer is told, at most once a minute of one peer in one app, or of one proxy.
	// App is the nil UUID if the request belongs to no app, IP the peer's.
	EventForwardedHeader = "request.forwarded_header"

	// EventRequestRefuse is a request that was refused before or beside an attempt that has a type
	// of its own: by its credential, its origin, its sign-in that is not fresh, an exhausted limit,
	// or because of what is there already. Reason: the [Code]; Detail: route, and limit or rule.
	EventRequestRefuse = "request.refuse"

	// EventMoreRefused says how many refusals of a minute have no event of their own, since there were
	// too many of one app or one peer. Detail: count.
	EventMoreRefused = "refusals.more"

	EventAppCreate         = "app.create"
	EventAppChange         = "app.change" // Reason: the members that were given
	EventAppDelete         = "app.delete"
	EventAppMove           = "app.move" // Reason: the new owner, as App.Developer
	EventAPIKeyCreate      = "api_key.create"
	EventAPIKeyRevoke      = "api_key.revoke"
	EventSigningKeyCreate  = "signing_key.create"  // Reason: "due", of one that authkit makes by itself
	EventOAuthConfigPut    = "oauth_config.put"    // Reason: the provider
	EventOAuthConfigDelete = "oauth_config.delete" // Reason: the provider
	EventWebhookPut        = "webhook.put"
	EventWebhookDelete     = "webhook.delete"
)

// eventTypes are the types of all events that are kept.
var eventTypes = []string{
	EventUserCreate, EventUserImport, EventUserChange, EventUserDelete, EventUserInvite, EventUserReset,
	EventLinkRequest, EventPasswordForgot, EventPasswordReset, EventPasswordChange, EventPasswordUnchecked,
	EventEmailSend, EventEmailVerify, EventEmailChange, EventEmailConfirm, EventEmailUndo, EventIdentityLink,
	EventIdentityUnlink, EventFactorAdd, EventFactorRemove, EventRecoveryUse, EventRecoveryRenew, EventPasskeyClone,
	EventSessionStepUp, EventSessionStart, EventSessionEnd, EventSessionRenew, EventSessionEndAll,
	EventRequestRefuse, EventMoreRefused, EventAppCreate, EventAppChange, EventAppDelete, EventAppMove,
	EventAPIKeyCreate, EventAPIKeyRevoke, EventSigningKeyCreate, EventOAuthConfigPut, EventOAuthConfigDelete,
	EventWebhookPut, EventWebhookDelete,
}
