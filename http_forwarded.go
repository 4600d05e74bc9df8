package authkit

import (
	"log/slog"
	"slices"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// The headers by which the server of an app names the client whose request it forwards.
const (
	forwardKeyHeader   = "X-Authkit-Key"
	forwardIPHeader    = "X-Authkit-Client-IP"
	forwardAgentHeader = "X-Authkit-User-Agent"
)

// forwarded replaces the client by the one that the server of the path's app names, if the
// request has an API key with [ScopeAuthForward]. Without a key its headers change nothing.
// headersErr says what is wrong with the headers; it is for after the access check of the route.
func (c *call) forwarded() (headersErr, err error) {
	keys := c.r.Header.Values(forwardKeyHeader)
	if len(keys) == 0 || c.r.PathValue("app_id") == "" {
		return nil, nil
	}
	if len(c.r.Header.Values("Origin")) > 0 {
		return nil, refuse(CodeForbidden, "a browser sends no "+forwardKeyHeader+": it is for an app's own server")
	}
	id, err := c.pathID()
	if err != nil || len(keys) > 1 {
		return nil, refuse(CodeInvalidAPIKey, forwardKeyHeader+" is not one API key of this app")
	}
	key, err := c.e.CheckAPIKey(c.ctx(), keys[0])
	switch {
	case err != nil:
		return nil, err
	case key.App != id:
		return nil, refuse(CodeInvalidAPIKey, forwardKeyHeader+" is not one API key of this app").because(cause("the API key is another app's"))
	case !slices.Contains(key.Scopes, ScopeAuthForward):
		return refuse(CodeForbidden, "the API key in "+forwardKeyHeader+" lacks the scope "+ScopeAuthForward), nil
	}
	app, err := c.pathApp()
	if err != nil {
		return nil, err
	}
	addresses := c.r.Header.Values(forwardIPHeader) //nolint:canonicalheader // as the contract writes it
	if len(addresses) != 1 {
		return invalid(forwardIPHeader, "required", "a request with "+forwardKeyHeader+" needs "+forwardIPHeader+" with one address"), nil
	}
	addr, ok := httpio.ReadAddr(addresses[0])
	if !ok {
		return invalid(forwardIPHeader, "invalid_address", forwardIPHeader+" is not one IP address, without a port"), nil
	}
	c.request.via = c.client.IP
	c.client = Client{
		IP: addr.String(), UserAgent: c.r.Header.Get(forwardAgentHeader), Languages: c.client.Languages,
		forwarder: app.Developer, Cookie: c.client.Cookie, checked: c.client.checked,
	}
	c.request.client = c.client
	return nil, nil
}

// warnOfForwarding reports a forwarding header that did not count: one of a peer that is no
// trusted proxy, or an unreadable one of a trusted proxy, whose clients then count as one peer.
func (c *call) warnOfForwarding(s httpio.Sender) {
	var reason, line string
	switch {
	case s.UntrustedHeader:
		reason = "untrusted_peer"
		line = "a forwarding header from an untrusted peer is ignored; if it is your proxy, add it to Config.TrustedProxies, or set Config.TrustUnixSockets"
	case s.Unreadable != "":
		reason = "unreadable"
		line = "X-Forwarded-For of a trusted proxy cannot be read: all its clients count as one peer; let it write IP addresses, with or without a port"
	default:
		return
	}
	now, about := c.e.now(), limitKey{c.app.ID, reason + " " + s.Key}
	if s.Unreadable != "" {
		about.app = Console // one proxy is reported once, whatever the app
	}
	if !c.h.http.warned.First(about, now) {
		return
	}
	if s.UntrustedHeader {
		c.h.http.ignored.Store(new(c.request.peer()))
	}
	c.h.http.log.WarnContext(c.ctx(), line, slog.String("peer", c.request.peer()), slog.String("received", s.Unreadable),
		slog.String("app", c.app.ID.String()), slog.String("request_id", c.request.id))
	c.e.hooks.observe(Event{
		App: c.app.ID, Time: now, Type: EventForwardedHeader, IP: c.request.peer(),
		Result: "warning", Reason: reason, RequestID: c.request.id,
	})
}
