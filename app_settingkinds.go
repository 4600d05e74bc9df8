package authkit

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of the lists among an app's settings, which every request of the app reads.
const (
	maxList     = 100
	maxListSize = 16 << 10 // bytes in all
)

// The ranks of the kinds of settings. Errors are reported in this order.
const (
	listRank = iota
	choiceRank
	brandingRank
	limitsRank
	lifetimeRank
	ranks // their number
)

// settingKind reads, checks, compares and shows the settings of one type.
type settingKind struct {
	rank int

	// body is the type into which the member of a request is decoded, and null reports whether
	// the member may be null. read sets a field of Settings from it, if the request has the
	// member.
	body reflect.Type
	null bool

	words  []string // that the member may be, for the API document; nil: any
	within span     // of the seconds that a request may ask for, likewise
	days   [2]int   // the least and the most that a request may ask for, likewise

	read func(name string, member any, to reflect.Value) (given bool, bad []FieldError)

	// merge returns the value after a patch; nil: the patch holds the value.
	merge func(was, patch reflect.Value) reflect.Value

	check     func(name string, v reflect.Value, d appDefaults) []FieldError
	onlyGiven bool // a value that earlier rules allowed stays until it is changed

	same  func(was, is reflect.Value) bool
	risky func(was, is reflect.Value, d appDefaults) bool // nil: every difference is risky
	show  func(v reflect.Value, d appDefaults) any
}

// merged returns the value after a patch.
func (k settingKind) merged(was, patch reflect.Value) reflect.Value {
	if k.merge == nil {
		return patch
	}
	return k.merge(was, patch)
}

func equal(was, is reflect.Value) bool { return was.Equal(is) }

func unchecked(string, reflect.Value, appDefaults) []FieldError { return nil }

// toggle is a boolean with a word in JSON for each value. The default is false, the first word.
func toggle(no, yes string) settingKind {
	return settingKind{
		rank: choiceRank, body: reflect.TypeFor[*string](), words: []string{no, yes}, check: unchecked, same: equal,
		read: func(name string, member any, to reflect.Value) (bool, []FieldError) {
			v, _ := member.(*string)
			if v == nil {
				return false, nil
			}
			to.SetBool(*v == yes)
			return true, oneOf(name, explicit(*v), no, yes)
		},
		show: func(v reflect.Value, _ appDefaults) any {
			if v.Bool() {
				return yes
			}
			return no
		},
	}
}

// choice is one of several words. The default is the first, and the empty word means the default.
func choice[T ~string](known ...T) settingKind {
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = string(k)
	}
	return choiceOf(words)
}

func choiceOf(known []string) settingKind {
	return settingKind{
		rank: choiceRank, body: reflect.TypeFor[*string](), words: known, same: equal,
		read: func(_ string, member any, to reflect.Value) (bool, []FieldError) {
			v, _ := member.(*string)
			if v != nil {
				to.SetString(explicit(*v))
			}
			return v != nil, nil
		},
		check: func(name string, v reflect.Value, _ appDefaults) []FieldError {
			if v.String() == "" {
				return nil
			}
			return oneOf(name, v.String(), known...)
		},
		show: func(v reflect.Value, _ appDefaults) any { return cmp.Or(v.String(), known[0]) },
	}
}

// explicit replaces an empty text by a value that is not allowed: to the Engine the empty text
// means the default, which the request did not ask for.
func explicit(s string) string { return cmp.Or(s, "empty") }

// oneOf reports a value that is not a known one.
func oneOf(field, got string, known ...string) []FieldError {
	if slices.Contains(known, got) {
		return nil
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = strconv.Quote(k)
	}
	return []FieldError{{field, "unknown_value", field + " is not one of " + strings.Join(names, ", ")}}
}

// urls is a list within bounds, each entry of which passes the check.
func urls(check func(string) error) settingKind {
	texts := func(v reflect.Value) []string { list, _ := reflect.TypeAssert[[]string](v); return list }
	return settingKind{
		rank: listRank, body: reflect.TypeFor[*[]string](), onlyGiven: true,
		read: func(_ string, member any, to reflect.Value) (bool, []FieldError) {
			v, _ := member.(*[]string)
			if v != nil {
				to.Set(reflect.ValueOf(*v))
			}
			return v != nil, nil
		},
		check: func(name string, v reflect.Value, _ appDefaults) []FieldError {
			return checkList(name, texts(v), check)
		},
		same: func(was, is reflect.Value) bool { return slices.Equal(texts(was), texts(is)) },
		show: func(v reflect.Value, _ appDefaults) any { return append([]string{}, texts(v)...) },
	}
}

