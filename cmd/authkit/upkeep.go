package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
)

type migrate struct {
	place

	DryRun bool `help:"Only say what would be done."`
}

// Run applies what is missing, or names it.
func (m *migrate) Run(ctx context.Context) error {
	pending, err := m.pending(ctx)
	if err != nil {
		return fmt.Errorf("look for migrations: %w", err)
	}
	if !m.DryRun {
		st, err := m.open(ctx)
		if err != nil {
			return err
		}
		defer st.close() //nolint:errcheck // the process ends
	}
	for _, name := range pending {
		fmt.Println(name)
	}
	if len(pending) == 0 {
		fmt.Println("nothing to do")
	}
	return nil
}

type keygen struct{}

// Run writes a secret as --secret-file wants it.
func (keygen) Run() error {
	secret := make([]byte, secretSize)
	if _, err := rand.Read(secret); err != nil {
		return fmt.Errorf("make a secret: %w", err)
	}
	fmt.Println(base64.StdEncoding.EncodeToString(secret))
	return nil
}

type developer struct {
	Create createDeveloper `cmd:"" help:"Create a developer; the password is read from stdin."`
}

type createDeveloper struct {
	place

	Email string `arg:"" help:"The address to sign in with."`
}

// Run prints the developer's id.
func (d *createDeveloper) Run(ctx context.Context) error {
	st, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer st.close() //nolint:errcheck // the process ends
	secret, err := d.secret()
	if err != nil {
		return err
	}
	engine, err := authkit.New(authkit.Config{
		Store: st.Store, BaseURL: "http://localhost", Mailer: mail.NewOutbox(), Secrets: [][]byte{secret}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "password:")
	line := bufio.NewScanner(os.Stdin)
	if !line.Scan() {
		return errors.New("no password on stdin: write it on one line")
	}
	u, err := engine.CreateDeveloper(ctx, d.Email, strings.TrimSuffix(line.Text(), "\r"))
	if err != nil {
		return err
	}
	fmt.Println(u.ID)
	return nil
}
