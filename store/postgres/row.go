package postgres

import (
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// row is the current row of an answer. It decodes the types of authkit's columns by itself: for a
// [database/sql.Scanner], pgx would turn each value into another one first.
type row struct{ pgx.Rows }

func (r row) Scan(dest ...any) error {
	fields, raw := r.FieldDescriptions(), r.RawValues()
	if len(dest) != len(raw) {
		return fmt.Errorf("a row of %d columns is read into %d places", len(raw), len(dest))
	}
	for i, d := range dest {
		if o, ok := d.(interface{ Of() any }); ok {
			if raw[i] == nil {
				continue
			}
			d = o.Of()
		}
		if decode(&fields[i], raw[i], d) {
			continue
		}
		if err := r.Conn().TypeMap().Scan(fields[i].DataTypeOID, fields[i].Format, raw[i], d); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
	}
	return nil
}

// decode reports whether it has set d.
func decode(field *pgconn.FieldDescription, raw []byte, d any) bool {
	binaryForm := field.Format == pgtype.BinaryFormatCode
	switch {
	case raw == nil:
		return false
	case field.DataTypeOID == pgtype.TextOID:
		return decodeText(raw, d)
	case field.DataTypeOID == pgtype.Int8OID && binaryForm && len(raw) == 8:
		return decodeInt(int64(binary.BigEndian.Uint64(raw)), d) //nolint:gosec // the sign is meant
	case field.DataTypeOID == pgtype.UUIDOID && binaryForm && len(raw) == len(uuid.UUID{}):
		u, ok := d.(*uuid.UUID)
		if ok {
			copy(u[:], raw)
		}
		return ok
	case field.DataTypeOID == pgtype.ByteaOID && binaryForm:
		b, ok := d.(*[]byte)
		if ok {
			*b = append(make([]byte, 0, len(raw)), raw...)
		}
		return ok
	}
	return false
}

func decodeInt(n int64, d any) bool {
	switch d := d.(type) {
	case *int64:
		*d = n
	case interface{ SetInt(n int64) }:
		d.SetInt(n)
	default:
		return false
	}
	return true
}

func decodeText(raw []byte, d any) bool {
	switch d := d.(type) {
	case *string:
		*d = string(raw)
	case interface{ SetText(text []byte) error }:
		return d.SetText(raw) == nil // otherwise the slow way reports it
	default:
		return false
	}
	return true
}

// native returns the arguments with ids as pgx takes them fastest. It changes args.
func native(args []any) []any {
	for i, a := range args {
		if u, ok := a.(sqlstore.ID); ok {
			args[i] = pgtype.UUID{Bytes: u, Valid: true}
		}
	}
	return args
}
