package authkit

import "net/http"

// explain is the one table of codes: their status, and the words of GET /errors/{code}.
func explain(c Code) (explanation, bool) {
	for _, table := range []func(Code) (explanation, bool){explainRequest, explainRefusal, explainState, explainIdentity, explainFault} {
		if x, ok := table(c); ok {
			return x, true
		}
	}
	return explanation{}, false
}

func explainRequest(c Code) (explanation, bool) {
	switch c {
	case CodeInvalidRequest:
		return explanation{
			http.StatusBadRequest, "The request is not one that this endpoint takes.",
			[]string{
				"A member is missing, misspelled, of the wrong type or given twice.",
				"A value breaks a rule: an address, a name, a URL that is not registered.",
				"A cursor comes from another list, or the limit is not between 1 and 500.",
			},
			"Read \"errors\" in the answer: it names each field and what is wrong with it.",
		}, true
	case CodeBodyTooLarge:
		return explanation{
			http.StatusRequestEntityTooLarge, "The request body is larger than 64 KiB.",
			[]string{"Something else than the documented JSON was sent."}, "Send only the documented members.",
		}, true
	case CodeUnsupportedMediaType:
		return explanation{
			http.StatusUnsupportedMediaType, "The body is not of a media type that this endpoint takes.",
			[]string{"The Content-Type header is missing, or names a form, or another charset than UTF-8."},
			"Send Content-Type: application/json, also with an empty body.",
		}, true
	case CodeWeakPassword:
		return explanation{
			http.StatusUnprocessableEntity, "The password is too easy to guess, too short or too long.",
			[]string{"It is one of the most common ones.", "It is little more than a name or an address.", "It has fewer than 12 characters."},
			"Ask for a longer password; three or four unrelated words do well.",
		}, true
	case CodeNotFound:
		return explanation{
			http.StatusNotFound, "There is nothing at this path.",
			[]string{"The path is misspelled, or not in its canonical form.", "The mount point is missing from it, or is in it twice."},
			"Compare the path with the documentation; paths are relative to the mount point.",
		}, true
	case CodeMethodNotAllowed:
		return explanation{
			http.StatusMethodNotAllowed, "This path exists, but not for this method.",
			[]string{"A GET was sent to an endpoint that only takes POST, or the reverse."}, "Use a method that the Allow header lists.",
		}, true
	}
	return explanation{}, false
}

func explainRefusal(c Code) (explanation, bool) {
	switch c {
	case CodeInvalidCredentials:
		return explanation{
			http.StatusUnauthorized, "The address or the password is wrong.",
			[]string{"A typing error.", "The user signs in by link or through a provider and has no password.", "The password was set before the address was proven, and a link or code that proved it removed the password.", "The address is new, and the password too weak to sign up with.", "Sign-up is closed, so an unknown address creates no account."},
			"Try again, or sign in by link.",
		}, true
	case CodeInvalidToken:
		return explanation{
			http.StatusUnauthorized, "The token, link or code is not valid (any more).",
			[]string{"It expired or was used already.", "It belongs to another app or to another browser.", "A code came without the binding that the request for it answered.", "The session it stands for was ended."},
			"Begin again: sign in, or ask for a new link.",
		}, true
	case CodeInvalidAPIKey:
		return explanation{
			http.StatusUnauthorized, "The API key is not valid (any more).",
			[]string{"A newer key replaced it.", "It expired.", "It was copied in part, or something else stands in its place."},
			"Take the app's current key; if it is lost, create a new one.",
		}, true
	case CodeUnauthenticated:
		return explanation{
			http.StatusUnauthorized, "This endpoint wants a credential, and none of the right kind came.",
			[]string{"The Authorization header is missing.", "Its scheme is another one.", "A proxy removed it."},
			"Send Authorization: Bearer and an access token, or an API key where one is asked for.",
		}, true
	case CodeForbidden:
		return explanation{
			http.StatusForbidden, "The caller is known, but may not do this.",
			[]string{"The API key lacks the scope.", "A browser sent the request from another origin."},
			"Use a key with the scope; add the origin to the app's origins.",
		}, true
	case CodeReauthenticationRequired:
		return explanation{
			http.StatusForbidden, "This needs a sign-in of the last ten minutes.",
			[]string{"The session is older than that."}, "Sign in again and repeat the request.",
		}, true
	case CodeSignupDisabled:
		return explanation{
			http.StatusForbidden, "This app takes no new users.",
			[]string{"The app's signup setting is closed."}, "Ask the app's owner for an account.",
		}, true
	case CodeEmailNotVerified:
		return explanation{
			http.StatusForbidden, "The address has to be proven first.",
			[]string{"The account was made with an address that nobody has confirmed yet."}, "Redeem what was mailed, with the binding of this answer, at POST /auth/email/verify. Where the answer has none, ask at POST /auth/email/send if you are signed in, else sign in by link; a link resets an account that was never proven, and its password is gone then.",
		}, true
	case CodeUserDisabled:
		return explanation{
			http.StatusForbidden, "The account is disabled.",
			[]string{"The app's owner disabled it."}, "Ask the app's owner.",
		}, true
	}
	return explanation{}, false
}

