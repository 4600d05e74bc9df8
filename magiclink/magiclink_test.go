package magiclink_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/magiclink"
)

var (
	app = uuid.MustParse("0190a000-0000-7000-8000-000000000001")
	now = time.Unix(1_700_000_000, 0).UTC()
)

func key(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func TestParse(t *testing.T) {
	t.Parallel()
	exp := now.Add(time.Minute)
	raw, err := magiclink.Mint(key(1), magiclink.Claims{App: app, ID: make([]byte, 16), ExpiresAt: exp})
	if err != nil {
		t.Fatal(err)
	}
	keys := [][]byte{key(2), key(1)}
	if got, err := magiclink.Parse(keys, raw, app, now); err != nil || got.App != app || !got.ExpiresAt.Equal(exp) {
		t.Fatalf("got %+v, %v, want the claims minted", got, err)
	}
	for _, c := range []struct {
		name, raw string
		keys      [][]byte
		app       uuid.UUID
		now       time.Time
	}{
		{"expired", raw, keys, app, exp},
		{"another app", raw, keys, uuid.Nil, now},
		{"another key", raw, keys[:1], app, now},
		{"no keys", raw, nil, app, now},
		{"newline", raw + "\n", keys, app, now},
		{"padding", raw + "=", keys, app, now},
		{"alg none", "eyJhbGciOiJub25lIiwidHlwIjoibWFnaWMtbGluaytqd3QifQ.e30.", keys, app, now},
	} {
		if _, err := magiclink.Parse(c.keys, c.raw, c.app, c.now); !errors.Is(err, magiclink.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", c.name, err)
		}
	}
}

func TestMintWritesOneForm(t *testing.T) {
	t.Parallel()
	raw, err := magiclink.Mint(key(1), magiclink.Claims{App: app, ID: make([]byte, 16), ExpiresAt: now})
	// The token of golang-jwt for the same key, header and claims.
	const want = "eyJhbGciOiJIUzI1NiIsInR5cCI6Im1hZ2ljLWxpbmsrand0In0.eyJhdWQiOiIwMTkwYTAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDEiLCJleHAiOjE3MDAwMDAwMDAsImp0aSI6IkFBQUFBQUFBQUFBQUFBQUFBQUFBQUEifQ.-JMzJGaU1CKc0nZ_2qq6GgHJzAhCatO-Vg1806ONx8w"
	if err != nil || raw != want {
		t.Errorf("got %s, %v, want %s", raw, err, want)
	}
}
