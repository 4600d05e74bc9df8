package oauth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/authkit-dev/authkit/internal/jwks"
)

// leeway allows for clocks that differ, wherever a time is checked.
const leeway = 60 * time.Second

const maxSubject = 255 // OpenID Connect Core, section 2

// claims are what an ID token or a userinfo answer says about a person. Each is optional.
type claims struct {
	Email, Name, HD string
	Verified        bool // only for the boolean true, not for the text "true"
}

func (m members) claims() claims {
	return claims{Email: m.text("email"), Name: m.text("name"), HD: m.text("hd"), Verified: m.isTrue("email_verified")}
}

func (c *Client) oidcProfile(ctx context.Context, p *provider, cfg Config, got tokens, nonce string) (Profile, error) {
	if got.id == "" {
		return Profile{}, finding(Broken, "the token endpoint's answer", "no ID token", "one")
	}
	said, err := p.signed(ctx, got.id)
	if err != nil {
		return Profile{}, err
	}
	if err := p.checkID(said, cfg.ClientID, nonce, c.opts.Now()); err != nil {
		return Profile{}, err
	}
	who, lack := said.claims(), error(nil)
	if who.Email == "" && p.meta.UserInfo != "" {
		if who, lack, err = c.userInfo(ctx, p, got.access, said.text("sub"), who); err != nil {
			return Profile{}, err
		}
	}
	iss := p.facts.issuer
	if p.ownIssuer(said.text("iss")) {
		iss = said.text("iss")
	}
	return Profile{
		Issuer: iss, Subject: said.text("sub"), Email: who.Email, Name: who.Name,
		EmailVerified: who.Verified && p.trusted(who), Lack: lack,
	}, nil
}

// signed verifies the signature of a JWS with the issuer's keys and reads its payload.
func (p *provider) signed(ctx context.Context, raw string) (members, error) {
	algs := make([]jose.SignatureAlgorithm, len(p.meta.algs))
	for i, alg := range p.meta.algs {
		algs[i] = jose.SignatureAlgorithm(alg)
	}
	jws, err := jose.ParseSignedCompact(raw, algs)
	if odd, ok := errors.AsType[*jose.ErrUnexpectedSignatureAlgorithm](err); ok {
		return nil, finding(Broken, "the ID token is signed with another algorithm", quote(string(odd.Got)), quoteList(p.meta.algs))
	}
	if err != nil {
		return nil, finding(Broken, "the ID token is malformed", fmt.Sprintf("%d bytes", len(raw)), "a JWS in its compact form")
	}
	payload, err := p.verify(ctx, jws)
	if err != nil {
		return nil, err
	}
	var said members
	if json.Unmarshal(payload, &said) != nil || said == nil {
		return nil, finding(Broken, "the ID token's payload", "no JSON object", "one")
	}
	return said, nil
}

// verify tries the keys that fit. If no key fits, or if the token names no key and none of the
// signatures holds, it fetches the issuer's keys again, at most once in each cooldown.
func (p *provider) verify(ctx context.Context, jws *jose.JSONWebSignature) ([]byte, error) {
	header := jws.Signatures[0].Header
	fits := func(k jwks.Key) bool {
		return (header.KeyID == "" || k.ID == short(header.KeyID)) && fitsAlg(k, header.Algorithm)
	}
	tried := false
	for _, has := range []func([]jwks.Key) bool{
		func(set []jwks.Key) bool { return slices.ContainsFunc(set, fits) },
		func([]jwks.Key) bool { return false },
	} {
		set, _, err := p.issuer.keys.Find(ctx, has)
		if err != nil {
			return nil, asError("ask the issuer for its keys", err)
		}
		for _, k := range set {
			if !fits(k) {
				continue
			}
			tried = true
			if payload, err := jws.Verify(k.Public); err == nil {
				return payload, nil
			}
		}
		if header.KeyID != "" {
			break
		}
	}
	if tried {
		return nil, finding(Broken, "the ID token's signature does not verify", "key "+quote(header.KeyID), "a valid signature")
	}
	return nil, finding(Broken, "the ID token is signed with an unknown key", "key "+quote(header.KeyID)+" for "+quote(header.Algorithm), "one of the issuer's keys")
}

// fitsAlg reports whether an algorithm may be used with a key: with its type, and with the
// algorithm that the key names (RFC 8725, section 3.1).
func fitsAlg(k jwks.Key, alg string) bool {
	if k.Alg != "" && k.Alg != alg {
		return false
	}
	switch k.Public.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(alg, "RS") || strings.HasPrefix(alg, "PS")
	case *ecdsa.PublicKey:
		return map[string]string{"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}[alg] == k.Curve
	case ed25519.PublicKey:
		return alg == "EdDSA"
	}
	return false
}

// checkID makes the checks of OpenID Connect Core, section 3.1.3.7.
func (p *provider) checkID(said members, client, nonce string, now time.Time) error {
	if iss := said.text("iss"); !p.ownIssuer(iss) && (p.alias == "" || iss != p.alias) {
		return finding(Broken, "the ID token is of a different provider, by its iss", quote(iss), quote(p.facts.issuer))
	}
	if err := checkAudience(said, client); err != nil {
		return err
	}
	if err := checkTimes(said, now); err != nil {
		return err
	}
	sub := said.text("sub")
	if sub == "" || len(sub) > maxSubject || strings.ContainsFunc(sub, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return finding(Broken, "the ID token has no usable subject", fmt.Sprintf("%d bytes", len(sub)), fmt.Sprintf("1 to %d printable ASCII characters without a space", maxSubject))
	}
	if p.usesNonce() && (nonce == "" || subtle.ConstantTimeCompare([]byte(said.text("nonce")), []byte(nonce)) != 1) {
		return finding(Broken, "the ID token has another nonce", fmt.Sprintf("one of %d bytes", len(said.text("nonce"))), "the one of this sign-in")
	}
	return nil
}

// checkAudience requires this client in the audience. If there are several audiences or an azp,
// azp must be this client too.
func checkAudience(said members, client string) error {
	audience, ok := said.list("aud")
	if !ok {
		audience = []string{said.text("aud")}
	}
	if !slices.Contains(audience, client) {
		return finding(Broken, "the ID token is for another audience", quoteList(audience), quote(client))
	}
	if azp := said.text("azp"); (len(audience) > 1 || said.has("azp")) && azp != client {
		return finding(Broken, "the ID token is for another party, by its azp", quote(azp), quote(client))
	}
	return nil
}

func checkTimes(said members, now time.Time) error {
	exp, ok := said.date("exp")
	iat, ok2 := said.date("iat")
	nbf, ok3 := said.date("nbf")
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	switch {
	case !ok:
		return finding(Broken, "the ID token has no usable exp", quote(string(said["exp"])), "a number")
	case !now.Before(exp.Add(leeway)):
		return finding(Broken, "the ID token is expired", "exp "+at(exp), "one after "+at(now))
	case said.has("iat") && !ok2:
		return finding(Broken, "the ID token has no usable iat", quote(string(said["iat"])), "a number")
	case ok2 && now.Before(iat.Add(-leeway)):
		return finding(Broken, "the ID token is issued in the future", "iat "+at(iat), "one before "+at(now))
	case said.has("nbf") && !ok3:
		return finding(Broken, "the ID token has no usable nbf", quote(string(said["nbf"])), "a number")
	case ok3 && now.Before(nbf.Add(-leeway)):
		return finding(Broken, "the ID token is not valid yet", "nbf "+at(nbf), "one before "+at(now))
	}
	return nil
}
