package password

import (
	"strings"
	"unicode/utf8"
)

// folds replace signs by the letters that they stand for. The last two differ in how they read
// a 1.
var folds = []*strings.Replacer{
	strings.NewReplacer(),
	strings.NewReplacer("@", "a", "4", "a", "$", "s", "0", "o", "3", "e", "!", "i", "1", "i"),
	strings.NewReplacer("@", "a", "4", "a", "$", "s", "0", "o", "3", "e", "!", "l", "1", "l"),
}

// nearlyCommon reports whether a password is a common one with at most slack characters around
// it, as it stands or folded. Guessing programs try such variants first.
func nearlyCommon(pw string) bool {
	for _, fold := range folds {
		folded := []rune(fold.Replace(strings.ToLower(pw)))
		for before := 0; before <= slack && before < len(folded); before++ {
			for after := 0; before+after <= slack && before+after < len(folded); after++ {
				if inList(string(folded[before : len(folded)-after])) {
					return true
				}
			}
		}
	}
	return false
}

// repeated reports whether a password is one text repeated. The last copy may be cut short.
func repeated(pw string) bool {
	all := []rune(strings.ToLower(pw))
	for period := 1; period <= len(all)/2; period++ {
		same := true
		for i := period; i < len(all) && same; i++ {
			same = all[i] == all[i-period]
		}
		if same {
			return true
		}
	}
	return false
}

// rows are the alphabet, the digits and the rows of keyboards.
var rows = []string{"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn"}

// run reports whether nearly all characters of a password equal their predecessor or are its
// neighbours in the alphabet, in the digits or on a keyboard, forwards or backwards.
func run(pw string) bool {
	steps, last := 0, rune(0)
	for _, r := range strings.ToLower(pw) {
		if last != 0 && follows(last, r) {
			steps++
		}
		last = r
	}
	return steps > slack && utf8.RuneCountInString(pw)-1-steps <= slack
}

func follows(a, b rune) bool {
	if a == b {
		return true
	}
	there, back := string([]rune{a, b}), string([]rune{b, a})
	for _, row := range rows {
		if strings.Contains(row, there) || strings.Contains(row, back) {
			return true
		}
	}
	return false
}
