package httpio

import (
	"errors"
	"net/url"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// encodedDots turns encoded dots into dots, since browsers read both alike in dot segments.
var encodedDots = strings.NewReplacer("%2e", ".", "%2E", ".")

// maxEncodings is how many times a path may be percent-encoded. More is a trick.
const maxEncodings = 3

// OwnPath refuses a text that is not a path of the server's own origin. A path begins with one
// slash, which no second one follows, and is at most 2,000 bytes of UTF-8 without backslashes and
// control characters; a query, which may have backslashes, and a fragment may follow it.
//
// Browsers take a backslash for a slash, and resolve dot segments, also percent-encoded ones
// (WHATWG URL, section 4.4). Servers decode and clean paths, and redirect to what is left. So the
// rule holds for each form of the path, however far it is decoded: /%2f, /.// and /a/..\ are
// refused as // is.
func OwnPath(to string) error {
	switch {
	case len(to) > urlLimit:
		return errors.New("it is longer than 2000 bytes")
	case !plainText(to):
		return errors.New("it has a control character, or is not UTF-8")
	case !strings.HasPrefix(to, "/"):
		return errors.New("it does not begin with a slash")
	}
	// A fragment is judged with the path: http.Redirect cleans both as one.
	forms, ok := pathForms(to)
	if !ok {
		return errors.New("its percent-encoding is malformed, or nested")
	}
	for _, form := range forms {
		switch {
		case !plainText(form):
			return errors.New("its path has an encoded control character, or is not UTF-8")
		case strings.Contains(form, `\`):
			return errors.New("its path has a backslash")
		case strings.HasPrefix(form, "//"), strings.HasPrefix(withoutDots(form), "//"):
			return errors.New("its path begins with two slashes, or does so where it is resolved")
		}
	}
	return nil
}

// OwnRoute reports whether a path that passes [OwnPath] leads below mount to one of the paths that
// route accepts, in any spelling that a browser or a server resolves: dot segments, doubled
// slashes, percent-encoding, upper case, a slash at the end. mount is where a handler is mounted,
// and empty for the root. route is called with clean paths in lower case, relative to it.
func OwnRoute(to, mount string, route func(path string) bool) bool {
	mount = strings.TrimSuffix(strings.ToLower(mount), "/")
	sent, _, _ := strings.Cut(to, "#")
	forms, _ := pathForms(sent)
	for _, form := range forms {
		form = strings.ToLower(form)
		// Browsers keep an empty segment until ".." removes it; cleaners remove it first.
		for _, clean := range []string{path.Clean(form), path.Clean(withoutDots(form))} {
			if rest, below := strings.CutPrefix(clean, mount); below && strings.HasPrefix(rest, "/") && route(rest) {
				return true
			}
		}
	}
	return false
}

// plainText reports whether a text is UTF-8 without control characters.
func plainText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// pathForms returns the path of a URL without scheme and host, as it is and decoded until nothing is
// left to decode, with every dot as a dot. ok is false if the path cannot be decoded, or not in
// maxEncodings steps.
func pathForms(to string) (forms []string, ok bool) {
	form, _, _ := strings.Cut(to, "?")
	for range maxEncodings + 1 {
		forms = append(forms, encodedDots.Replace(form))
		decoded, err := url.PathUnescape(form)
		switch {
		case err != nil && len(forms) == 1:
			return nil, false
		case err != nil || decoded == form: // a percent sign that was encoded stands for itself
			return forms, true
		}
		form = decoded
	}
	return nil, false
}

// withoutDots removes the dot segments of a path, as browsers do: empty segments stay, and a dot
// segment at the end leaves an empty one.
func withoutDots(p string) string {
	kept, last := []string{}, ""
	for segment := range strings.SplitSeq(strings.TrimPrefix(p, "/"), "/") {
		switch last = segment; segment {
		case ".":
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		default:
			kept = append(kept, segment)
		}
	}
	if last == "." || last == ".." {
		kept = append(kept, "")
	}
	return "/" + strings.Join(kept, "/")
}
