package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
)

const secretSize = 32

// place says where the data is and what opens it. All commands share it.
type place struct {
	Store      string `default:"sqlite:authkit.db" env:"AUTHKIT_STORE"       help:"memory, sqlite:FILE or postgres://…"`
	SecretFile string `default:"authkit.secret"    env:"AUTHKIT_SECRET_FILE" help:"32 random bytes, base64; created when absent." name:"secret-file"`
}

// store is a store that can be closed.
type store struct {
	authkit.Store

	close func() error
}

// open brings the store up to date, too.
func (p place) open(ctx context.Context) (store, error) {
	if p.Store == "memory" {
		return store{memory.New(), func() error { return nil }}, nil
	}
	if file, ok := strings.CutPrefix(p.Store, "sqlite:"); ok && file != "" {
		s, err := sqlite.Open(ctx, file)
		if err != nil {
			return store{}, fmt.Errorf("open %q: %w", p.Store, err)
		}
		return store{s, s.Close}, nil
	}
	if p.postgres() {
		s, err := postgres.Open(ctx, p.Store)
		if err != nil {
			return store{}, fmt.Errorf("open the Postgres store: %w", err) // the URL may hold a password
		}
		return store{s, s.Close}, nil
	}
	return store{}, fmt.Errorf("--store is %q: give memory, sqlite:FILE or postgres://…", p.Store)
}

func (p place) postgres() bool {
	return strings.HasPrefix(p.Store, "postgres://") || strings.HasPrefix(p.Store, "postgresql://")
}

// pending names the migrations that open would apply, and applies none.
func (p place) pending(ctx context.Context) ([]string, error) {
	if file, ok := strings.CutPrefix(p.Store, "sqlite:"); ok && file != "" {
		db, err := sql.Open("sqlite", file)
		if err != nil {
			return nil, fmt.Errorf("open %q: %w", p.Store, err)
		}
		defer db.Close() //nolint:errcheck // nothing was written
		return sqlite.Pending(ctx, db)
	}
	if p.postgres() {
		pool, err := pgxpool.New(ctx, p.Store)
		if err != nil {
			return nil, fmt.Errorf("open the Postgres store: %w", err)
		}
		defer pool.Close()
		return postgres.Pending(ctx, pool)
	}
	return nil, nil
}

// secret reads the secret file, and makes one where there is none.
func (p place) secret() ([]byte, error) {
	text, err := os.ReadFile(p.SecretFile)
	if errors.Is(err, fs.ErrNotExist) {
		return p.newSecret()
	}
	if err != nil {
		return nil, fmt.Errorf("read the secret: %w", err)
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) != secretSize {
		return nil, fmt.Errorf("--secret-file %q does not hold %d bytes in base64; `authkit keygen` writes such", p.SecretFile, secretSize)
	}
	return secret, nil
}

// newSecret never overwrites: of two processes that start at once, one writes.
func (p place) newSecret() ([]byte, error) {
	secret := make([]byte, secretSize)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("make a secret: %w", err)
	}
	tmp := fmt.Sprintf("%s.%d", p.SecretFile, os.Getpid())
	if err := os.WriteFile(tmp, []byte(base64.StdEncoding.EncodeToString(secret)+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("write the secret: %w", err)
	}
	defer os.Remove(tmp) //nolint:errcheck // a leftover is harmless
	err := os.Link(tmp, p.SecretFile)
	if errors.Is(err, fs.ErrExist) {
		return p.secret()
	}
	if err != nil {
		return nil, fmt.Errorf("write the secret: %w", err)
	}
	return secret, nil
}
