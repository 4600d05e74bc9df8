package authkit

import (
	"net/http"
	"net/url"
	"time"

	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/naming"
	"github.com/authkit-dev/authkit/internal/pages"
)

// oauthConfigJSON is what an app needs to sign its users in at one provider. The client secret is
// shown nowhere.
type oauthConfigJSON struct {
	Provider    string    `json:"provider"`     // its name: that of a built-in provider, or the developer's own for an OIDC issuer
	ClientID    string    `json:"client_id"`    // by which the provider knows the app
	RedirectURI string    `json:"redirect_uri"` // where the provider sends the browser back to, as it is registered there
	Scopes      []string  `json:"scopes"`       // what the provider is asked for; empty: the least that tells who the user is
	Issuer      string    `json:"issuer"`       // of an OIDC provider of the developer's own; empty for a built-in one
	TrustEmail  bool      `json:"trust_email"`  // whether the issuer's word on an address counts as a proof of it
	Enabled     bool      `json:"enabled"`      // whether users can sign in by it
	CreatedAt   time.Time `json:"created_at"`   // when it was configured
}

// oauthConfigsJSON lists the configurations of an app.
type oauthConfigsJSON struct {
	Configs []oauthConfigJSON `json:"oauth_configs"` // one for each provider
}

func toOAuthConfigJSON(c OAuthConfig) oauthConfigJSON {
	return oauthConfigJSON{
		Provider: c.Provider, ClientID: c.ClientID, RedirectURI: c.RedirectURI, Scopes: orEmpty(c.Scopes),
		Issuer: c.Issuer, TrustEmail: c.TrustEmail, Enabled: c.Enabled, CreatedAt: c.CreatedAt.UTC(),
	}
}

func listOAuthConfigs(c *call) (any, error) {
	configs, err := c.e.OAuthConfigs(c.ctx(), c.appRef())
	if err != nil {
		return nil, err
	}
	out := make([]oauthConfigJSON, len(configs))
	for i, config := range configs {
		out[i] = toOAuthConfigJSON(config)
	}
	return oauthConfigsJSON{out}, nil
}

// oauthPatchBody changes the members that it has.
type oauthPatchBody struct {
	ClientID     *string   `json:"client_id"`
	ClientSecret *string   `json:"client_secret"`
	RedirectURI  *string   `json:"redirect_uri"` // where the provider sends the browser back to, as it is registered there
	Issuer       *string   `json:"issuer"`       // of an OIDC provider of the developer's own
	Scopes       *[]string `json:"scopes"`       // what the provider is asked for; empty: the least that tells who the user is
	TrustEmail   *bool     `json:"trust_email"`
	Enabled      *bool     `json:"enabled"` // whether users can sign in by it
}

// oauthConfigBody configures a provider.
type oauthConfigBody struct {
	Provider     string  `json:"provider" api:"required"` // that of a built-in provider, or the developer's own name for an OIDC issuer
	ClientID     *string `json:"client_id" api:"required"`
	ClientSecret *string `json:"client_secret" api:"required"` // by which the app proves to the provider who it is

	// RedirectURI is where the provider sends the browser back to, as it is registered there. It
	// is <BaseURL>/auth/callback/{provider}/{app_id} where it is left out.
	RedirectURI *string   `json:"redirect_uri"`
	Scopes      *[]string `json:"scopes"` // what the provider is asked for; left out: the least that tells who the user is
	Issuer      *string   `json:"issuer"` // of an OIDC provider of the developer's own; left out for a built-in one
	TrustEmail  *bool     `json:"trust_email"`
}

func createOAuthConfig(c *call, in oauthConfigBody) (jsonResponse, error) {
	got, err := c.e.CreateOAuthConfig(c.ctx(), ProviderRef{App: c.appRef(), Provider: in.Provider}, OAuthPatch{
		ClientID: in.ClientID, ClientSecret: in.ClientSecret, RedirectURI: in.RedirectURI,
		Scopes: in.Scopes, Issuer: in.Issuer, TrustEmail: in.TrustEmail,
	})
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusCreated, toOAuthConfigJSON(got)}, nil
}

