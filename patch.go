package authkit

// A patch holds pointers: nil leaves a field as it is.

// set changes a field if there is a new value.
func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// keepsField reports whether a field stays as it is.
func keepsField[T comparable](to *T, is T) bool { return to == nil || *to == is }
