package authkit

import (
	"net/http"
	"slices"

	"github.com/authkit-dev/authkit/internal/errordoc"
	"github.com/authkit-dev/authkit/internal/pages"
	"github.com/authkit-dev/authkit/internal/token"
)

// The functions of the route table translate: a request into a call of the Engine, and its result
// into a JSON object of the contract. They decide nothing.

func metadata(c *call) (any, error) {
	c.w.Header().Set("Cache-Control", "public, max-age=300")
	return metadataOf(c.e.cfg.issuer(c.app.ID), c.app.keys().published(c.e.now())), nil
}

func keySet(c *call) (any, error) {
	c.w.Header().Set("Cache-Control", "public, max-age=300")
	return keySetOf(c.app.keys().published(c.e.now()))
}

// statusJSON says that all is well.
type statusJSON struct {
	Status string `json:"status" api:"enum=ok"` // always ok
}

func healthz(*call) (any, error) { return statusJSON{"ok"}, nil }

func readyz(c *call) (any, error) {
	if err := c.e.Ready(c.ctx()); err != nil {
		return nil, err
	}
	return statusJSON{"ok"}, nil
}

func errorPage(c *call) error {
	doc, ok := errordoc.Find(c.r.PathValue("code"))
	if !ok {
		return refuse(CodeNotFound, "there is no such error code")
	}
	nonce := newNonce()
	data := pages.ErrorData{
		Page: pages.Page{AppName: "authkit", Nonce: nonce}, Code: doc.Code, Status: doc.Status,
		Meaning: doc.Meaning, Causes: doc.Causes, Fix: doc.Fix,
	}
	return c.html(pages.CSP(nonce), func(w http.ResponseWriter) error { return pages.ErrorDoc(w, data) })
}

// newNonce makes the nonce by which a page may use its one style.
func newNonce() string { return token.Encode(token.Random(16)) }

// closeToOrigins has no script of another origin read the answer.
func closeToOrigins(header http.Header) {
	for _, name := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers"} {
		header.Del(name)
	}
}

// html answers with a page under a policy of pages.CSP. No script of another origin may read it,
// since its form is for the person who sees it.
func (c *call) html(policy string, write func(http.ResponseWriter) error) error {
	header := c.w.Header()
	closeToOrigins(header)
	if vary := "Accept, Sec-Fetch-Mode"; !slices.Contains(header.Values("Vary"), vary) {
		header.Add("Vary", vary)
	}
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", policy)
	// A page that opened this one cannot reach its window. Redirects do not set this: a window
	// that another page opened for a sign-in would lose its opener on the way.
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	return write(c.w)
}
