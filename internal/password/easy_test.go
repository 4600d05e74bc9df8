package password

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// OWASP ASVS 5.0, 6.2.4 asks for at least the 3,000 most common passwords that the policy would
// otherwise accept.
func TestTheListIsLongEnough(t *testing.T) {
	t.Parallel()
	n := 0
	for line := range strings.Lines(common()) {
		if len(strings.TrimSuffix(line, "\n")) >= 12 {
			n++
		}
	}
	if n < 3000 {
		t.Errorf("common passwords of 12 characters and more: got %d, want 3000", n)
	}
}

func TestPasswordsThatAreEasyToGuess(t *testing.T) {
	t.Parallel()
	for _, pw := range []string{
		"Password2024", "P@ssw0rd!!!!", "xxsunshine99", "$un$h1ne2024", "F00tb@ll2025", "!!princess!!",
		"correctcorrect", "Aa1!Aa1!Aa1!", "lalalalalala", "aaaaaaaaaaaa", "mymymymymymym",
		"abcdefghijkl", "123456789012", "210987654321", "qwertyuiopas", "zyxwvutsrqpo", "asdfghjklasd", "111222333444", "qwertzuiopyx",
		"abcdefghijkl1!Z?",
	} {
		if err := (Policy{}).Check(pw); err == nil {
			t.Errorf("%q: got it taken, want it refused", pw)
		}
	}
	for _, pw := range []string{
		"a long enough passphrase", "correct horse battery staple", "tr0ub4dor&3 at sea", "vU7#kq2!mZpX", "grün wie die Hoffnung", "sunshine after the rain",
	} {
		if err := (Policy{}).Check(pw); err != nil {
			t.Errorf("%q: got %v, want it taken", pw, err)
		}
	}
}

// A rule that refuses passwords that are hard to guess makes people choose easy ones.
func TestGeneratedPassphrasesAreTaken(t *testing.T) {
	t.Parallel()
	const words = "acorn amber anvil apple april arrow badge bagel baker beach berry birch blaze bread brick brook cabin camel candle canoe carrot castle " +
		"cedar cherry chess cider cliff cloud clover cobalt comet copper coral cotton crane crown dagger daisy delta desert dragon eagle ember engine " +
		"falcon feather fern fiddle flint forest fossil garden ginger glacier globe granite grape hammer harbor hazel helmet honey island ivory jacket " +
		"jungle kettle ladder lantern lemon linen lizard magnet maple marble meadow mirror monkey mosaic needle nickel ocean olive onion orange orchid " +
		"otter paddle pepper pigeon planet plum pocket quartz rabbit raven ribbon river robin rocket saddle salmon shadow silver soccer spider summer " +
		"sunset tiger timber tulip tunnel turtle valley velvet violet walnut willow winter yellow zebra master secret dream angel flower purple love"
	list := strings.Fields(words)
	r := rand.New(rand.NewPCG(1, 2))
	refused := map[string]int{}
	const each = 10_000
	for range each {
		pick := func() string { return list[r.IntN(len(list))] }
		random := make([]byte, 14)
		for i := range random {
			random[i] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!#%+"[r.IntN(60)]
		}
		for kind, pw := range map[string]string{
			"four words":                 strings.Join([]string{pick(), pick(), pick(), pick()}, " "),
			"four words in one":          pick() + pick() + pick() + pick(),
			"three words and a number":   fmt.Sprintf("%s-%s-%s-%d", pick(), pick(), pick(), r.IntN(1000)),
			"fourteen random characters": string(random),
		} {
			if (Policy{}).Check(pw) != nil {
				refused[kind]++
			}
		}
	}
	for kind, n := range refused {
		if n > each/1000 {
			t.Errorf("%s: got %d of %d refused, want at most 0.1 %%", kind, n, each)
		}
		t.Logf("%s: %d of %d refused", kind, n, each)
	}
}
