package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// writeReport writes the rows as a table, with the machine they were measured on.
func writeReport(ctx context.Context, path string, rows []*row) error {
	var b bytes.Buffer
	b.WriteString("# What breaks, and what authkit promised\n\n")
	fmt.Fprintf(&b, "`make faults`, %s, %s.\n\n", time.Now().UTC().Format(time.DateOnly), machine(ctx))
	b.WriteString("| case | what breaks | promise | measured | |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		measured := strings.Join(append(r.measured, r.broken...), "<br>")
		if r.more > 0 {
			measured += fmt.Sprintf("<br>and %d more", r.more)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", r.fault.name, cell(r.fault.what), cell(r.fault.promise), cell(measured), r.verdict())
	}
	return os.WriteFile(path, b.Bytes(), 0o644) //nolint:gosec // a report is for all to read
}

// cell escapes what would end a cell.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
}

// machine describes where the cases ran.
func machine(ctx context.Context) string {
	words := []string{fmt.Sprintf("%d cores", runtime.NumCPU()), runtime.GOOS + "/" + runtime.GOARCH, runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "modernc.org/sqlite" || d.Path == "github.com/jackc/pgx/v5" {
				words = append(words, d.Path+" "+d.Version)
			}
		}
	}
	if bin, err := postgresBin(); err == nil {
		if out, err := exec.CommandContext(ctx, bin+"/postgres", "--version").Output(); err == nil { //nolint:gosec // the program is Postgres
			words = append(words, strings.TrimSpace(string(out)))
		}
	}
	return strings.Join(words, ", ")
}
