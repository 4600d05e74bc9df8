package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/authkit-dev/authkit/internal/seal"
)

const secretSize = 32

type keygen struct{}

// Run writes a secret as --secret-file wants it.
func (keygen) Run() error {
	_, err := fmt.Print(newSecret())
	return err
}

// newSecret is the content of a secret file.
func newSecret() string {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails: crypto/rand crashes the program instead
	return base64.StdEncoding.EncodeToString(secret) + "\n"
}

// secret reads the secret file, and makes one where there is none.
func (p place) secret() (secret []byte, isNew bool, err error) {
	secret, err = p.readSecret()
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, false, err
	}
	if err := p.makeSecret(); err != nil {
		return nil, false, fmt.Errorf("create --secret-file %q: %w", p.SecretFile, err)
	}
	secret, err = p.readSecret() // whoever won wrote it
	return secret, true, err
}

func (p place) readSecret() ([]byte, error) {
	text, err := os.ReadFile(p.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("read --secret-file: %w", err)
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) != secretSize {
		return nil, fmt.Errorf("--secret-file %q does not hold %d bytes in base64; `authkit keygen` writes such", p.SecretFile, secretSize)
	}
	return secret, nil
}

// makeSecret never overwrites, and nobody ever sees half a file: of any number of
// processes that start at once, one wins. What the secret seals is lost with it, so it is
// on the disk before it is used.
func (p place) makeSecret() error {
	f, err := os.CreateTemp(filepath.Dir(p.SecretFile), filepath.Base(p.SecretFile)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // a leftover is harmless
	_, err = f.WriteString(newSecret())
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), p.SecretFile); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// explainSecret says what to do when the secret is not the one that the store was filled
// with.
func (p place) explainSecret(err error, isNew bool) error {
	switch {
	case !errors.Is(err, seal.ErrUnknownKey) && !errors.Is(err, seal.ErrOpen):
		return err
	case isNew:
		return fmt.Errorf("--secret-file %q was not there and is new, but --store %q holds data that another secret sealed: give the file that the store was filled with", p.SecretFile, redact(p.Store))
	}
	return fmt.Errorf("--secret-file %q holds another secret than the one that sealed the data in --store %q: give the file that the store was filled with", p.SecretFile, redact(p.Store))
}
