package password

import (
	"fmt"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxBytes = 4096
	minWord  = 4 // shorter words say nothing about a person
	slack    = 4 // a password with at most this many further characters counts as the name or common password
)

// Policy bounds the length of passwords, in code points. Zero means 12 and 1024.
type Policy struct{ Min, Max int }

// Fault is one thing that is wrong with a password.
type Fault struct {
	Code   string // "too_short", "too_long", "common", "personal" or "invalid_text"
	Detail string // may be shown to the person
}

// Weak says why a password was refused.
type Weak struct{ Faults []Fault }

// Error returns all details.
func (w *Weak) Error() string {
	details := make([]string, len(w.Faults))
	for i, f := range w.Faults {
		details[i] = f.Detail
	}
	return strings.Join(details, "; ")
}

// Check refuses a weak password with a *[Weak] of all its faults: one that is too short, too long,
// common or little more than a common one, one text repeated, a run of characters, or little more
// than the words of the given names and addresses (OWASP ASVS 5.0, 6.2.4, 6.2.9 and 6.2.11). What
// is too long, or no text, is not looked at further.
func (p Policy) Check(pw string, words ...string) error {
	least, most := p.Min, p.Max
	if least == 0 {
		least = 12
	}
	if most == 0 {
		most = 1024
	}
	n := utf8.RuneCountInString(pw)
	switch {
	case !utf8.ValidString(pw):
		return &Weak{[]Fault{{"invalid_text", "it is not valid text"}}}
	case n > most || len(pw) > maxBytes:
		return &Weak{[]Fault{{"too_long", fmt.Sprintf("it is longer than %d characters", most)}}}
	}
	var faults []Fault
	if n < least {
		faults = append(faults, Fault{"too_short", fmt.Sprintf("it has %d characters, and needs at least %d", n, least)})
	}
	if nearlyCommon(pw) || repeated(pw) || run(pw) {
		faults = append(faults, Fault{"common", "it is one of the most common passwords, or little more than one"})
	}
	if personal(pw, words) {
		faults = append(faults, Fault{"personal", "it is little more than a name or an address"})
	}
	if len(faults) > 0 {
		return &Weak{faults}
	}
	return nil
}

// personal removes every word from the password and reports whether too little is left.
func personal(pw string, texts []string) bool {
	rest := strings.ToLower(pw)
	found := false
	for _, word := range wordsOf(texts) {
		if strings.Contains(rest, word) {
			rest, found = strings.ReplaceAll(rest, word, ""), true
		}
	}
	return found && utf8.RuneCountInString(rest) <= slack
}

// wordsOf splits names and addresses into words and adds the whole texts. It sorts the longest
// first, so that a word is not hidden by another one inside it.
func wordsOf(texts []string) []string {
	var words []string
	for _, text := range texts {
		text = strings.ToLower(text)
		parts := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		for _, word := range append(parts, text, strings.Join(parts, "")) {
			if letters(word) >= minWord {
				words = append(words, word)
			}
		}
	}
	sort.SliceStable(words, func(i, j int) bool { return len(words[i]) > len(words[j]) })
	return words
}

func letters(s string) (n int) {
	for _, r := range s {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}
