package ratetext_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/authkit-dev/authkit/internal/ratetext"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want, fix string }{
		"takes a rate":                         {"20/m/ip", "20/m/ip", ""},
		"takes one for each key, in any order": {"10/m/email,20/m/ip", "10/m/email, 20/m/ip", ""},
		"takes blanks beside a comma":          {" 5/h/email ,  30/h/ip ", "5/h/email, 30/h/ip", ""},
		"takes every unit: s":                  {"1/s/ip", "1/s/ip", ""},
		"takes every unit: d":                  {"1/d/ip", "1/d/ip", ""},
		"takes the largest number":             {"1000000/s/ip", "1000000/s/ip", ""},

		"refuses the empty text":          {"", "", `"" is no rate: write N/unit/key, such as 20/m/ip, separated by commas`},
		"refuses an extra comma":          {"20/m/ip,", "", `"" is no rate: write N/unit/key, such as 20/m/ip, separated by commas`},
		"refuses a rate without a key":    {"20/m", "", `"20/m" is no rate: write N/unit/key, such as 20/m/ip, separated by commas`},
		"refuses an extra part":           {"20/m/ip/x", "", `"20/m/ip/x" is no rate: write N/unit/key, such as 20/m/ip, separated by commas`},
		"refuses zero":                    {"0/m/ip", "", `"0/m/ip" begins with "0": write a whole number from 1 to 1000000`},
		"refuses a negative number":       {"-1/m/ip", "", `"-1/m/ip" begins with "-1": write a whole number from 1 to 1000000`},
		"refuses a sign":                  {"+1/m/ip", "", `"+1/m/ip" begins with "+1": write a whole number from 1 to 1000000`},
		"refuses a leading zero":          {"020/m/ip", "", `"020/m/ip" begins with "020": write a whole number from 1 to 1000000`},
		"refuses a fraction":              {"1.5/m/ip", "", `"1.5/m/ip" begins with "1.5": write a whole number from 1 to 1000000`},
		"refuses a number too large":      {"1000001/m/ip", "", `"1000001/m/ip" begins with "1000001": write a whole number from 1 to 1000000`},
		"refuses a number beyond 64 bits": {"99999999999999999999/m/ip", "", `"99999999999999999999/m/ip" begins with "99999999999999999999": write a whole number from 1 to 1000000`},
		"refuses another unit":            {"20/w/ip", "", `"20/w/ip" has the unit "w": write s, m, h or d`},
		"refuses a unit in another case":  {"20/M/ip", "", `"20/M/ip" has the unit "M": write s, m, h or d`},
		"refuses another key":             {"20/m/user", "", `"20/m/user" has the key "user": write ip or email`},
		"refuses a blank inside":          {"20 /m/ip", "", `"20 /m/ip" begins with "20 ": write a whole number from 1 to 1000000`},
		"refuses other white space":       {"20/m/ip\n", "", `"20/m/ip\n" has the key "ip\n": write ip or email`},
		"refuses a key twice":             {"20/m/ip, 5/s/ip", "", `"5/s/ip" is a second rate by ip: write one a key`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ratetext.Parse(c.text, ratetext.IP, ratetext.Email)
			if c.fix != "" {
				if err == nil || err.Error() != c.fix || got != nil {
					t.Errorf("Parse(%q): got %v, %v, want %s", c.text, got, err, c.fix)
				}
				return
			}
			if err != nil || got.String() != c.want {
				t.Errorf("Parse(%q): got %q, %v, want %q", c.text, got, err, c.want)
			}
		})
	}
	t.Run("refuses a key that is not counted by", func(t *testing.T) {
		t.Parallel()
		const want = `"5/h/email" has the key "email": write ip`
		if got, err := ratetext.Parse("5/h/email", ratetext.IP); err == nil || err.Error() != want {
			t.Errorf("got %v, %v, want %s", got, err, want)
		}
	})
}

func parsed(t *testing.T, s string) ratetext.Rates {
	t.Helper()
	rates, err := ratetext.Parse(s, ratetext.IP, ratetext.Email)
	if err != nil {
		t.Fatal(err)
	}
	return rates
}

