package authkit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The bounds of each of a user's two objects of metadata.
const (
	mostMetadata  = 4096 // bytes of JSON, without white space
	deepMetadata  = 5    // objects and lists in each other, the outermost one included
	noMetadata    = "{}"
	metadataRules = "is not a JSON object of at most 4 KiB and 5 levels"
)

// mergedMetadata applies a JSON merge patch (RFC 7396) to a user's metadata, nil standing for {}: a
// null removes a member, an object changes the members that it has, and every other value replaces
// the one that was there. A patch of null leaves {}. [CodeInvalidRequest], which names the member.
func mergedMetadata(member string, is, patch []byte) ([]byte, error) {
	if err := checkMetadata(member, patch); err != nil {
		return nil, err
	}
	if jsontext.Value(patch).Kind() == 'n' {
		return []byte(noMetadata), nil
	}
	merged, err := mergeObject(is, patch)
	if err != nil {
		return nil, unavailable(fmt.Errorf("merge %s: %w", member, err))
	}
	if len(merged) > mostMetadata {
		return nil, invalid(member, "too_large", member+" would have "+strconv.Itoa(len(merged))+" bytes, and may have 4096")
	}
	return merged, nil
}

// newMetadata is the metadata of a new user; nil: {}.
func newMetadata(member string, given []byte) ([]byte, error) {
	if given == nil {
		return nil, nil
	}
	out, err := mergedMetadata(member, nil, given)
	if string(out) == noMetadata {
		out = nil
	}
	return out, err
}

// checkMetadata refuses what is neither an object nor null, what is nested too deeply, text with
// control characters, and numbers that are no double, which most readers would change or refuse.
func checkMetadata(member string, patch jsontext.Value) error {
	if kind := patch.Kind(); kind != '{' && kind != 'n' {
		return invalid(member, "wrong_type", member+" "+metadataRules)
	}
	d := jsontext.NewDecoder(bytes.NewReader(patch))
	for {
		t, err := d.ReadToken()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return invalid(member, "malformed", member+" "+metadataRules)
		case d.StackDepth() > deepMetadata:
			return invalid(member, "too_deep", member+" "+metadataRules)
		case t.Kind() == '"' && strings.ContainsFunc(t.String(), unicode.IsControl):
			return invalid(member, "control_character", member+" holds a control character")
		case t.Kind() == '0' && !isDouble(t.String()):
			return invalid(member, "out_of_range", member+" holds a number that is too large")
		}
	}
}

func isDouble(number string) bool {
	f, err := strconv.ParseFloat(number, 64)
	return err == nil && !math.IsInf(f, 0)
}

// mergeObject applies a merge patch that is an object. Members come out in the order of their names.
func mergeObject(is, patch jsontext.Value) (jsontext.Value, error) {
	merged, changes := map[string]jsontext.Value{}, map[string]jsontext.Value{}
	if is.Kind() == '{' { // RFC 7396: what is no object counts as an empty one
		if err := json.Unmarshal(is, &merged); err != nil {
			return nil, fmt.Errorf("read what is there: %w", err)
		}
	}
	if err := json.Unmarshal(patch, &changes); err != nil {
		return nil, fmt.Errorf("read the patch: %w", err)
	}
	for name, value := range changes {
		var err error
		switch value.Kind() {
		case 'n':
			delete(merged, name)
		case '{':
			merged[name], err = mergeObject(merged[name], value)
		default:
			err = value.Compact() // in place: a copy that was made before it would have the old length
			merged[name] = value
		}
		if err != nil {
			return nil, err
		}
	}
	return json.Marshal(merged, json.Deterministic(true))
}
