// Package useragent names the browser and the system of a User-Agent header.
package useragent

import "strings"

// name is a part of a header and what it stands for.
type name struct{ part, says string }

// The first entry that a header contains counts. Edge and Opera also say Chrome, so they stand before it.
var (
	browsers = []name{
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"SamsungBrowser", "Samsung Internet"},
		{"Firefox", "Firefox"},
		{"FxiOS", "Firefox"},
		{"CriOS", "Chrome"},
		{"Chrome", "Chrome"},
		{"Safari", "Safari"},
		{"curl/", "curl"},
	}
	systems = []name{
		{"Windows", "Windows"},
		{"Android", "Android"},
		{"iPhone", "an iPhone"},
		{"iPad", "an iPad"},
		{"Mac OS X", "a Mac"},
		{"CrOS", "a Chromebook"},
		{"Linux", "Linux"},
	}
)

// Describe says "Firefox on Linux" of a header. The words are from a fixed list, so that
// nothing that a client sends stands on a page or in a mail.
func Describe(header string) string {
	browser := find(browsers, header, "a browser")
	if system := find(systems, header, ""); system != "" {
		return browser + " on " + system
	}
	return browser
}

func find(names []name, header, otherwise string) string {
	for _, n := range names {
		if strings.Contains(header, n.part) {
			return n.says
		}
	}
	return otherwise
}
