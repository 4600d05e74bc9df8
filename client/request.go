package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// maxAnswer bounds what is read of one answer.
	maxAnswer = 16 << 20

	// maxWait is how long a call waits between two tries, and firstWait how long before the
	// second one, if the server does not say.
	maxWait   = 30 * time.Second
	firstWait = 200 * time.Millisecond
)

// request is one call.
type request struct {
	method, path string // the path is below that of the users of the app
	body         any    // nil: none
	key          string // the idempotency key; empty: none
}

// repeatable reports whether the call may be tried again after an answer. Whatever came of the
// first try, a second one does no harm.
func (r request) repeatable(status int) bool {
	switch status {
	case http.StatusTooManyRequests:
		return true // it was refused before anything was done
	case http.StatusServiceUnavailable:
		return r.method != http.MethodPost || r.key != ""
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return r.lossy()
	}
	return false
}

// lossy reports whether the call may be tried again although the first try may have had its
// effect. A change is not: it could undo what another caller did in between.
func (r request) lossy() bool {
	return r.method == http.MethodGet || r.method == http.MethodDelete || r.key != ""
}

// do sends a call, again where that is safe, and reads the answer into out, unless that is nil. It
// returns how many tries may have had an effect before the last one.
func (c *Client) do(ctx context.Context, r request, out any) (before int, err error) {
	var body []byte
	if r.body != nil {
		if body, err = json.Marshal(r.body); err != nil {
			return 0, fmt.Errorf("authkit client: %w", err)
		}
	}
	for try := 1; ; try++ {
		var again bool
		again, err = c.once(ctx, r, body, out)
		if err == nil || !again || try >= c.tries || ctx.Err() != nil {
			return before, err
		}
		wait, ok := c.wait(err, try)
		if !ok {
			return before, err
		}
		if refused, ok := errors.AsType[*Error](err); !ok || refused.Status != http.StatusTooManyRequests {
			before++
		}
		if stopped := c.sleep(ctx, wait); stopped != nil {
			return before, errors.Join(err, stopped)
		}
	}
}

// wait returns how long to wait after a failure; false: longer than a call should take.
func (c *Client) wait(err error, try int) (time.Duration, bool) {
	if refused, ok := errors.AsType[*Error](err); ok && refused.RetryAfter > 0 {
		return refused.RetryAfter, refused.RetryAfter <= maxWait
	}
	most := min(firstWait<<(try-1), maxWait)
	return most/2 + time.Duration(c.jitter()*float64(most/2)), true
}

// once tries a call. again reports whether another try is safe.
func (c *Client) once(ctx context.Context, r request, body []byte, out any) (again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, bytes.NewReader(body))
	if err != nil {
		return false, fmt.Errorf("authkit client: %w", err)
	}
	if body == nil {
		req.Body, req.ContentLength = nil, 0
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.key)
	res, err := c.http.Do(req)
	if err != nil {
		return r.lossy(), fmt.Errorf("authkit client: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return r.lossy(), fmt.Errorf("authkit client: read the answer: %w", err)
	case len(answer) > maxAnswer:
		return false, fmt.Errorf("authkit client: the answer has more than %d bytes", maxAnswer)
	case res.StatusCode < 200 || res.StatusCode > 299:
		return r.repeatable(res.StatusCode), refusal(res, answer)
	case out == nil:
		return false, nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return false, fmt.Errorf("authkit client: %s %s answers %d, and what is not the expected JSON: %w", r.method, req.URL.Path, res.StatusCode, err)
	}
	return false, nil
}
