package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	githubType = "application/vnd.github+json"
	maxPages   = 10 // of email addresses, a hundred each
)

// githubProfile asks GitHub for the person behind an access token. The profile has the numeric
// id, which a rename does not change, and the primary address. An app may have no permission to
// read addresses; the person is still identified without them.
func (c *Client) githubProfile(ctx context.Context, p *provider, access string) (Profile, error) {
	if access == "" {
		return Profile{}, finding(Broken, "the token endpoint's answer", "no access token", "one")
	}
	a, err := c.get(ctx, p.api+"/user", access, githubType)
	switch {
	case err != nil:
		return Profile{}, asError("ask GitHub for the user", err)
	case a.status != http.StatusOK:
		return Profile{}, &Error{Kind: Broken, Check: "GitHub's answer about the user", Seen: fmt.Sprintf("status %d", a.status), Want: "status 200"}
	}
	var user members
	var id int64
	if json.Unmarshal(a.body, &user) != nil || json.Unmarshal(user["id"], &id) != nil || id <= 0 {
		return Profile{}, finding(Broken, "GitHub's answer about the user", "no id", "a number")
	}
	out := Profile{Issuer: p.facts.issuer, Subject: strconv.FormatInt(id, 10), Name: user.text("name")}
	if out.Name == "" {
		out.Name = user.text("login")
	}
	out.Email, out.EmailVerified, out.Lack = c.githubEmail(ctx, p, access)
	return out, nil
}

// githubEmail looks for the primary address on all pages.
func (c *Client) githubEmail(ctx context.Context, p *provider, access string) (email string, verified bool, lack error) {
	ctx, cancel := context.WithTimeout(ctx, sideTimeout)
	defer cancel()
	list := p.api + "/user/emails"
	for at := list + "?per_page=100"; at != ""; {
		a, err := c.get(ctx, at, access, githubType)
		switch {
		case err != nil:
			return "", false, fmt.Errorf("ask GitHub for the addresses: %w", err)
		case a.status != http.StatusOK:
			return "", false, fmt.Errorf("ask GitHub for the addresses: status %d", a.status)
		}
		var page []members
		if err := json.Unmarshal(a.body, &page); err != nil {
			return "", false, errors.New("read the addresses at GitHub: not a list of objects")
		}
		for _, e := range page {
			if e.isTrue("primary") {
				return e.text("email"), e.isTrue("verified"), nil
			}
		}
		at = nextPage(a.header, list, at)
	}
	return "", false, errors.New("read the addresses at GitHub: none is primary")
}

// nextPage returns the next page that a Link header names (RFC 8288). It refuses a URL that is
// not below list, because the access token must go nowhere but there. It also stops after
// maxPages.
func nextPage(header http.Header, list, at string) string {
	for link := range strings.SplitSeq(strings.Join(header.Values("Link"), ","), ",") {
		target, params, _ := strings.Cut(strings.TrimSpace(link), ";")
		if !strings.Contains(params, `rel="next"`) {
			continue
		}
		next := strings.Trim(target, "<>")
		u, err := url.Parse(next)
		if err != nil || !strings.HasPrefix(next, list+"?") {
			return ""
		}
		page, err := strconv.Atoi(u.Query().Get("page"))
		if err != nil || page < 2 || page > maxPages || next == at {
			return ""
		}
		return next
	}
	return ""
}
