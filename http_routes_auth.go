package authkit

// signInRoutes begin and end sessions.
var signInRoutes = []route{
	{
		method: post, pattern: "/auth/credentials/{app_id}", operation: "SignInWithPassword", summary: "Sign in or up with email and password",
		caller: &byVisitor, remembers: true, limit: limitCredentialsPeer, deferLimit: true,
		action: withBody[credentialsBody]{signInWithPassword}, query: sessionQuery{},
		answers: []result{{200, signInJSON{}}, {201, signInJSON{}}, {202, pendingJSON{}}},
		codes:   []Code{CodeMFARequired, CodeMFAEnrollmentRequired, CodeInvalidCredentials, CodeSignupDisabled, CodeEmailNotVerified, CodeUserDisabled, CodeEmailTaken, CodeLimitReached, CodeWeakPassword, CodeForbidden},
		example: `{"email":"ann@example.com","password":"a long enough passphrase","name":"Ann","intent":"sign_up"}`,
	},
	{
		method: post, pattern: "/auth/magic-link/{app_id}", operation: "RequestMagicLink", summary: "Mail a link and a code",
		caller: &byVisitor, remembers: true, limit: limitMailPeer,
		action: withBody[linkBody]{requestLink}, query: sessionQuery{},
		answers: []result{{202, pendingJSON{}}},
		example: `{"email":"ann@example.com"}`,
	},
	{
		method: get, pattern: "/auth/verify/{app_id}", operation: "OpenMagicLink", summary: "Show a sign-in link's page, or redeem the link where JSON alone is accepted",
		caller: &byVisitor, page: true, action: showsPage{openLink}, query: linkQuery{},
		answers: []result{{200, signInJSON{}}, {200, htmlPage{}}},
		codes:   []Code{CodeMFARequired, CodeMFAEnrollmentRequired, CodeInvalidToken, CodeSignupDisabled, CodeUserDisabled, CodeForbidden},
	},
	{
		method: post, pattern: "/auth/verify/{app_id}", operation: "RedeemMagicLink", summary: "Redeem a link or a code",
		caller: &byVisitor, remembers: true, limit: limitProofPeer,
		action: orForm[signInForm]{withBody[linkProof]{redeemProof}, pressLink}, query: sessionQuery{},
		answers: []result{{200, signInJSON{}}, {200, htmlPage{}}, {303, elsewhere{}}},
		codes:   []Code{CodeMFARequired, CodeMFAEnrollmentRequired, CodeInvalidToken, CodeSignupDisabled, CodeUserDisabled, CodeLimitReached, CodeForbidden},
		example: `{"email":"ann@example.com","code":"123456","binding":"3q2-7wAAAAAAAAAAAAAAAA"}`,
	},
	{
		method: get, pattern: "/auth/{provider}/{app_id}", operation: "StartOAuth", summary: "Go to a provider",
		caller: &byVisitor, limit: limitOAuthPeer, action: showsPage{startOAuth}, query: startQuery{},
		answers: []result{{200, oauthStartJSON{}}, {200, htmlPage{}}, {302, elsewhere{}}},
		codes:   []Code{CodeProviderNotConfigured, CodeProviderError, CodeProviderTimeout, CodeLimitReached},
	},
	{
		method: get, pattern: "/auth/callback/{provider}/{app_id}", operation: "ReturnOAuth", summary: "Come back from a provider",
		caller: &byVisitor, page: true, action: showsPage{returnOAuth}, query: returnQuery{},
		answers: []result{{200, signInJSON{}}, {200, identitiesJSON{}}, {200, htmlPage{}}, {303, elsewhere{}}},
		codes:   callbackCodes,
	},
	{
		method: post, pattern: "/auth/callback/{provider}/{app_id}", operation: "FinishOAuth", summary: "Finish a sign-in at a provider",
		caller: &byVisitor, limit: limitCallbackPeer, form: true,
		action:  orForm[returnForm]{withBody[callbackBody]{finishByBinding}, stashReturn},
		answers: []result{{200, signInJSON{}}, {200, identitiesJSON{}}, {303, elsewhere{}}},
		codes:   callbackCodes,
		example: `{"code":"SplxlOBeZQQYbYS6WxSbIA","state":"st_3q2-7wAAAAAAAAAAAAAAAA","binding":"3q2-7wAAAAAAAAAAAAAAAA"}`,
	},
	{
		method: post, pattern: "/auth/token/{app_id}", operation: "ExchangeCode", summary: "Exchange a one-time code",
		caller: &byVisitor, remembers: true, action: withBody[exchangeBody]{exchangeCode}, query: sessionQuery{},
		answers: []result{{200, signInJSON{}}},
		codes:   []Code{CodeInvalidToken, CodeUserDisabled, CodeLimitReached, CodeForbidden},
		example: `{"code":"3q2-7wAAAAAAAAAAAAAAAA","code_verifier":"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}`,
	},
	{
		method: post, pattern: "/auth/refresh/{app_id}", operation: "Refresh", summary: "Rotate a refresh token",
		caller: &byAnyone, action: readsBody[refreshBody]{refresh}, headers: refreshHeaders{},
		answers: []result{{200, signInJSON{}}},
		codes:   []Code{CodeAppNotFound, CodeInvalidToken, CodeEmailNotVerified, CodeForbidden},
		example: `{"refresh_token":"rt_3q2-7wAAAAAAAAAAAAAAAA"}`,
	},
	{
		method: post, pattern: "/auth/access-token/{app_id}", operation: "AccessToken", summary: "Make an access token of the session that a cookie holds",
		caller: &byCookieAlone, remembers: true, action: withBody[emptyBody]{accessToken},
		answers: []result{{200, accessTokenJSON{}}},
		example: `{}`,
	},
	{
		method: post, pattern: "/auth/sign-out/{app_id}", operation: "SignOut", summary: "End a session, or all",
		caller: &byUserOrVisitor, action: orForm[signOutForm]{withBody[signOutBody]{signOut}, pressSignOut},
		answers: []result{{204, nil}, {200, htmlPage{}}, {303, elsewhere{}}},
		example: `{"all":true}`,
	},
}