func explainState(c Code) (explanation, bool) {
	switch c {
	case CodeAppNotFound:
		return explanation{
			http.StatusNotFound, "There is no such app, or it is another developer's.",
			[]string{"The app id is misspelled or not in lower case.", "The app was deleted.", "The credential belongs to another app."},
			"List your apps and take the id from there.",
		}, true
	case CodeUserNotFound:
		return explanation{http.StatusNotFound, "The app has no such user.", []string{"The user was deleted, or belongs to another app."}, "List the app's users."}, true
	case CodeSessionNotFound:
		return explanation{http.StatusNotFound, "The user has no such session.", []string{"It has ended."}, "List the user's sessions."}, true
	case CodeAppNameTaken:
		return explanation{
			http.StatusConflict, "You have an app of this name already.",
			[]string{"Names that differ only in case or width are the same name."}, "Choose another name, or use the existing app.",
		}, true
	case CodeAppsRemain:
		return explanation{
			http.StatusConflict, "The developer has apps, which would have no owner.",
			[]string{"An app of the account is live."}, "Delete the apps, or have the host hand them over (Engine.MoveApp).",
		}, true
	case CodeLimitReached:
		return explanation{
			http.StatusConflict, "There are as many of these things as there may be.",
			[]string{"A developer has as many apps as Config.Limits.Apps says.", "An app has as many OAuth configurations as it may.", "A browser holds the sessions of as many apps as it may."},
			"The detail names the thing and the bound. Delete what is not needed (in a browser, sign out of an app), or ask the host for more.",
		}, true
	case CodeEmailTaken:
		return explanation{
			http.StatusConflict, "The app has a user of this address already.",
			[]string{"The person signed up before, perhaps by another method."}, "Sign in instead.",
		}, true
	case CodeRateLimited:
		return explanation{
			http.StatusTooManyRequests, "Too many requests of this kind.",
			[]string{"Many attempts from one network, or for one address."}, "Wait as many seconds as Retry-After says.",
		}, true
	}
	return explanation{}, false
}

// explainIdentity has the codes about providers and the identities of users there.
func explainIdentity(c Code) (explanation, bool) {
	switch c {
	case CodeProviderNotConfigured:
		return explanation{
			http.StatusNotFound, "The app has no such sign-in provider.",
			[]string{"No OAuth configuration of that name exists, or it is switched off."}, "Create the configuration, or enable it.",
		}, true
	case CodeIdentityNotFound:
		return explanation{
			http.StatusNotFound, "The user has no identity at this provider.",
			[]string{"It was unlinked before.", "The provider's name is misspelled."}, "List the user's identities.",
		}, true
	case CodeOAuthConfigExists:
		return explanation{
			http.StatusConflict, "The app has a configuration for this provider already.",
			[]string{"There is one configuration for each provider and app."}, "Change the existing one with PATCH.",
		}, true
	case CodeLinkRequired:
		return explanation{
			http.StatusConflict, "Another account has this address or identity, and the provider's word is not enough to join them.",
			[]string{"The provider is not trusted for the address, or did not verify it.", "The account's own address was never proven.", "While linking: the identity at the provider is another account's already."},
			"Sign in with the method used before, then link the provider; an identity that another account has is unlinked there first.",
		}, true
	case CodeEmailRequired:
		return explanation{
			http.StatusConflict, "The provider told no usable email address.",
			[]string{"The person withheld it.", "The scopes do not ask for it."}, "Ask for the email scope, or use another provider.",
		}, true
	}
	return explanation{}, false
}

func explainFault(c Code) (explanation, bool) {
	switch c {
	case CodeProviderRefused:
		return explanation{
			http.StatusBadRequest, "The provider refused the sign-in.",
			[]string{"The person said no.", "The code was used already, or has expired."}, "Read \"provider_code\" where there is one, and begin again; the log has the cause under the request id.",
		}, true
	case CodeInternal:
		return explanation{
			http.StatusInternalServerError, "Something is wrong in the server itself.",
			[]string{"A defect; the log has it under the request id."}, "Report the request id.",
		}, true
	case CodeProviderError:
		return explanation{
			http.StatusBadGateway, "The provider cannot be reached, or its answer cannot be used.",
			[]string{"The client id, the client secret or the redirect URI is not the one that the provider knows.", "The issuer's document changed.", "The issuer's host is misspelt, or this server cannot reach it.", "The provider is out of order."}, "Check the configuration; the log tells under the request id which check failed, what was seen and what was expected.",
		}, true
	case CodeUnavailable:
		return explanation{
			http.StatusServiceUnavailable, "The service is overloaded, or its database is out of reach.",
			[]string{"More sign-ins at once than the machine can hash.", "The database is down."}, "Repeat the request after Retry-After seconds.",
		}, true
	case CodeProviderTimeout:
		return explanation{
			http.StatusGatewayTimeout, "The provider did not answer in time.",
			[]string{"The provider is slow or out of reach."}, "Try again.",
		}, true
	}
	return explanation{}, false
}
