package oauth

import (
	"context"
	"crypto/ecdsa"
	"slices"
	"time"

	"github.com/authkit-dev/authkit/internal/jwks"
	"github.com/authkit-dev/authkit/internal/remote"
)

const (
	goodFor  = 15 * time.Minute // how long metadata and keys are fresh
	keepFor  = time.Hour        // and how long they are used while the issuer is out of reach
	badFor   = 30 * time.Second // how long after a failure no new request is made
	cooldown = 30 * time.Second // between fetches of keys because of ID tokens with unknown ones

	askTimeout = 5 * time.Second // for one document

	// maxIssuers bounds what is kept of issuers to 16 MB, together with the bounds of a
	// document and its keys.
	maxIssuers  = 256
	maxKeys     = 64
	maxKeyBytes = 32 << 10
)

// issuerKey is the URL at which discovery is asked and the issuer that the document must name.
type issuerKey struct{ at, name string }

// issuer is what is remembered about an issuer.
type issuer struct {
	meta remote.Copy[*metadata]
	keys remote.Copy[[]jwks.Key]
	used uint64 // the value of Client.uses at its last use; guarded by Client.mu
}

// issuer returns the entry of an issuer. If there are too many entries, it drops the one whose
// last use is longest ago.
func (c *Client) issuer(at, name string) *issuer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.uses++
	key := issuerKey{at, name}
	i, ok := c.issuers[key]
	if !ok {
		if len(c.issuers) >= maxIssuers {
			delete(c.issuers, c.idlest())
		}
		i = c.newIssuer(key)
		c.issuers[key] = i
	}
	i.used = c.uses
	return i
}

// The caller of idlest must hold mu.
func (c *Client) idlest() (idle issuerKey) {
	least := c.uses + 1
	for key, i := range c.issuers {
		if i.used < least {
			idle, least = key, i.used
		}
	}
	return idle
}

func (c *Client) newIssuer(key issuerKey) *issuer {
	i := &issuer{}
	i.meta = remote.Copy[*metadata]{
		Now: c.opts.Now, Limit: askTimeout, KeepFor: keepFor, Retry: badFor,
		Fetch: func(ctx context.Context) (*metadata, time.Duration, error) {
			m, err := c.askIssuer(ctx, key)
			return m, goodFor, err
		},
	}
	i.keys = remote.Copy[[]jwks.Key]{
		Now: c.opts.Now, Limit: askTimeout, KeepFor: keepFor, Retry: badFor, Cooldown: cooldown,
		Fetch: func(ctx context.Context) ([]jwks.Key, time.Duration, error) {
			m, err := i.metadata(ctx)
			if err != nil {
				return nil, 0, err
			}
			keys, err := c.askKeys(ctx, m.JWKS)
			return keys, goodFor, err
		},
	}
	return i
}

// metadata returns the issuer's discovery document.
func (i *issuer) metadata(ctx context.Context) (*metadata, error) {
	m, _, err := i.meta.Find(ctx, nil)
	if err != nil {
		return nil, asError("ask the issuer for its discovery document", err)
	}
	return m, nil
}

// askKeys reads the keys of an issuer, up to the bounds.
func (c *Client) askKeys(ctx context.Context, at string) ([]jwks.Key, error) {
	a, err := c.get(ctx, at, "", jsonType)
	if err != nil {
		return nil, asError("ask the issuer for its keys", err)
	}
	if a.status != 200 {
		return nil, statusError("the issuer's keys at "+quote(at), a.status)
	}
	all, err := jwks.Parse(a.body)
	if err != nil {
		return nil, &Error{Kind: Broken, Check: "the issuer's keys at " + quote(at) + " are no JSON Web Key Set", Err: err}
	}
	kept, size := []jwks.Key{}, 0
	for _, k := range all {
		if !signs(k) {
			continue
		}
		if size += k.Size; len(kept) == maxKeys || size > maxKeyBytes {
			break
		}
		kept = append(kept, bounded(k))
	}
	return kept, nil
}

// signs reports whether a key may sign ID tokens.
func signs(k jwks.Key) bool {
	return (k.Use == "" || k.Use == "sig") && (k.Alg == "" || slices.Contains(algorithms, k.Alg))
}

// bounded returns a key without unbounded text.
func bounded(k jwks.Key) jwks.Key {
	k.ID = short(k.ID)
	if _, elliptic := k.Public.(*ecdsa.PublicKey); !elliptic {
		k.Curve = ""
	}
	return k
}
