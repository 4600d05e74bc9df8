// Command clienttypes writes the part of the browser client's types that says what authkit sends
// and takes. It is made from the API document.
//
//	clienttypes [-document openapi.json] [-types clients/js/authkit.d.ts]
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
)

func main() {
	document := flag.String("document", "openapi.json", "the API document")
	types := flag.String("types", "clients/js/authkit.d.ts", "the file whose part below the mark is written anew")
	flag.Parse()
	if err := write(*document, *types); err != nil {
		log.Fatal(err)
	}
}

func write(document, types string) error {
	text, err := generate(document, types)
	if err != nil {
		return err
	}
	return os.WriteFile(types, []byte(text), 0o644) //nolint:gosec // a source file
}

// mark ends the part that is written by hand.
const mark = "// Below this line: made from the API document by `go generate .`\n"

var errNoMark = errors.New("the file has no line " + strings.TrimSpace(mark))

// generate returns the text of the file, with a new part below the mark.
func generate(document, types string) (string, error) {
	raw, err := os.ReadFile(document)
	if err != nil {
		return "", err
	}
	var doc apiDocument
	if err := json.Unmarshal(raw, &doc); err != nil {
		return "", fmt.Errorf("%s: %w", document, err)
	}
	old, err := os.ReadFile(types)
	if err != nil {
		return "", err
	}
	hand, _, ok := strings.Cut(string(old), mark)
	if !ok {
		return "", fmt.Errorf("%s: %w", types, errNoMark)
	}
	return hand + mark + "\n" + newWriter(doc).text(), nil
}
