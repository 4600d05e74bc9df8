package smtp

import (
	"bufio"
	"errors"
	"io"
)

// wholeLines reads the replies of a relay. It passes on whole lines only, since net/textproto
// takes what came before the end of a connection for a line: a relay that is cut off within
// "250 2.0.0 queued" would seem to have accepted the message. A line that is longer than the
// buffer of from is an error; RFC 5321, section 4.5.3.1.5 allows 512 bytes.
type wholeLines struct {
	from *bufio.Reader
	line []byte // rest of the last line, in the buffer of from
}

func (w *wholeLines) Read(p []byte) (int, error) {
	if len(w.line) == 0 {
		line, err := w.from.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return 0, errors.New("the relay's reply is too long")
		case errors.Is(err, io.EOF) && len(line) > 0:
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		}
		w.line = line
	}
	n := copy(p, w.line)
	w.line = w.line[n:]
	return n, nil
}
