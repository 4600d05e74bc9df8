package memory

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// NoteSecret implements [authkit.SecretStore].
func (s *Store) NoteSecret(ctx context.Context, id string, known []string) (notes []authkit.SecretNote, err error) {
	err = s.step(ctx, func() error {
		for noted := range s.secrets {
			if !slices.Contains(known, noted) {
				notes = s.secretNotes()
				return authkit.ErrConflict
			}
		}
		s.secrets[id] = false
		notes = s.secretNotes()
		return nil
	})
	return notes, err
}

// Secrets implements [authkit.SecretStore].
func (s *Store) Secrets(ctx context.Context) (notes []authkit.SecretNote, err error) {
	err = s.step(ctx, func() error { notes = s.secretNotes(); return nil })
	return notes, err
}

func (s *Store) secretNotes() []authkit.SecretNote {
	var out []authkit.SecretNote
	for _, id := range slices.Sorted(maps.Keys(s.secrets)) {
		out = append(out, authkit.SecretNote{ID: id, Retired: s.secrets[id]})
	}
	return out
}

// RetireSecret implements [authkit.SecretStore].
func (s *Store) RetireSecret(ctx context.Context, id string) error {
	return s.step(ctx, func() error {
		if _, ok := s.secrets[id]; !ok {
			return authkit.ErrNotFound
		}
		s.secrets[id] = true
		return nil
	})
}

// ForgetSecret implements [authkit.SecretStore].
func (s *Store) ForgetSecret(ctx context.Context, id string) error {
	return s.step(ctx, func() error {
		retired, ok := s.secrets[id]
		switch {
		case !ok:
			return authkit.ErrNotFound
		case !retired:
			return authkit.ErrStale
		}
		delete(s.secrets, id)
		return nil
	})
}

// under reports whether a step may keep what the secret has sealed.
func (t *tenant) under(secret string) bool {
	retired, noted := t.secrets[secret]
	return noted && !retired
}

// Sealed implements [authkit.SealStore].
func (s *Store) Sealed(ctx context.Context, q authkit.SealedQuery) ([]authkit.Sealed, error) {
	var out []authkit.Sealed
	err := s.step(ctx, func() error {
		for _, t := range s.apps {
			out = append(out, t.sealed(q.Part)...)
		}
		return nil
	})
	from := authkit.Sealed{App: q.App, Name: q.Name}
	out = slices.DeleteFunc(out, func(x authkit.Sealed) bool { return compareSealed(x, from) <= 0 })
	slices.SortFunc(out, compareSealed)
	return out[:min(q.Limit, len(out))], err
}

func compareSealed(a, b authkit.Sealed) int {
	return cmp.Or(bytes.Compare(a.App[:], b.App[:]), strings.Compare(a.Name, b.Name))
}

// sealed returns copies.
func (t *tenant) sealed(part authkit.SealedPart) (out []authkit.Sealed) {
	add := func(name string, blob []byte) {
		if blob != nil {
			out = append(out, authkit.Sealed{Part: part, App: t.app.ID, Name: name, Blob: slices.Clone(blob)})
		}
	}
	switch part {
	case authkit.SealedSigningKey:
		for _, k := range t.app.Keys {
			add(k.KID, k.Sealed)
		}
	case authkit.SealedClientSecret:
		for _, c := range t.oauth {
			add(c.Provider, c.SecretSealed)
		}
	case authkit.SealedWebhookSecret:
		for id, w := range t.webhooks {
			add(id.String(), w.Secret)
		}
	case authkit.SealedTOTPSeed:
		for _, a := range t.users {
			for _, c := range a.creds {
				if c.Kind == totpKind {
					add(c.Subject, c.Data)
				}
			}
		}
	}
	return out
}

// Reseal implements [authkit.SealStore].
func (s *Store) Reseal(ctx context.Context, app uuid.UUID, was authkit.Sealed, next []byte, by string) error {
	return s.in(ctx, app, func(t *tenant) error {
		there := func(x authkit.Sealed) bool { return x.Name == was.Name && bytes.Equal(x.Blob, was.Blob) }
		if !slices.ContainsFunc(t.sealed(was.Part), there) || !t.under(by) {
			return authkit.ErrStale
		}
		t.reseal(was.Part, was.Name, slices.Clone(next))
		return nil
	})
}

func (t *tenant) reseal(part authkit.SealedPart, name string, next []byte) {
	switch part {
	case authkit.SealedClientSecret:
		c := t.oauth[name]
		c.SecretSealed = next
		t.oauth[name] = c
		return
	case authkit.SealedWebhookSecret:
		id := uuid.MustParse(name)
		w := t.webhooks[id]
		w.Secret = next
		t.webhooks[id] = w
		return
	case authkit.SealedTOTPSeed:
		a := t.users[t.subjects[subject{totpKind, name}]]
		for i, c := range a.creds {
			if c.Kind == totpKind && c.Subject == name {
				a.creds[i].Data = next
			}
		}
		return
	}
	i := slices.IndexFunc(t.app.Keys, func(k authkit.SigningKey) bool { return k.KID == name })
	t.app.Keys[i].Sealed = next
}

// SealedHeads implements [authkit.SealStore].
func (s *Store) SealedHeads(ctx context.Context, now, since time.Time) ([][]byte, error) {
	heads := map[string]struct{}{}
	add := func(blob []byte) {
		if blob != nil {
			heads[string(blob[:min(9, len(blob))])] = struct{}{}
		}
	}
	err := s.step(ctx, func() error {
		for _, t := range s.apps {
			t.blobs(micro(now), micro(since), add)
		}
		return nil
	})
	var out [][]byte
	for head := range heads {
		out = append(out, []byte(head))
	}
	return out, err
}

// blobs calls add for each blob that may be sealed.
func (t *tenant) blobs(now, since time.Time, add func([]byte)) {
	for _, part := range []authkit.SealedPart{authkit.SealedSigningKey, authkit.SealedClientSecret, authkit.SealedWebhookSecret, authkit.SealedTOTPSeed} {
		for _, x := range t.sealed(part) {
			add(x.Blob)
		}
	}
	if t.chain != nil {
		add(t.chain.Seal)
	}
	for _, k := range t.tokens {
		if k.ExpiresAt.After(now) {
			add(k.Data)
		}
	}
	for _, m := range t.mail.mails {
		if m.Expires.IsZero() || m.Expires.After(now) {
			add(m.Sealed)
		}
	}
	for _, a := range t.users {
		for _, c := range a.creds {
			if !c.CreatedAt.Before(since) && c.Kind != passkeyKind {
				add(c.Data)
			}
		}
	}
}
