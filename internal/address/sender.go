package address

import (
	"errors"
	"strings"
)

var (
	errSender = errors.New(`write an address, alone or as in "Name <name@example.com>"`)
	errName   = errors.New(`put the name in double quotes, as in "Example, Inc." <name@example.com>, and a backslash before each quote or backslash inside`)
)

// CheckSender checks a value for the From header (RFC 5322, section 3.4): an address, alone or
// in angle brackets after a name. The host may be a single label, such as localhost. The error
// tells how to write the value.
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

// bare reports whether s is an address at a host of one label.
func bare(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && dotAtom(local) && ldh(strings.ToLower(domain))
}

// phrase reports whether s may precede an address in angle brackets: the empty text, a quoted
// string, or words. Encoded words (RFC 2047) are refused, because the mailer writes them.
func phrase(s string) bool {
	if inner, ok := strings.CutPrefix(s, `"`); ok {
		inner, ok = strings.CutSuffix(inner, `"`)
		inner = strings.NewReplacer(`\\`, "", `\"`, "").Replace(inner)
		return ok && !strings.ContainsAny(inner, `"\`)
	}
	return !strings.ContainsAny(s, `()<>[]:;@\,"`) && !strings.Contains(s, "=?")
}
