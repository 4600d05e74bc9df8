// Package private makes files that nobody but their owner reads.
//
//	err := private.Create("auth.db") // empty, mode 0600; one that is there is left alone
package private

import (
	"errors"
	"io/fs"
	"os"
	"sync"
)

// making keeps callers from opening a file that another is about to close: to close it
// drops every lock that the process holds on it (POSIX, fcntl), a database's too.
var making sync.Mutex

// Create makes an empty file of mode 0600. One that is there is neither opened nor changed.
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
