package authkit

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// handler serves the route table. A request is checked in this order: headers, path, method,
// origin, credential, app, limit. Then the function of its route runs, and one place renders its
// error.
type handler struct {
	e    *Engine
	http *border
	mux  *http.ServeMux

	// asks sends a browser to the page that asks for the second factor for want of which its request
	// was refused.
	asks func(person, *Error) error
}

// call is one request on its way through a route.
type call struct {
	h *handler
	e *Engine
	w http.ResponseWriter
	r *http.Request

	request   *request
	client    Client
	browser   browser
	pageRoute bool // the route answers with a page
	remembers bool // the request may begin with the app as this process last read it

	answered answered
	findings
}

// findings are what the checks of a request have found, as far as its route asks for it.
type findings struct {
	app       App
	deleted   bool // the developer has deleted the path's app already
	developer string
	user      User
	session   Session
	authTime  time.Time // when the user or developer last authenticated; zero: not known
	key       APIKey
}

func (c *call) ctx() context.Context { return c.r.Context() }

func newHandler(e *Engine, table []route) *handler {
	h := &handler{e: e, http: e.http, mux: http.NewServeMux()}
	h.mux.HandleFunc("/", h.notFound)
	for _, res := range resources(table) {
		for _, pattern := range res.patterns {
			h.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, res) })
		}
	}
	return h
}

// has reports whether the route table has the path, for any method.
func (h *handler) has(path string) bool {
	_, pattern := h.mux.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}})
	return pattern != "/"
}

// ServeHTTP refuses unclean paths itself. The mux would redirect them, and its redirect drops the
// mount point.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	if httpio.Unclean(r.URL.Path) {
		h.notFound(w, r)
		return
	}
	h.mux.ServeHTTP(w, r)
}

// notFound refuses a path that the route table does not have.
func (h *handler) notFound(w http.ResponseWriter, r *http.Request) { h.serve(w, r, nil) }

// secure sets the headers of every answer.
func secure(header http.Header) {
	values := []string{"nosniff", "no-referrer", "default-src 'none'; frame-ancestors 'none'"} // one allocation for all
	header["X-Content-Type-Options"] = values[0:1:1]
	header["Referrer-Policy"] = values[1:2:2]
	header["Content-Security-Policy"] = values[2:3:3]
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request, res *resource) {
	ctx := &requestContext{Context: r.Context()}
	c := &call{h: h, e: h.e, r: r.WithContext(ctx), request: &ctx.request, answered: answered{ResponseWriter: w}}
	c.w = &c.answered
	defer c.measure(res, time.Now())
	if res == nil {
		c.r.Pattern = "" // the pattern of the host's mux, or "/", which matches every other path
	}
	c.browser = browser{http: h.http, w: c.w, r: c.r}
	c.request.id = newID(h.e.now()).String()
	w.Header()["X-Request-Id"] = []string{c.request.id}
	sender := h.http.proxies.Sender(r)
	c.client = Client{IP: cmp.Or(sender.Addr, sender.Key), UserAgent: r.UserAgent(), Languages: languagesOf(r)} // a peer without an address is limited by its key
	c.request.begin(c.client)
	defer c.recoverPanic()
	defer c.warnOfForwarding(sender) // deferred until the app is known
	if err := c.dispatch(res); err != nil {
		c.fail(err)
	}
}

// recoverPanic answers a panic with 500, so that a defect in one request does not end the server.
func (c *call) recoverPanic() {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint,err113 // net/http compares it so
		panic(p)
	}
	c.h.http.log.ErrorContext(c.ctx(), "panic", slog.String("request_id", c.request.id), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
	c.fail(&Error{Code: CodeInternal, Detail: "something is wrong in the server"})
}

