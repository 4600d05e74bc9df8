package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// writeReport writes REPORT.md and its chart from the cells.
func writeReport(out string, r *results) error {
	where, err := os.ReadFile("where.md")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "chart.svg"), []byte(r.chart()), 0o644); err != nil { //nolint:gosec // a report is public
		return err
	}
	name := filepath.Join(out, "REPORT.md")
	fmt.Println("write", name)
	return os.WriteFile(name, []byte(r.report(string(where))), 0o644) //nolint:gosec // likewise
}

// report is the text of REPORT.md.
func (r *results) report(where string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# authkit beside what people use today\n\nWritten by `make bench`; change it there, or in `where.md`. [README.md](README.md) says what each\nsystem does for an operation, and what cannot be compared.\n\n%s\n![The same as a chart](chart.svg)\n\n", r.conditions())
	for _, workers := range r.concurrencies() {
		fmt.Fprintf(&b, "## Requests a second, %s\n\n%s\n", connections(workers), r.rates(workers))
	}
	fmt.Fprintf(&b, "%s\n## First answer and idle memory\n\n%s\n", notes, r.starts())
	fmt.Fprintf(&b, "## CPU time per request, %s\n\nMicroseconds of server + database, user and system. The client's own is in the last column, for\nauthkit on Postgres; it includes the SMTP server that takes the mails.\n\n%s\n", connections(r.middle()), r.cpu(r.middle()))
	fmt.Fprintf(&b, "## Time of one request, %s\n\nMilliseconds, median and 99th percentile of the median repetition.\n\n%s\n", connections(r.middle()), r.latency(r.middle()))
	fmt.Fprintf(&b, "## Raw costs\n\nOne caller, one after the other, in this run: what no server can avoid.\n\n%s\n", r.raw())
	if !slices.Contains(r.measured(), "gotrue") {
		fmt.Fprintf(&b, "## GoTrue\n\n%s\n", referenceText())
	}
	if late := r.undelivered(); late != "" {
		fmt.Fprintf(&b, "## Mails that did not come\n\nWithin 15 s of the last request of their cell, or 2 s after the mail before.\n\n%s\n", late)
	}
	if failed := r.failed(); failed != "" {
		fmt.Fprintf(&b, "## Cells that failed\n\nThey count nowhere above.\n\n%s\n", failed)
	}
	return b.String() + where
}

// conditions says what was measured, on what and with what.
func (r *results) conditions() string {
	m, s := r.Machine, r.Settings
	var cells []cell
	var days, revisions []string
	for _, op := range operations() {
		cells = append(cells, r.cells[op.name]...)
	}
	slices.SortFunc(cells, func(a, b cell) int { return a.At.Compare(b.At) })
	for _, c := range cells {
		days = append(days, c.At.Format("2 January 2006"))
		if !slices.Contains(revisions, c.Revision) {
			revisions = append(revisions, c.Revision)
		}
	}
	return fmt.Sprintf(`| | |
|---|---|
| machine | %d cores (%s), %d GB of memory, Linux %s; client, server and database share it |
| versions | Go %s, Node %s, PostgreSQL %s; peers: %s |
| measured | %s; authkit at %s |
| users in each store | %d |
| a cell | %g s, %d repetitions, all systems in turn in random order; the others are stopped meanwhile. Median (least–most) |
| Postgres | fsync, synchronous_commit and full_page_writes on; shared_buffers 512 MB, max_wal_size 4 GB, else as it ships; %d connections for each system |
| SQLite | WAL, synchronous = FULL for every system, checked at each start |
| limits | off in every system, since one peer makes all requests; everything else of authkit is on |
`, m.Cores, m.CPU, m.MemoryGB, m.Kernel, strings.TrimPrefix(m.Go, "go"), strings.TrimPrefix(m.Node, "v"), m.Postgres, peerVersions(),
		strings.Join(slices.Compact(days), ", "), strings.Join(revisions, ", "), s.Users, s.Seconds, s.Reps, poolSize)
}

// connections names a number of connections.
func connections(n int) string {
	if n == 1 {
		return "1 connection"
	}
	return fmt.Sprintf("%d connections", n)
}

// concurrencies lists the numbers of connections, the middle one first: it is the headline.
func (r *results) concurrencies() []int {
	middle := r.middle()
	all := []int{middle}
	for _, w := range r.Settings.Workers {
		if w != middle {
			all = append(all, w)
		}
	}
	return all
}

func (r *results) middle() int { return r.Settings.Workers[len(r.Settings.Workers)/2] }

