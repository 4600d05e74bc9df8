package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// Sizes in a write-ahead log of SQLite (https://www.sqlite.org/fileformat2.html#walformat).
const (
	walHeader   = 32
	frameHeader = 24

	// backfilledAt and attemptedAt are where the -shm file says how many frames are in the
	// database file, and how many are on their way there. That part of the log was synced before,
	// so that no power cut takes it away.
	backfilledAt, attemptedAt = 96, 128

	saltAt, indexSaltAt = 16, 32 // in the log, and in the -shm file
)

// walEnd is where the last commit in a log ends. The log begins anew from time to time, with
// another salt.
type walEnd struct {
	salt  uint64
	order uint32 // of the salt: each beginning has the next number
	at    int64
}

// readWAL returns the end of the last commit in a log, and the ends of all.
func readWAL(path string) (last walEnd, ends []int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return last, nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	header := make([]byte, walHeader)
	if _, err := io.ReadFull(f, header); errors.Is(err, io.EOF) {
		return last, nil, nil // nothing was written yet
	} else if err != nil {
		return last, nil, fmt.Errorf("header of %s: %w", path, err)
	}
	last = walEnd{salt: binary.BigEndian.Uint64(header[16:]), order: binary.BigEndian.Uint32(header[12:]), at: walHeader}
	size := int64(frameHeader + binary.BigEndian.Uint32(header[8:]))
	frame := make([]byte, frameHeader)
	for at := int64(walHeader); ; at += size {
		if _, err := f.ReadAt(frame, at); err != nil || binary.BigEndian.Uint64(frame[8:]) != last.salt {
			return last, ends, nil // frames of an earlier beginning follow, or none
		}
		if binary.BigEndian.Uint32(frame[4:]) != 0 { // the last frame of a commit
			last.at = at + size
			ends = append(ends, last.at)
		}
	}
}

// backfilled returns up to where the log is in the database file already: a log is written to
// that file after it was synced, and only then begins anew. end is the end of the last commit.
func backfilled(shm, wal string, end int64) (int64, error) {
	index, err := os.ReadFile(shm)
	if err != nil {
		return 0, err
	}
	log, err := os.ReadFile(wal)
	if err != nil {
		return 0, err
	}
	if len(index) < attemptedAt+4 || len(log) < walHeader {
		return 0, fmt.Errorf("%s has %d bytes, and the log %d", shm, len(index), len(log))
	}
	if !bytes.Equal(index[indexSaltAt:indexSaltAt+8], log[saltAt:saltAt+8]) { // it is about to begin anew
		return end, nil
	}
	frames := max(binary.NativeEndian.Uint32(index[backfilledAt:]), binary.NativeEndian.Uint32(index[attemptedAt:]))
	return walHeader + int64(frames)*int64(frameHeader+binary.BigEndian.Uint32(log[8:])), nil
}
