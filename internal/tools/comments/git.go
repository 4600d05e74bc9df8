package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// repository is the git work tree that holds the current folder.
type repository struct{ root string }

func open(ctx context.Context) (repository, error) {
	out, err := git(ctx, ".", "rev-parse", "--show-toplevel")
	return repository{root: strings.TrimSuffix(out, "\n")}, err
}

// changed lists the Go files that differ between two revisions, sorted. A renamed file is
// listed under both names. If to is empty, untracked files are listed too.
func (r repository) changed(ctx context.Context, from, to string) ([]string, error) {
	args := []string{"diff", "--name-only", "--no-renames", "-z", from}
	if to != "" {
		args = append(args, to)
	}
	list, err := git(ctx, r.root, append(args, "--", "*.go")...)
	if err != nil {
		return nil, err
	}
	if to == "" {
		untracked, err := git(ctx, r.root, "ls-files", "--others", "--exclude-standard", "-z", "--", "*.go")
		if err != nil {
			return nil, err
		}
		list += untracked
	}
	paths := strings.FieldsFunc(list, func(c rune) bool { return c == 0 })
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// sameCode reports whether a file has the same code in both revisions. It reports false if the
// file is missing in one of them.
func (r repository) sameCode(ctx context.Context, path, from, to string) (bool, error) {
	before, ok, err := r.read(ctx, path, from)
	if err != nil || !ok {
		return false, err
	}
	after, ok, err := r.read(ctx, path, to)
	if err != nil || !ok {
		return false, err
	}
	a, err := code(before)
	if err != nil {
		return false, fmt.Errorf("%s in %s: %w", path, from, err)
	}
	b, err := code(after)
	if err != nil {
		return false, fmt.Errorf("%s in %s: %w", path, revisionName(to), err)
	}
	return slices.Equal(a, b), nil
}

// read returns a file of a revision, or of the work tree if rev is empty. ok is false if the
// file is missing.
func (r repository) read(ctx context.Context, path, rev string) (text []byte, ok bool, err error) {
	if rev == "" {
		text, err = os.ReadFile(filepath.Join(r.root, path))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, false, nil
		}
		return text, err == nil, err
	}
	listed, err := git(ctx, r.root, "ls-tree", "--name-only", "-z", rev, "--", path)
	if err != nil || listed == "" {
		return nil, false, err
	}
	blob, err := git(ctx, r.root, "cat-file", "blob", rev+":"+path)
	return []byte(blob), err == nil, err
}

func revisionName(rev string) string {
	if rev == "" {
		return "the working tree"
	}
	return rev
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // the caller's own revisions
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return string(out), nil
}
