package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// interruption is what happens to a statement.
type interruption string

const (
	undone     interruption = "undone (40001)"
	undoneOn   interruption = "undone (40001), and all that follow"
	cutBefore  interruption = "cut off before it"
	cutAfter   interruption = "cut off after it"
	untouched  interruption = ""
	undoneCode              = "C40001\x00"
)

// interruptions are tried at each statement.
var interruptions = []interruption{undone, undoneOn, cutBefore, cutAfter}

// proxy stands between pgx and Postgres. It counts the statements (Execute and Query messages) of
// all connections, and interrupts one of them.
//
// The protocol: https://www.postgresql.org/docs/current/protocol-message-formats.html.
type proxy struct {
	listener net.Listener
	server   *pgx.ConnConfig

	mu    sync.Mutex
	at    int // the number of the statement; 0: none
	how   interruption
	count int // of statements since arm
}

func newProxy(ctx context.Context, w *world, store string) (*proxy, error) {
	server, err := pgx.ParseConfig(store)
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: listener, server: server}
	w.atEnd(listener.Close)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(ctx, c)
		}
	}()
	return p, nil
}

func (p *proxy) dsn() string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(p.server.User, p.server.Password), Host: p.listener.Addr().String(), Path: p.server.Database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// arm makes the at-th statement from now on be interrupted.
func (p *proxy) arm(at int, how interruption) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at, p.how, p.count = at, how, 0
}

// disarm returns how many statements came since arm.
func (p *proxy) disarm() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = 0
	return p.count
}

// next counts a statement and returns what happens to it.
func (p *proxy) next() interruption {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	if p.at > 0 && (p.count == p.at || p.count > p.at && p.how == undoneOn) {
		return p.how
	}
	return untouched
}

// link is a connection of pgx with that to Postgres.
type link struct {
	proxy          *proxy
	client, server net.Conn

	// undo: the next syntax error that comes back is the proxy's own, and becomes 40001.
	undo atomic.Int64
	// mute: no more reaches the client, and the connections are closed once the server is ready for
	// a query, which it is after the statement.
	mute atomic.Bool
}

func (p *proxy) serve(ctx context.Context, client net.Conn) {
	network, address := pgconn.NetworkAddress(p.server.Host, p.server.Port)
	server, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		_ = client.Close() // the client sees that there is no server
		return
	}
	l := &link{proxy: p, client: client, server: server}
	go func() {
		_ = l.backward() // it ends when either side has closed
		l.close()
	}()
	_ = l.forward()
	l.close()
}

func (l *link) close() {
	_ = l.client.Close() // each may be closed already
	_ = l.server.Close()
}

// readMessage reads one message with its head. The first message of a client has no type.
func readMessage(r io.Reader, typed bool) ([]byte, error) {
	size := 4
	if typed {
		size = 5
	}
	head := make([]byte, size)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(head[size-4:])-4) // the length counts itself
	_, err := io.ReadFull(r, body)
	return append(head[:size:size], body...), err
}

var errCut = errors.New("cut off")

// forward passes what the client sends.
func (l *link) forward() error {
	message, err := readMessage(l.client, false)
	for err == nil {
		if _, err := l.server.Write(message); err != nil {
			return err
		}
		if message, err = readMessage(l.client, true); err != nil {
			return err
		}
		if message[0] != 'E' && message[0] != 'Q' {
			continue
		}
		switch l.proxy.next() {
		case undone, undoneOn:
			l.undo.Add(1)
			message = broken(message[0])
		case cutBefore:
			return errCut
		case cutAfter:
			l.mute.Store(true)
		}
	}
	return err
}

// broken returns a message that makes Postgres fail in place of a statement: it undoes the
// transaction and skips the rest of the batch, as it does after 40001.
func broken(kind byte) []byte {
	const sql = "a syntax error of the proxy\x00"
	body := []byte(sql)
	if kind == 'E' { // Parse, of a statement that has a name: pgx uses the one that has none
		kind, body = 'P', []byte("faults\x00"+sql+"\x00\x00")
	}
	message := append([]byte{kind}, binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))...) //nolint:gosec // the body is short
	return append(message, body...)
}

// backward passes what the server sends.
func (l *link) backward() error {
	for {
		message, err := readMessage(l.server, true)
		if err != nil {
			return err
		}
		if code := bytes.Index(message, []byte("C42601\x00")); message[0] == 'E' && code > 0 && l.undo.Load() > 0 {
			l.undo.Add(-1)
			copy(message[code:], undoneCode)
		}
		switch {
		case !l.mute.Load():
			if _, err := l.client.Write(message); err != nil {
				return err
			}
		case message[0] == 'Z':
			return errCut
		}
	}
}
