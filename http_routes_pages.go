package authkit

import "github.com/authkit-dev/authkit/internal/pages"

// pageRoutes are the pages of an app for people.
var pageRoutes = []route{
	{
		method: get, pattern: "/auth/sign-in/{app_id}", operation: "OpenSignIn", summary: "Show the ways to sign in",
		caller: &byVisitor, page: true, action: showsPage{openSignIn}, query: signInQuery{},
		answers: []result{{200, htmlPage{}}},
		codes:   []Code{CodeForbidden},
	},
	{
		method: post, pattern: "/auth/sign-in/{app_id}", operation: "PressSignIn", summary: "Take a step of the sign-in page",
		caller: &byVisitor, page: true, steps: signInSteps, action: formOnly[stepForm]{pressSignIn}, query: signInQuery{},
		answers: []result{{200, htmlPage{}}, {303, elsewhere{}}},
		codes:   pageCodes,
	},
	{
		method: get, pattern: "/auth/sign-up/{app_id}", operation: "OpenSignUp", summary: "Show the page for new people",
		caller: &byVisitor, page: true, action: showsPage{openSignUp}, query: signInQuery{},
		answers: []result{{200, htmlPage{}}},
		codes:   []Code{CodeForbidden, CodeSignupDisabled},
	},
	{
		method: post, pattern: "/auth/sign-up/{app_id}", operation: "PressSignUp", summary: "Take a step of the page for new people",
		caller: &byVisitor, page: true, steps: signUpSteps, action: formOnly[stepForm]{pressSignUp}, query: signInQuery{},
		answers: []result{{200, htmlPage{}}, {303, elsewhere{}}},
		codes:   pageCodes,
	},
	{
		method: get, pattern: "/auth/invitation/{app_id}", operation: "OpenInvitation", summary: "Show the page of an invitation",
		caller: &byVisitor, page: true, action: showsPage{openInvitation}, query: linkQuery{},
		answers: []result{{200, htmlPage{}}},
		codes:   []Code{CodeInvalidToken},
	},
	{
		method: post, pattern: "/auth/invitation/{app_id}", operation: "PressInvitation", summary: "Accept an invitation",
		caller: &byVisitor, page: true, limit: limitProofPeer, action: formOnly[invitationForm]{pressInvitation},
		answers: []result{{200, htmlPage{}}, {303, elsewhere{}}},
		codes:   []Code{CodeForbidden, CodeInvalidToken, CodeInvalidCredentials, CodeNotFound, CodeWeakPassword},
	},
	{
		method: get, pattern: "/auth/account/{app_id}", operation: "OpenAccount", summary: "Show what the app knows about the signed-in person",
		caller: &byUserOrVisitor, page: true, action: showsPage{openAccount}, query: accountQuery{},
		answers: []result{{200, htmlPage{}}, {303, elsewhere{}}},
		codes:   []Code{CodeNotFound},
	},
	{
		method: post, pattern: "/auth/account/{app_id}", operation: "PressAccount", summary: "Take a step of the account page",
		caller: &byUserOrVisitor, page: true, steps: accountLimits, action: formOnly[accountForm]{pressAccount}, query: accountQuery{},
		answers: []result{{200, htmlPage{}}, {303, elsewhere{}}},
		codes:   accountCodes,
	},
	{
		method: get, pattern: "/auth/sign-out/{app_id}", operation: "OpenSignOut", summary: "Ask before signing out",
		caller: &byUserOrVisitor, page: true, action: showsPage{openSignOut}, query: signOutQuery{},
		answers: []result{{200, htmlPage{}}},
	},
}

// signInSteps are the limits of the steps of the sign-in page: those of the routes that do the same for programs.
var signInSteps = []stepLimit{
	{stepLink, limitMailPeer, false}, {stepForgot, limitMailPeer, false}, {stepAgain, limitMailPeer, false},
	{stepCode, limitProofPeer, false}, {stepReset, limitProofPeer, false},
	{stepSecond, limitProofPeer, true}, {stepTOTP, limitProofPeer, false}, {stepNewKey, limitProofPeer, false}, {stepOnward, limitProofPeer, false},
	{stepPasskey, limitProofPeer, true},
	{"", limitCredentialsPeer, true},
}

// signUpSteps are the limits of the steps of the sign-up page. Every other value of the field "do" is
// a sign-up with a password there.
var signUpSteps = []stepLimit{
	{stepLink, limitMailPeer, false}, {stepAgain, limitMailPeer, false},
	{stepCode, limitProofPeer, false},
	{"", limitCredentialsPeer, true},
}

// accountLimits are the limits of the steps of the account page.
var accountLimits = []stepLimit{
	{pages.SendProof, limitMailPeer, false}, {pages.ChangeEmail, limitMailPeer, false}, {pages.FreshMail, limitMailPeer, false},
	{pages.Prove, limitProofPeer, false}, {pages.ConfirmEmail, limitProofPeer, false}, {pages.FreshCode, limitProofPeer, false},
	{pages.ChangePassword, limitCredentialsPeer, false}, {pages.FreshPassword, limitCredentialsPeer, true},
	{pages.Connect, limitOAuthPeer, false},
	{pages.BeginTOTP, limitOAuthPeer, false}, {pages.ConfirmTOTP, limitProofPeer, false}, {pages.AddPasskey, limitProofPeer, false},
	{pages.RenewCodes, limitProofPeer, false},
	{pages.FreshFactor, limitCredentialsPeer, true},
}

// accountCodes are the codes with which a step of the account page may be refused.
var accountCodes = []Code{
	CodeNotFound, CodeForbidden, CodeReauthenticationRequired, CodeInvalidCredentials, CodeInvalidToken, CodeEmailNotVerified, CodeUserDisabled, CodeUserNotFound,
	CodeSessionNotFound, CodeIdentityNotFound, CodeProviderNotConfigured, CodeProviderError, CodeProviderTimeout, CodeEmailTaken, CodeLastCredential,
	CodePasswordSet, CodeAppsRemain, CodeLimitReached, CodeWeakPassword,
}

// pageCodes are the codes with which a step of the pages may be refused.
var pageCodes = []Code{
	CodeForbidden, CodeInvalidCredentials, CodeInvalidToken, CodeSignupDisabled, CodeEmailNotVerified, CodeUserDisabled, CodeEmailTaken,
	CodeLimitReached, CodeWeakPassword,
}
