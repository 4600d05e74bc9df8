package network

import "context"

// ClientID is what every issuer takes for the id of its client.
const ClientID = clientID

// StartIssuer starts an OpenID provider that works, for cases that break something else. It
// redirects an authorization request at once, as the user that its login_hint names.
func StartIssuer(ctx context.Context) (url string, stop func(), err error) {
	i, err := newIssuer(ctx)
	if err != nil {
		return "", nil, err
	}
	return i.url, i.close, nil
}
