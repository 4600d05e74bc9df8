package smtp

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/mail"
)

// In this test servers answer 5xx before they have seen a message.
func TestARelayThatRefusesTheClientIsTemporary(t *testing.T) {
	t.Parallel()
	for name, replies := range map[string]map[string]string{
		"at the greeting":  {"": "554 no service here"},
		"by its name":      {"EHLO": "550 not you", "HELO": "550 not you"},
		"for its password": {"AUTH": "535 wrong password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := Config{Addr: refusing(t, replies), TLS: Opportunistic, Username: "authkit", Password: "of the relay"}
			err := send(t.Context(), t, c, message())
			want := strings.Fields(replies[slices.Max(slices.Collect(maps.Keys(replies)))])[0]
			if err == nil || errors.Is(err, mail.ErrPermanent) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want a temporary error with %s", err, want)
			}
		})
	}
}

func TestARelayNeedNotSupportNOOP(t *testing.T) {
	t.Parallel()
	c := Config{Addr: refusing(t, map[string]string{"NOOP": "502 not here", "DATA": "354 go on"}), TLS: Opportunistic}
	if err := send(t.Context(), t, c, message()); err != nil {
		t.Errorf("got %v, want the mail sent to a relay that takes no NOOP", err)
	}
}

// refusing returns the address of a server that gives the replies of the test.
func refusing(t *testing.T, replies map[string]string) string {
	t.Helper()
	l := listen(t)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		reply := func(verb, usual string) {
			if own := replies[verb]; own != "" {
				usual = own
			}
			_, _ = fmt.Fprintf(conn, "%s\r\n", usual)
		}
		reply("", "220 relay")
		for in := bufio.NewScanner(conn); in.Scan(); {
			verb, _, _ := strings.Cut(in.Text(), " ")
			switch verb {
			case "EHLO":
				reply(verb, "250-relay\r\n250 AUTH CRAM-MD5")
			case "AUTH":
				reply(verb, "235 welcome")
			case "QUIT":
				reply(verb, "221 bye")
				return
			default:
				reply(verb, "250 well")
			}
		}
	}()
	return l.Addr().String()
}
