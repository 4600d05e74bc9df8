// Package ratetext reads limits as people write them.
//
//	rates, err := ratetext.Parse("20/m/ip, 10/m/email", ratetext.IP, ratetext.Email)
//	rates.Of(ratetext.IP) // 20 at once, then one every three seconds
//
// It counts nothing: a store does.
package ratetext

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Key names what a rate counts by.
type Key string

// The keys.
const (
	IP    Key = "ip"    // the address that a request comes from
	Email Key = "email" // the email address that a request is about
)

// Most is the largest number in a rate. Stores count in microseconds, and at this number per
// second each microsecond has one.
const Most = 1_000_000

// Rate allows N at once, then one every Per/N.
type Rate struct {
	N   int
	Per time.Duration // one of the units
}

var units = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}

// Within reports whether r allows no more than most: neither at once nor, in the long run, in
// an hour.
func (r Rate) Within(most Rate) bool {
	return r.N <= most.N && int64(r.N)*int64(most.Per/time.Second) <= int64(most.N)*int64(r.Per/time.Second)
}

// String writes the rate as "20/m".
func (r Rate) String() string {
	for name, unit := range units {
		if unit == r.Per {
			return strconv.Itoa(r.N) + "/" + name
		}
	}
	return strconv.Itoa(r.N) + "/" + r.Per.String()
}

// Rates holds at most one rate for each key, in the order in which they were written. A key
// without a rate is not limited.
type Rates []KeyRate

// KeyRate is the rate of one key.
type KeyRate struct {
	Key  Key
	Rate Rate
}

// Of returns the rate of a key and reports whether there is one.
func (r Rates) Of(key Key) (Rate, bool) {
	for _, kr := range r {
		if kr.Key == key {
			return kr.Rate, true
		}
	}
	return Rate{}, false
}

// Parse reads "N/unit/key, N/unit/key". N is from 1 to [Most]. The unit is s, m, h or d. Each
// key must be one of the allowed ones and occur at most once. An error says what was received,
// what is accepted and how to write it.
func Parse(s string, allowed ...Key) (Rates, error) {
	var rates Rates
	for part := range strings.SplitSeq(s, ",") {
		part = strings.Trim(part, " ")
		r, key, err := parse(part, allowed)
		if err != nil {
			return nil, err
		}
		if _, twice := rates.Of(key); twice {
			return nil, fmt.Errorf("%q is a second rate by %s: write one a key", shown(part), key)
		}
		rates = append(rates, KeyRate{key, r})
	}
	return rates, nil
}

func parse(s string, allowed []Key) (Rate, Key, error) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 {
		return Rate{}, "", fmt.Errorf("%q is no rate: write N/unit/key, such as 20/m/%s, separated by commas", shown(s), allowed[0])
	}
	r, err := number(s, parts[0], parts[1])
	if err != nil {
		return Rate{}, "", err
	}
	key := Key(parts[2])
	if !slices.Contains(allowed, key) {
		return Rate{}, "", fmt.Errorf("%q has the key %q: write %s", shown(s), shown(parts[2]), choice(allowed))
	}
	return r, key, nil
}

// ParseRate reads "N/unit" as [Parse] does.
func ParseRate(s string) (Rate, error) {
	n, per, ok := strings.Cut(s, "/")
	if !ok || strings.Contains(per, "/") {
		return Rate{}, fmt.Errorf("%q is no rate: write N/unit, such as 120/m", shown(s))
	}
	return number(s, n, per)
}

// number reads the two parts that every rate has.
func number(s, n, per string) (Rate, error) {
	count, err := strconv.Atoi(n)
	if err != nil || count < 1 || count > Most || strconv.Itoa(count) != n {
		return Rate{}, fmt.Errorf("%q begins with %q: write a whole number from 1 to %d", shown(s), shown(n), Most)
	}
	unit, ok := units[per]
	if !ok {
		return Rate{}, fmt.Errorf("%q has the unit %q: write s, m, h or d", shown(s), shown(per))
	}
	return Rate{N: count, Per: unit}, nil
}

// shown cuts a received text to the length that an error may quote.
func shown(s string) string {
	const most = 40
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "?")
}

func choice(keys []Key) string {
	words := make([]string, len(keys))
	for i, k := range keys {
		words[i] = string(k)
	}
	return strings.Join(words, " or ")
}

// Over returns the first key whose rate is not within that of most, or "". A key for which most
// has no rate is always within.
func (r Rates) Over(most Rates) Key {
	for _, kr := range r {
		if bound, ok := most.Of(kr.Key); ok && !kr.Rate.Within(bound) {
			return kr.Key
		}
	}
	return ""
}

// Tightened returns the rates of own, and those of r for the keys that own lacks. Where a rate
// of own is not within that of r, the rate of r replaces it.
func (r Rates) Tightened(own Rates) Rates {
	var out Rates
	for _, kr := range own {
		if bound, ok := r.Of(kr.Key); ok && !kr.Rate.Within(bound) {
			kr.Rate = bound
		}
		out = append(out, kr)
	}
	for _, kr := range r {
		if _, ok := own.Of(kr.Key); !ok {
			out = append(out, kr)
		}
	}
	return out
}

// String writes the rates as [Parse] reads them.
func (r Rates) String() string {
	parts := make([]string, len(r))
	for i, kr := range r {
		parts[i] = kr.Rate.String() + "/" + string(kr.Key)
	}
	return strings.Join(parts, ", ")
}
