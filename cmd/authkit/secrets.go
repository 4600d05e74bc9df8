package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/seal"
)

type secrets struct {
	Reseal reseal `cmd:"" help:"Seal signing keys, client secrets and seeds of TOTP under the first --secret-file, and say which of the others may go."`
}

type reseal struct{ place }

// Run prints how much was sealed anew, and for each file after the first whether it may go.
func (r *reseal) Run(ctx context.Context) error {
	if r.Store == "memory" {
		return errors.New("--store is memory, which keeps nothing: give sqlite:FILE or postgres://…")
	}
	if err := r.readable(); err != nil {
		return err
	}
	work, err := r.openEngine(ctx, r.secrets)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	got, err := work.Reseal(ctx)
	if err != nil {
		return err
	}
	return r.tell(os.Stdout, work.secrets, got)
}

func (r *reseal) tell(w io.Writer, given [][]byte, got authkit.Resealed) error {
	var out strings.Builder
	fmt.Fprintf(&out, "sealed anew under %q: %d signing keys, %d client secrets, %d secrets of webhooks, %d seeds of TOTP, %d audit chains\n",
		r.SecretFile[0], got.SigningKeys, got.ClientSecrets, got.WebhookSecrets, got.TOTPSeeds, got.AuditChains)
	kept := map[string]bool{}
	for _, id := range got.Kept {
		kept[id] = true
	}
	for i, file := range r.SecretFile[1:] {
		id, err := seal.ID(given[i+1])
		if err != nil {
			return err
		}
		if kept[id] {
			fmt.Fprintf(&out, "%q has to stay: mail, links or undos that wait are sealed under it; run this again once they have ended, after 72 hours at most\n", file)
		} else {
			fmt.Fprintf(&out, "%q may be removed from --secret-file\n", file)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// named lists the secret files with the id of the secret in each, as errors name it.
func (p place) named() string {
	var out []string
	for _, file := range p.SecretFile {
		secret, err := readSecret(file)
		if err != nil {
			continue // the file was read before, so this is a change since then
		}
		if id, err := seal.ID(secret); err == nil {
			out = append(out, fmt.Sprintf("%q holds %s", file, id))
		}
	}
	return strings.Join(out, ", ")
}
