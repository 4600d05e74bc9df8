package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

func writeJSON(file string, results []result, how effort) error {
	all := struct {
		CPUs    int      `json:"cpus"`
		Clients int      `json:"clients"`
		Rounds  int      `json:"rounds"`
		Seconds float64  `json:"seconds_a_round"`
		Server  []string `json:"postgres_settings"`
		Cells   []result `json:"cells"`
	}{runtime.NumCPU(), how.clients, how.rounds, how.each.Seconds(), settings(), results}
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644) //nolint:gosec // figures are no secret
}

func writeReport(file string, results []result) error {
	head := "# How authkit's figures grow\n\nWritten by `go run ./growth`; `results.json` holds every figure. README.md of the folder above says what they mean.\n\n"
	return os.WriteFile(file, []byte(head+markdown(results)), 0o644) //nolint:gosec // figures are no secret
}

// The table of a page stands between these comments.
const (
	tableBegin = "<!-- growth: begin -->\n"
	tableEnd   = "<!-- growth: end -->"
)

// replaceTable writes the tables into a page.
func replaceTable(file string, results []result) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(b), tableBegin)
	_, after, ended := strings.Cut(rest, tableEnd)
	if !ok || !ended {
		return fmt.Errorf("%s: got no place for the table, want %q and %q", file, strings.TrimSpace(tableBegin), tableEnd)
	}
	return os.WriteFile(file, []byte(before+tableBegin+"\n"+markdown(results)+"\n"+tableEnd+after), 0o644) //nolint:gosec // a page
}

// axis is a table: cells that differ in one way.
type axis struct {
	title string
	keep  func(cell) bool
}

// axes lists the tables of a report.
func axes(results []result) []axis {
	// The users of the cells that differ in another way from most.
	users := func(odd func(cell) bool) map[int]bool {
		out := map[int]bool{}
		for _, r := range results {
			if odd(r.cell) {
				out[r.Users] = true
			}
		}
		return out
	}
	many := users(func(c cell) bool { return c.Apps > 1 })
	together := users(func(c cell) bool { return c.Processes > 1 })
	return []axis{
		{"Users, in one app on Postgres", func(c cell) bool {
			return c.Store == "postgres" && c.Apps == 1 && c.Processes == 1 && c.Partitions == 0
		}},
		{"Apps, on Postgres", func(c cell) bool { return c.Store == "postgres" && c.Processes == 1 && many[c.Users] }},
		{"Processes, on one Postgres", func(c cell) bool {
			return c.Store == "postgres" && c.Apps == 1 && c.Partitions == 0 && together[c.Users]
		}},
		{"Users, in one app on SQLite", func(c cell) bool { return c.Store == "sqlite" }},
	}
}

// markdown is the figures as tables.
func markdown(results []result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d CPUs, shared by the clients, authkit and the database; 16 connections. Each field is the requests a second, the\n", runtime.NumCPU())
	b.WriteString("99th percentile in ms, the µs of CPU a request, of authkit and Postgres together, and, on Postgres, the rows and index\nentries that it reads a request.\n\n")
	for _, a := range axes(results) {
		var some []result
		for _, r := range results {
			if a.keep(r.cell) {
				some = append(some, r)
			}
		}
		if len(some) == 0 {
			continue
		}
		fmt.Fprintf(&b, "**%s**\n\n", a.title)
		head(&b, some, "operation")
		for _, o := range operations() {
			fmt.Fprintf(&b, "| %s |", o.name)
			for _, r := range some {
				fmt.Fprintf(&b, " %s |", r.Operations[o.name])
			}
			b.WriteString("\n")
		}
		b.WriteString("\n")
	}
	b.WriteString("**Size**\n\n")
	head(&b, results, "")
	for _, line := range sizes() {
		fmt.Fprintf(&b, "| %s |", line.title)
		for _, r := range results {
			fmt.Fprintf(&b, " %s |", line.of(r))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// String is a field of a table.
func (t *timing) String() string {
	text := fmt.Sprintf("%s · %.1f · %.0f", commas(int(t.Rate)), t.P99, t.Server+t.DB)
	if t.Read >= 0 {
		text += fmt.Sprintf(" · %.0f", t.Read)
	}
	return text
}

// head writes the first two lines of a table with a column for each cell.
func head(b *strings.Builder, results []result, first string) {
	fmt.Fprintf(b, "| %s |", first)
	for _, r := range results {
		fmt.Fprintf(b, " %s |", r.title())
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(results)) + "\n")
}

// title names a cell by its numbers.
func (c cell) title() string {
	parts := []string{map[string]string{"postgres": "Postgres", "sqlite": "SQLite"}[c.Store], count(c.Users, "user"), count(c.Apps, "app")}
	if c.Partitions > 0 {
		parts = append(parts, count(c.Partitions, "partition"))
	}
	if c.Processes > 1 {
		parts = append(parts, count(c.Processes, "process"))
	}
	return strings.Join(parts, ", ")
}

// count writes a number with its noun.
func count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "s"):
		return commas(n) + " " + noun + "es"
	}
	return commas(n) + " " + noun + "s"
}

// commas writes a number with a comma at each thousand.
func commas(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// line is a line of the table of sizes.
type line struct {
	title string
	of    func(result) string
}

func sizes() []line {
	table := func(name string) func(result) string {
		return func(r result) string {
			if r.Tables == nil {
				return "–"
			}
			return fmt.Sprintf("%.0f", float64(r.Tables["authkit_"+name])/float64(r.Users))
		}
	}
	mb := func(bytes []int64) string {
		var each []string
		for _, n := range bytes {
			each = append(each, fmt.Sprintf("%.0f", float64(n)/1e6))
		}
		return strings.Join(each, ", ")
	}
	return []line{
		{"bytes a user: the row", table("users")},
		{"a password", table("credentials")},
		{"a session", table("sessions")},
		{"two events", table("events")},
		{"all of it", func(r result) string { return fmt.Sprintf("%.0f", float64(r.Bytes)/float64(r.Users)) }},
		{"disk for a million such users, GB", func(r result) string { return fmt.Sprintf("%.2f", float64(r.Bytes)/float64(r.Users)/1000) }},
		{"memory of each authkit process before, MB", func(r result) string { return mb(r.Idle) }},
		{"memory after all operations, MB", func(r result) string { return mb(r.Busy) }},
	}
}
