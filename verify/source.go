package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/authkit-dev/authkit/internal/strictjson"
)

const (
	answerLimit  = 1 << 20
	fetchTimeout = 5 * time.Second
	maxRedirects = 3
)

// source fetches the keys.
type source struct {
	issuer string
	direct bool // without asking the metadata
	maxAge time.Duration
	client *http.Client
}

func newSource(c Config) *source {
	client := *c.Client
	client.Jar, client.CheckRedirect = nil, sameOriginOnly
	return &source{issuer: c.Issuer, direct: c.SkipDiscovery, maxAge: c.MaxAge, client: &client}
}

// sameOriginOnly refuses redirects to another origin: keys are trusted because of where they are.
func sameOriginOnly(r *http.Request, via []*http.Request) error {
	if origin(r.URL) != origin(via[0].URL) || len(via) > maxRedirects {
		return fmt.Errorf("redirected to %q", r.URL.Redacted())
	}
	return nil
}

// fetch returns the keys and how long they are fresh.
func (s *source) fetch(ctx context.Context) (map[string]key, time.Duration, error) {
	at, err := s.locate(ctx)
	if err != nil {
		return nil, 0, err
	}
	body, header, err := s.get(ctx, at)
	if err != nil {
		return nil, 0, err
	}
	set, err := parseSet(body)
	if err != nil {
		return nil, 0, fmt.Errorf("read %q: %w", at, err)
	}
	return set, freshFor(header, s.maxAge), nil
}

type metadata struct {
	Issuer  string `json:"issuer"`
	JWKSURI string `json:"jwks_uri"`
}

var metadataFields = strictjson.FieldsOf[metadata]()

// locate asks the issuer's metadata for the address of its keys (OpenID Connect Discovery 1.0,
// section 4).
func (s *source) locate(ctx context.Context) (string, error) {
	if s.direct {
		return s.issuer + "/.well-known/jwks.json", nil
	}
	at := s.issuer + "/.well-known/openid-configuration"
	body, _, err := s.get(ctx, at)
	if err != nil {
		return "", err
	}
	var doc metadata
	if _, err := strictjson.Unmarshal(body, &doc, metadataFields); err != nil {
		return "", fmt.Errorf("read %q: %w", at, err)
	}
	if doc.Issuer != s.issuer { // section 4.3
		return "", fmt.Errorf("read %q: its issuer is %q", at, doc.Issuer)
	}
	keys, err := url.Parse(doc.JWKSURI)
	own, err2 := url.Parse(s.issuer)
	if err := errors.Join(err, err2); err != nil || keys.User != nil || origin(keys) != origin(own) {
		return "", fmt.Errorf("read %q: the keys are at %q, not at the issuer's origin", at, doc.JWKSURI)
	}
	return doc.JWKSURI, nil
}

func (s *source) get(ctx context.Context, at string) ([]byte, http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Cache-Control", "no-cache") // an intermediate cache may not know the newest key yet
	res, err := s.client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	if res.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("get %q: status %d", at, res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, answerLimit+1))
	if err == nil && len(body) > answerLimit {
		err = fmt.Errorf("more than %d bytes", answerLimit)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("get %q: %w", at, err)
	}
	return body, res.Header, nil
}

// freshFor returns the time that Cache-Control allows (RFC 9111, section 5.2.2), within the
// bounds.
func freshFor(header http.Header, most time.Duration) time.Duration {
	for _, line := range header.Values("Cache-Control") {
		for part := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(part)), "=")
			seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31)
			switch {
			case name == "no-store" || name == "no-cache":
				most = 0
			case name == "max-age" && err == nil:
				most = min(most, time.Duration(seconds)*time.Second)
			}
		}
	}
	return max(most, cooldown)
}

// origin returns scheme, host and port of a URL.
func origin(u *url.URL) [3]string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return [3]string{u.Scheme, strings.ToLower(u.Hostname()), port}
}
