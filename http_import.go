package authkit

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// The bounds of one import over HTTP.
const (
	maxImportLines = 10_000
	maxImportBytes = 32 << 20
	importStep     = 250 // users that are created in one step

	importPatience = 15 * time.Second // in which no byte comes
	importMost     = 10 * time.Minute // of the whole body
)

// userImports stands for the body of an import: users, one a line.
type userImports struct{}

// takesLines is a function that reads lines by itself.
type takesLines struct {
	serve func(*call) error
}

func (a takesLines) run(c *call) error { return a.serve(c) }

func (takesLines) takes() (body, form reflect.Type) { return reflect.TypeFor[userImports](), nil }

// importLineJSON says what became of one line.
type importLineJSON struct {
	Line   int        `json:"line"`              // from 1; empty lines count and have no answer
	UserID *uuid.UUID `json:"user_id,omitempty"` // of the user that was created
	Code   Code       `json:"code,omitempty"`    // why the line was refused
	Detail string     `json:"detail,omitempty"`  // the same in words
}

// AppendJSON implements [httpio.Appender].
func (l importLineJSON) AppendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"line":`...), int64(l.Line), 10)
	if l.UserID != nil {
		return append(appendID(append(b, `,"user_id":`...), *l.UserID), '}')
	}
	b = appendText(append(b, `,"code":`...), string(l.Code))
	return append(appendText(append(b, `,"detail":`...), l.Detail), '}')
}

// importUsers reads users, one a line, and creates them a few hundred at a time. The answers wait
// until the body is read, since not every client reads while it writes.
func importUsers(c *call) error {
	body, err := httpio.Lines(c.r, ndjson, maxImportBytes)
	if err != nil {
		return err
	}
	in := lineImport{c: c, hashing: allowance{trials: maxTrials}}
	patient := patientBody{body, http.NewResponseController(c.w), time.Now().Add(importMost)}
	defer patient.wait() // for what is left of a body that is refused: the server reads it
	lines := bufio.NewReaderSize(patient, httpio.BodyLimit+2)
	for {
		line, err := in.next(lines)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && in.line > maxImportLines {
			err = refuse(CodeBodyTooLarge, "the body has more than "+strconv.Itoa(maxImportLines)+" lines: send the rest in another request")
		}
		if over := errLast(err); over || err != nil {
			in.refused(err)
			if over {
				break
			}
			continue
		}
		if err := in.take(line); err != nil {
			return err
		}
	}
	if err := in.flush(); err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", ndjson)
	c.w.Header().Set("Cache-Control", "no-store")
	_, _ = c.w.Write(in.answers()) // the peer may be gone
	return nil
}

// patientBody is the body of an import. A server bounds the time of a request as a whole (its ReadTimeout),
// for bodies of 64 KiB, and ends the context with it. Here each read has its own time, until a last moment.
type patientBody struct {
	body      io.Reader
	deadlines *http.ResponseController
	until     time.Time
}

// wait sets the time of the next read.
func (b patientBody) wait() {
	deadline := time.Now().Add(importPatience)
	if deadline.After(b.until) {
		deadline = b.until
	}
	_ = b.deadlines.SetReadDeadline(deadline) // a connection that takes none has no timeout either
}

// Read implements [io.Reader]. No time runs between two reads, while users are stored.
func (b patientBody) Read(p []byte) (int, error) {
	b.wait()
	n, err := b.body.Read(p)
	_ = b.deadlines.SetReadDeadline(time.Time{})
	return n, err //nolint:wrapcheck // it stands in for the body
}

// errLineTooLong refuses one line; the next one may be shorter.
var errLineTooLong = refuse(CodeBodyTooLarge, "the line is longer than 64 KiB")

// errLast reports whether nothing can be read after an error.
func errLast(err error) bool { return err != nil && !errors.Is(err, errLineTooLong) }

// lineImport is an import that is under way.
type lineImport struct {
	c     *call
	line  int // the number of the line that was read last
	users []UserImport
	at    []int // the lines of users
	done  []importLineJSON

	hashing allowance
}

// next reads the next line, without its end.
func (in *lineImport) next(lines *bufio.Reader) ([]byte, error) {
	line, err := lines.ReadSlice('\n')
	if len(line) == 0 && err != nil {
		if !errors.Is(err, io.EOF) {
			in.line++
			err = bodyEnded(err)
		}
		return nil, err
	}
	in.line++
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = lines.ReadSlice('\n')
		}
		if err == nil || errors.Is(err, io.EOF) {
			err = errLineTooLong
		}
		return nil, err
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, bodyEnded(err)
	}
	line = bytes.TrimRight(line, "\r\n")
	if len(line) > httpio.BodyLimit {
		return nil, errLineTooLong
	}
	return line, nil
}

// bodyEnded says why no more of the body could be read.
func bodyEnded(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refuse(CodeBodyTooLarge, "the body is larger than 32 MiB: send the rest in another request")
	}
	return refuse(CodeInvalidRequest, "the body ended early")
}

// take adds the user of a line, and creates those that wait once they are many.
func (in *lineImport) take(line []byte) error {
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	u, err := ParseUserImport(line)
	if err != nil {
		in.refused(err)
		return nil
	}
	in.users, in.at = append(in.users, u), append(in.at, in.line)
	if len(in.users) < importStep {
		return nil
	}
	return in.flush()
}

// flush creates the users that wait.
func (in *lineImport) flush() error {
	results, err := in.c.e.ImportUsers(in.c.ctx(), in.c.key.App, in.users, ImportOptions{hashing: &in.hashing})
	if err != nil {
		return err
	}
	for i, r := range results {
		out := importLineJSON{Line: in.at[i], UserID: &results[i].ID}
		if r.Err != nil {
			out = refusedLine(in.at[i], r.Err)
		}
		in.done = append(in.done, out)
	}
	in.users, in.at = in.users[:0], in.at[:0]
	return nil
}

func (in *lineImport) refused(err error) { in.done = append(in.done, refusedLine(in.line, err)) }

func refusedLine(line int, err error) importLineJSON {
	refusal := asError(err)
	return importLineJSON{Line: line, Code: refusal.Code, Detail: refusal.Detail}
}

// answers are the answers in the order of the lines.
func (in *lineImport) answers() []byte {
	slices.SortStableFunc(in.done, func(a, b importLineJSON) int { return cmp.Compare(a.Line, b.Line) })
	var b []byte
	for _, l := range in.done {
		b = append(l.AppendJSON(b), '\n')
	}
	return b
}
