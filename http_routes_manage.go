package authkit

const appPath, usersPath = "/apps/{app_id}", "/users/{app_id}"

const (
	webhooksPath = appPath + "/webhooks"
	webhookPath  = webhooksPath + "/{id}"
)

// managementRoutes are for the server of an app and for developers.
var managementRoutes = []route{
	{
		method: get, pattern: usersPath, operation: "Users", summary: "List users",
		caller: &byReader, action: plain{listUsers}, query: usersQuery{},
		answers: []result{{200, usersJSON{}}, {200, userLines{}}},
	},
	{
		method: post, pattern: usersPath, operation: "CreateUser", summary: "Create a user",
		caller: &byWriter, action: withBody[newUserBody]{createUser}, headers: creationHeaders{},
		answers: []result{{201, managedUserJSON{}}},
		codes:   []Code{CodeEmailTaken, CodeExternalIDTaken, CodeIdempotencyConflict},
		example: `{"email":"bob@example.com","name":"Bob","email_verified":true,"external_id":"7","metadata":{"plan":"pro"},"roles":["admin"]}`,
	},
	{
		method: post, pattern: usersPath + "/import", operation: "ImportUsers", summary: "Create users of another system",
		caller: &byWriter, action: takesLines{importUsers},
		answers: []result{{200, importLines{}}},
	},
	{
		method: get, pattern: usersPath + "/{user_id}", operation: "User", summary: "Read a user",
		caller: &byReader, action: withoutBody{readUser},
		answers: []result{{200, managedUserJSON{}}},
		codes:   []Code{CodeUserNotFound},
	},
	{
		method: patch, pattern: usersPath + "/{user_id}", operation: "ChangeUser", summary: "Change or disable a user",
		caller: &byWriter, action: withBody[userPatchBody]{changeUser},
		answers: []result{{200, managedUserJSON{}}},
		codes:   []Code{CodeUserNotFound, CodeExternalIDTaken},
		example: `{"disabled":true,"disabled_reason":"asked to be"}`,
	},
	{
		method: del, pattern: usersPath + "/{user_id}", operation: "DeleteUser", summary: "Delete a user",
		caller: &byWriter, action: plain{deleteUser},
		answers: []result{{204, nil}},
		codes:   []Code{CodeUserNotFound},
	},
	{
		method: del, pattern: usersPath + "/{user_id}/mfa", operation: "RemoveFactors", summary: "Remove a user's second factors and passkeys",
		caller: &byWriter, action: plain{removeUserFactors},
		answers: []result{{204, nil}},
		codes:   []Code{CodeUserNotFound},
	},
	{
		method: post, pattern: usersPath + "/{user_id}/invite", operation: "Invite", summary: "Invite a user by mail",
		caller: &byWriter, action: withBody[inviteBody]{inviteUser},
		answers: []result{{202, invitedJSON{}}},
		codes:   []Code{CodeUserNotFound, CodeEmailTaken, CodeUserDisabled, CodeRateLimited},
		example: `{}`,
	},
	{
		method: get, pattern: usersPath + "/{user_id}/sessions", operation: "UserSessions", summary: "List a user's sessions",
		caller: &byReader, action: withoutBody{listUserSessions},
		answers: []result{{200, managedSessionsJSON{}}},
		codes:   []Code{CodeUserNotFound},
	},
	{
		method: del, pattern: usersPath + "/{user_id}/sessions", operation: "EndUserSessions", summary: "End a user's sessions",
		caller: &byWriter, action: plain{endUserSessions},
		answers: []result{{204, nil}},
		codes:   []Code{CodeUserNotFound},
	},
	{
		method: get, pattern: "/apps", alias: "/apps/{$}", operation: "Apps", summary: "List your apps",
		caller: &byDeveloper, action: withoutBody{listApps}, query: pageQuery{},
		answers: []result{{200, appsJSON{}}},
	},
	{
		method: post, pattern: "/apps", operation: "CreateApp", summary: "Create an app",
		caller: &byCreator, action: withBody[appBody]{createApp}, headers: creationHeaders{},
		answers: []result{{201, appJSON{}}},
		codes:   []Code{CodeAppNameTaken, CodeLimitReached, CodeIdempotencyConflict},
		example: `{"name":"My app"}`,
	},
	{
		method: get, pattern: appPath, operation: "OwnApp", summary: "Read an app",
		caller: &byOwner, action: withoutBody{readApp},
		answers: []result{{200, appJSON{}}},
	},
	{
		method: patch, pattern: appPath, operation: "ChangeApp", summary: "Change an app",
		caller: &byOwner, action: readsBody[appPatchBody]{changeApp},
		answers: []result{{200, appJSON{}}},
		codes:   []Code{CodeReauthenticationRequired, CodeForbidden, CodeAppNameTaken, CodePasskeysRemain},
		example: `{"redirect_urls":["https://app.example.com/callback"],"origins":["https://app.example.com"]}`,
	},
	{
		method: del, pattern: appPath, operation: "DeleteApp", summary: "Delete an app",
		caller: &byFreshDeleter, action: plain{deleteApp},
		answers: []result{{204, nil}},
	},
	{
		method: put, pattern: appPath + "/logo", operation: "SetLogo", summary: "Give an app a logo",
		caller: &byFreshOwner, action: takesImage{setLogo},
		answers: []result{{204, nil}},
		codes:   []Code{CodeEmailNotVerified},
	},
	{
		method: del, pattern: appPath + "/logo", operation: "DropLogo", summary: "Remove an app's logo",
		caller: &byFreshOwner, action: plain{dropLogo},
		answers: []result{{204, nil}},
	},
	{
		method: post, pattern: appPath + "/signing-keys/rotate", operation: "RotateSigningKey", summary: "Make the next signing key",
		caller: &byFreshOwner, action: withBody[rotateBody]{rotateSigningKey},
		answers: []result{{201, signingKeyJSON{}}},
		codes:   []Code{CodeEmailNotVerified},
		example: `{"revoke_old":true}`,
	},
	{
		method: get, pattern: appPath + "/explain/{request_id}", operation: "Explain", summary: "Why a request was refused",
		caller: &byOwner, action: withoutBody{explainRequest},
		answers: []result{{200, explanationJSON{}}},
		codes:   []Code{CodeNotFound},
	},
	{
		method: get, pattern: appPath + "/stats", operation: "Stats", summary: "What happened in an app, by day",
		caller: &byOwner, action: withoutBody{readStats}, query: statsQuery{},
		answers: []result{{200, statsJSON{}}},
	},
	{
		method: get, pattern: appPath + "/api-keys", operation: "APIKeys", summary: "List API keys",
		caller: &byOwner, action: withoutBody{listAPIKeys},
		answers: []result{{200, apiKeysJSON{}}},
	},
	{
		method: post, pattern: appPath + "/api-keys", operation: "RotateAPIKey", summary: "Replace the API key",
		caller: &byFreshOwner, action: withBody[apiKeyBody]{rotateAPIKey}, headers: creationHeaders{},
		answers: []result{{201, apiKeyJSON{}}},
		codes:   []Code{CodeEmailNotVerified, CodeLimitReached, CodeIdempotencyConflict},
		example: `{"name":"backend","scopes":["users:read"],"expires_at":"2030-01-02T15:04:05Z","overlap_seconds":3600}`,
	},
	{
		method: del, pattern: appPath + "/api-keys/{id}", operation: "RevokeAPIKey", summary: "Revoke an API key",
		caller: &byFreshOwner, action: plain{revokeAPIKey},
		answers: []result{{204, nil}},
		codes:   []Code{CodeNotFound},
	},
	{
		method: get, pattern: appPath + "/audit", operation: "AuditLog", summary: "Read the audit log",
		caller: &byOwner, action: plain{listEvents}, query: auditQuery{},
		answers: []result{{200, eventsJSON{}}, {200, eventLines{}}},
	},
	{
		method: get, pattern: appPath + "/oauth-configs", operation: "OAuthConfigs", summary: "List OAuth configurations",
		caller: &byOwner, action: withoutBody{listOAuthConfigs},
		answers: []result{{200, oauthConfigsJSON{}}},
	},
	{
		method: post, pattern: appPath + "/oauth-configs", operation: "CreateOAuthConfig", summary: "Configure a provider",
		caller: &byFreshOwner, action: withBody[oauthConfigBody]{createOAuthConfig},
		answers: []result{{201, oauthConfigJSON{}}},
		codes:   []Code{CodeEmailNotVerified, CodeOAuthConfigExists, CodeLimitReached},
		example: `{"provider":"github","client_id":"Iv1.0123456789abcdef","client_secret":"a secret of GitHub's"}`,
	},
	{
		method: patch, pattern: appPath + "/oauth-configs/{provider}", operation: "ChangeOAuthConfig", summary: "Change a configuration",
		caller: &byFreshOwner, action: withBody[oauthPatchBody]{changeOAuthConfig},
		answers: []result{{200, oauthConfigJSON{}}},
		codes:   []Code{CodeProviderNotConfigured},
		example: `{"enabled":false}`,
	},
	{
		method: del, pattern: appPath + "/oauth-configs/{provider}", operation: "DeleteOAuthConfig", summary: "Remove a configuration",
		caller: &byFreshOwner, action: plain{deleteOAuthConfig},
		answers: []result{{204, nil}},
		codes:   []Code{CodeProviderNotConfigured},
	},
	{
		method: get, pattern: webhooksPath, operation: "Webhooks", summary: "List webhooks",
		caller: &byOwner, action: withoutBody{listWebhooks},
		answers: []result{{200, webhooksJSON{}}},
	},
	{
		method: post, pattern: webhooksPath, operation: "CreateWebhook", summary: "Add a webhook",
		caller: &byFreshOwner, action: withBody[newWebhookBody]{createWebhook},
		answers: []result{{201, webhookJSON{}}},
		codes:   []Code{CodeEmailNotVerified, CodeLimitReached},
		example: `{"url":"https://app.example.com/hooks","types":["user.create","user.delete"]}`,
	},
	{
		method: get, pattern: webhookPath, operation: "Webhook", summary: "Read a webhook",
		caller: &byOwner, action: withoutBody{readWebhook},
		answers: []result{{200, webhookJSON{}}},
		codes:   []Code{CodeNotFound},
	},
	{
		method: patch, pattern: webhookPath, operation: "ChangeWebhook", summary: "Change a webhook",
		caller: &byFreshOwner, action: withBody[webhookPatchBody]{changeWebhook},
		answers: []result{{200, webhookJSON{}}},
		codes:   []Code{CodeNotFound},
		example: `{"enabled":false}`,
	},
	{
		method: del, pattern: webhookPath, operation: "DeleteWebhook", summary: "Remove a webhook",
		caller: &byFreshOwner, action: plain{deleteWebhook},
		answers: []result{{204, nil}},
		codes:   []Code{CodeNotFound},
	},
	{
		method: post, pattern: webhookPath + "/rotate", operation: "RotateWebhook", summary: "Give a webhook another secret",
		caller: &byFreshOwner, action: withBody[emptyBody]{rotateWebhook},
		answers: []result{{200, webhookSecretJSON{}}},
		codes:   []Code{CodeNotFound},
		example: `{}`,
	},
	{
		method: get, pattern: webhookPath + "/deliveries", operation: "WebhookDeliveries", summary: "List deliveries",
		caller: &byOwner, action: withoutBody{listDeliveries}, query: pageQuery{},
		answers: []result{{200, deliveriesJSON{}}},
		codes:   []Code{CodeNotFound},
	},
	{
		method: post, pattern: webhookPath + "/deliveries/{delivery_id}/replay", operation: "ReplayDelivery", summary: "Send a delivery again",
		caller: &byFreshOwner, action: withBody[emptyBody]{replayDelivery},
		answers: []result{{202, replayJSON{}}},
		codes:   []Code{CodeNotFound},
		example: `{}`,
	},
}
