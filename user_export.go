package authkit

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/totp"
	"github.com/authkit-dev/authkit/oauth"
)

// ExportUsers lists users with all that [Engine.ImportUsers] takes, newest first: password
// hashes and the seeds of TOTPs, too, which are secrets.
// A Limit of 0 is 50. The next page begins after the CreatedAt and ID of the last row. Sessions,
// passkeys, recovery codes, the time of the latest sign-in and what was mailed are not part of it. The handler has no route for it:
// an API key reads no hashes.
func (e *Engine) ExportUsers(ctx context.Context, app uuid.UUID, p Page) ([]UserImport, error) {
	users, err := e.Users(ctx, app, UserFilter{Page: p})
	if err != nil || len(users) == 0 {
		return nil, err
	}
	configs, err := e.store.OAuthConfigs(ctx, app)
	if err != nil {
		return nil, storeError(err, app)
	}
	refs := make([]AccountRef, len(users))
	for i, u := range users {
		refs[i] = AccountRef{App: app, AccountKey: AccountKey{ID: u.ID}}
	}
	answers, err := e.store.Accounts(ctx, refs)
	if err != nil {
		return nil, storeError(err, app)
	}
	out := make([]UserImport, 0, len(users))
	for i, a := range answers {
		if a.Err != nil { // the user was deleted in the meantime; the row keeps the place of the page
			a.Account = Account{User: users[i]}
		}
		row := exported(a.Account, configs)
		if held := a.Account.factors(); held.totp != nil {
			data, err := e.factors.openTOTP(*held.totp)
			if err != nil {
				return nil, err
			}
			row.TOTPSecret = totp.Secret(data.Seed)
		}
		out = append(out, row)
	}
	return out, nil
}

// exported is an account as it is imported.
func exported(a Account, configs []OAuthConfig) UserImport {
	u := a.User
	out := UserImport{
		UserRequest: UserRequest{
			Email: u.EmailTyped, Name: u.Name, Verified: u.Verified, PasswordHash: a.password(), ExternalID: u.ExternalID,
			Roles: u.Roles, Metadata: u.Metadata, PrivateMetadata: u.PrivateMetadata,
		},
		ID: u.ID, CreatedAt: u.CreatedAt, Disabled: u.Disabled, DisabledReason: u.DisabledReason,
	}
	for _, held := range a.identities(configs) {
		issuer, subject, _ := strings.Cut(held.credential.Subject, " ")
		if issuer == oauth.BuiltInIssuer(held.Provider) {
			issuer = ""
		}
		out.Identities = append(out.Identities, ImportedIdentity{held.Provider, subject, issuer})
	}
	slices.SortFunc(out.Identities, func(x, y ImportedIdentity) int {
		return strings.Compare(x.Provider+" "+x.Subject, y.Provider+" "+y.Subject)
	})
	return out
}
