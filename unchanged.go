package authkit

import (
	"bytes"
	"slices"
)

// A change that leaves everything as it is writes nothing: no row, no event, no notice. A
// revocation (a user or a configuration is disabled) is written again even so, since the answer
// to the first request may have been lost with its commit.

// changesNothing reports whether the change leaves the app as it is.
func (c AppChange) changesNothing(app App) bool {
	return keepsField(c.Name, app.Name) && (c.Settings == nil || c.Settings.same(app.Settings)) && (c.Logo == nil || c.Logo.Hash == app.Logo) &&
		(c.ForeignHashes == nil || slices.Equal(*c.ForeignHashes, app.ForeignHashes))
}

// changesNothing reports whether the patch, which has become the change c, leaves the user as it is.
func (p UserPatch) changesNothing(c UserChange, u User) bool {
	revokes := p.Disabled != nil && *p.Disabled
	return !revokes && !c.End && keepsField(c.Name, u.Name) && keepsField(c.DisabledReason, u.DisabledReason) &&
		keepsField(c.Verified, u.Verified) && keepsField(c.Disabled, u.Disabled) &&
		keepsField(c.ExternalID, u.ExternalID) && (c.Roles == nil || slices.Equal(*c.Roles, u.Roles)) &&
		keepsMetadata(c.Metadata, u.Metadata) && keepsMetadata(c.PrivateMetadata, u.PrivateMetadata)
}

// keepsMetadata reports whether an object of metadata stays as it is.
func keepsMetadata(to, is []byte) bool {
	return to == nil || bytes.Equal(to, is) || string(to) == noMetadata && is == nil
}

// changesNothing reports whether the patch leaves the configuration as it was. A client secret always
// counts as a change, since it cannot be compared with the sealed one.
func (p OAuthPatch) changesNothing(was, is OAuthConfig) bool {
	revokes := p.Enabled != nil && !*p.Enabled
	return !revokes && p.ClientSecret == nil && was.ClientID == is.ClientID && was.RedirectURI == is.RedirectURI &&
		was.Issuer == is.Issuer && was.TrustEmail == is.TrustEmail && was.Enabled == is.Enabled && slices.Equal(was.Scopes, is.Scopes)
}
