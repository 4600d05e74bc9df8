package main

import (
	"strings"
	"testing"
)

func TestATraceIsRead(t *testing.T) {
	t.Parallel()
	const (
		frame  = `7 pwrite64(12</tmp/db-wal>, "\0\0\0\2"..., 4096, 56) = 4096`
		sync   = `7 fsync(12</tmp/db-wal>)         = 0`
		failed = `7 fsync(12</tmp/db-wal>)         = -1 EIO (Input/output error)`
		begun  = `7 fdatasync(12</tmp/db-wal> <unfinished ...>`
		ended  = `7 <... fdatasync resumed>)       = 0`
		other  = `7 fsync(12</tmp/db>)             = 0`
		answer = `9 write(14<socket:[54]>, "HTTP/1.1 201 Cre"..., 1428) = 1428`
		no     = `9 write(14<socket:[54]>, "HTTP/1.1 409 Con"..., 1428) = 1428`
	)
	for name, c := range map[string]struct {
		lines []string
		want  traced
	}{
		"synced before the answer":          {[]string{frame, sync, answer}, traced{1, 1, 0}},
		"synced after it":                   {[]string{frame, answer, sync}, traced{1, 1, 1}},
		"not synced":                        {[]string{frame, answer}, traced{1, 0, 1}},
		"a sync that fails":                 {[]string{frame, failed, answer}, traced{1, 0, 1}},
		"a sync of another file":            {[]string{frame, other, answer}, traced{1, 0, 1}},
		"a sync that ends before it":        {[]string{frame, begun, ended, answer}, traced{1, 1, 0}},
		"a sync that has not ended":         {[]string{frame, begun, answer, ended}, traced{1, 1, 1}},
		"a refusal":                         {[]string{frame, no}, traced{1, 0, 0}},
		"written again after the last sync": {[]string{frame, sync, frame, answer}, traced{2, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readTrace(strings.NewReader(strings.Join(c.lines, "\n")), "/tmp/db-wal")
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}