// dispatch runs every check of a request in the order of the contract, then the function of its
// route.
func (c *call) dispatch(res *resource) error {
	if res == nil {
		return refuse(CodeNotFound, "there is nothing at this path; check that the mount point is stripped from it, exactly once")
	}
	if c.r.Method == http.MethodOptions && c.r.Header.Get("Access-Control-Request-Method") != "" && c.r.Header.Get("Origin") != "" {
		return c.preflight(res)
	}
	rt, ok := res.route(c.r.Method)
	if !ok {
		c.w.Header().Set("Allow", res.allow())
		return refuse(CodeMethodNotAllowed, "this path does not take "+strconv.Quote(clean(c.r.Method, 32)))
	}
	c.pageRoute = rt.page
	// The whole body is read before anything is looked up. Otherwise a client that sends its end
	// late would act on a state that has passed.
	bodyErr := c.readBody()
	return c.h.decide(c, rt, bodyErr)
}

// checkAndServe runs the checks that depend on the route, and then its function.
func (h *handler) checkAndServe(c *call, rt route, bodyErr error) error {
	if err := c.checkOrigin(rt); err != nil {
		return err
	}
	headersErr, err := c.forwarded()
	if err != nil {
		return err
	}
	// A proxy before this handler, or a handler behind it, may read the other header. So two are
	// refused, whatever the route asks for.
	if len(c.r.Header.Values("Authorization")) > 1 {
		return malformedAuthorization()
	}
	if err := rt.caller.check(c); err != nil {
		return err
	}
	if headersErr != nil {
		return headersErr
	}
	if err := c.chargeLimits(rt); err != nil {
		return err
	}
	if bodyErr != nil {
		return bodyErr
	}
	if err := c.checkQuery(rt); err != nil {
		return c.chargeDeferred(err)
	}
	return c.chargeDeferred(rt.action.run(c))
}

// readBody waits for the body, and refuses one of a GET, HEAD or DELETE.
func (c *call) readBody() error {
	if c.r.Method == http.MethodGet || c.r.Method == http.MethodHead || c.r.Method == http.MethodDelete {
		return httpio.NoBody(c.r)
	}
	httpio.Buffer(c.r)
	return nil
}

// pathApp reads the app that the path names. The record is kept for the rest of the request, so
// that the access check and the flow see the same settings.
func (c *call) pathApp() (App, error) {
	if c.app.ID != uuid.Nil {
		return c.app, nil
	}
	id, err := c.pathID()
	if err != nil {
		return App{}, err
	}
	app, err := c.h.readApp(c, id)
	if err != nil {
		return App{}, err
	}
	c.setApp(app)
	return app, nil
}

// setApp keeps the app of the path for the access check and for the flow.
func (c *call) setApp(app App) {
	c.app = app
	others := 0
	if app.takesCookies() {
		others = c.browser.countSessions(sessionCookie(app.ID))
		c.browser.dropSurplus(others)
		c.client.Cookie = asksForCookie(c.r)
	}
	c.client.checked = &checked{app: app, otherSessions: others}
}

// pathID returns the id of the app in the path. It does not check that the app exists.
func (c *call) pathID() (uuid.UUID, error) {
	text := c.r.PathValue("app_id")
	if text == "console" && strings.HasPrefix(c.r.URL.Path, "/auth/") {
		return Console, nil
	}
	id, ok := httpio.CanonicalUUID(text)
	if !ok {
		return uuid.Nil, unknownApp("the app's id is not a canonical UUID")
	}
	return id, nil
}

// writeJSON writes a JSON answer. It is no-store unless the route has set a Cache-Control of its
// own, since an answer may hold a credential.
func (c *call) writeJSON(status int, v any) error {
	if status == http.StatusNoContent {
		return c.noContent()
	}
	if c.w.Header().Get("Cache-Control") == "" {
		c.w.Header().Set("Cache-Control", "no-store")
	}
	if err := httpio.WriteJSON(c.w, status, "application/json", v); err != nil {
		return fmt.Errorf("answer %s %s: %w", c.r.Method, c.r.Pattern, err)
	}
	return nil
}

// noContent answers 204.
func (c *call) noContent() error {
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
