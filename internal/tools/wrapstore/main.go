// Command wrapstore writes the methods of the types that wrap an authkit.Store, from the
// interface itself:
//
//	go run ./internal/tools/wrapstore -wrap audited -o store_audited_gen.go
//	go run ./internal/tools/wrapstore -wrap guarded -o store_guarded_gen.go
//	go run ./internal/tools/wrapstore -wrap metered -o store_metered_gen.go
//	go run ./internal/tools/wrapstore -wrap faulty -o storetest/faulty_gen.go
//
// It is run by go generate. Its test fails while a file differs from what it would write, so
// that a verb that is added to Store cannot be missing from a wrapper.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	root := flag.String("root", ".", "the folder of package authkit")
	wrap := flag.String("wrap", "", "which wrapper to write: audited, guarded, metered or faulty")
	out := flag.String("o", "", "the file to write")
	flag.Parse()
	if err := run(*root, *wrap, *out); err != nil {
		fmt.Fprintln(os.Stderr, "wrapstore:", err)
		os.Exit(1)
	}
}

func run(root, wrap, out string) error {
	text, err := generate(root, wrap)
	if err != nil {
		return err
	}
	const mode = 0o644
	return os.WriteFile(out, text, mode)
}
