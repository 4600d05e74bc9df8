package authkit

import (
	"net/http"
	"strconv"

	"github.com/authkit-dev/authkit/internal/errordoc"
	"github.com/authkit-dev/authkit/internal/locale"
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

func errorPage(c person) error {
	doc, ok := errordoc.Find(c.r.PathValue("code"))
	if !ok {
		return refuse(CodeNotFound, "there is no such error code")
	}
	p := pages.Page{Language: c.h.http.words.Language(locale.English), App: "authkit", Nonce: token.Encode(token.Random(16))}
	return c.show(http.StatusOK, pages.ErrorDoc{Code: doc.Code, Status: strconv.Itoa(doc.Status), Meaning: doc.Meaning, Causes: doc.Causes, Fix: doc.Fix}.View(p))
}