func changeOAuthConfig(c *call, in oauthPatchBody) (jsonResponse, error) {
	got, err := c.e.ChangeOAuthConfig(c.ctx(), ProviderRef{App: c.appRef(), Provider: c.r.PathValue("provider")}, OAuthPatch(in))
	if err != nil {
		return jsonResponse{}, err
	}
	return jsonResponse{http.StatusOK, toOAuthConfigJSON(got)}, nil
}

func deleteOAuthConfig(c *call) error {
	if err := c.e.DeleteOAuthConfig(c.ctx(), ProviderRef{App: c.appRef(), Provider: c.r.PathValue("provider")}); err != nil {
		return err
	}
	return c.noContent()
}

// oauthStartJSON is the beginning of a flow through a provider.
type oauthStartJSON struct {
	URL     string `json:"redirect_url"` // where the person signs in at the provider
	State   string `json:"state"`        // comes back with the provider's answer
	Binding string `json:"binding"`      // the asker's secret, which goes to the callback with the state
}

func startOAuth(c person) error {
	values, err := query(c.r)
	if err != nil {
		return err
	}
	if err := c.checkSessionChoice(); err != nil {
		return err
	}
	in := OAuthStart{
		App: c.app.ID, Provider: c.r.PathValue("provider"),
		RedirectTo: values.Get("redirect_to"), CodeChallenge: values.Get("code_challenge"), Offer: values.Get("offer") != "", Client: c.client,
	}
	if c.r.Method == http.MethodHead { // HEAD never has an effect
		if _, err := c.e.maySignIn(c.ctx(), c.app, in); err != nil {
			return err
		}
		c.w.WriteHeader(http.StatusOK)
		return nil
	}
	if httpio.AcceptsJSONOnly(c.r) {
		got, err := c.e.StartOAuth(c.ctx(), in)
		if err != nil {
			return err
		}
		return c.writeJSON(http.StatusOK, oauthStartJSON(got))
	}
	if c.cookieMode() {
		if err := c.client.checkCookieRoom(); err != nil { // refused before the person goes to the provider
			return err
		}
	}
	if startedByPage(c.r) {
		return c.showStartPage(in)
	}
	in.Browser = c.browser.bind()
	got, err := c.e.StartOAuth(c.ctx(), in)
	if err != nil {
		return err
	}
	return c.redirect(http.StatusFound, got.URL)
}

// startedByPage reports whether another page, and not a person, makes the browser send the
// request. Such a page could sign a visitor in, and begin a session, against their will. A
// browser without these headers is taken as a person's.
func startedByPage(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return r.Header.Get("Sec-Fetch-User") != "?1"
	}
	return false
}

// showStartPage shows a page with a button that links back to this route. It is a link because
// browsers check each redirect after a form against the policy of the page.
func (c person) showStartPage(in OAuthStart) error {
	if _, err := c.e.maySignIn(c.ctx(), c.app, in); err != nil {
		return err
	}
	to := c.e.cfg.url("/auth/" + url.PathEscape(in.Provider) + "/" + c.app.ID.String())
	if c.r.URL.RawQuery != "" {
		to += "?" + c.r.URL.RawQuery
	}
	p := c.view()
	return c.show(http.StatusOK, pages.Continue{
		Title: p.T("sign_in.title", "app", p.App), Text: p.T("onward.provider", "provider", naming.Provider(in.Provider)), URL: to, Button: p.T("onward.button"),
	}.View(p))
}

func (c *call) redirect(status int, to string) error {
	c.w.Header().Set("Cache-Control", "no-store")
	c.w.Header().Set("Location", to)
	c.w.WriteHeader(status)
	return nil
}

// providerParams are the only parameters that are read of a provider's answer. A provider may add
// others: texts for people, with any bytes, and parameters of its own.
var providerParams = []string{"code", "state", "iss", "error", "resume"}

// readReturn reads the parameters of a provider's answer.
func (c *call) readReturn(values url.Values) OAuthReturn {
	return OAuthReturn{
		App: c.app.ID, Provider: c.r.PathValue("provider"), Client: c.client,
		Code: values.Get("code"), State: values.Get("state"), Iss: values.Get("iss"), Fail: values.Get("error"),
	}
}

