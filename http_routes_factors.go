package authkit

// factorRoutes are about passkeys and second factors.
var factorRoutes = []route{
	{
		method: post, pattern: "/auth/passkey/begin/{app_id}", operation: "BeginPasskey", summary: "Begin a sign-in, a second factor or a step-up with a passkey",
		caller: &byVisitor, remembers: true, limit: limitOAuthPeer, action: withBody[passkeyBeginBody]{beginPasskey},
		answers: []result{{200, ceremonyJSON{}}},
		codes:   []Code{CodeNotFound},
		example: `{}`,
	},
	{
		method: post, pattern: "/auth/passkey/finish/{app_id}", operation: "SignInWithPasskey", summary: "Sign in with a passkey",
		caller: &byVisitor, remembers: true, limit: limitProofPeer, deferLimit: true, action: withBody[passkeySignInBody]{finishPasskey}, query: sessionQuery{},
		answers: []result{{200, signInJSON{}}},
		codes:   []Code{CodeInvalidCredentials, CodeUserDisabled, CodeEmailNotVerified, CodeLimitReached, CodeForbidden, CodeNotFound},
		example: `{"state":"3q2-7wAAAAAAAAAAAAAAAA","binding":"3q2-7wAAAAAAAAAAAAAAAA","credential":{"id":"3q2-7w","rawId":"3q2-7w","type":"public-key","response":{}}}`,
	},
	{
		method: post, pattern: "/auth/passkeys/begin/{app_id}", operation: "BeginNewPasskey", summary: "Begin to add a passkey",
		caller: &byUserOrVisitor, remembers: true, limit: limitOAuthPeer, action: withBody[newPasskeyBeginBody]{beginNewPasskey},
		answers: []result{{200, ceremonyJSON{}}},
		codes:   []Code{CodeReauthenticationRequired, CodeForbidden, CodeNotFound, CodeLimitReached},
		example: `{}`,
	},
	{
		method: post, pattern: "/auth/passkeys/finish/{app_id}", operation: "FinishNewPasskey", summary: "Add a passkey",
		caller: &byUserOrVisitor, remembers: true, limit: limitProofPeer, action: withBody[newPasskeyBody]{finishNewPasskey}, query: sessionQuery{},
		answers: []result{{201, passkeyJSON{}}},
		codes:   []Code{CodeInvalidCredentials, CodeReauthenticationRequired, CodeForbidden, CodeNotFound, CodeUserDisabled, CodeLimitReached},
		example: `{"state":"3q2-7wAAAAAAAAAAAAAAAA","binding":"3q2-7wAAAAAAAAAAAAAAAA","credential":{"id":"3q2-7w","rawId":"3q2-7w","type":"public-key","response":{}},"name":"Laptop"}`,
	},
	{
		method: get, pattern: "/auth/passkeys/{app_id}", operation: "Passkeys", summary: "List the user's passkeys",
		caller: &byUser, remembers: true, action: withoutBody{listPasskeys},
		answers: []result{{200, passkeysJSON{}}},
	},
	{
		method: patch, pattern: "/auth/passkeys/{app_id}/{id}", operation: "RenamePasskey", summary: "Rename a passkey",
		caller: &byUser, remembers: true, action: withBody[passkeyNameBody]{renamePasskey},
		answers: []result{{200, passkeyJSON{}}},
		codes:   []Code{CodeNotFound},
		example: `{"name":"Laptop"}`,
	},
	{
		method: del, pattern: "/auth/passkeys/{app_id}/{id}", operation: "RemovePasskey", summary: "Remove a passkey",
		caller: &byFreshUser, remembers: true, action: plain{removePasskey},
		answers: []result{{204, nil}},
		codes:   []Code{CodeNotFound, CodeLastCredential},
	},
	{
		method: post, pattern: "/auth/totp/begin/{app_id}", operation: "BeginTOTP", summary: "Begin to add a TOTP, or to replace it",
		caller: &byUserOrVisitor, remembers: true, limit: limitOAuthPeer, action: withBody[factorOwnerBody]{beginTOTP},
		answers: []result{{200, totpJSON{}}},
		codes:   []Code{CodeReauthenticationRequired, CodeForbidden},
		example: `{}`,
	},
	{
		method: post, pattern: "/auth/totp/finish/{app_id}", operation: "FinishTOTP", summary: "Confirm a TOTP by its first code",
		caller: &byUserOrVisitor, remembers: true, limit: limitProofPeer, action: withBody[totpFinishBody]{finishTOTP}, query: sessionQuery{},
		answers: []result{{201, recoveryJSON{}}},
		codes:   []Code{CodeReauthenticationRequired, CodeForbidden, CodeUserDisabled, CodeLimitReached},
		example: `{"state":"3q2-7wAAAAAAAAAAAAAAAA","binding":"3q2-7wAAAAAAAAAAAAAAAA","code":"123456"}`,
	},
	{
		method: del, pattern: "/auth/totp/{app_id}", operation: "RemoveTOTP", summary: "Remove the TOTP and its recovery codes",
		caller: &byFreshUser, remembers: true, action: plain{removeTOTP},
		answers: []result{{204, nil}},
	},
	{
		method: get, pattern: "/auth/mfa/{app_id}", operation: "SecondFactors", summary: "Read which second factors the user has",
		caller: &byUser, remembers: true, action: withoutBody{secondFactors},
		answers: []result{{200, mfaJSON{}}},
	},
	{
		method: post, pattern: "/auth/mfa/{app_id}", operation: "SignInWithSecondFactor", summary: "Finish a sign-in with a second factor",
		caller: &byVisitor, remembers: true, limit: limitProofPeer, deferLimit: true, action: withBody[secondFactorBody]{signInWithSecondFactor}, query: sessionQuery{},
		answers: []result{{200, signInJSON{}}},
		codes:   []Code{CodeInvalidToken, CodeInvalidCredentials, CodeMFAEnrollmentRequired, CodeUserDisabled, CodeEmailNotVerified, CodeLimitReached, CodeForbidden, CodeNotFound},
		example: `{"mfa_token":"3q2-7wAAAAAAAAAAAAAAAA","binding":"3q2-7wAAAAAAAAAAAAAAAA","code":"123456"}`,
	},
	{
		method: post, pattern: "/auth/recovery-codes/{app_id}", operation: "RenewRecoveryCodes", summary: "Make new recovery codes",
		caller: &byFreshUser, remembers: true, limit: limitProofPeer, action: withBody[emptyBody]{renewRecoveryCodes},
		answers: []result{{201, recoveryJSON{}}},
		codes:   []Code{CodeNotFound},
		example: `{}`,
	},
	{
		method: post, pattern: "/auth/step-up/{app_id}", operation: "StepUpSession", summary: "Make the session fresh",
		caller: &byUser, remembers: true, limit: limitCredentialsPeer, deferLimit: true, action: withBody[stepUpBody]{stepUp},
		answers: []result{{200, signInJSON{}}},
		codes:   []Code{CodeInvalidCredentials, CodeReauthenticationRequired, CodeForbidden, CodeNotFound},
		example: `{"code":"123456"}`,
	},
}
