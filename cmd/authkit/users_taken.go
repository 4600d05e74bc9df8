package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// taken is a digest of the part of a file that an import has dealt with. What is read is written to it,
// and readers read ahead: the digest is that of what stands before the end of the last line.
type taken struct {
	sum   hash.Hash
	size  int64  // of the part
	ahead []byte // what was read behind it
}

func newTaken() *taken { return &taken{sum: sha256.New()} }

// Write keeps what is read of the file.
func (t *taken) Write(b []byte) (int, error) {
	t.ahead = append(t.ahead, b...)
	return len(b), nil
}

// upTo takes the file up to an offset.
func (t *taken) upTo(end int64) {
	n := end - t.size
	_, _ = t.sum.Write(t.ahead[:n]) // it never fails
	t.ahead, t.size = t.ahead[n:], end
}

func (t *taken) digest() string { return hex.EncodeToString(t.sum.Sum(nil)) }

// note is what FILE.progress holds of an import that is not over: its app, the last line that was stored or
// refused, and the size and the digest of the file up to the end of that line.
type note struct {
	app    uuid.UUID
	line   int
	size   int64
	digest string
}

func (n note) write(file string) error {
	return os.WriteFile(file, fmt.Appendf(nil, "%s %d %d %s\n", n.app, n.line, n.size, n.digest), 0o600)
}

// readNote reads a note of an import into an app.
func readNote(file string, app uuid.UUID) (note, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return note{}, fmt.Errorf("there is no %s: no import of this file has stopped half-way; leave --resume out", file)
	}
	if err != nil {
		return note{}, err
	}
	parts := strings.Split(strings.TrimSpace(string(b)), " ")
	if len(parts) != 4 || parts[0] != app.String() || len(parts[3]) != 2*sha256.Size {
		return note{}, errors.New(file + " is not of an import into this app")
	}
	line, err1 := strconv.Atoi(parts[1])
	size, err2 := strconv.ParseInt(parts[2], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return note{}, fmt.Errorf("%s is not of an import into this app: %w", file, err)
	}
	return note{app, line, size, parts[3]}, nil
}

// check refuses a file whose lines up to that of the note are other ones by now: to leave out as many would
// leave out some that were never read.
func (n note) check(in io.ReadSeeker, file string) error {
	sum := sha256.New()
	_, err := io.CopyN(sum, in, n.size)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err != nil || hex.EncodeToString(sum.Sum(nil)) != n.digest {
		return fmt.Errorf("the first %d lines of %s, which were imported, are not as they were; import it without --resume: users who are there already are refused", n.line, file)
	}
	_, err = in.Seek(0, io.SeekStart)
	return err
}
