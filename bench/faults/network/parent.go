package network

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// answerWithin is how long a request to a child may take.
const answerWithin = 30 * time.Second

// server is a child process, as its parent sees it.
type server struct {
	greeting

	cmd   *exec.Cmd
	stdin io.WriteCloser
	log   *bytes.Buffer // its standard error, complete once it was stopped
	http  *http.Client

	stopping sync.Once
	stopped  error
}

// start starts a child and waits until it serves.
func start(ctx context.Context, p plan) (*server, error) {
	text, err := json.Marshal(p) //nolint:musttag // both ends are this program
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{log: &bytes.Buffer{}, cmd: exec.CommandContext(ctx, self)} //nolint:gosec // this program
	s.cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	s.cmd.Stderr = s.log
	s.http = &http.Client{
		Timeout: answerWithin, Transport: &http.Transport{MaxIdleConnsPerHost: 512},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := json.NewDecoder(out).Decode(&s.greeting); err != nil { //nolint:musttag // as above
		return nil, fmt.Errorf("start a child: %w", errors.Join(err, s.stop()))
	}
	return s, nil
}

// stop ends the child. The error is that of the process, with what it logged.
func (s *server) stop() error {
	s.stopping.Do(func() {
		s.http.CloseIdleConnections()
		err := errors.Join(s.stdin.Close(), s.cmd.Wait())
		if err != nil {
			s.stopped = fmt.Errorf("child: %w\n%s", err, s.log)
		}
	})
	return s.stopped
}

// ask is one request to a child.
type ask struct {
	method, path string
	peer         string // the address that the request comes from; empty: that of the connection
	bearer       string
	body         any // sent as JSON; a string is sent as it is
}

// reply is the answer. Its status is 0 if there was none; err then says why.
type reply struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
	err    error
}

// text returns a member of a JSON answer, or an empty text.
func (r reply) text(member string) string {
	var all map[string]any
	if json.Unmarshal(r.body, &all) != nil {
		return ""
	}
	text, _ := all[member].(string)
	return text
}

// expect returns an error unless the answer has the status.
func (r reply) expect(status int) error {
	if r.status == status {
		return nil
	}
	return fmt.Errorf("got %d %s, %w, want %d", r.status, bytes.TrimSpace(r.body), r.err, status)
}

func (a ask) request(ctx context.Context, base string) (*http.Request, error) {
	var body io.Reader
	switch b := a.body.(type) {
	case nil:
	case string:
		body = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, a.method, base+a.path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if a.peer != "" {
		r.Header.Set("X-Forwarded-For", a.peer)
	}
	if a.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+a.bearer)
	}
	return r, nil
}

// send sends a request and reads the whole answer.
func (s *server) send(ctx context.Context, a ask) reply {
	r, err := a.request(ctx, s.URL)
	if err != nil {
		return reply{err: err}
	}
	begun := time.Now()
	res, err := s.http.Do(r)
	if err != nil {
		return reply{err: err, took: time.Since(begun)}
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, body, time.Since(begun), err}
}

// control calls a path of the test and returns the child's state.
func (s *server) control(ctx context.Context, method, path string) (state, error) {
	got := s.send(ctx, ask{method: method, path: "/test/" + path})
	if err := got.expect(http.StatusOK); err != nil {
		return state{}, fmt.Errorf("%s: %w", path, err)
	}
	var out state
	return out, json.Unmarshal(got.body, &out) //nolint:musttag // as above
}

// state returns the child's state; collected is the state after garbage was collected.
func (s *server) state(ctx context.Context) (state, error) {
	return s.control(ctx, http.MethodGet, "state")
}

func (s *server) collected(ctx context.Context) (state, error) {
	return s.control(ctx, http.MethodPost, "collect")
}

// moveClock moves the child's clock ahead.
func (s *server) moveClock(ctx context.Context, by time.Duration) error {
	_, err := s.control(ctx, http.MethodPost, "clock?by="+by.String())
	return err
}

// peak reads the child's memory until ctx ends, and returns the most that it held.
func (s *server) peak(ctx context.Context) (most int64) {
	for ctx.Err() == nil {
		if now, err := s.state(ctx); err == nil {
			most = max(most, now.RSS)
		}
		pause(ctx, 50*time.Millisecond)
	}
	return most
}

// pause waits for d or until ctx ends, and reports whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
