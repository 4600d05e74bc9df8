package storetest

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// same fails unless got is want, field by field.
func (b *bed) same(got, want any) {
	b.Helper()
	if d := difference(got, want); d != "" {
		b.Fatal(d)
	}
}

// difference describes where and how got differs from want; it is empty if they are equal. A
// time has to be the same instant, and in UTC. A nil slice has to be nil; an empty one may be
// nil.
func difference(got, want any) string {
	return differ("", reflect.ValueOf(got), reflect.ValueOf(want))
}

func differ(path string, got, want reflect.Value) string {
	if got.IsValid() != want.IsValid() || got.IsValid() && got.Type() != want.Type() {
		return fmt.Sprintf("%s: got %v, want %v", path, got, want)
	}
	if !got.IsValid() {
		return ""
	}
	switch w := want.Interface().(type) {
	case time.Time:
		g := got.Interface().(time.Time)
		if !g.Equal(w) || g.Location() != time.UTC {
			return fmt.Sprintf("%s: got %v, want %v in UTC", path, g, w)
		}
		return ""
	case []byte:
		g := got.Bytes()
		if !bytes.Equal(g, w) || w == nil && g != nil {
			return fmt.Sprintf("%s: got %s, want %s", path, brief(g), brief(w))
		}
		return ""
	case []string:
		g := got.Interface().([]string)
		switch {
		case !slices.Equal(g, w):
			return fmt.Sprintf("%s: got %.40q, want %.40q", path, g, w)
		case w == nil && g != nil:
			return path + ": got an empty list, want nil"
		}
		return ""
	}
	return differParts(path, got, want)
}

func differParts(path string, got, want reflect.Value) string {
	switch want.Kind() {
	case reflect.Struct:
		for i := range want.NumField() {
			if d := differ(path+"."+want.Type().Field(i).Name, got.Field(i), want.Field(i)); d != "" {
				return d
			}
		}
	case reflect.Slice:
		if got.Len() != want.Len() {
			return fmt.Sprintf("%s: got %d of them, want %d: got %+v, want %+v", path, got.Len(), want.Len(), got, want)
		}
		for i := range want.Len() {
			if d := differ(fmt.Sprintf("%s[%d]", path, i), got.Index(i), want.Index(i)); d != "" {
				return d
			}
		}
	default:
		if got.Interface() != want.Interface() {
			return fmt.Sprintf("%s: got %#v, want %#v", path, got, want)
		}
	}
	return ""
}

// brief shows the beginning of bytes, and distinguishes nil from empty.
func brief(v []byte) string {
	const enough = 40
	switch {
	case v == nil:
		return "nil"
	case len(v) > enough:
		return fmt.Sprintf("%q… of %d bytes", v[:enough], len(v))
	}
	return fmt.Sprintf("%q", v)
}
