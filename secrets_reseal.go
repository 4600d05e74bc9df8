package authkit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/seal"
)

// resealBatch is how many blobs are read at once.
const resealBatch = 200

// Resealed is the result of [Engine.Reseal]. It names secrets by their ids, which reveal nothing
// of them.
type Resealed struct {
	SigningKeys, ClientSecrets, WebhookSecrets int // sealed anew
	AuditChains, TOTPSeeds                     int // likewise

	Newest    string   // the id of the secret that seals from now on
	Forgotten []string // these seal nothing alive, and may be removed from Config.Secrets
	Kept      []string // these have to stay: they sealed something that waits, such as mail
}

func (s *secrets) reseal(ctx context.Context) (Resealed, error) {
	out := Resealed{Newest: s.newest()}
	notes, err := s.noteNewest(ctx)
	if err != nil {
		return out, err
	}
	var others []string
	for _, note := range notes {
		if note.ID == out.Newest {
			continue
		}
		if err := s.store.RetireSecret(ctx, note.ID); err != nil && !errors.Is(err, ErrNotFound) {
			return out, fmt.Errorf("retire the secret %s: %w", note.ID, err)
		}
		others = append(others, note.ID)
	}
	var damaged error
	for part, count := range map[SealedPart]*int{SealedSigningKey: &out.SigningKeys, SealedClientSecret: &out.ClientSecrets, SealedWebhookSecret: &out.WebhookSecrets, SealedTOTPSeed: &out.TOTPSeeds} {
		bad, err := s.resealPart(ctx, part, count)
		if err != nil {
			return out, err
		}
		damaged = errors.Join(damaged, bad)
	}
	if out.AuditChains, err = s.chains(ctx); err != nil {
		damaged = errors.Join(damaged, err)
	}
	if err := s.forget(ctx, &out, others); err != nil {
		return out, err
	}
	return out, damaged
}

// resealPart seals one part again and counts the blobs. A blob that does not open stays as it is;
// damaged reports it.
func (s *secrets) resealPart(ctx context.Context, part SealedPart, count *int) (damaged, err error) {
	q := SealedQuery{Part: part, Limit: resealBatch}
	for {
		batch, err := s.store.Sealed(ctx, q)
		if err != nil {
			return damaged, fmt.Errorf("list what is sealed: %w", err)
		}
		for _, blob := range batch {
			next, err := s.renewed(blob)
			if err != nil {
				damaged = errors.Join(damaged, fmt.Errorf("%s %q of app %s: %w", blob.Part, blob.Name, blob.App, err))
			}
			if next == nil {
				continue
			}
			if err := s.replace(ctx, blob, next, count); err != nil {
				return damaged, err
			}
		}
		if len(batch) < q.Limit {
			return damaged, nil
		}
		last := batch[len(batch)-1]
		q.App, q.Name = last.App, last.Name
	}
}

// replace stores a blob that was sealed again. It skips a blob that was changed concurrently,
// since that one is sealed under the newest secret already.
func (s *secrets) replace(ctx context.Context, blob Sealed, next []byte, count *int) error {
	switch err := s.store.Reseal(ctx, blob.App, blob, next, s.newest()); {
	case err == nil:
		*count++
	case !errors.Is(err, ErrStale) && !errors.Is(err, ErrNotFound):
		return fmt.Errorf("replace the %s %q of app %s: %w", blob.Part, blob.Name, blob.App, err)
	}
	return nil
}

// renewed returns the blob sealed under the newest secret; nil: it is already.
func (s *secrets) renewed(blob Sealed) ([]byte, error) {
	if id, _ := seal.SealedBy(blob.Blob); id == s.newest() {
		return nil, nil
	}
	var aad []byte
	switch blob.Part {
	case SealedClientSecret:
		aad = clientSecretAAD(blob.App, blob.Name)
	case SealedWebhookSecret:
		id, err := uuid.Parse(blob.Name)
		if err != nil {
			return nil, fmt.Errorf("the id of a webhook: %w", err)
		}
		aad = webhookAAD(blob.App, id)
	case SealedTOTPSeed:
		id, err := uuid.Parse(blob.Name)
		if err != nil {
			return nil, fmt.Errorf("the id of a user: %w", err)
		}
		aad = totpAAD(blob.App, id)
	default:
		aad = signingKeyAAD(blob.App, blob.Name)
	}
	plain, err := s.ring.Open(blob.Blob, aad)
	if err != nil {
		return nil, err
	}
	return s.ring.Seal(plain, aad), nil
}

// forget forgets the retired secrets that seal nothing alive. What they sealed before they were
// retired is visible in the store by now.
func (s *secrets) forget(ctx context.Context, out *Resealed, retired []string) error {
	now := s.now()
	heads, err := s.store.SealedHeads(ctx, now, now.Add(-forUndo.ttl))
	if err != nil {
		return fmt.Errorf("look for what older secrets seal: %w", err)
	}
	for _, id := range retired {
		seals := slices.ContainsFunc(heads, func(head []byte) bool { by, ok := seal.SealedBy(head); return ok && by == id })
		err := ErrStale
		if !seals {
			err = s.store.ForgetSecret(ctx, id)
		}
		switch {
		case err == nil, errors.Is(err, ErrNotFound): // another process was first
			out.Forgotten = append(out.Forgotten, id)
		case errors.Is(err, ErrStale): // or a process has started with it as its newest
			out.Kept = append(out.Kept, id)
		default:
			return fmt.Errorf("forget the secret %s: %w", id, err)
		}
	}
	return nil
}
