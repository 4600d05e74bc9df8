package authkit

import (
	"unicode"
	"unicode/utf8"
)

// clean drops control characters and invalid UTF-8 from the text of a request, and cuts it to a
// number of bytes.
func clean(s string, most int) string {
	out := make([]rune, 0, min(len(s), most))
	size := 0
	for _, r := range s {
		if unicode.IsControl(r) || r == utf8.RuneError {
			continue
		}
		if size += len(string(r)); size > most {
			break
		}
		out = append(out, r)
	}
	return string(out)
}