// An app's rates allow at most what the engine's do: at once, and in the long run.
func TestWithin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		own, most string
		over      ratetext.Key
		inEffect  string
	}{
		"the same":                            {"20/m/ip", "20/m/ip", "", "20/m/ip"},
		"fewer":                               {"19/m/ip", "20/m/ip", "", "19/m/ip"},
		"as many in a longer time":            {"20/h/ip", "20/m/ip", "", "20/h/ip"},
		"one more":                            {"21/m/ip", "20/m/ip", "ip", "20/m/ip"},
		"as many in a shorter time":           {"20/s/ip", "20/m/ip", "ip", "20/m/ip"},
		"fewer at once, but more by the hour": {"1/s/ip", "20/m/ip", "ip", "20/m/ip"},
		"more at once, but fewer by the hour": {"30/h/ip", "20/m/ip", "ip", "20/m/ip"},
		"the same by the hour, fewer at once": {"1/m/ip", "60/h/ip", "", "1/m/ip"},
		"the same by the hour, more at once":  {"60/h/ip", "1/m/ip", "ip", "1/m/ip"},
		"the largest":                         {"1000000/s/ip", "1000000/d/ip", "ip", "1000000/d/ip"},
		"a key of several left out":           {"5/m/email", "20/m/ip, 10/m/email", "", "5/m/email, 20/m/ip"},
		"one within and one not":              {"5/m/ip, 11/m/email", "20/m/ip, 10/m/email", "email", "5/m/ip, 10/m/email"},
		"a key that the engine does not have": {"1000/s/email", "20/m/ip", "", "1000/s/email, 20/m/ip"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own, most := parsed(t, c.own), parsed(t, c.most)
			if got := own.Over(most); got != c.over {
				t.Errorf("%q within %q: got %q over, want %q", own, most, got, c.over)
			}
			if got := most.Tightened(own).String(); got != c.inEffect {
				t.Errorf("%q tightened to %q: got %q, want %q", most, own, got, c.inEffect)
			}
			if most.String() != c.most {
				t.Errorf("the engine's: got %q, want %q left alone", most, c.most)
			}
		})
	}
}

// FuzzParse checks that accepted rates are read the same after they are written again, that
// they allow at least one, and that an error is fit to be shown.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"20/m/ip", "20/m/ip, 10/m/email", "5/h/email,30/h/ip", "1/s/ip", "1000000/d/email", "", ",", "//", "0/m/ip", "-1/m/ip", "020/m/ip", "1e3/m/ip",
		"20/m/ip, 5/s/ip", "20/M/ip", "20/m/IP", "20/m/ip,", " 20/m/ip ", "20/m/ip\x00", "\xff/m/ip", "99999999999999999999/m/ip", "٣/m/ip", "20／m／ip",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rates, err := ratetext.Parse(s, ratetext.IP, ratetext.Email)
		if err != nil {
			if rates != nil || !utf8.ValidString(err.Error()) || strings.ContainsAny(err.Error(), "\n\x00") || len(err.Error()) > 500 {
				t.Errorf("Parse(%q): got %v with %q, want nothing with what may be shown", s, rates, err)
			}
			return
		}
		if len(rates) == 0 || len(rates) > 2 {
			t.Errorf("Parse(%q): got %d rates, want one or two", s, len(rates))
		}
		for _, kr := range rates {
			r := kr.Rate
			if r.N < 1 || r.N > ratetext.Most || r.Per/time.Duration(r.N) < time.Microsecond || !r.Within(r) {
				t.Errorf("Parse(%q): got %v by %s, want a rate that can be counted", s, r, kr.Key)
			}
		}
		again, err := ratetext.Parse(rates.String(), ratetext.IP, ratetext.Email)
		if err != nil || again.String() != rates.String() || again.Over(rates) != "" || rates.Over(again) != "" {
			t.Errorf("Parse(%q) written again: got %v, %v, want %v", s, again, err, rates)
		}
	})
}
