package authkit

import (
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/authkit-dev/authkit/internal/bounded"
	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/locale"
	"github.com/authkit-dev/authkit/internal/pages"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/thinlog"
)

// border holds the state of the HTTP half: how cookies are written, its own origin, the trusted
// proxies and the log. It is safe for concurrent use.
type border struct {
	cookies httpio.Cookies
	origin  string // of Config.BaseURL
	mount   string // the path of Config.BaseURL; empty for the root
	docs    string // the URL of the pages about error codes, without the code
	proxies httpio.Proxies
	ring    *seal.Ring
	now     func() time.Time
	log     *slog.Logger
	thin    *thinlog.Logger

	words *locale.Catalogue // the texts of the pages
	look  *pages.Set        // how the pages look

	warned       *bounded.Throttle[limitKey] // peers whose forwarding header was reported
	ignored      atomic.Pointer[string]      // the latest of them that is no trusted proxy
	explanations *explanations               // why requests were refused
	meter        *meter                      // counts requests and refusals
	handler      http.Handler                // serves the route table
	isRoute      func(path string) bool      // reports whether that table has the path
}

// maxWarned bounds how many peers are reported in a minute, so that a flood of requests is not a
// flood of warnings.
const maxWarned = 64

func newBorder(c *Config, base *url.URL, ring *seal.Ring, now func() time.Time, thin *thinlog.Logger) *border {
	return &border{
		meter: &meter{}, explanations: newExplanations(nil), // until they get the engine's
		// Without TLS a browser keeps no Secure cookie; that is for loopback alone.
		cookies: httpio.Cookies{Insecure: base.Scheme == "http" && httpio.Loopback(base.Hostname())},
		origin:  httpio.Origin(base), mount: base.Path, docs: c.url("/errors/"),
		proxies: httpio.Proxies{Ranges: c.TrustedProxies, Local: c.TrustUnixSockets},
		ring:    ring, now: now, log: c.Logger, thin: thin, words: c.words, look: c.look,
		warned: bounded.NewThrottle[limitKey](time.Minute, maxWarned),
	}
}
