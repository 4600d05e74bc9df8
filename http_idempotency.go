package authkit

import "net/http"

// idempotencyKey reads the Idempotency-Key header. A header that is present has one value, which
// is not empty.
func idempotencyKey(r *http.Request) (string, []FieldError) {
	values := r.Header.Values("Idempotency-Key")
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1 || values[0] == "":
		return "", fieldsOf(badIdempotencyKey())
	}
	return values[0], fieldsOf(checkIdempotencyKey(values[0]))
}

// creationKey is idempotencyKey for a request that creates something.
func creationKey(r *http.Request) (string, error) {
	key, bad := idempotencyKey(r)
	return key, invalidFields(bad)
}
