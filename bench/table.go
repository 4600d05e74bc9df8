package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A table is one of Markdown.
type table struct {
	head []string
	rows [][]string
}

func (t table) String() string {
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(t.head)
	b.WriteString("|---" + strings.Repeat("|--:", len(t.head)-1) + "|\n")
	for _, r := range t.rows {
		line(r)
	}
	return b.String()
}

// cell shows the median, and the least and the most where there are several.
func (s spread) cell() string {
	if s.median == 0 {
		return "–"
	}
	if s.least == s.most {
		return number(s.median)
	}
	return fmt.Sprintf("%s (%s–%s)", number(s.median), number(s.least), number(s.most))
}

// number shows two digits or more, with a comma for thousands, and "–" for nothing.
func number(v float64) string {
	switch {
	case v == 0:
		return "–"
	case v < 0.995:
		return fmt.Sprintf("%.2f", v)
	case v < 9.95:
		return fmt.Sprintf("%.1f", v)
	case v < 999.5:
		return fmt.Sprintf("%.0f", v)
	}
	n := int(math.Round(v))
	text := ""
	for ; n >= 1000; n /= 1000 {
		text = fmt.Sprintf(",%03d", n%1000) + text
	}
	return strconv.Itoa(n) + text
}
