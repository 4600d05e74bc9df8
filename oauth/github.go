package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"golang.org/x/oauth2"
)

// githubProfile asks GitHub who the token is of: the numeric id, which no rename changes,
// and the primary address.
func (c *Client) githubProfile(ctx context.Context, tok *oauth2.Token) (Profile, error) {
	base := "https://api.github.com"
	if e, ok := c.opts.Endpoints[github]; ok {
		base = e.APIURL
	}
	var user struct {
		ID          int64
		Name, Login string
	}
	if err := c.get(ctx, base+"/user", tok, &user); err != nil {
		return Profile{}, err
	}
	if user.ID <= 0 {
		return Profile{}, &Error{Kind: Broken, Err: errors.New("GitHub tells no id")}
	}
	var emails []struct {
		Email             string
		Primary, Verified bool
	}
	if err := c.get(ctx, base+"/user/emails", tok, &emails); err != nil {
		return Profile{}, err
	}
	p := Profile{Issuer: IssuerOf(github, ""), Subject: strconv.FormatInt(user.ID, 10), Name: user.Name}
	if p.Name == "" {
		p.Name = user.Login
	}
	for _, e := range emails {
		if e.Primary {
			p.Email, p.EmailVerified = e.Email, e.Verified
		}
	}
	return p, nil
}

func (c *Client) get(ctx context.Context, url string, tok *oauth2.Token, v any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return broken(err)
	}
	tok.SetAuthHeader(r)
	r.Header.Set("Accept", "application/vnd.github+json")
	res, err := c.http.Do(r)
	if err != nil {
		return broken(err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	if res.StatusCode != http.StatusOK {
		return &Error{Kind: Broken, Err: fmt.Errorf("GET %s: status %d", url, res.StatusCode)}
	}
	if err := json.NewDecoder(res.Body).Decode(v); err != nil {
		return broken(fmt.Errorf("GET %s: %w", url, err))
	}
	return nil
}
