package authkit

import "slices"

// routes returns the route table.
func routes() []route {
	return slices.Concat(pageRoutes, signInRoutes, userRoutes, accountRoutes, factorRoutes, managementRoutes, publicRoutes)
}

// publicRoutes need no credential and hold nothing private.
var publicRoutes = []route{
	{
		method: get, pattern: appPath + "/.well-known/openid-configuration", operation: "Metadata", summary: "Issuer metadata",
		caller: &byVisitor, anyOrigin: true, action: withoutBody{metadata},
		answers: []result{{200, Metadata{}}},
	},
	{
		method: get, pattern: appPath + "/.well-known/jwks.json", operation: "KeySet", summary: "Public signing keys",
		caller: &byVisitor, anyOrigin: true, action: withoutBody{keySet},
		answers: []result{{200, KeySet{}}},
	},
	{
		method: get, pattern: "/branding/{hash}", operation: "Logo", summary: "An app's logo",
		caller: &byAnyone, action: plain{showLogo}, headers: logoHeaders{},
		answers: []result{{200, pngImage{}}, {304, nil}},
		codes:   []Code{CodeNotFound},
	},
	{
		method: get, pattern: "/errors/{code}", operation: "ExplainError", summary: "What an error code means",
		caller: &byAnyone, action: showsPage{errorPage},
		answers: []result{{200, htmlPage{}}},
		codes:   []Code{CodeNotFound},
	},
	{
		method: get, pattern: "/healthz", operation: "Alive", summary: "Whether the process is alive",
		caller: &byAnyone, action: withoutBody{healthz},
		answers: []result{{200, statusJSON{}}},
	},
	{
		method: get, pattern: "/readyz", operation: "Ready", summary: "Whether the store answers",
		caller: &byAnyone, action: withoutBody{readyz},
		answers: []result{{200, statusJSON{}}},
	},
	{
		method: get, pattern: "/authkit.js", operation: "ClientScript", summary: "The browser client, an ES module",
		caller: &byAnyone, anyOrigin: true, action: plain{clientScript}, headers: documentHeaders{},
		answers: []result{{200, scriptText{}}, {304, nil}},
	},
	{
		method: get, pattern: "/openapi.json", operation: "APIDocument", summary: "This API, as an OpenAPI document",
		caller: &byAnyone, anyOrigin: true, action: plain{apiDocument}, headers: documentHeaders{},
		answers: []result{{200, apiDocumentJSON{}}, {304, nil}},
	},
	{
		method: get, pattern: "/docs", operation: "Reference", summary: "This API as a page, with examples and a search",
		caller: &byAnyone, action: plain{referencePage}, headers: documentHeaders{},
		answers: []result{{200, htmlPage{}}, {304, nil}},
	},
}
