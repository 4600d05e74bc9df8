package authkit

// pageRoutes are the pages of an app for people.
var pageRoutes = []route{
	{
		method: get, pattern: "/auth/sign-in/{app_id}", operation: "OpenSignIn", summary: "Show the ways to sign in",
		caller: &byVisitor, page: true, action: plain{openSignIn}, query: signInQuery{},
		answers: []result{{200, htmlPage{}}},
		codes:   []Code{CodeForbidden},
	},
	{
		method: post, pattern: "/auth/sign-in/{app_id}", operation: "PressSignIn", summary: "Take a step of the sign-in page",
		caller: &byVisitor, page: true, steps: signInSteps, action: formOnly[signInForm]{pressSignIn}, query: signInQuery{},
		answers: []result{{200, htmlPage{}}, {303, elsewhere{}}},
		codes:   pageCodes,
	},
	{
		method: get, pattern: "/auth/sign-up/{app_id}", operation: "OpenSignUp", summary: "Show the page for new people",
		caller: &byVisitor, page: true, action: plain{openSignUp}, query: signInQuery{},
		answers: []result{{200, htmlPage{}}},
		codes:   []Code{CodeForbidden, CodeSignupDisabled},
	},
	{
		method: post, pattern: "/auth/sign-up/{app_id}", operation: "PressSignUp", summary: "Take a step of the page for new people",
		caller: &byVisitor, page: true, steps: signInSteps, action: formOnly[signInForm]{pressSignUp}, query: signInQuery{},
		answers: []result{{200, htmlPage{}}, {303, elsewhere{}}},
		codes:   pageCodes,
	},
	{
		method: get, pattern: "/auth/sign-out/{app_id}", operation: "OpenSignOut", summary: "Ask before signing out",
		caller: &byUserOrVisitor, page: true, action: plain{openSignOut},
		answers: []result{{200, htmlPage{}}},
	},
}

// signInSteps are the limits of the steps: those of the routes that do the same for programs.
var signInSteps = []stepLimit{
	{stepLink, limitMailPeer, false}, {stepForgot, limitMailPeer, false}, {stepAgain, limitMailPeer, false},
	{stepCode, limitProofPeer, false}, {stepReset, limitProofPeer, false},
	{"", limitCredentialsPeer, true},
}

// pageCodes are the codes with which a step of the pages may be refused.
var pageCodes = []Code{
	CodeForbidden, CodeInvalidCredentials, CodeInvalidToken, CodeSignupDisabled, CodeEmailNotVerified, CodeUserDisabled, CodeEmailTaken,
	CodeLimitReached, CodeWeakPassword,
}
