package authkit

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
