package password

import (
	"compress/gzip"
	_ "embed" // the list
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"
)

//go:generate go test -count=1 -run ^TestTheListIsCurrent$ . -args -write-list

// zipped is common.txt, compressed: every host links it.
//
//go:embed common.txt.gz
var zipped string

// common returns common.txt: common passwords of eight characters or more, sorted, one a line, in lower case.
// COMMON.md says where they come from. It is decompressed at the first password that is checked. A list that
// cannot be is a defect of this program.
var common = sync.OnceValue(func() string {
	r, err := gzip.NewReader(strings.NewReader(zipped))
	if err != nil {
		panic(fmt.Sprintf("password: open the list of common passwords: %v", err))
	}
	list, err := io.ReadAll(r)
	if err != nil {
		panic(fmt.Sprintf("password: read the list of common passwords: %v", err))
	}
	return string(list)
})

// inList reports whether a password in lower case is in the sorted list. It searches the text itself, so that
// nothing is built.
func inList(pw string) bool {
	list := common()
	i := sort.Search(len(list), func(i int) bool { return lineAt(list, i) >= pw })
	return i < len(list) && lineAt(list, i) == pw
}

// lineAt returns the first line of the list that begins at i or later. After the last line it returns a
// text that sorts after all others.
func lineAt(list string, i int) string {
	if i > 0 {
		next := strings.IndexByte(list[i-1:], '\n')
		if next < 0 {
			return "\U0010FFFF"
		}
		i += next
	}
	if i >= len(list) {
		return "\U0010FFFF"
	}
	line, _, _ := strings.Cut(list[i:], "\n")
	return line
}