// callbackCodes are those with which a flow through a provider may end.
var callbackCodes = []Code{
	CodeMFARequired, CodeMFAEnrollmentRequired,
	CodeProviderRefused, CodeUnauthenticated, CodeInvalidToken, CodeForbidden, CodeReauthenticationRequired, CodeSignupDisabled, CodeEmailNotVerified, CodeUserDisabled,
	CodeProviderNotConfigured, CodeEmailTaken, CodeLinkRequired, CodeEmailRequired, CodeLimitReached, CodeProviderError, CodeProviderTimeout,
}

// userRoutes are about the signed-in user.
var userRoutes = []route{
	{
		method: get, pattern: "/auth/me/{app_id}", operation: "Me", summary: "Read the signed-in user",
		caller: &byUser, remembers: true, action: withoutBody{me},
		answers: []result{{200, userJSON{}}},
	},
	{
		method: patch, pattern: "/auth/me/{app_id}", operation: "ChangeMe", summary: "Change the signed-in user",
		caller: &byUser, remembers: true, action: withBody[mePatchBody]{changeMe},
		answers: []result{{200, userJSON{}}},
		example: `{"name":"Ann"}`,
	},
	{
		method: del, pattern: "/auth/me/{app_id}", operation: "DeleteMe", summary: "Delete the signed-in user",
		caller: &byFreshUser, remembers: true, action: plain{deleteMe},
		answers: []result{{204, nil}},
		codes:   []Code{CodeAppsRemain},
	},
	{
		method: get, pattern: "/auth/sessions/{app_id}", operation: "Sessions", summary: "List the user's sessions",
		caller: &byUser, remembers: true, action: withoutBody{listSessions},
		answers: []result{{200, sessionsJSON{}}},
	},
	{
		method: del, pattern: "/auth/sessions/{app_id}/{session_id}", operation: "EndSession", summary: "End one of the user's sessions",
		caller: &byUser, remembers: true, action: plain{endSession},
		answers: []result{{204, nil}},
		codes:   []Code{CodeSessionNotFound},
	},
	{
		method: get, pattern: "/auth/identities/{app_id}", operation: "Identities", summary: "List the user's identities at providers",
		caller: &byUser, remembers: true, action: withoutBody{listIdentities},
		answers: []result{{200, identitiesJSON{}}},
	},
	{
		method: post, pattern: "/auth/identities/{app_id}", operation: "LinkIdentity", summary: "Link an identity at a provider",
		caller: &byFreshUser, remembers: true, limit: limitOAuthPeer, action: withBody[identityBody]{linkIdentity},
		answers: []result{{200, oauthStartJSON{}}},
		codes:   []Code{CodeProviderNotConfigured, CodeProviderError, CodeProviderTimeout},
		example: `{"provider":"corp"}`,
	},
	{
		method: del, pattern: "/auth/identities/{app_id}/{provider}", operation: "UnlinkIdentity", summary: "Unlink a provider's identities",
		caller: &byFreshUser, remembers: true, action: plain{unlinkIdentity},
		answers: []result{{204, nil}},
		codes:   []Code{CodeIdentityNotFound, CodeLastCredential},
	},
}

