package memory

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// AddExplanations implements [authkit.ExplainStore].
func (s *Store) AddExplanations(ctx context.Context, app uuid.UUID, list []authkit.Explanation, most int) error {
	return s.in(ctx, app, func(t *tenant) error {
		for _, e := range list {
			at, known := t.explanation(e.RequestID)
			if !known {
				e.Expires = micro(e.Expires)
				t.explained = slices.Insert(t.explained, at, e)
			}
		}
		t.explained = slices.Delete(t.explained, 0, max(0, len(t.explained)-most))
		return nil
	})
}

// Explanation implements [authkit.ExplainStore].
func (s *Store) Explanation(ctx context.Context, app, request uuid.UUID, now time.Time) (authkit.Explanation, error) {
	var out authkit.Explanation
	err := s.in(ctx, app, func(t *tenant) error {
		at, known := t.explanation(request)
		if !known || !t.explained[at].Expires.After(micro(now)) {
			return authkit.ErrNotFound
		}
		out = t.explained[at]
		return nil
	})
	return out, err
}

// explanation returns where the explanation of a request is, or would be.
func (t *tenant) explanation(request uuid.UUID) (at int, known bool) {
	return slices.BinarySearchFunc(t.explained, request, func(e authkit.Explanation, id uuid.UUID) int { return bytes.Compare(e.RequestID[:], id[:]) })
}

// sweepExplanations removes those that are expired.
func (t *tenant) sweepExplanations(now time.Time, old *batch) {
	t.explained = slices.DeleteFunc(t.explained, func(e authkit.Explanation) bool { return !e.Expires.After(now) && old.takes() })
}
