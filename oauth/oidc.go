package oauth

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// claims are what an ID token or a userinfo answer says.
type claims struct {
	Email    string          `json:"email"`
	Verified json.RawMessage `json:"email_verified"` // boolean true counts, "true" does not
	Name     string          `json:"name"`
	AZP      string          `json:"azp"`
	HD       string          `json:"hd"`
}

func (c claims) verified() bool { return string(c.Verified) == "true" }

const maxSubject = 255 // OpenID Connect Core, section 2

// oidcProfile verifies the ID token (OpenID Connect Core, section 3.1.3.7).
func (c *Client) oidcProfile(ctx context.Context, cfg Config, d *discovery, tok *oauth2.Token, nonce string) (Profile, error) {
	raw, ok := tok.Extra("id_token").(string)
	if !ok {
		return Profile{}, &Error{Kind: Broken, Err: errors.New("the answer has no ID token")}
	}
	ctx = oidc.ClientContext(ctx, c.http)
	verifier := d.provider.Verifier(&oidc.Config{ClientID: cfg.ClientID, SupportedSigningAlgs: d.algs, Now: c.opts.Now})
	id, err := verifier.Verify(ctx, raw)
	if err != nil {
		return Profile{}, broken(fmt.Errorf("verify the ID token: %w", err))
	}
	var said claims
	if err := id.Claims(&said); err != nil {
		return Profile{}, broken(fmt.Errorf("read the ID token: %w", err))
	}
	if err := checkID(id, said, cfg, nonce); err != nil {
		return Profile{}, &Error{Kind: Broken, Err: err}
	}
	if said.Email == "" && d.provider.UserInfoEndpoint() != "" {
		if said, err = c.userInfo(ctx, d, tok, id.Subject); err != nil {
			return Profile{}, err
		}
	}
	return Profile{
		Issuer: d.issuer, Subject: id.Subject, Email: said.Email, Name: said.Name,
		EmailVerified: said.verified() && trusted(cfg, said),
	}, nil
}

func checkID(id *oidc.IDToken, said claims, cfg Config, nonce string) error {
	switch {
	case nonce == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1:
		return errors.New("the ID token has another nonce")
	case id.Subject == "" || len(id.Subject) > maxSubject || strings.ContainsFunc(id.Subject, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("the ID token has no usable subject")
	case (len(id.Audience) > 1 || said.AZP != "") && said.AZP != cfg.ClientID:
		return errors.New("the ID token is for another party")
	}
	return nil
}

func (c *Client) userInfo(ctx context.Context, d *discovery, tok *oauth2.Token, subject string) (claims, error) {
	info, err := d.provider.UserInfo(ctx, oauth2.StaticTokenSource(tok))
	if err != nil {
		return claims{}, broken(fmt.Errorf("ask for user info: %w", err))
	}
	// OpenID Connect Core, section 5.3.2: else the answer is another person's.
	if info.Subject != subject {
		return claims{}, &Error{Kind: Broken, Err: errors.New("the user info is another subject's")}
	}
	var said claims
	if err := info.Claims(&said); err != nil {
		return claims{}, broken(fmt.Errorf("read the user info: %w", err))
	}
	return said, nil
}

// trusted says whether the provider's word on the address counts: Google's where Google
// keeps the mailbox, a custom issuer's where the developer said so.
func trusted(cfg Config, said claims) bool {
	if cfg.Provider != google {
		return cfg.TrustEmail
	}
	_, domain, _ := strings.Cut(strings.ToLower(said.Email), "@")
	return domain == "gmail.com" || (domain != "" && domain == strings.ToLower(said.HD))
}
