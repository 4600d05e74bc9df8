package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// secrets reads the secret files, newest first, and makes the first where there is none.
func (p place) secrets() (secrets [][]byte, isNew bool, err error) {
	if len(p.SecretFile) == 0 || slices.Contains(p.SecretFile, "") {
		return nil, false, fmt.Errorf("--secret-file is %q: name a file, or several separated by commas, newest first", strings.Join(p.SecretFile, ","))
	}
	first, older := p.SecretFile[0], p.SecretFile[1:]
	secrets = make([][]byte, 1, len(p.SecretFile))
	for _, file := range older { // before the first is made
		secret, err := readSecret(file)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w; only the first of several is created, the others are files that the store was used with", err)
		}
		if err != nil {
			return nil, false, err
		}
		secrets = append(secrets, secret)
	}
	secrets[0], isNew, err = secret(first)
	if err != nil {
		return nil, false, err
	}
	return secrets, isNew, p.checkSame(secrets)
}

// checkSame refuses a secret that is given twice.
func (p place) checkSame(secrets [][]byte) error {
	for i, s := range secrets {
		if j := slices.IndexFunc(secrets[:i], func(other []byte) bool { return bytes.Equal(s, other) }); j >= 0 {
			return fmt.Errorf("--secret-file %q holds the same secret as %q: give each once; `authkit keygen` writes a new one", p.SecretFile[i], p.SecretFile[j])
		}
	}
	return nil
}

// secret reads a secret file, and makes it where there is none.
func secret(file string) (secret []byte, isNew bool, err error) {
	secret, err = readSecret(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, false, err
	}
	if err := makeSecret(file); err != nil {
		return nil, false, fmt.Errorf("create --secret-file %q: %w", file, err)
	}
	secret, err = readSecret(file) // whoever won wrote it
	return secret, true, err
}

func readSecret(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read --secret-file: %w", err)
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) != secretSize {
		return nil, fmt.Errorf("--secret-file %q does not hold %d bytes in base64; `authkit keygen` writes such", file, secretSize)
	}
	return secret, nil
}

// makeSecret never overwrites, and nobody ever sees half a file: of any number of
// processes that start at once, one wins. What the secret seals is lost with it, so it is
// on the disk before it is used.
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
	if err := os.Link(f.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// explainSecret says what to do when no secret is the one that the store was filled with.
func (p place) explainSecret(err error, isNew bool) error {
	if !errors.Is(err, seal.ErrUnknownKey) && !errors.Is(err, seal.ErrOpen) {
		return err
	}
	first, store := p.SecretFile[0], redact(p.Store)
	switch {
	case len(p.SecretFile) > 1:
		return fmt.Errorf("--secret-file names %q, and none holds the secret that sealed the data in --store %q: give the file that the store was filled with, too", p.SecretFile, store)
	case isNew:
		return fmt.Errorf("--secret-file %q was not there and is new, but --store %q holds data that another secret sealed: give the file that the store was filled with", first, store)
	}
	return fmt.Errorf("--secret-file %q holds another secret than the one that sealed the data in --store %q: give the file that the store was filled with; to rotate, both, the new one first", first, store)
}
