package main

import (
	"fmt"
	"strings"
)

// The measures of the chart, in pixels: panels side by side, bars below each other.
const (
	panelWidth, columns       = 430, 2
	labelWidth, valueWidth    = 140, 64
	barHeight, barGap         = 13, 5
	panelTop, panelBottom     = 30, 18
	barWidth                  = panelWidth - labelWidth - valueWidth - 20
	light, ours, bare, others = "#1f2328", "#2f6feb", "#8b949e", "#c69026"
)

// chart draws the table of the headline: a panel for each operation, each with a scale of its own.
// Its colors are legible on white and on black.
func (r *results) chart() string {
	systems, workers := r.measured(), r.middle()
	height := panelTop + len(systems)*(barHeight+barGap) + panelBottom
	lines := (len(rows()) + columns - 1) / columns
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Requests a second">
<style>
text { fill: %s }
.title { font-weight: 600; font-size: 13px }
.value { font-size: 11px }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }
</style>
<text class="title" x="10" y="20">Requests a second, %s (more is better)</text>
`, panelWidth*columns, 30+lines*height, light, connections(workers))
	for i, row := range rows() {
		x, y := i%columns*panelWidth+10, 30+i/columns*height
		fmt.Fprintf(&b, "<text class=\"title\" x=\"%d\" y=\"%d\">%s</text>\n", x, y+18, row.title)
		values, most := make([]spread, len(systems)), 0.0
		for n, system := range systems {
			values[n] = r.spread(row.op, system, workers, row.value)
			most = max(most, values[n].median)
		}
		for n, system := range systems {
			at := y + panelTop + n*(barHeight+barGap)
			b.WriteString(bar(x, at, system, r.footnote(row.op, system), values[n].median, most))
		}
	}
	return b.String() + "</svg>\n"
}

// bar draws one system's bar, with its name before and its value behind it.
func bar(x, y int, system, note string, value, most float64) string {
	width := 0.0
	if most > 0 {
		width = value / most * barWidth
	}
	return fmt.Sprintf(`<text x="%d" y="%d">%s</text><rect x="%d" y="%d" width="%.1f" height="%d" rx="2" fill="%s"/><text class="value" x="%.1f" y="%d">%s%s</text>
`, x, y+11, system, x+labelWidth, y, width, barHeight, color(system), float64(x+labelWidth)+width+5, y+11, number(value), note)
}

func color(system string) string {
	switch {
	case system == "yardstick":
		return bare
	case peer(system):
		return others
	}
	return ours
}
