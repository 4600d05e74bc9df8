package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// A client sends requests over one connection that is kept alive. It costs a fraction of
// [http.Client], which matters where client and server share the cores. It opens the connection
// when it needs one. It is not safe for concurrent use.
type client struct {
	addr string
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	last answer
}

// An answer is valid until the next request of its client.
type answer struct {
	status     int
	head, body []byte
}

// patience is how long one answer may take.
const patience = 30 * time.Second

func newClient(addr string) *client { return &client{addr: addr} }

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close() // it has served its purpose
		c.conn = nil
	}
}

// do sends a request and reads its answer. The header is a list of lines, each ended by "\r\n".
func (c *client) do(method, path, header, body string) (*answer, error) {
	if c.conn == nil {
		conn, err := net.DialTimeout("tcp", c.addr, patience) //nolint:noctx // a deadline bounds it
		if err != nil {
			return nil, err
		}
		c.conn, c.in = conn, bufio.NewReaderSize(conn, 32<<10)
	}
	a, err := c.exchange(method, path, header, body)
	if err != nil {
		c.close()
	}
	return a, err
}

func (c *client) exchange(method, path, header, body string) (*answer, error) {
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	b := c.out[:0]
	b = append(b, method...)
	b = append(b, ' ')
	b = append(b, path...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, c.addr...)
	b = append(b, "\r\n"...)
	b = append(b, header...)
	if method != http.MethodGet {
		b = append(b, "Content-Type: application/json\r\nContent-Length: "...)
		b = strconv.AppendInt(b, int64(len(body)), 10)
		b = append(b, "\r\n"...)
	}
	b = append(b, "\r\n"...)
	b = append(b, body...)
	c.out = b
	if _, err := c.conn.Write(b); err != nil {
		return nil, err
	}
	return c.read()
}

// read reads one answer, with Content-Length or in chunks.
func (c *client) read() (*answer, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return nil, fmt.Errorf("status line is %q", line)
	}
	a := &c.last
	a.head, a.body = a.head[:0], a.body[:0]
	if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return nil, fmt.Errorf("status line is %q", line)
	}
	length, chunked, last := 0, false, false
	for {
		line, err = c.in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if len(line) <= 2 {
			break
		}
		a.head = append(a.head, line...)
		name, value, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return nil, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		case bytes.EqualFold(name, []byte("Connection")):
			last = bytes.EqualFold(value, []byte("close"))
		}
	}
	if chunked {
		err = c.readChunks(a)
	} else {
		err = c.readBody(a, length)
	}
	if last {
		c.close()
	}
	return a, err
}

// readBody appends n bytes to the body.
func (c *client) readBody(a *answer, n int) error {
	at := len(a.body)
	if need := at + n; cap(a.body) < need {
		a.body = append(make([]byte, 0, 2*need), a.body...)
	}
	a.body = a.body[:at+n]
	_, err := io.ReadFull(c.in, a.body[at:])
	return err
}

func (c *client) readChunks(a *answer) error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		if err := c.readBody(a, int(n)); err != nil {
			return err
		}
		if end, err := c.in.ReadSlice('\n'); err != nil || len(end) > 2 {
			return errors.Join(err, fmt.Errorf("chunk ends with %q", end))
		}
		if n == 0 {
			return nil
		}
	}
}

// want checks the status, and that the body holds a text.
func (a *answer) want(status int, text string) error {
	if a.status != status || !bytes.Contains(a.body, []byte(text)) {
		return fmt.Errorf("got %d %.300s, want %d with %s", a.status, a.body, status, text)
	}
	return nil
}

// wantPage checks that the body lists 50 users, each of which has the text once.
func (a *answer) wantPage(text string) error {
	if n := bytes.Count(a.body, []byte(text)); n != 50 {
		return fmt.Errorf("got %d users, want 50: %.300s", n, a.body)
	}
	return nil
}

// member returns the text of a member of the JSON body, found without decoding the whole: the
// first one of that name.
func (a *answer) member(name string) (string, error) { return textMember(a.body, name) }

func textMember(body []byte, name string) (string, error) {
	_, after, ok := bytes.Cut(body, []byte(`"`+name+`":`))
	after = bytes.TrimLeft(after, " ")
	if !ok || len(after) == 0 || after[0] != '"' {
		return "", fmt.Errorf("got %.300s, want a member %s", body, name)
	}
	value, _, ok := bytes.Cut(after[1:], []byte(`"`))
	if !ok {
		return "", fmt.Errorf("got %.300s, want a member %s", body, name)
	}
	return string(value), nil
}
