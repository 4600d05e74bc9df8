package authkit

import (
	"context"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/token"
)

// Metadata is what a verifier of an app's tokens needs to know about its issuer (OpenID Connect
// Discovery 1.0, section 3).
type Metadata struct {
	Issuer        string   `json:"issuer"`                                // the claim iss of the app's tokens
	JWKSURI       string   `json:"jwks_uri"`                              // where the public signing keys are
	Algorithms    []string `json:"id_token_signing_alg_values_supported"` // those of the app's signing keys
	SubjectTypes  []string `json:"subject_types_supported"`               // always public
	ResponseTypes []string `json:"response_types_supported"`              // always code
}

// Metadata describes the issuer of an app.
func (e *Engine) Metadata(ctx context.Context, app uuid.UUID) (Metadata, error) {
	a, err := e.App(ctx, app)
	if err != nil {
		return Metadata{}, err
	}
	return metadataOf(e.cfg.issuer(app), a.keys().published(e.now())), nil
}

// metadataOf describes an issuer that signs with these keys.
func metadataOf(issuer string, keys signingKeys) Metadata {
	return Metadata{
		Issuer: issuer, JWKSURI: issuer + "/.well-known/jwks.json", Algorithms: keys.algorithms(),
		SubjectTypes: []string{"public"}, ResponseTypes: []string{"code"},
	}
}

// KeySet is a JSON Web Key Set (RFC 7517, section 5) of public keys.
type KeySet struct {
	Keys []map[string]string `json:"keys"` // one JSON Web Key each, with kid, alg and use
}

// KeySet returns the public keys that verify an app's tokens now.
func (e *Engine) KeySet(ctx context.Context, app uuid.UUID) (KeySet, error) {
	a, err := e.App(ctx, app)
	if err != nil {
		return KeySet{}, err
	}
	return keySetOf(a.keys().published(e.now()))
}

// keySetOf returns the public halves of the keys.
func keySetOf(keys signingKeys) (KeySet, error) {
	set := KeySet{Keys: []map[string]string{}}
	for _, k := range keys {
		public, err := token.ParsePublic(k.Public)
		if err != nil {
			return KeySet{}, &Error{Code: CodeInternal, Detail: "a signing key of the app is damaged", Err: err}
		}
		jwk, err := token.JWK(k.KID, k.Alg, public)
		if err != nil {
			return KeySet{}, &Error{Code: CodeInternal, Detail: "a signing key of the app is damaged", Err: err}
		}
		set.Keys = append(set.Keys, jwk)
	}
	return set, nil
}
