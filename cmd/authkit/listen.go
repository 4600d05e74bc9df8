package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
)

// listen listens at --addr: HOST:PORT, or unix:FILE for a proxy on this machine. The umask
// decides the permissions of the socket.
func (s *serve) listen(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	file, isSocket := strings.CutPrefix(s.Addr, unixSockets+":")
	if !isSocket {
		listener, err := lc.Listen(ctx, "tcp", s.Addr)
		if err != nil {
			return nil, fmt.Errorf("--addr is %q: %w; give HOST:PORT of this machine, with a port that is free", s.Addr, err)
		}
		return listener, nil
	}
	if s.BaseURL == "" {
		return nil, fmt.Errorf("--addr is %q: give --base-url, too: where clients reach the proxy in front of the socket", s.Addr)
	}
	removeLeft(ctx, file)
	listener, err := lc.Listen(ctx, "unix", file)
	if err != nil {
		return nil, fmt.Errorf("--addr is %q: %w; give a path where no file is and no process listens", s.Addr, err)
	}
	return listener, nil
}

// removeLeft removes the socket of a process that was killed. It keeps a socket at which a
// process listens, and a file of another kind.
func removeLeft(ctx context.Context, file string) {
	info, err := os.Lstat(file)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", file)
	if err == nil {
		_ = conn.Close()
		return
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		_ = os.Remove(file) // if this fails, so does listening, which reports it
	}
}