func checkList(field string, list []string, check func(string) error) (bad []FieldError) {
	if len(list) > maxList {
		return []FieldError{{field, "too_many", fmt.Sprintf("%s has %d entries, of at most %d", field, len(list), maxList)}}
	}
	size := 0
	for i, s := range list {
		size += len(s)
		if err := check(s); err != nil {
			name := fmt.Sprintf("%s[%d]", field, i)
			bad = append(bad, FieldError{name, "invalid_url", name + ": " + err.Error()})
		}
	}
	if size > maxListSize {
		bad = append(bad, FieldError{field, "too_long", fmt.Sprintf("%s has %d bytes in all, of at most %d", field, size, maxListSize)})
	}
	return bad
}

// lifetime is a number of seconds within bounds. Zero means the engine's own.
func lifetime(within span, fallback func(TokenConfig) time.Duration) settingKind {
	return settingKind{
		rank: lifetimeRank, body: reflect.TypeFor[*int64](), within: within, same: equal,
		read: func(_ string, member any, to reflect.Value) (bool, []FieldError) {
			v, _ := member.(*int64)
			if v != nil {
				to.SetInt(int64(seconds(*v)))
			}
			return v != nil, nil
		},
		check: func(name string, v reflect.Value, _ appDefaults) []FieldError {
			if v.IsZero() || within.holds(time.Duration(v.Int())) {
				return nil
			}
			detail := fmt.Sprintf("%s is not between %d and %d", name, within.least/time.Second, within.most/time.Second)
			return []FieldError{{name, "out_of_range", detail}}
		},
		show: func(v reflect.Value, d appDefaults) any {
			return int64(cmp.Or(time.Duration(v.Int()), fallback(d.tokens)) / time.Second)
		},
	}
}

// days is a number of days within bounds. Zero means the default.
func days(least, most, fallback int) settingKind {
	return settingKind{
		rank: lifetimeRank, body: reflect.TypeFor[*int64](), days: [2]int{least, most}, same: equal,
		read: func(_ string, member any, to reflect.Value) (bool, []FieldError) {
			v, _ := member.(*int64)
			if v != nil {
				if *v == 0 && least > 0 {
					*v = -1 // zero is no number of days
				}
				to.SetInt(*v)
			}
			return v != nil, nil
		},
		check: func(name string, v reflect.Value, _ appDefaults) []FieldError {
			if v.IsZero() || v.Int() >= int64(least) && v.Int() <= int64(most) {
				return nil
			}
			return []FieldError{{name, "out_of_range", fmt.Sprintf("%s is not between %d and %d", name, least, most)}}
		},
		show: func(v reflect.Value, _ appDefaults) any { return cmp.Or(v.Int(), int64(fallback)) },
	}
}

// relyingParty is the domain of an app's passkeys; empty: the host of BaseURL.
func relyingParty() settingKind {
	return settingKind{
		rank: choiceRank, body: reflect.TypeFor[*string](), same: equal,
		read: func(_ string, member any, to reflect.Value) (bool, []FieldError) {
			v, _ := member.(*string)
			if v != nil {
				to.SetString(*v)
			}
			return v != nil, nil
		},
		check: func(name string, v reflect.Value, _ appDefaults) []FieldError {
			if why := faultOfRelyingParty(v.String()); why != "" {
				return []FieldError{{name, "invalid_domain", name + " " + why}}
			}
			return nil
		},
		show: func(v reflect.Value, _ appDefaults) any { return v.String() },
	}
}

// seconds converts a number of seconds. It returns -1, which no bounds allow, for what is not a
// positive number or would overflow.
func seconds(n int64) time.Duration {
	if n <= 0 || n > int64(366*day/time.Second) {
		return -1
	}
	return time.Duration(n) * time.Second
}

// ownLimits are an app's own limits. They replace all that the app had.
func ownLimits() settingKind {
	own := func(v reflect.Value) AppLimits { l, _ := reflect.TypeAssert[AppLimits](v); return l }
	return settingKind{
		rank: limitsRank, body: reflect.TypeFor[limitsJSON](), null: true, onlyGiven: true, same: equal,
		read: func(_ string, member any, to reflect.Value) (bool, []FieldError) {
			v, _ := member.(limitsJSON)
			l, bad := v.own()
			to.Set(reflect.ValueOf(l))
			return v.given, bad
		},
		check: func(_ string, v reflect.Value, d appDefaults) []FieldError { return d.limits.check(own(v)) },
		risky: func(was, is reflect.Value, d appDefaults) bool {
			return d.limits.tightened(own(is)).exceeds(d.limits.tightened(own(was)))
		},
		show: func(v reflect.Value, d appDefaults) any { return d.limits.tightened(own(v)).json() },
	}
}
