package httpio

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// Navigates reports whether a person is shown the answer: a browser navigates, or what asks
// would rather have a page than JSON.
func Navigates(r *http.Request) bool {
	if AcceptsJSONOnly(r) {
		return false
	}
	if r.Header.Get("Sec-Fetch-Mode") == "navigate" {
		return true
	}
	pages := r.Method == http.MethodGet || r.Method == http.MethodHead || MediaType(r) == "application/x-www-form-urlencoded"
	return pages && PrefersHTML(r)
}

// PrefersHTML reports whether Accept names pages, and no form of JSON that it would rather
// have (RFC 9110, section 12.5.1). Of two that are wanted as much, the first counts.
func PrefersHTML(r *http.Request) bool {
	var html, json float64
	for item := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		mediaType, params, err := mime.ParseMediaType(item)
		if err != nil {
			continue
		}
		q := 1.0
		if text, weighed := params["q"]; weighed {
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		switch mediaType {
		case "text/html", "application/xhtml+xml":
			if q > json {
				html = max(html, q)
			}
		case "application/json", "application/problem+json":
			if q > html {
				json, html = q, 0
			}
		}
	}
	return html > 0
}
