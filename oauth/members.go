package oauth

import (
	"encoding/json"
	"math"
	"time"
)

// members are the members of a JSON object, not yet decoded. A member of the wrong type counts
// as absent.
type members map[string]json.RawMessage

func (m members) text(name string) string {
	var s string
	if json.Unmarshal(m[name], &s) != nil {
		return ""
	}
	return s
}

// isTrue reports whether a member is the boolean true. The text "true" is not.
func (m members) isTrue(name string) bool { return string(m[name]) == "true" }

func (m members) list(name string) ([]string, bool) {
	var list []string
	if json.Unmarshal(m[name], &list) != nil || list == nil {
		return nil, false
	}
	return list, true
}

// has reports whether a member is present and not null.
func (m members) has(name string) bool { return m[name] != nil && string(m[name]) != "null" }

// date reads a NumericDate (RFC 7519, section 2): a number, which may have a fraction.
func (m members) date(name string) (time.Time, bool) {
	var seconds float64
	raw := m[name]
	if len(raw) == 0 || raw[0] == '"' || json.Unmarshal(raw, &seconds) != nil || string(raw) == "null" || math.Abs(seconds) > 1<<40 {
		return time.Time{}, false
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)), true
}
