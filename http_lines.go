package authkit

import (
	"net/http"

	"github.com/authkit-dev/authkit/internal/cursor"
)

// ndjson is the media type of a list with one JSON object a line, which a client asks for to read
// all of it.
const ndjson = "application/x-ndjson"

// streamLines writes one row a line, a page at a time. If the store fails midway, the connection is
// cut: half a list must not look like a whole one.
func streamLines[T any](c *call, rows func(Page) ([]T, error), at func(T) cursor.Position, line func([]byte, T) []byte) error {
	p, lines := Page{Limit: maxPage}, []byte(nil)
	for first := true; ; first = false {
		page, err := rows(p)
		if err != nil && first {
			return err
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		if first {
			c.w.Header().Set("Content-Type", ndjson)
			c.w.Header().Set("Cache-Control", "no-store")
		}
		lines = lines[:0]
		for _, row := range page {
			lines = append(line(lines, row), '\n')
		}
		if _, err := c.w.Write(lines); err != nil || len(page) < p.Limit {
			return nil //nolint:nilerr // the peer is gone
		}
		last := at(page[len(page)-1])
		p.Time, p.ID = last.Time, last.ID
	}
}
