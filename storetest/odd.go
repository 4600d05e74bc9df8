package storetest

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/authkit-dev/authkit"
)

// odd is a set of values that a store could easily lose or change.
type odd struct {
	text string
	data []byte
	list []string
	at   time.Time
	flag bool
}

// oddities are text, bytes, lists and times, each at least once.
func oddities() []odd {
	texts := []string{
		"",
		" ",
		" lead and trail ",
		"'quoted' \"twice\" `thrice` \\ \\\\ % _ ? $1 :x ; -- /*",
		"tab\tline\r\nbell\a\x01\x7f",
		"😀 👩‍👩‍👧 𝒳",
		"e\u0301 é ﬁ ſ \u212a ẞ ı",
		"שלום \u202eمرحبا\u202c",
		"null",
		`{"a": [1]} <b>&amp;</b> \u0041 %41`,
		"\ufeff\u2028\ufffd\U0010ffff",
		strings.Repeat("long ", 100),
	}
	data := [][]byte{nil, {}, {0}, bytes.Repeat([]byte{0xff, 0, '\'', '\\'}, 1<<14), []byte("text")}
	lists := [][]string{nil, {}, {""}, {"a", "a", "B", "b "}, texts}
	times := []time.Time{
		{},
		time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC),
		time.Date(1600, 2, 29, 0, 0, 0, 1999, time.UTC),
		time.Date(2030, 7, 1, 1, 2, 3, 123456789, time.FixedZone("east", 14*60*60)),
		time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.FixedZone("west", 0)),
	}
	list := make([]odd, len(texts))
	for i := range list {
		list[i] = odd{texts[i], data[i%len(data)], lists[i%len(lists)], times[i%len(times)], i%2 == 0}
	}
	return list
}

// later is a future time that a store has to truncate and to convert to UTC.
func later() time.Time {
	return after(time.Hour).Add(999 * time.Nanosecond).In(time.FixedZone("east", 3600))
}

// fill sets every text, list, time, duration, boolean, byte slice and set of factors in *v, but no
// ids and other numbers. A field that is added to a record is filled too.
func fill[T any](v *T, o odd) T {
	fillValue(reflect.ValueOf(v).Elem(), o)
	return *v
}

func fillValue(v reflect.Value, o odd) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(o.at))
		return
	case []byte:
		v.SetBytes(bytes.Clone(o.data))
		return
	case []string:
		v.Set(reflect.ValueOf(slices.Clone(o.list)))
		return
	case time.Duration:
		v.SetInt(int64(len(o.text)) * 1_000_000_001)
		return
	case authkit.Factors:
		v.SetUint(uint64(len(o.text)) % 256)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(o.text)
	case reflect.Bool:
		v.SetBool(o.flag)
	case reflect.Struct:
		for _, f := range v.Fields() {
			fillValue(f, o)
		}
	default:
	}
}

// each calls f for every text, time, byte slice and list of texts in *v.
func each(v any, f func(reflect.Value)) { eachValue(reflect.ValueOf(v).Elem(), f) }

func eachValue(v reflect.Value, f func(reflect.Value)) {
	switch v.Interface().(type) {
	case time.Time, []byte, []string:
		f(v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			eachValue(field, f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachValue(v.Index(i), f)
		}
	default:
	}
}

// settle replaces every time in *v by the time that comes back for it.
func settle(v any) {
	each(v, func(v reflect.Value) {
		if at, ok := reflect.TypeAssert[time.Time](v); ok {
			v.Set(reflect.ValueOf(at.Truncate(time.Microsecond).UTC()))
		}
	})
}

// scribble overwrites the contents of the slices in *v.
func scribble(v any) {
	each(v, func(v reflect.Value) {
		switch s := v.Interface().(type) {
		case []byte:
			for i := range s {
				s[i] ^= 0x55
			}
		case []string:
			for i := range s {
				s[i] = "scribbled"
			}
		}
	})
}
