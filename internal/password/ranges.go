package password

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // the published lists are keyed by it; it protects no secret
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/authkit-dev/authkit/internal/outbound"
)

// Ranges asks a service for breached passwords by k-anonymity. The service learns the first
// five hexadecimal digits of the SHA-1 sum, which hundreds of passwords share, and nothing
// more.
type Ranges struct {
	URL    string // the digits are appended to it
	client *http.Client
}

const (
	rangeDigits  = 5
	rangeTimeout = 2 * time.Second
)

// NewRanges returns a client for a service that the host trusts, at any address. The client
// follows no redirect and reads at most 1 MiB. proxy returns the proxy for a request. If proxy is
// nil, the environment decides, as for http.DefaultTransport.
func NewRanges(at string, proxy func(*http.Request) (*url.URL, error)) *Ranges {
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	return &Ranges{URL: at, client: outbound.NewClient(outbound.Rules{Anywhere: true, Proxy: proxy}, rangeTimeout)}
}

// Has reports whether the service lists the password. After any error this is unknown.
func (r *Ranges) Has(ctx context.Context, pw string) (bool, error) {
	sum := sha1.Sum([]byte(pw)) //nolint:gosec // as above
	digits := strings.ToUpper(hex.EncodeToString(sum[:]))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL+digits[:rangeDigits], nil)
	if err != nil {
		return false, fmt.Errorf("ask for breached passwords: %w", err)
	}
	req.Header.Set("Add-Padding", "true") // hides the length of the answer
	res, err := r.client.Do(req)
	if err != nil {
		return false, fmt.Errorf("ask for breached passwords: %w", withoutURL(err))
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	if res.StatusCode != http.StatusOK {
		return false, fmt.Errorf("ask for breached passwords: status %d", res.StatusCode)
	}
	return listed(res.Body, digits[rangeDigits:])
}

// withoutURL removes the URL, and with it the digits, from an error that may be logged.
func withoutURL(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// listed looks for a line SUFFIX:COUNT. A count of 0 is padding.
func listed(body io.Reader, suffix string) (bool, error) {
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		got, count, ok := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		if ok && strings.EqualFold(got, suffix) {
			return count != "0", nil
		}
	}
	if err := lines.Err(); err != nil {
		return false, fmt.Errorf("read breached passwords: %w", err)
	}
	return false, nil
}
