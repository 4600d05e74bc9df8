package address

import (
	"errors"
	"strings"
)

var (
	errSender = errors.New(`write an address, alone or as in "Name <name@example.com>"`)
	errName   = errors.New(`put the name in double quotes, as in "Example, Inc." <name@example.com>, and a backslash before each quote or backslash inside`)
)

// CheckSender takes what may stand in From (RFC 5322, section 3.4): an address, alone or in
// angle brackets behind a name. The host may be a bare word here, such as localhost. What
// it refuses, it tells how to write.
func CheckSender(s string) error {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\ufffd' }) {
		return errors.New("write one line, without control characters")
	}
	plain := s
	if before, ok := strings.CutSuffix(s, ">"); ok {
		i := strings.LastIndexByte(before, '<')
		if i < 0 {
			return errSender
		}
		if name := strings.TrimSpace(before[:i]); !phrase(name) {
			return errName
		}
		plain = before[i+1:]
	}
	if _, err := Parse(plain); err == nil || bare(plain) {
		return nil
	}
	return errSender
}

// bare says whether s is an address at a host of one label.
func bare(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && dotAtom(local) && ldh(strings.ToLower(domain))
}

// phrase says whether a name may stand before an address: nothing, a quoted string, or
// words. Words in the encoding of RFC 2047 are the mailer's to write.
func phrase(s string) bool {
	if inner, ok := strings.CutPrefix(s, `"`); ok {
		inner, ok = strings.CutSuffix(inner, `"`)
		inner = strings.NewReplacer(`\\`, "", `\"`, "").Replace(inner)
		return ok && !strings.ContainsAny(inner, `"\`)
	}
	return !strings.ContainsAny(s, `()<>[]:;@\,"`) && !strings.Contains(s, "=?")
}