// returnOAuth serves the browser on its return from the provider, or from the redirect after a
// stashed form post.
func returnOAuth(c person) error {
	if c.r.Method == http.MethodHead {
		c.w.WriteHeader(http.StatusOK)
		return nil
	}
	values, err := httpio.Params(c.r.URL.RawQuery, providerParams...)
	if err != nil {
		return err
	}
	in := c.readReturn(values)
	browser := c.browser.secret()
	if browser == nil {
		return invalidToken("the browser has no binding cookie").with(ReasonBindingMissing) // began elsewhere: login CSRF (RFC 6749, section 10.12)
	}
	if values.Has("resume") {
		if in, err = c.e.ResumeOAuthReturn(c.ctx(), OAuthResume{App: c.app.ID, Provider: in.Provider, Token: values.Get("resume")}); err != nil {
			return err
		}
	}
	in.Browser, in.Device, in.Client = browser, c.browser.device(), c.client
	if parseState(in.State).links() {
		return returnLink(c, in)
	}
	got, err := c.e.ReturnOAuth(c.ctx(), in)
	forProgram := httpio.AcceptsJSONOnly(c.r)
	switch {
	case got.State == LandingGoesOn && (err != nil || forProgram || !offersPasskey(c, got)):
		return c.returnSession(got, err)
	case err != nil:
		return err
	case forProgram:
		return c.writeJSON(http.StatusOK, c.signedIn(got.SignIn).body)
	}
	return landOffering(c, got)
}

// returnSession goes on to the goal of a sign-in, or tells it of the error.
func (c person) returnSession(got Landing, err error) error {
	if err != nil || got.Code != "" {
		return c.returnToGoal(got.RedirectTo, c.goalQuery(err, "code", got.Code))
	}
	c.setSignInCookies(got.SignIn)
	return c.goOn(got.RedirectTo, nil)
}

// goalQuery returns the parameters for the goal: the named value on success, one of our error
// codes otherwise.
func (c *call) goalQuery(err error, name, value string) url.Values {
	query := url.Values{"iss": {c.e.cfg.issuer(c.app.ID)}} // RFC 9207
	if err == nil {
		query.Set(name, value)
		return query
	}
	c.logRefusal(err)
	refusal := refusalOf(err)
	query.Set("error", string(refusal.Code))
	query.Set("request_id", c.request.id)
	if refusal.ProviderCode != "" {
		query.Set("provider_code", refusal.ProviderCode)
	}
	return query
}

// callbackBody is a provider's answer, as the app's page got it.
type callbackBody struct {
	Code    string `json:"code" api:"required"`    // the provider's authorization code
	State   string `json:"state" api:"required"`   // the state of the flow
	Binding string `json:"binding" api:"required"` // that of the answer with which the flow began
	Iss     string `json:"iss"`                    // the issuer, where the provider sends it (RFC 9207)
}

// check reports every missing member.
func (in callbackBody) check() error {
	return invalidFields(missing([2]string{"code", in.Code}, [2]string{"state", in.State}, [2]string{"binding", in.Binding}))
}

// stashReturn takes a form from the provider.
func stashReturn(c person) error {
	form, err := httpio.FormParams(c.r, providerParams...)
	if err != nil {
		return err
	}
	in := c.readReturn(form)
	resume, err := c.e.StashOAuthReturn(c.ctx(), in)
	if err != nil {
		return err
	}
	return c.redirect(http.StatusSeeOther, c.e.cfg.url("/auth/callback/"+url.PathEscape(in.Provider)+"/"+c.app.ID.String())+"?resume="+resume)
}

func finishByBinding(c *call, in callbackBody) (jsonResponse, error) {
	if err := in.check(); err != nil {
		return jsonResponse{}, err
	}
	back := OAuthReturn{
		App: c.app.ID, Provider: c.r.PathValue("provider"), Code: in.Code, State: in.State, Iss: in.Iss,
		Binding: in.Binding, Client: c.client,
	}
	if parseState(in.State).links() {
		return finishLink(c, back)
	}
	got, err := c.e.FinishOAuth(c.ctx(), back)
	if err != nil {
		return jsonResponse{}, err
	}
	return c.signedIn(got), nil
}
