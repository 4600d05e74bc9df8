package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
)

// userInfo asks for what the ID token lacks (OpenID Connect Core, section 5.3). If that fails,
// it returns the claims of the ID token, and lack says why there is no more. An answer about
// another subject is an error: section 5.3.2.
func (c *Client) userInfo(ctx context.Context, p *provider, access, subject string, known claims) (who claims, lack, err error) {
	ctx, cancel := context.WithTimeout(ctx, sideTimeout)
	defer cancel()
	said, lack := c.askUserInfo(ctx, p, access)
	if lack != nil {
		return known, fmt.Errorf("ask for user info: %w", lack), nil
	}
	switch sub := said.text("sub"); sub {
	case subject:
	case "":
		return known, errors.New("ask for user info: the answer has no sub"), nil
	default:
		return claims{}, nil, finding(Broken, "the user info is another subject's", quote(sub), quote(subject))
	}
	who = said.claims()
	if who.Name == "" {
		who.Name = known.Name
	}
	return who, nil, nil
}

func (c *Client) askUserInfo(ctx context.Context, p *provider, access string) (members, error) {
	if access == "" {
		return nil, errors.New("there is no access token")
	}
	a, err := c.get(ctx, p.meta.UserInfo, access, jsonType)
	switch {
	case err != nil:
		return nil, err
	case a.status != http.StatusOK:
		return nil, fmt.Errorf("status %d", a.status)
	}
	if kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type")); err == nil && kind == "application/jwt" {
		return p.signed(ctx, string(a.body))
	}
	var said members
	if json.Unmarshal(a.body, &said) != nil || said == nil {
		return nil, errors.New("the answer is no JSON object")
	}
	return said, nil
}
