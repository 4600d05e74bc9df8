package oauth

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"

	"github.com/authkit-dev/authkit/internal/outbound"
)

const jsonType = "application/json"

// response is an answer that was read to its end.
type response struct {
	status int
	header http.Header
	body   []byte
}

// get requests a URL. It sends the access token unless that is empty.
func (c *Client) get(ctx context.Context, at, access, accept string) (response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return response{}, err
	}
	r.Header.Set("Accept", accept)
	if access != "" {
		r.Header.Set("Authorization", "Bearer "+access)
	}
	return c.do(r)
}

func (c *Client) do(r *http.Request) (response, error) {
	res, err := c.http.Do(r)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	body, err := c.held.read(res.Body)
	return response{res.StatusCode, res.Header, body}, err
}

// statusError returns the error of an answer with an unexpected status. It leaves out the text
// of the provider, which may repeat the request.
func statusError(what string, status int) *Error {
	kind := Misconfigured
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		kind = Broken
	}
	if status >= http.StatusInternalServerError {
		kind = Broken
	}
	return finding(kind, what, fmt.Sprintf("status %d", status), "status 200")
}

// permanentFault marks an error that the next request will meet again. The cause may hold
// details of the host's own network, such as the address behind a name. It is for the log only.
func permanentFault(err error) error {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	for _, c := range []struct {
		is         bool
		seen, want string
	}{
		{untrusted, "a certificate that cannot be verified", "one of a known authority for this host"},
		{errors.Is(err, outbound.ErrAddress), "an address that is not a public one", "a public one"},
		{errors.Is(err, outbound.ErrRedirect), "an answer that redirects", "the document itself"},
		{errors.Is(err, outbound.ErrTooLarge), "an answer larger than 1 MiB", "a smaller one"},
	} {
		if c.is {
			return &Error{Kind: Misconfigured, Seen: c.seen, Want: c.want, Err: err}
		}
	}
	return err
}
