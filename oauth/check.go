package oauth

import "context"

// CheckProvider reads the discovery document of a provider, as [Client.CheckIssuer] does. It
// asks nothing of a provider that has none, such as GitHub.
func (c *Client) CheckProvider(ctx context.Context, cfg Config) error {
	at := c.facts(cfg)
	switch at.discovery {
	case "":
		return nil
	case at.issuer:
		return c.CheckIssuer(ctx, at.issuer)
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	_, err := c.askIssuer(ctx, issuerKey{at.discovery, at.issuer})
	return err
}
