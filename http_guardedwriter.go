package authkit

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// guardedWriter is the writer of the handler behind [Engine.Require]. It makes an answer that
// sets a cookie of authkit no-store, whatever the handler said: otherwise a cache would give the
// session, or the binding secret, to the next client (RFC 9111, section 7.3).
type guardedWriter struct {
	http.ResponseWriter

	headerDone bool // the header is written
}

// finishHeader changes the header just before it is written.
func (g *guardedWriter) finishHeader() {
	if !g.headerDone && httpio.SetsCookie(g.Header()) {
		g.Header().Set("Cache-Control", "no-store")
	}
	g.headerDone = true
}

// WriteHeader implements [http.ResponseWriter]. An informational answer does not end the header.
func (g *guardedWriter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		g.finishHeader()
	}
	g.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (g *guardedWriter) Write(b []byte) (int, error) {
	g.finishHeader()
	return g.ResponseWriter.Write(b) //nolint:wrapcheck // it stands in for the writer below
}

// ReadFrom implements [io.ReaderFrom], so that the kernel can copy a file.
func (g *guardedWriter) ReadFrom(r io.Reader) (int64, error) {
	g.finishHeader()
	return io.Copy(g.ResponseWriter, r) //nolint:wrapcheck // likewise
}

// FlushError is the method by which [http.ResponseController] flushes.
func (g *guardedWriter) FlushError() error {
	g.finishHeader()
	return http.NewResponseController(g.ResponseWriter).Flush() //nolint:wrapcheck // likewise
}

// Flush implements [http.Flusher], for handlers that ask for it by type.
func (g *guardedWriter) Flush() { _ = g.FlushError() }

// Hijack implements [http.Hijacker]. It fails where the writer below cannot.
func (g *guardedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(g.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("take over the connection: %w", err)
	}
	return conn, rw, nil
}

// Unwrap lets [http.ResponseController] reach the rest.
func (g *guardedWriter) Unwrap() http.ResponseWriter { return g.ResponseWriter }
