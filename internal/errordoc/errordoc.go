// Package errordoc explains the codes of the HTTP contract: the status of each, what it means,
// what causes it, and what to do. GET /errors/{code} shows it to people.
//
//	doc, ok := errordoc.Find("email_taken") // doc.Status is 409
package errordoc

import (
	"slices"
	"strings"
)

// Doc explains one code.
type Doc struct {
	Code    string
	Status  int // of HTTP
	Meaning string
	Causes  []string
	Fix     string
}

// Find returns the explanation of a code, and whether there is one.
func Find(code string) (Doc, bool) {
	i, ok := slices.BinarySearchFunc(table, code, func(d Doc, code string) int { return strings.Compare(d.Code, code) })
	if !ok {
		return Doc{}, false
	}
	return table[i], true
}

// All returns the explanations of all codes, in the order of their names.
func All() []Doc { return slices.Clone(table) }
