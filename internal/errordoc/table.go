package errordoc

import "net/http"

// table is sorted by code.
var table = []Doc{
	{
		Code: "app_name_taken", Status: http.StatusConflict, Meaning: "You have an app of this name already.",
		Causes: []string{
			"Names that differ only in case or width are the same name.",
		},
		Fix: "Choose another name, or use the existing app.",
	},
	{
		Code: "app_not_found", Status: http.StatusNotFound, Meaning: "There is no such app, or it is another developer's.",
		Causes: []string{
			"The app id is misspelled or not in lower case.",
			"The app was deleted.",
			"The credential belongs to another app.",
		},
		Fix: "List your apps and take the id from there.",
	},
	{
		Code: "apps_remain", Status: http.StatusConflict, Meaning: "The developer has apps, which would have no owner.",
		Causes: []string{
			"An app of the account is live.",
		},
		Fix: "Delete the apps, or have the host hand them over (Engine.MoveApp).",
	},
	{
		Code: "body_too_large", Status: http.StatusRequestEntityTooLarge, Meaning: "The request body is larger than 64 KiB.",
		Causes: []string{
			"Something other than the documented JSON was sent.",
		},
		Fix: "Send only the documented members.",
	},
	{
		Code: "email_not_verified", Status: http.StatusForbidden, Meaning: "The address has to be proven first.",
		Causes: []string{
			"The account was made with an address that has not been confirmed yet.",
		},
		Fix: "Redeem what was mailed, with the binding of this answer, at POST /auth/email/verify. Where the answer has none, ask at POST /auth/email/send if you are signed in, otherwise sign in by link; a link resets an account that was never proven, and its password is gone then.",
	},
	{
		Code: "email_required", Status: http.StatusConflict, Meaning: "The provider gave no usable email address.",
		Causes: []string{
			"The person withheld it.",
			"The scopes do not ask for it.",
		},
		Fix: "Ask for the email scope, or use another provider.",
	},
	{
		Code: "email_taken", Status: http.StatusConflict, Meaning: "The app has a user of this address already.",
		Causes: []string{
			"The person signed up before, perhaps by another method.",
		},
		Fix: "Sign in instead.",
	},
	{
		Code: "external_id_taken", Status: http.StatusConflict, Meaning: "The app has a user of this external_id already.",
		Causes: []string{
			"The user was made before, perhaps by a request whose answer was lost.",
			"Two records of the app's own have one id.",
		},
		Fix: "Find the user by GET /users/{app_id}?external_id=, and change that one.",
	},
	{
		Code: "forbidden", Status: http.StatusForbidden, Meaning: "The caller is known, but may not do this.",
		Causes: []string{
			"The API key lacks the scope: users:read, users:write, or auth:forward for a forwarded request.",
			"A browser sent the request, or posted the form, from an origin that is not one of the app's.",
			"A browser sent X-Authkit-Key, which is for an app's own server.",
			"The form is not one that this browser was shown.",
			"The host lets no developer choose session cookies for an app.",
			"A rule of the application itself refused: the detail has its words.",
		},
		Fix: "Read the detail: it names which of these it is. Use a key with the scope; add the origin to the app's origins; open the link again.",
	},
	{
		Code: "idempotency_conflict", Status: http.StatusConflict, Meaning: "The Idempotency-Key came with another request before.",
		Causes: []string{
			"A key is used for more than one thing to create.",
			"The request was changed before it was sent again.",
		},
		Fix: "Make a new key for each thing to create, and send it again only with the same request.",
	},
	{
		Code: "identity_not_found", Status: http.StatusNotFound, Meaning: "The user has no identity at this provider.",
		Causes: []string{
			"It was unlinked before.",
			"The provider's name is misspelled.",
		},
		Fix: "List the user's identities.",
	},
	{
		Code: "internal", Status: http.StatusInternalServerError, Meaning: "Something is wrong in the server itself.",
		Causes: []string{
			"A defect; the log has it under the request id.",
		},
		Fix: "Report the request id.",
	},
	{
		Code: "invalid_api_key", Status: http.StatusUnauthorized, Meaning: "The API key is not valid (any more).",
		Causes: []string{
			"A newer key replaced it.",
			"It expired.",
			"It was copied in part, or another text stands in its place.",
		},
		Fix: "Take the app's current key; if it is lost, create a new one.",
	},
	{
		Code: "invalid_credentials", Status: http.StatusUnauthorized, Meaning: "The address or the password is wrong.",
		Causes: []string{
			"A typing error.",
			"The user signs in by link or through a provider and has no password.",
			"The password was set before the address was proven, and a link or code that proved it removed the password.",
			"The address is new, and the password too weak to sign up with.",
			"Sign-up is closed, so an unknown address creates no account.",
		},
		Fix: "Try again, or sign in by link.",
	},
	{
		Code: "invalid_request", Status: http.StatusBadRequest, Meaning: "The request is not one that this endpoint takes.",
		Causes: []string{
			"A member is missing, misspelled, of the wrong type or given twice.",
			"A value breaks a rule: an address, a name, a URL that is not registered.",
			"A cursor comes from another list, or the limit is not between 1 and 500.",
		},
		Fix: `Read "errors" in the answer: it names each field and what is wrong with it.`,
	},
	{
		Code: "invalid_token", Status: http.StatusUnauthorized, Meaning: "The token, link or code is not valid (any more).",
		Causes: []string{
			"It expired or was used already.",
			"It belongs to another app or to another browser.",
			"A code came without the binding that the request for it answered.",
			"A code was typed wrongly; tries_left says how often it may still be tried.",
			"The session it stands for was ended.",
		},
		Fix: "Go by the member reason, if there is one; otherwise begin again: sign in, or ask for a new link.",
	},
	{
		Code: "last_credential", Status: http.StatusConflict, Meaning: "This is the last way in to the account, which would be lost without it.",
		Causes: []string{
			"The account has no password, no proven address and no identity at another provider that the app has enabled.",
		},
		Fix: "Prove the address, set a password or link another provider first.",
	},
	{
		Code: "limit_reached", Status: http.StatusConflict, Meaning: "There are as many of these things as there may be.",
		Causes: []string{
			"A developer has as many apps as Config.Limits.Apps says.",
			"An app has as many OAuth configurations as it may.",
			"A browser holds the sessions of as many apps as it may.",
		},
		Fix: "The detail names the thing and the bound. Delete what is not needed (in a browser, sign out of an app), or ask the host for more.",
	},
	{
		Code: "link_required", Status: http.StatusConflict, Meaning: "Another account has this address or identity, and the provider's word is not enough to join them.",
		Causes: []string{
			"The provider is not trusted for the address, or did not verify it.",
			"The account's own address was never proven.",
			"While linking: the identity at the provider is another account's already.",
		},
		Fix: "Sign in with the method used before, then link the provider; an identity that another account has is unlinked there first.",
	},
	{
		Code: "method_not_allowed", Status: http.StatusMethodNotAllowed, Meaning: "This path exists, but not for this method.",
		Causes: []string{
			"A GET was sent to an endpoint that only takes POST, or the reverse.",
		},
		Fix: "Use a method that the Allow header lists.",
	},
	{
		Code: "mfa_enrollment_required", Status: http.StatusUnauthorized, Meaning: "The first factor was right. This app requires a second one, and the user has not set it up.",
		Causes: []string{
			"The setting mfa of the app is required, and the user has neither a TOTP nor a passkey.",
		},
		Fix: "Where methods has email_code, send the code of the mail with mfa_token and binding to POST /auth/mfa/{app_id}. Then set up a TOTP or a passkey with the mfa_token of that answer.",
	},
	{
		Code: "mfa_required", Status: http.StatusUnauthorized, Meaning: "The first factor was right, and a second one is required.",
		Causes: []string{
			"The user has a TOTP.",
			"The setting mfa of the app is required.",
		},
		Fix: "Ask the person for one of methods, and send it with mfa_token and binding to POST /auth/mfa/{app_id} within ten minutes.",
	},
	{
		Code: "not_found", Status: http.StatusNotFound, Meaning: "There is nothing at this path.",
		Causes: []string{
			"The path is misspelled, or not in its canonical form.",
			"The mount point is missing from it, or is in it twice.",
		},
		Fix: "Compare the path with the documentation; paths are relative to the mount point.",
	},
	{
		Code: "oauth_config_exists", Status: http.StatusConflict, Meaning: "The app has a configuration for this provider already.",
		Causes: []string{
			"There is one configuration for each provider and app.",
		},
		Fix: "Change the existing one with PATCH.",
	},
	{
		Code: "passkeys_remain", Status: http.StatusConflict, Meaning: "Users of the app have passkeys of another relying party.",
		Causes: []string{
			"The setting passkey_rp_id was to change, and those passkeys would work no more.",
		},
		Fix: "Keep passkey_rp_id, or send strand_passkeys true with it.",
	},
	{
		Code: "password_set", Status: http.StatusConflict, Meaning: "The user has a password already.",
		Causes: []string{
			"The password was set before, perhaps in another browser.",
		},
		Fix: "Change it with the current one at POST /auth/password/change, or reset it by mail.",
	},
	{
		Code: "provider_error", Status: http.StatusBadGateway, Meaning: "The provider cannot be reached, or its answer cannot be used.",
		Causes: []string{
			"The client id, the client secret or the redirect URI is not the one that the provider knows.",
			"The issuer's document changed.",
			"The issuer's host is misspelt, or this server cannot reach it.",
			"The provider is out of order.",
		},
		Fix: "Check the configuration; the log tells under the request id which check failed, what was seen and what was expected.",
	},
	{
		Code: "provider_not_configured", Status: http.StatusNotFound, Meaning: "The app has no such sign-in provider.",
		Causes: []string{
			"No OAuth configuration of that name exists, or it is switched off.",
		},
		Fix: "Create the configuration, or enable it.",
	},
	{
		Code: "provider_refused", Status: http.StatusBadRequest, Meaning: "The provider refused the sign-in.",
		Causes: []string{
			"The person said no.",
			"The code was used already, or has expired.",
		},
		Fix: `Read "provider_code" where there is one, and begin again; the log has the cause under the request id.`,
	},
	{
		Code: "provider_timeout", Status: http.StatusGatewayTimeout, Meaning: "The provider did not answer in time.",
		Causes: []string{
			"The provider is slow or out of reach.",
		},
		Fix: "Try again.",
	},
	{
		Code: "rate_limited", Status: http.StatusTooManyRequests, Meaning: "Too many requests of this kind.",
		Causes: []string{
			"Many attempts from one network, or for one address.",
		},
		Fix: "Wait as many seconds as Retry-After says.",
	},
	{
		Code: "reauthentication_required", Status: http.StatusForbidden, Meaning: "This needs a sign-in of the last ten minutes.",
		Causes: []string{
			"The session is older than that.",
			"The user has a TOTP or a passkey, and the session has shown neither.",
			"A removed factor has taken the second factor out of the session.",
		},
		Fix: "Step up by one of methods at POST /auth/step-up/{app_id}, or sign in again, and repeat the request.",
	},
	{
		Code: "session_not_found", Status: http.StatusNotFound, Meaning: "The user has no such session.",
		Causes: []string{
			"It has ended.",
		},
		Fix: "List the user's sessions.",
	},
	{
		Code: "signup_disabled", Status: http.StatusForbidden, Meaning: "This app takes no new users.",
		Causes: []string{
			"The app's signup setting is closed.",
		},
		Fix: "Ask the app's owner for an account.",
	},
	{
		Code: "unauthenticated", Status: http.StatusUnauthorized, Meaning: "This endpoint wants a credential, and the request has no credential of the right kind.",
		Causes: []string{
			"The Authorization header is missing.",
			"Its scheme is another one.",
			"A proxy removed it.",
		},
		Fix: "Send Authorization: Bearer and an access token, or an API key where one is asked for.",
	},
	{
		Code: "unavailable", Status: http.StatusServiceUnavailable, Meaning: "The service is overloaded, or its database is out of reach.",
		Causes: []string{
			"More sign-ins at once than the machine can hash.",
			"The database is down.",
		},
		Fix: "Repeat the request after Retry-After seconds.",
	},
	{
		Code: "unsupported_media_type", Status: http.StatusUnsupportedMediaType, Meaning: "The body is not of a media type that this endpoint takes.",
		Causes: []string{
			"The Content-Type header is missing, or names a form, or another charset than UTF-8.",
		},
		Fix: "Send Content-Type: application/json, also with an empty body.",
	},
	{
		Code: "user_disabled", Status: http.StatusForbidden, Meaning: "The account is disabled.",
		Causes: []string{
			"The app's owner disabled it.",
		},
		Fix: "Ask the app's owner.",
	},
	{
		Code: "user_not_found", Status: http.StatusNotFound, Meaning: "The app has no such user.",
		Causes: []string{
			"The user was deleted, or belongs to another app.",
		},
		Fix: "List the app's users.",
	},
	{
		Code: "weak_password", Status: http.StatusUnprocessableEntity, Meaning: "The password is too easy to guess, too short or too long.",
		Causes: []string{
			"It is one of the most common ones.",
			"It is little more than a name or an address.",
			"It has fewer than 12 characters.",
		},
		Fix: "Ask for a longer password; three or four unrelated words do well.",
	},
}
