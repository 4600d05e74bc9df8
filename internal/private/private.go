// Package private creates files that only their owner may read.
//
//	err := private.Create("auth.db") // empty, mode 0600; an existing file is left alone
package private

import (
	"errors"
	"io/fs"
	"os"
	"sync"
)

// making allows one caller at a time to open a file. To close a file drops every lock that the
// process holds on it (POSIX, fcntl), even one of a database that opened it meanwhile.
var making sync.Mutex

// Create makes an empty file of mode 0600. It neither opens nor changes an existing file.
func Create(file string) error {
	making.Lock()
	defer making.Unlock()
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return f.Close()
}
