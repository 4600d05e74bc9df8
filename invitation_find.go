package authkit

import "context"

// invitation is a live invitation, with the account that it is for.
type invitation struct {
	challenge

	account *Account
}

// findInvitation returns a live invitation, without effect. [CodeInvalidToken].
func findInvitation(ctx context.Context, k *tokens, app App, raw string) (invitation, error) {
	got, err := k.findLink(ctx, app.ID, forInvite, raw, "")
	if err != nil {
		return invitation{}, err
	}
	account := takeHolder(&got)
	if account == nil || account.User.Verified || account.User.Disabled || account.User.Email != got.data.Email || !account.User.LastLogin.Equal(got.data.LastLogin) {
		return invitation{}, invalidToken("the address, or the account, was proven, changed or used since the invitation").with(ReasonSpent)
	}
	return invitation{got, account}, nil
}

// left is the account as its acceptance leaves it, before it sets a way to sign in: the address is proven
// and, where a person has used the account, it is reset.
func (i invitation) left() *Account {
	left := *i.account
	left.User.Verified = true
	if i.account.used() {
		left.User.Name, left.Credentials = "", nil
	}
	return &left
}
