package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/authkit-dev/authkit"
	tables "github.com/authkit-dev/authkit/internal/migrate"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/store/postgres"
)

// storeWait is how long the store may take to be opened.
const storeWait = 15 * time.Second

// examined is the store that the doctor looks at.
type examined struct {
	authkit.Store

	lasting bool // it is the one of --store, and outlives the process
	filled  bool // it holds data
	found   []authkit.Finding
	shut    func() error
}

func (e *examined) close() {
	if e.shut != nil {
		_ = e.shut() // nothing was written
	}
}

// find adds a finding.
func (e *examined) find(code, format string, args ...any) *examined {
	e.found = append(e.found, authkit.NewFinding(code, fmt.Sprintf(format, args...)))
	return e
}

// openStore opens the store if it is there and up to date. It never creates or migrates one:
// otherwise the store is an empty one in memory.
func (d *doctor) openStore(ctx context.Context) *examined {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	e := &examined{Store: standIn{memory.New()}}
	kind, at, err := d.locate()
	switch {
	case err != nil:
		return e.find(authkit.FindingConfiguration, "%v", err)
	case kind == "memory":
		e.Store = memory.New()
		return e
	case kind == "sqlite" && !d.examineFile(e, at):
		return e
	}
	names, all, err := d.pending(ctx, kind, at)
	found, ok := tables.Finding(names, err)
	switch {
	case err != nil && !ok:
		return e.find(authkit.FindingStoreUnreachable, "--store %q: %v.", redact(d.Store), err)
	case len(names) == all:
		return d.absent(e)
	case ok:
		e.found, e.filled = append(e.found, found), true
		return e
	}
	st, err := d.open(ctx, postgres.WithPatience(d.StorePatience))
	if err != nil {
		return e.find(authkit.FindingStoreUnreachable, "%v.", err)
	}
	e.shut = st.close
	_, err = st.App(ctx, authkit.Console)
	switch {
	case errors.Is(err, authkit.ErrNotFound):
		return d.absent(e)
	case err != nil:
		return e.find(authkit.FindingStoreUnreachable, "--store %q: %v.", redact(d.Store), err)
	}
	e.Store, e.lasting, e.filled = &looking{Store: st.Store}, true, true
	return e
}

// examineFile looks at the file of an SQLite store, and reports whether there is one.
func (d *doctor) examineFile(e *examined, file string) bool {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) || (err == nil && info.Size() == 0):
		d.absent(e)
		return false
	case err != nil:
		e.find(authkit.FindingStoreUnreachable, "--store %q: %v.", d.Store, err)
		return false
	}
	if mode := info.Mode().Perm(); openToOthers(mode) {
		e.find(authkit.FindingStoreExposed, "%q has mode %04o.", file, mode)
	}
	return true
}

// openToOthers reports whether every user of the machine may read a file of that mode.
func openToOthers(mode fs.FileMode) bool { return runtime.GOOS != "windows" && mode&0o004 != 0 }

// absent notes a store without data. Beside a secret file it is a warning: a first start makes
// both.
func (d *doctor) absent(e *examined) *examined {
	file := strings.Join(d.SecretFile[:min(1, len(d.SecretFile))], "")
	if _, err := os.Stat(file); err != nil {
		return e.find(authkit.FindingStoreAbsent, "--store %q holds no data.", redact(d.Store))
	}
	return e.find(authkit.FindingStoreEmpty, "--store %q holds no data, and --secret-file %q is there.", redact(d.Store), file)
}

// readSecrets reads the secret files. A missing first file is no fault of a store without data:
// the first start makes it.
func (d *doctor) readSecrets(e *examined) (secrets [][]byte, found []authkit.Finding) {
	for i, file := range d.SecretFile {
		secret, err := readSecret(file)
		switch missing := errors.Is(err, fs.ErrNotExist); {
		case missing && e.filled:
			found = append(found, authkit.NewFinding(authkit.FindingSecretAbsent, fmt.Sprintf("--secret-file %q does not exist, and --store %q holds data.", file, redact(d.Store))))
		case missing && i == 0 && !slices.Contains(d.SecretFile, ""):
		case err != nil:
			found = append(found, authkit.NewFinding(authkit.FindingSecretUnreadable, err.Error()+"."))
		default:
			secrets = append(secrets, secret)
			if info, err := os.Stat(file); err == nil && openToOthers(info.Mode().Perm()) {
				found = append(found, authkit.NewFinding(authkit.FindingSecretExposed, fmt.Sprintf("%q has mode %04o.", file, info.Mode().Perm())))
			}
		}
	}
	if len(d.SecretFile) == 0 {
		found = append(found, authkit.NewFinding(authkit.FindingConfiguration, "--secret-file names no file."))
	}
	if len(secrets) == len(d.SecretFile) {
		if err := d.checkSame(secrets); err != nil {
			found = append(found, authkit.NewFinding(authkit.FindingConfiguration, err.Error()))
		}
	}
	return secrets, found
}

// makeEngine makes an engine over the store, or over an empty one if the secrets do not belong to
// it. It returns nil if the configuration cannot be used.
func (d *doctor) makeEngine(config authkit.Config, e *examined, secrets [][]byte) (*authkit.Engine, []authkit.Finding) {
	var found []authkit.Finding
	if e.lasting && len(secrets) > 0 && len(secrets) == len(d.SecretFile) {
		config.Store, config.Secrets = moved{e.Store, d.ClockOffset}, secrets
		engine, err := authkit.New(config)
		if err == nil {
			return engine, nil
		}
		switch explained := d.explainSecret(err); {
		case explained != err: //nolint:errorlint // another value means that it was explained
			found = append(found, authkit.NewFinding(authkit.FindingSecretMismatch, explained.Error()+"."))
		case len(authkit.ConfigFindings(err)) == 0:
			found = append(found, authkit.NewFinding(authkit.FindingStoreUnreachable, strings.TrimPrefix(err.Error(), "authkit: ")+"."))
		}
	}
	config.Store, e.lasting = e.Store, false
	if e.filled {
		config.Store = standIn{memory.New()}
	}
	random := make([]byte, secretSize)
	_, _ = rand.Read(random) // never fails
	config.Secrets = [][]byte{random}
	config.Store = moved{config.Store, d.ClockOffset}
	engine, err := authkit.New(config)
	if err != nil {
		return nil, append(found, authkit.ConfigFindings(err)...)
	}
	return engine, found
}

// standIn is an empty store in the place of one that cannot be used.
type standIn struct{ authkit.Store }

// Volatile is false, as that of the store that it stands for.
func (standIn) Volatile() bool { return false }
