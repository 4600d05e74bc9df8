package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestClient(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 20_000)
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/chunks":
			_, _ = io.WriteString(w, long[:100_000])
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, long[100_000:])
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		case "/last":
			w.Header().Set("Connection", "close")
			_, _ = io.WriteString(w, "bye")
		default:
			w.WriteHeader(http.StatusAccepted)
			_, _ = fmt.Fprintf(w, `{"method":%q, "body": %q, "header":%q}`, r.Method, body, r.Header.Get("Authorization"))
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := newClient(server.Listener.Addr().String())
	defer c.close()
	check := func(a *answer, err error, status int, body string) {
		t.Helper()
		if err != nil || a.status != status || string(a.body) != body {
			t.Fatalf("got %+v, %v, want %d with %d bytes", a, err, status, len(body))
		}
	}
	for range 2 {
		a, err := c.do("POST", "/", "Authorization: Bearer x\r\n", "hello")
		check(a, err, 202, `{"method":"POST", "body": "hello", "header":"Bearer x"}`)
		if got, err := a.member("body"); got != "hello" || err != nil {
			t.Errorf("got %q, %v, want hello", got, err)
		}
		if _, err := a.member("bod"); err == nil {
			t.Error("got a member that is not there")
		}
		if a.want(202, "hello") != nil || a.want(200, "hello") == nil || a.want(202, "hallo") == nil {
			t.Error("want has to check status and text")
		}
		a, err = c.do("GET", "/chunks", "", "")
		check(a, err, 200, long)
		a, err = c.do("GET", "/empty", "", "")
		check(a, err, 204, "")
		a, err = c.do("GET", "/last", "", "")
		check(a, err, 200, "bye")
	}
	if got := opened.Load(); got != 2 {
		t.Errorf("got %d connections, want a second one after the server closed the first", got)
	}
}

func TestDrive(t *testing.T) {
	t.Parallel()

	t.Run("what was begun is counted with its time", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			seen := drive(t.Context(), "", 4, 50*time.Millisecond, func(*worker) error { time.Sleep(20 * time.Millisecond); return nil })
			if seen.answers != 12 || seen.seconds != 0.06 || seen.millis[0] != 20 {
				t.Errorf("got %+v, want three answers of each worker in 60 ms", seen)
			}
		})
	})

	t.Run("a wrong answer is an error, and ten of them end a worker", func(t *testing.T) {
		t.Parallel()
		wrong := errors.New("wrong")
		seen := drive(t.Context(), "", 1, time.Minute, func(*worker) error { return wrong })
		if seen.errors != 10 || seen.answers != 0 || !errors.Is(seen.first, wrong) {
			t.Errorf("got %+v, want ten errors", seen)
		}
		c := cell{}
		c.fill(seen, usage{}, usage{})
		if c.Errors != 10 || c.Error != "wrong" {
			t.Errorf("got %+v, want a failed cell", c)
		}
	})

	t.Run("it ends where nothing is left, without an error", func(t *testing.T) {
		t.Parallel()
		var left atomic.Int64
		left.Store(7)
		seen := drive(t.Context(), "", 3, time.Minute, func(*worker) error {
			if left.Add(-1) < 0 {
				return errEmpty
			}
			return nil
		})
		if seen.answers != 7 || seen.errors != 0 {
			t.Errorf("got %+v, want seven answers", seen)
		}
	})

	t.Run("it ends with its context", func(t *testing.T) {
		t.Parallel()
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if seen := drive(ctx, "", 2, time.Minute, func(*worker) error { return nil }); seen.answers != 0 {
			t.Errorf("got %d answers, want none", seen.answers)
		}
	})

	t.Run("a cell without an answer has failed", func(t *testing.T) {
		t.Parallel()
		c := cell{}
		c.fill(load{seconds: 1}, usage{}, usage{})
		if c.Errors == 0 {
			t.Errorf("got %+v, want an error", c)
		}
	})
}
