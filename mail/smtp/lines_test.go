package smtp

import (
	"bufio"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestWholeLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 4096)
	for name, c := range map[string]struct{ sent, read, err string }{
		"pass":                                   {"220 a\r\n250 b\r\n", "220 a\r\n250 b\r\n", ""},
		"pass, and the part after them does not": {"220 a\r\n250 b", "220 a\r\n", "unexpected EOF"},
		"pass as long as the buffer":             {long[1:] + "\n", long[1:] + "\n", ""},
		"pass before one that is longer":         {"220 a\r\n" + long + "\n", "220 a\r\n", "the relay's reply is too long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for way, r := range map[string]io.Reader{"at once": strings.NewReader(c.sent), "byte by byte": iotest.OneByteReader(strings.NewReader(c.sent))} {
				got, err := io.ReadAll(iotest.OneByteReader(&wholeLines{from: bufio.NewReaderSize(r, 4096)}))
				failure := ""
				if err != nil {
					failure = err.Error()
				}
				if string(got) != c.read || failure != c.err {
					t.Errorf("%s: got %d bytes %.20q and %q, want %d bytes %.20q and %q", way, len(got), got, failure, len(c.read), c.read, c.err)
				}
			}
		})
	}
}
