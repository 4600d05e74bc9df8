package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/seal"
)

const secretSize = 32

// keygen makes the first secret, or the next one of a rotation. docs/secrets.md has the steps of
// a rotation.
//
// Its flags have no environment variables: AUTHKIT_SECRET_FILE may name the file of a running
// server, and a secret that was asked for on stdout must not be written there.
type keygen struct {
	SecretFile string `help:"The file to write, readable by its owner only; an existing file is refused. Stdout if it is not set." env:"-"`
	Store      string `help:"Ignored: a new secret belongs to no store yet." env:"-"`
}

// Run writes a secret in the format of --secret-file.
func (k keygen) Run() error {
	if k.SecretFile == "" {
		_, err := fmt.Print(newSecret())
		return err
	}
	err := makeSecret(k.SecretFile)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("--secret-file %q exists, and data that it sealed would be lost with it: name another", k.SecretFile)
	}
	if err != nil {
		return fmt.Errorf("create --secret-file %q: %w", k.SecretFile, err)
	}
	return nil
}

// newSecret returns the content of a new secret file.
func newSecret() string {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails: crypto/rand crashes the program instead
	return base64.StdEncoding.EncodeToString(secret) + "\n"
}

// secrets reads the secret files, newest first. It makes the first file if that is missing and
// the store is empty or there are older secrets, which open its data.
func (p place) secrets(ctx context.Context, st authkit.Store) (secrets [][]byte, err error) {
	if len(p.SecretFile) == 0 || slices.Contains(p.SecretFile, "") {
		return nil, fmt.Errorf("--secret-file is %q: name a file, or several separated by commas, newest first", strings.Join(p.SecretFile, ","))
	}
	first, older := p.SecretFile[0], p.SecretFile[1:]
	secrets = make([][]byte, 1, len(p.SecretFile))
	for _, file := range older { // before the first is made, so that an error leaves no file
		secret, err := readSecret(file)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w; only the first of several is created, the others are files that the store was used with", err)
		}
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, secret)
	}
	secrets[0], err = p.secret(ctx, first, len(older) > 0, st)
	if err != nil {
		return nil, err
	}
	return secrets, p.checkSame(secrets)
}

// warnOfCopy warns if the secret file exists and the store is empty. Then this is a first start
// with a secret that was made for it, or the database is a copy that lacks its data.
func (p place) warnOfCopy(ctx context.Context, st authkit.Store, log *slog.Logger) {
	if len(p.SecretFile) == 0 || st.Volatile() {
		return
	}
	if _, err := os.Stat(p.SecretFile[0]); err != nil {
		return
	}
	if _, err := st.App(ctx, authkit.Console); errors.Is(err, authkit.ErrNotFound) {
		log.Warn("THE STORE IS EMPTY, AND ITS SECRET IS NOT NEW: if it held data, this is another database, or the copy of an SQLite file without its -wal file",
			slog.String("store", redact(p.Store)), slog.String("secret_file", p.SecretFile[0]))
	}
}

// checkSame refuses two files that hold the same secret.
func (p place) checkSame(secrets [][]byte) error {
	for i, s := range secrets {
		if j := slices.IndexFunc(secrets[:i], func(other []byte) bool { return bytes.Equal(s, other) }); j >= 0 {
			return fmt.Errorf("--secret-file %q holds the same secret as %q: give each once; `authkit keygen` writes a new one", p.SecretFile[i], p.SecretFile[j])
		}
	}
	return nil
}

// secret reads a secret file, and makes it if it is missing. On a store that holds data it
// makes a file only in a rotation, where the older secrets open that data.
func (p place) secret(ctx context.Context, file string, rotates bool, st authkit.Store) ([]byte, error) {
	secret, err := readSecret(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	switch _, filled := st.App(ctx, authkit.Console); {
	case filled == nil && !rotates:
		// Another process may have filled the store just now: it made the file first.
		if secret, err = readSecret(file); errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("--secret-file %q does not exist, but --store %q holds data that a secret sealed: give the file that the store was filled with", file, redact(p.Store))
		}
		return secret, err
	case filled != nil && !errors.Is(filled, authkit.ErrNotFound):
		return nil, fmt.Errorf("read --store %q: %w", redact(p.Store), filled)
	}
	if err := makeSecret(file); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create --secret-file %q: %w", file, err)
	}
	return readSecret(file) // of the process that won
}

func readSecret(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read --secret-file: %w", err)
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) != secretSize {
		return nil, fmt.Errorf("--secret-file %q does not hold %d bytes in base64; `authkit keygen` writes such a file", file, secretSize)
	}
	return secret, nil
}

// makeSecret writes a new secret to a file. It never overwrites one ([fs.ErrExist]): of any
// number of processes that start at once, one wins, and no process reads half a file. The file
// is synced before the secret is used, since data that it seals is lost with it.
func makeSecret(file string) error {
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // a leftover is harmless
	_, err = f.WriteString(newSecret())
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), file)
}

// explainSecret adds to an error of [authkit.New] which files to give, if the store holds data
// that another secret sealed. It returns any other error unchanged.
func (p place) explainSecret(err error) error {
	missing, ok := errors.AsType[*seal.MissingError](err)
	if !ok && !errors.Is(err, seal.ErrUnknownKey) && !errors.Is(err, seal.ErrOpen) {
		return err
	}
	first, store, which := p.SecretFile[0], redact(p.Store), ""
	if ok {
		which = fmt.Sprintf(" (missing: %s; %s)", strings.Join(missing.IDs, ", "), p.named())
	}
	if len(p.SecretFile) > 1 {
		return fmt.Errorf("--secret-file names %q, and no file holds the secret that sealed data in --store %q: give the file that the store was filled with, too%s", p.SecretFile, store, which)
	}
	return fmt.Errorf("--secret-file %q holds another secret than the one that sealed the data in --store %q: give the file that the store was filled with; to rotate, both, the new one first%s", first, store, which)
}
