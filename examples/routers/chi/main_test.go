package main

import (
	"testing"

	"github.com/authkit-dev/authkit/examples/routers/internal/check"
)

func TestTheMount(t *testing.T) {
	t.Parallel()
	handler, app, err := newHandler(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	check.Mount(t, handler, app.ID)
}
