package sqlstore

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// ID is an id as an argument.
type ID uuid.UUID

// Value implements driver.Valuer.
func (u ID) Value() (driver.Value, error) { return uuid.UUID(u).String(), nil }

func id(u uuid.UUID) ID { return ID(u) }

// us returns microseconds since 1970. 0 stands for the zero time, so the first instant of 1970
// becomes 1: otherwise what ends then would never end.
func us(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	if n := t.UnixMicro(); n != 0 {
		return n
	}
	return 1
}

// micro is a time as the store returns it.
func micro(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(us(t)).UTC()
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// blob distinguishes nil from empty.
func blob(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

func opt[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// optional turns 0 into null.
func optional(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

func optBit(p *bool) any {
	if p == nil {
		return nil
	}
	return bit(*p)
}

func text(v []string) string {
	if v == nil {
		return "null"
	}
	b, _ := json.Marshal(v) //nolint:errchkjson // strings always encode
	return string(b)
}

// optFactors is the argument for factors that a row gets; nil: they stay.
func optFactors(f *authkit.Factors) any {
	if f == nil {
		return nil
	}
	return int64(*f)
}

// optList is the argument for a list that a row gets; nil: it stays.
func optList(l *[]string) any {
	if l == nil {
		return nil
	}
	return text(*l)
}

// micros scans a time.
type micros time.Time

// Scan implements sql.Scanner.
func (m *micros) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("time column holds %T", src)
	}
	m.SetInt(n)
	return nil
}

// SetInt sets the time to microseconds since 1970.
func (m *micros) SetInt(n int64) {
	*m = micros{}
	if n != 0 {
		*m = micros(time.UnixMicro(n).UTC())
	}
}

// flag scans a boolean.
type flag bool

// Scan implements sql.Scanner.
func (f *flag) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("boolean column holds %T", src)
	}
	f.SetInt(n)
	return nil
}

// SetInt sets the boolean: 0 is false.
func (f *flag) SetInt(n int64) { *f = n != 0 }

// factors scans a set of factors.
type factors authkit.Factors

// Scan implements sql.Scanner.
func (f *factors) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("factors column holds %T", src)
	}
	f.SetInt(n)
	return nil
}

// SetInt sets the factors to the bits of a number.
func (f *factors) SetInt(n int64) { *f = factors(n) } //nolint:gosec // the column holds no more than was put there

// strs scans a list of strings.
type strs []string

// Scan implements sql.Scanner.
func (l *strs) Scan(src any) error {
	var b []byte
	switch v := src.(type) {
	case string:
		b = []byte(v)
	case []byte:
		b = v
	default:
		return fmt.Errorf("list column holds %T", src)
	}
	return l.SetText(b)
}

// SetText sets the list to what JSON text holds. Lists of plain words are read without a decoder.
func (l *strs) SetText(b []byte) error {
	inner, ok := bytes.CutPrefix(b, []byte(`["`))
	inner, end := bytes.CutSuffix(inner, []byte(`"]`))
	if !ok || !end || bytes.IndexByte(inner, '\\') >= 0 || len(b) < 4 {
		return json.Unmarshal(b, (*[]string)(l))
	}
	*l = (*l)[:0]
	for word := range bytes.SplitSeq(inner, []byte(`","`)) {
		if bytes.IndexByte(word, '"') >= 0 {
			return json.Unmarshal(b, (*[]string)(l))
		}
		*l = append(*l, string(word))
	}
	return nil
}

// orZero makes every destination take null as well, which leaves it as it is.
func orZero(dest []any) []any {
	for i, to := range dest {
		dest[i] = orNull{to}
	}
	return dest
}

// orNull scans a value that may be null.
type orNull struct{ to any }

// Of returns the destination of a value that is not null.
func (o orNull) Of() any { return o.to }

// Scan implements sql.Scanner.
func (o orNull) Scan(src any) error {
	ok := true
	switch to := o.to.(type) {
	case sql.Scanner:
		if src != nil {
			return to.Scan(src)
		}
	case *string:
		ok = scanTo(to, src)
	case *int64:
		ok = scanTo(to, src)
	case *[]byte:
		ok = scanTo(to, src)
		*to = bytes.Clone(*to) // the driver's own
	default:
		ok = false
	}
	if !ok {
		return fmt.Errorf("a column for %T holds %T", o.to, src)
	}
	return nil
}

func scanTo[T any](to *T, src any) bool {
	v, ok := src.(T)
	if ok {
		*to = v
	}
	return ok || src == nil
}
