package authkit

// OAuthPatch changes the fields of a configuration that are not nil. RedirectURI is the URL to
// which the provider returns browsers, as it is registered there. Its default is authkit's own
// callback, <BaseURL>/auth/callback/{provider}/{app_id}.
type OAuthPatch struct {
	ClientID, ClientSecret, RedirectURI, Issuer *string
	Scopes                                      *[]string
	TrustEmail, Enabled                         *bool
}

// patched returns a configuration with the patch applied and its client secret sealed.
func (p *providers) patched(c OAuthConfig, patch OAuthPatch) OAuthConfig {
	set(&c.ClientID, patch.ClientID)
	set(&c.RedirectURI, patch.RedirectURI)
	set(&c.Issuer, patch.Issuer)
	set(&c.Scopes, patch.Scopes)
	set(&c.TrustEmail, patch.TrustEmail)
	set(&c.Enabled, patch.Enabled)
	if c.RedirectURI == "" && patch.RedirectURI == nil {
		c.RedirectURI = p.callbackURL(c)
	}
	if patch.ClientSecret != nil {
		p.seal(&c, *patch.ClientSecret)
	} else {
		p.reseal(&c)
	}
	return c
}
