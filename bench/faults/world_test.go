package main

import (
	"testing"
	"time"

	"github.com/authkit-dev/authkit/mail"
)

func newTestWorld(t *testing.T) *world {
	t.Helper()
	w, err := newWorld(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func TestAChildServesAndOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	w := newTestWorld(t)
	ctx := t.Context()
	c, err := w.child(ctx, spec{Store: w.sqlite(), Mail: w.post.url})
	if err != nil {
		t.Fatal(err)
	}
	a, err := c.newApp(ctx, w.name("app"))
	if err != nil {
		t.Fatal(err)
	}
	const ann = "ann@example.com"
	if got, err := c.client().post(ctx, "/auth/magic-link/"+a.id, map[string]string{"email": ann}); err != nil || got.status != 202 {
		t.Fatalf("ask for a link: got %v, %v, want 202", got, err)
	}
	if err := c.kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.start(ctx); err != nil {
		t.Fatal(err)
	}
	m, err := w.post.take(ctx, ann, 0, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.client().post(ctx, "/auth/verify/"+a.id, map[string]string{"token": linkToken(mail.Link(m))})
	if err != nil || got.fields().RefreshToken == "" {
		t.Fatalf("redeem it: got %v, %v, want a sign-in", got, err)
	}
	if err := c.skew(ctx, time.Hour); err != nil {
		t.Error(err)
	}
	if got, err := c.ready(ctx); got.status != 503 {
		t.Errorf("ready with a clock an hour ahead: got %v, %v, want 503", got, err)
	}
}