// accountRoutes are about a user's password and address.
var accountRoutes = []route{
	{
		method: post, pattern: "/auth/password/forgot/{app_id}", operation: "ForgotPassword", summary: "Mail a link and a code for a new password",
		caller: &byVisitor, remembers: true, limit: limitMailPeer, action: withBody[linkBody]{forgotPassword}, query: sessionQuery{},
		answers: []result{{202, pendingJSON{}}},
		example: `{"email":"ann@example.com"}`,
	},
	{
		method: get, pattern: "/auth/password/reset/{app_id}", operation: "OpenPasswordReset", summary: "Show the page of a link for a new password",
		caller: &byVisitor, page: true, action: showsPage{openReset}, query: linkQuery{},
		answers: []result{{200, htmlPage{}}},
		codes:   []Code{CodeInvalidToken},
	},
	{
		method: post, pattern: "/auth/password/reset/{app_id}", operation: "ResetPassword", summary: "Choose a new password",
		caller: &byVisitor, limit: limitProofPeer,
		action: orForm[passwordForm]{withBody[resetBody]{resetByProof}, pressReset}, query: sessionQuery{},
		answers: []result{{200, signInJSON{}}, {200, htmlPage{}}, {303, elsewhere{}}},
		codes:   []Code{CodeMFARequired, CodeMFAEnrollmentRequired, CodeInvalidToken, CodeUserDisabled, CodeWeakPassword, CodeLimitReached, CodeForbidden},
		example: `{"email":"ann@example.com","code":"123456","binding":"3q2-7wAAAAAAAAAAAAAAAA","password":"another good passphrase"}`,
	},
	{
		method: post, pattern: "/auth/password/change/{app_id}", operation: "ChangePassword", summary: "Change the password",
		caller: &byUser, remembers: true, limit: limitCredentialsPeer, action: withBody[changePasswordBody]{changePassword},
		answers: []result{{204, nil}},
		codes:   []Code{CodeInvalidCredentials, CodeWeakPassword},
		example: `{"current_password":"a long enough passphrase","new_password":"another good passphrase"}`,
	},
	{
		method: post, pattern: "/auth/password/set/{app_id}", operation: "SetPassword", summary: "Set the first password",
		caller: &byFreshUser, remembers: true, action: withBody[setPasswordBody]{setPassword},
		answers: []result{{204, nil}},
		codes:   []Code{CodeEmailNotVerified, CodePasswordSet, CodeWeakPassword},
		example: `{"new_password":"another good passphrase"}`,
	},
	{
		method: post, pattern: "/auth/email/send/{app_id}", operation: "SendProof", summary: "Mail a proof of the address",
		caller: &byUser, remembers: true, limit: limitMailPeer, action: withBody[emptyBody]{sendProof},
		answers: []result{{202, pendingJSON{}}},
		example: `{}`,
	},
	{
		method: get, pattern: "/auth/email/verify/{app_id}", operation: "OpenEmailProof", summary: "Show the page of a proof's link",
		caller: &byVisitor, page: true, action: showsPage{openVerify}, query: linkQuery{},
		answers: []result{{200, htmlPage{}}},
		codes:   []Code{CodeInvalidToken},
	},
	{
		method: post, pattern: "/auth/email/verify/{app_id}", operation: "VerifyEmail", summary: "Prove the address",
		caller: &byUserOrVisitor, remembers: true, limit: limitProofPeer,
		action: orForm[linkForm]{withBody[mailedProof]{verifyByProof}, pressVerify}, query: sessionQuery{},
		answers: []result{{200, userJSON{}}, {200, signInJSON{}}, {200, htmlPage{}}, {303, elsewhere{}}},
		codes:   []Code{CodeMFARequired, CodeMFAEnrollmentRequired, CodeForbidden, CodeSignupDisabled, CodeUserDisabled, CodeLimitReached},
		example: `{"email":"ann@example.com","code":"123456","binding":"3q2-7wAAAAAAAAAAAAAAAA"}`,
	},
	{
		method: post, pattern: "/auth/email/change/{app_id}", operation: "ChangeEmail", summary: "Mail a proof of a new address",
		caller: &byFreshUser, remembers: true, limit: limitMailPeer, action: withBody[changeEmailBody]{changeEmail},
		answers: []result{{202, pendingJSON{}}},
		example: `{"new_email":"ann@example.org"}`,
	},
	{
		method: get, pattern: "/auth/email/confirm/{app_id}", operation: "OpenEmailChange", summary: "Show the page of a link to a new address",
		caller: &byVisitor, page: true, action: showsPage{openConfirm}, query: linkQuery{},
		answers: []result{{200, htmlPage{}}},
		codes:   []Code{CodeInvalidToken},
	},
	{
		method: post, pattern: "/auth/email/confirm/{app_id}", operation: "ConfirmEmail", summary: "Change to the proven address",
		caller: &byUser, remembers: true, limit: limitProofPeer,
		action:  orForm[linkForm]{withBody[confirmBody]{confirmByProof}, pressConfirm},
		answers: []result{{200, userJSON{}}, {200, htmlPage{}}},
		codes:   []Code{CodeEmailTaken, CodeForbidden},
		example: `{"code":"123456","binding":"3q2-7wAAAAAAAAAAAAAAAA"}`,
	},
	{
		method: get, pattern: "/auth/email/undo/{app_id}", operation: "OpenEmailUndo", summary: "Show the page of a link that takes a change back",
		caller: &byVisitor, page: true, action: showsPage{openUndo}, query: linkQuery{},
		answers: []result{{200, htmlPage{}}},
		codes:   []Code{CodeInvalidToken},
	},
	{
		method: post, pattern: "/auth/email/undo/{app_id}", operation: "UndoEmail", summary: "Take a change of address, or a new identity, passkey or TOTP, back",
		caller: &byVisitor, action: orForm[linkForm]{withBody[undoBody]{undoByToken}, pressUndo},
		answers: []result{{200, htmlPage{}}, {204, nil}},
		codes:   []Code{CodeInvalidToken, CodeForbidden, CodeEmailTaken},
		example: `{"token":"eyJhbGciOiJIUzI1NiJ9.e30.3q2-7wAAAAAAAAAAAAAAAA"}`,
	},
}
