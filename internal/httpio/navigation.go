package httpio

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// Navigates reports whether a person will see the answer: a browser navigates, or the client
// prefers a page to JSON.
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

// PrefersHTML reports whether Accept prefers a page to every form of JSON (RFC 9110, section
// 12.5.1). If both have the same weight, the first one in the list wins.
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
