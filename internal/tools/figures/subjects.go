package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// subjects holds the lengths of commit subjects.
type subjects struct {
	lengths []int  // in characters, the shortest first
	since   string // which commits are measured, in words
	shallow bool   // whether the base commit is missing, so that its date takes its place
}

func (s subjects) longest() int {
	if len(s.lengths) == 0 {
		return 0
	}
	return s.lengths[len(s.lengths)-1]
}

func (s subjects) median() int {
	if len(s.lengths) == 0 {
		return 0
	}
	return s.lengths[len(s.lengths)/2]
}

// readSubjects measures the commits after a commit, without merges. A shallow clone may lack the
// base commit. Then the commits that it has from after the base's date are measured.
func readSubjects(ctx context.Context, since string) (subjects, error) {
	known := exec.CommandContext(ctx, "git", "cat-file", "-e", since+"^{commit}").Run() == nil //nolint:gosec // the caller's own flag
	if !known && since == base.commit {
		log, err := gitLog(ctx, "HEAD")
		return subjects{lengthsOf(log, base.date), "since " + base.date.UTC().Format(time.DateOnly), true}, err
	}
	log, err := gitLog(ctx, since+"..HEAD")
	return subjects{lengths: lengthsOf(log, time.Time{}), since: "since " + since}, err
}

// gitLog lists commits, one a line: the time of the commit and the subject.
func gitLog(ctx context.Context, revisions string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", "log", "--no-merges", "--format=%ct %s", revisions).Output() //nolint:gosec // as above
	if err != nil {
		return "", fmt.Errorf("git log: %w", err)
	}
	return string(out), nil
}

// lengthsOf returns the lengths of the subjects in a log after a time, the shortest first.
func lengthsOf(log string, after time.Time) []int {
	var lengths []int
	for line := range strings.Lines(log) {
		at, subject, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		seconds, err := strconv.ParseInt(at, 10, 64)
		if err == nil && time.Unix(seconds, 0).After(after) {
			lengths = append(lengths, utf8.RuneCountInString(subject))
		}
	}
	slices.Sort(lengths)
	return lengths
}
