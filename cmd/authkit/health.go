package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

type health struct {
	Config  configFile    `help:"The TOML file of serve, for --addr and --base-url." placeholder:"FILE"`
	Addr    string        `default:"127.0.0.1:8080" help:"Where serve listens on this machine: HOST:PORT or unix:FILE."`
	BaseURL string        `help:"The base URL of serve, whose path is the mount point." placeholder:"URL"`
	Ready   bool          `help:"Ask whether the store answers, too: for a load balancer, not to restart the server."`
	Timeout time.Duration `default:"5s" help:"How long to wait for the answer."`
}

// Run asks the server at --addr for its health. Exit status 0 says that it answered 200.
func (h *health) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	target, client, err := h.target()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no answer at --addr %s: %w", h.Addr, err)
	}
	defer res.Body.Close() //nolint:errcheck // it is read
	body, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: got %s, want 200: %s", target, res.Status, visible(strings.TrimSpace(string(body))))
	}
	_, err = fmt.Println("ok")
	return err
}

// target returns the URL to ask, and a client that reaches it without a proxy.
func (h *health) target() (string, *http.Client, error) {
	var d net.Dialer
	transport := &http.Transport{DialContext: d.DialContext}
	host, network := "localhost", "tcp"
	if file, ok := strings.CutPrefix(h.Addr, unixSockets+":"); ok {
		network = "unix"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, network, file) }
	} else {
		name, port, err := net.SplitHostPort(h.Addr)
		if err != nil || port == "0" || port == "" {
			return "", nil, fmt.Errorf("--addr is %q: give the HOST:PORT at which serve listens, or unix:FILE", h.Addr)
		}
		if ip := net.ParseIP(name); name == "" || (ip != nil && ip.IsUnspecified()) {
			name = "localhost" // serve listens at every address
		}
		host = net.JoinHostPort(name, port)
	}
	base, err := url.Parse(h.BaseURL)
	if err != nil {
		return "", nil, fmt.Errorf("--base-url is %q: %w", h.BaseURL, err)
	}
	path := "/healthz"
	if h.Ready {
		path = "/readyz"
	}
	u := url.URL{Scheme: "http", Host: host, Path: base.Path + path, RawPath: base.EscapedPath() + path}
	return u.String(), &http.Client{Transport: transport}, nil
}
