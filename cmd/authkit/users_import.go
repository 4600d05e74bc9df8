package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"golang.org/x/term"

	"github.com/authkit-dev/authkit"
)

type importUsers struct {
	ofApp

	File      string `arg:"" help:"The file: a JSON object a line, or CSV if its name ends in .csv. - is stdin." placeholder:"FILE"`
	DryRun    bool   `help:"Judge every line by itself, and store nothing; which users the app has is not looked at." name:"dry-run"`
	AllowSlow bool   `help:"Take password hashes that need more than 250 ms here; refused sign-ins of the app then take as long." name:"allow-slow"`
	Resume    bool   `help:"Go on after the last line that an import of this file stored, which FILE.progress holds. The lines up to it must be as they were; those behind it may be others."`
}

// importSize is how many users one step stores.
const importSize = 2000

// Run prints each line that is refused, with its number and the reason.
func (x *importUsers) Run(ctx context.Context) error {
	noted := x.hasNote()
	if x.Resume && !noted {
		return fmt.Errorf("--resume needs a file that can be read again: %s is a stream, or is not there", x.File)
	}
	work, app, err := x.openApp(ctx, writes)
	if err != nil {
		return err
	}
	defer work.close() //nolint:errcheck // the process ends
	in, size := os.Stdin, int64(0)
	if x.File != "-" {
		if in, err = os.Open(x.File); err != nil {
			return err
		}
		defer in.Close() //nolint:errcheck // it is only read
		if info, err := in.Stat(); err == nil {
			size = info.Size()
		}
	}
	run := importing{importUsers: x, engine: work.Engine, app: app.ID, noted: noted && !x.DryRun, taken: newTaken(), shown: newProgress(os.Stderr, size, time.Now())}
	if x.Resume {
		if run.skip, err = x.resumeAfter(in, app.ID); err != nil {
			return fmt.Errorf("--resume: %w", err)
		}
	}
	users, err := newUserReader(x.File, io.TeeReader(in, &run.shown), run.taken)
	if err != nil {
		return fmt.Errorf("%s: %w", x.File, err)
	}
	return run.all(ctx, users)
}

// hasNote reports whether an import of the file keeps a [note] beside it. A pipe has no note, since it cannot be
// read again.
func (x *importUsers) hasNote() bool {
	info, err := os.Stat(x.File)
	return x.File != "-" && err == nil && info.Mode().IsRegular()
}

// progressFile holds the [note] of an import of the file.
func (x *importUsers) progressFile() string { return x.File + ".progress" }

// resumeAfter returns the last line that an earlier run has dealt with.
func (x *importUsers) resumeAfter(in io.ReadSeeker, app uuid.UUID) (int, error) {
	was, err := readNote(x.progressFile(), app)
	if err != nil {
		return 0, err
	}
	return was.line, was.check(in, x.File)
}

// importing is an import that is under way.
type importing struct {
	*importUsers

	engine *authkit.Engine
	app    uuid.UUID
	noted  bool
	skip   int // lines that an earlier run has dealt with
	read   int // the line that was read last
	taken  *taken
	shown  progress

	users          []authkit.UserImport
	lines          []int       // of the users
	faults         []lineFault // what is wrong with other lines, and then with these
	stored, denied int
}

// lineFault is what is wrong with a line.
type lineFault struct {
	line int
	err  error
}

// all imports every user that can be read.
func (m *importing) all(ctx context.Context, users userReader) error {
	last := 0
	for {
		line, u, err := users.next()
		if errors.Is(err, io.EOF) {
			break
		}
		m.read = line
		bad, faulty := errors.AsType[lineError](err)
		switch {
		case err != nil && !faulty:
			m.refuse()
			return m.stopped(last, fmt.Errorf("read %s: %w", m.File, err))
		case line <= m.skip:
			continue
		case faulty:
			m.faults = append(m.faults, lineFault{line, bad.error})
		default:
			m.users, m.lines = append(m.users, u), append(m.lines, line)
		}
		if len(m.users)+len(m.faults) < importSize {
			continue
		}
		if err := m.store(ctx); err != nil {
			return m.stopped(last, err)
		}
		last = line
	}
	if err := m.store(ctx); err != nil {
		return m.stopped(last, err)
	}
	m.shown.end(m.stored, m.denied, m.DryRun)
	if m.noted {
		_ = os.Remove(m.progressFile()) // there may be no such file
	}
	if m.denied > 0 {
		return fmt.Errorf("refused lines: %d", m.denied)
	}
	return nil
}

