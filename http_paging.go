package authkit

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/authkit-dev/authkit/internal/cursor"
	"github.com/authkit-dev/authkit/internal/httpio"
)

// query reads the query parameters.
func query(r *http.Request) (url.Values, error) { return httpio.Query(r.URL.RawQuery) }

// page reads limit and cursor, and tells at once what is wrong with them. A cursor is valid for one
// path, one caller and one set of filters, since its MAC covers them.
func (c *call) page(values url.Values) (Page, error) {
	p, bad := Page{Limit: defaultPage}, []FieldError(nil)
	if values.Has("limit") {
		text := values.Get("limit")
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxPage || strconv.Itoa(n) != text {
			bad = append(bad, FieldError{"limit", "out_of_range", fmt.Sprintf("limit is not between 1 and %d", maxPage)})
		}
		p.Limit = n
	}
	if values.Has("cursor") {
		at, ok := cursor.Decode(c.h.http.ring, c.listKey(values), values.Get("cursor"))
		if !ok {
			bad = append(bad, FieldError{"cursor", "invalid_cursor", "cursor is not one of this list"})
		}
		p.Time, p.ID = at.Time, at.ID
	}
	return p, invalidFields(bad)
}

// listPage reads the page that a route without filters is asked for, and shows each row.
func listPage[T, J any](c *call, rows func(Page) ([]T, error), at func(T) cursor.Position, show func(T) J) (page []J, next string, err error) {
	values, err := query(c.r)
	if err != nil {
		return nil, "", err
	}
	p, err := c.page(values)
	if err != nil {
		return nil, "", err
	}
	all, next, err := readPage(c, values, p, rows, at)
	page = make([]J, len(all))
	for i, row := range all {
		page[i] = show(row)
	}
	return page, next, err
}

// readPage reads one row more than the page takes, which tells whether there is a next page, and
// makes the cursor of that one; empty: this is the last page.
func readPage[T any](c *call, values url.Values, p Page, rows func(Page) ([]T, error), at func(T) cursor.Position) (page []T, next string, err error) {
	most := p.Limit
	p.Limit++
	page, err = rows(p)
	if err != nil || len(page) <= most {
		return page, "", err
	}
	page = page[:most]
	return page, c.nextCursor(values, at(page[most-1])), nil
}

// listKey is the text that the MAC of a cursor covers: path, filters and caller.
func (c *call) listKey(values url.Values) []byte {
	filters := url.Values{}
	for name := range values {
		if name != "cursor" && name != "limit" {
			filters.Set(name, values.Get(name))
		}
	}
	path := strings.TrimSuffix(c.r.URL.Path, "/") // "/apps" and "/apps/" are one list
	return []byte(path + "?" + filters.Encode() + "#" + c.developer)
}

// nextCursor makes the cursor of the page after a row, and sets it as a Link header too (RFC
// 8288).
func (c *call) nextCursor(values url.Values, after cursor.Position) string {
	text := cursor.Encode(c.h.http.ring, c.listKey(values), after)
	following := url.Values{}
	for name := range values {
		following.Set(name, values.Get(name))
	}
	following.Set("cursor", text)
	c.w.Header().Set("Link", "<"+c.e.cfg.url(c.r.URL.EscapedPath())+"?"+following.Encode()+`>; rel="next"`)
	return text
}