// measured lists the systems that have cells.
func (r *results) measured() []string {
	var all []string
	for _, system := range systemNames() {
		for _, op := range operations() {
			if slices.ContainsFunc(r.cells[op.name], func(c cell) bool { return c.System == system && c.Errors == 0 }) {
				all = append(all, system)
				break
			}
		}
	}
	return all
}

// spread is over the repetitions of a cell that did not fail.
func (r *results) spread(op, system string, workers int, value func(cell) float64) spread {
	var all []float64
	for _, c := range r.cells[op] {
		if c.System == system && c.Workers == workers && c.Errors == 0 {
			all = append(all, value(c))
		}
	}
	return spreadOf(all)
}

func perSecond(c cell) float64 { return c.PerSecond }
func delivered(c cell) float64 { return c.Delivered }

// A row is what the table of rates shows: an operation, or the mails of one.
type row struct {
	op, title string
	value     func(cell) float64
}

func rows() []row {
	var all []row
	for _, op := range operations() {
		if op.once {
			continue
		}
		all = append(all, row{op.name, op.title, perSecond})
		if op.name == "link" {
			all = append(all, row{op.name, "magic-link mails delivered", delivered})
		}
	}
	return all
}

// rates is the table of requests a second.
func (r *results) rates(workers int) string {
	systems := r.measured()
	t := table{head: append(append([]string{"operation"}, systems...), "Postgres / yardstick", "best of ours / best peer")}
	for _, row := range rows() {
		line := []string{row.title}
		values := map[string]float64{}
		for _, system := range systems {
			s := r.spread(row.op, system, workers, row.value)
			values[system] = s.median
			line = append(line, s.cell()+r.footnote(row.op, system))
		}
		t.rows = append(t.rows, append(line, againstYardstick(values), againstPeers(row.op, values)))
	}
	return t.String()
}

func againstYardstick(values map[string]float64) string {
	ours, bare := values["authkit-postgres"], values["yardstick"]
	if ours == 0 || bare == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f %%", ours/bare*100)
}

// againstPeers compares the better one of our stores with the best peer that does the same work.
func againstPeers(op string, values map[string]float64) string {
	ours := max(values["authkit-postgres"], values["authkit-sqlite"])
	best, name := 0.0, ""
	for system, v := range values {
		if peer(system) && v > best && !slices.Contains(lesser[op], system) {
			best, name = v, system
		}
	}
	if ours == 0 || best == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f × %s", ours/best, name)
}

func peer(system string) bool {
	return !strings.HasPrefix(system, "authkit") && system != "yardstick"
}

// lesser lists who does less than the operation asks for, and counts for no ratio.
var lesser = map[string][]string{
	"refresh": {"better-auth-postgres", "better-auth-sqlite", "pocketbase"},
	"sign-up": {"pocketbase"},
}

// footnote marks what notes explains.
func (r *results) footnote(op, system string) string {
	switch {
	case !slices.ContainsFunc(r.cells[op], func(c cell) bool { return c.System == system && c.Errors == 0 }):
		return ""
	case op == "refresh" && slices.Contains(lesser[op], system):
		return " ¹"
	case op == "sign-up" && system == "pocketbase":
		return " ²"
	case (op == "link" || op == "redeem") && system == "pocketbase":
		return " ³"
	}
	return ""
}

const notes = `¹ writes nothing: a token is signed again, and none is replaced; in no ratio. ² begins no session; in
no ratio. ³ a code by mail in place of a link. – : the system has no such operation, or was not measured.
`

// starts is the table of first answers and idle memory.
func (r *results) starts() string {
	systems := r.measured()
	t := table{head: append([]string{""}, systems...)}
	first, idle := []string{"first answer, ms"}, []string{"idle memory, MB"}
	for _, system := range systems {
		first = append(first, r.spread("start", system, 1, func(c cell) float64 { return c.FirstMS }).cell())
		idle = append(idle, r.spread("start", system, 1, func(c cell) float64 { return c.IdleMB }).cell())
	}
	t.rows = [][]string{first, idle}
	return t.String()
}

// undelivered lists the cells some of whose mails did not come while the driver waited.
func (r *results) undelivered() string {
	var b strings.Builder
	for _, c := range r.cells["link"] {
		if c.Undelivered > 0 {
			fmt.Fprintf(&b, "- %s, %s, repetition %d: %d of %d\n", c.System, connections(c.Workers), c.Rep, c.Undelivered, c.Answers)
		}
	}
	return b.String()
}

// failed lists the cells with wrong answers.
func (r *results) failed() string {
	var b strings.Builder
	for _, op := range operations() {
		for _, c := range r.cells[op.name] {
			if c.Errors > 0 {
				fmt.Fprintf(&b, "- %s\n", strings.Join(strings.Fields(c.String()), " "))
			}
		}
	}
	return b.String()
}