// store stores the users that wait, prints which lines are refused, and tells how far it has come.
func (m *importing) store(ctx context.Context) error {
	err := m.create(ctx)
	m.refuse()
	if err == nil {
		m.shown.show(m.stored, m.denied, time.Now())
	}
	return err
}

// create stores the users that wait, and notes the line that was read last.
func (m *importing) create(ctx context.Context) error {
	results, err := m.engine.ImportUsers(ctx, m.app, m.users, authkit.ImportOptions{AllowSlow: m.AllowSlow, DryRun: m.DryRun})
	if err != nil {
		return fmt.Errorf("import users: %w", err)
	}
	for i, r := range results {
		if r.Err != nil {
			m.faults = append(m.faults, lineFault{m.lines[i], r.Err})
			continue
		}
		m.stored++
	}
	m.users, m.lines = m.users[:0], m.lines[:0]
	if m.read == 0 || !m.noted {
		return nil
	}
	return note{m.app, m.read, m.taken.size, m.taken.digest()}.write(m.progressFile())
}

// refuse prints why lines are refused, in their order.
func (m *importing) refuse() {
	slices.SortFunc(m.faults, func(a, b lineFault) int { return a.line - b.line })
	for _, f := range m.faults {
		m.denied++
		m.shown.clear()
		code, detail := authkit.CodeInvalidRequest, f.err.Error()
		if e, ok := errors.AsType[*authkit.Error](f.err); ok {
			code, detail = e.Code, e.Detail
		}
		if m.JSON {
			b, _ := json.Marshal(refusedLine{f.line, code, detail}) // it always encodes
			fmt.Printf("%s\n", b)
			continue
		}
		fmt.Printf("line %d: %s: %s\n", f.line, code, detail)
	}
	m.faults = m.faults[:0]
}

// refusedLine is a refused line in JSON.
type refusedLine struct {
	Line   int          `json:"line"`
	Code   authkit.Code `json:"code"`
	Detail string       `json:"detail"`
}

// stopped says how to go on after an error.
func (m *importing) stopped(last int, err error) error {
	m.shown.end(m.stored, m.denied, m.DryRun)
	if last == 0 || !m.noted {
		return err
	}
	return fmt.Errorf("%w\nthe lines up to %d are stored: go on with --resume", err, last)
}

// progress tells how far an import has come: on a terminal by a bar, elsewhere by a line every few
// seconds. What is read of the file is written to it.
type progress struct {
	out      *os.File
	terminal bool
	size     int64 // of the file; 0: not known
	read     int64
	began    time.Time
	told     time.Time
	drawn    bool
}

func newProgress(out *os.File, size int64, now time.Time) progress {
	return progress{out: out, terminal: term.IsTerminal(int(out.Fd())), size: size, began: now, told: now}
}

// Write counts what is read of the file.
func (p *progress) Write(b []byte) (int, error) {
	p.read += int64(len(b))
	return len(b), nil
}

// show tells how far the import has come, unless it did so a moment ago.
func (p *progress) show(taken, denied int, now time.Time) {
	every := 5 * time.Second
	if p.terminal {
		every = 200 * time.Millisecond
	}
	if now.Sub(p.told) < every {
		return
	}
	p.told = now
	text := p.text(taken, denied, now)
	if !p.terminal {
		_, _ = fmt.Fprintln(p.out, text)
		return
	}
	_, _ = fmt.Fprintf(p.out, "\r\x1b[K%s", text)
	p.drawn = true
}

// text is one line: a bar, users, users a second and the time that is left.
func (p *progress) text(taken, denied int, now time.Time) string {
	spent := now.Sub(p.began)
	text := fmt.Sprintf("%d users, %d refused, %.0f/s", taken, denied, float64(taken+denied)/max(spent.Seconds(), 0.001))
	if p.size == 0 || p.read == 0 {
		return text
	}
	part := min(float64(p.read)/float64(p.size), 1)
	left := time.Duration(float64(spent) * (1 - part) / part).Round(time.Second)
	const width = 20
	full := int(part * width)
	return fmt.Sprintf("[%s%s] %3.0f%% %s, %s left", strings.Repeat("=", full), strings.Repeat(" ", width-full), part*100, text, left)
}

// clear takes the bar away, so that a line can be printed.
func (p *progress) clear() {
	if p.drawn {
		_, _ = fmt.Fprint(p.out, "\r\x1b[K")
		p.drawn = false
	}
}

// end tells the result.
func (p *progress) end(taken, denied int, dry bool) {
	p.clear()
	did := "imported"
	if dry {
		did = "would import"
	}
	_, _ = fmt.Fprintf(p.out, "%s %d users, refused %d, in %v\n", did, taken, denied, time.Since(p.began).Round(time.Millisecond))
}
