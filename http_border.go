package authkit

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/authkit-dev/authkit/internal/bounded"
	"github.com/authkit-dev/authkit/internal/httpio"
	"github.com/authkit-dev/authkit/internal/seal"
	"github.com/authkit-dev/authkit/internal/thinlog"
)

// border is what the HTTP half keeps beside the Engine: how cookies are written, which origin
// is its own, which peers are proxies, and what it logs. It is safe for concurrent use.
type border struct {
	cookies httpio.Cookies
	origin  string // of Config.BaseURL
	docs    string // where the pages about error codes are; a code follows
	proxies httpio.Proxies
	ring    *seal.Ring
	now     func() time.Time
	log     *slog.Logger
	thin    *thinlog.Logger

	warned  *bounded.Throttle[limitKey] // peers that sent a forwarding header
	handler http.Handler                // the route table's
}

// maxWarned bounds how many peers are warned of in a minute. A flood from many must not
// become one of warnings.
const maxWarned = 64

func newBorder(c *Config, base *url.URL, ring *seal.Ring, now func() time.Time, thin *thinlog.Logger) *border {
	return &border{
		// Without TLS a browser keeps no Secure cookie; that is for loopback alone.
		cookies: httpio.Cookies{Insecure: base.Scheme == "http" && httpio.Loopback(base.Hostname())},
		origin:  httpio.Origin(base), docs: c.url("/errors/"),
		proxies: httpio.Proxies{Ranges: c.TrustedProxies, Local: c.TrustUnixSockets},
		ring:    ring, now: now, log: c.Logger, thin: thin,
		warned: bounded.NewThrottle[limitKey](time.Minute, maxWarned),
	}
}
