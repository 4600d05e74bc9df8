package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "..")
	for wrap, file := range map[string]string{"audited": "store_audited_gen.go", "guarded": "store_guarded_gen.go", "metered": "store_metered_gen.go", "faulty": "storetest/faulty_gen.go"} {
		want, err := generate(root, wrap)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what wrapstore writes: run go generate . ./storetest", file)
		}
	}
}

// store is a package with a Store of the given verbs.
func store(t *testing.T, verbs, types string) string {
	t.Helper()
	dir := t.TempDir()
	text := "package authkit\nimport (\"context\"; \"time\")\ntype Riders struct{}\ntype Store interface { Role; Contract() int }\ntype Role interface {\n" + verbs + "\n}\n" + types
	if err := os.WriteFile(filepath.Join(dir, "store.go"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAuditedHasTheVerbsThatCarryRiders(t *testing.T) {
	t.Parallel()
	dir := store(t, `
		Look(ctx context.Context, at time.Time) (Row, error)
		Put(ctx context.Context, riders Riders) error
		Change(ctx context.Context, c Change) (Row, Row, error)
		Deep(ctx context.Context, d Deep) error
		Store(ctx context.Context, r Row) error`, `
		type Row struct{ Next *Row }
		type Change struct { Name string; Riders Riders }
		type Deep struct { Change }`)
	got, err := generate(dir, "audited")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"return a.step(ctx, riders, func() error { return a.Store.Put(ctx, riders) })",
		"func (a audited) Change(ctx context.Context, c Change) (r0 Row, r1 Row, err error) {",
		"a.step(ctx, c.Riders, func() (err error) { r0, r1, err = a.Store.Change(ctx, c); return err })",
		"return a.step(ctx, d.Change.Riders, func() error { return a.Store.Deep(ctx, d) })",
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("got no %q in\n%s", want, got)
		}
	}
	if strings.Contains(string(got), "Look") || strings.Contains(string(got), ") Store(") {
		t.Errorf("got a method for a verb without a Riders:\n%s", got)
	}
}

func TestGuardedGuardsWhatTakesAnAppVersionAndConfirmsBeforeAllElse(t *testing.T) {
	t.Parallel()
	dir := store(t, `
		Look(ctx context.Context, app int, by Key) (Row, error)
		Try(ctx context.Context, app int, by Deep) error
		Put(ctx context.Context, p Put) error
		Change(ctx context.Context, c Change) (Row, error)`, `
		type Row struct{}
		type Key struct { Name string; AppVersion int64 }
		type Deep struct { Key }
		type Put struct { App int; AppVersion int64 }
		type Change struct { App int; Take *Key }`)
	got, err := generate(dir, "guarded")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"if err = g.guard(ctx, app, &by.AppVersion); err != nil {",
		"if err := g.guard(ctx, app, &by.Key.AppVersion); err != nil {",
		"if err := g.guard(ctx, p.App, &p.AppVersion); err != nil {",
		"if err = g.confirm(ctx); err != nil {\n\t\treturn r0, err\n\t}\n\treturn g.Store.Change(ctx, c)",
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("got no %q in\n%s", want, got)
		}
	}
}

func TestFaultyHasTheVerbsThatReturnAnError(t *testing.T) {
	t.Parallel()
	dir := store(t, "Look(ctx context.Context, by map[string]*Row) ([]Row, error)\nPut(ctx context.Context, riders Riders) error", "type Row struct{}")
	got, err := generate(dir, "faulty")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"func (f *Faulty) Look(ctx context.Context, by map[string]*authkit.Row) (r0 []authkit.Row, err error) {",
		"return r0, err",
		"return f.s.Put(ctx, riders)",
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("got no %q in\n%s", want, got)
		}
	}
	if strings.Contains(string(got), "Contract") {
		t.Errorf("got a method for a verb that cannot fail:\n%s", got)
	}
}

func TestMeteredCountsEveryVerb(t *testing.T) {
	t.Parallel()
	dir := store(t, "Look(ctx context.Context, by string) (Row, error)\nPut(ctx context.Context, riders Riders) error", "type Row struct{}")
	got, err := generate(dir, "metered")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"func (on metered) Look(ctx context.Context, by string) (r0 Row, err error) {\n\tbegun := time.Now()\n\tr0, err = on.Store.Look(ctx, by)\n\ton.meter.called(\"Look\", begun, err)\n\treturn r0, err",
		"err = on.Store.Put(ctx, riders)",
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("got no %q in\n%s", want, got)
		}
	}
}

func TestAnAlsoThatAWrapperCannotReachIsAnError(t *testing.T) {
	t.Parallel()
	for name, verbs := range map[string]string{
		"in a list":           "Put(ctx context.Context, list []Change) error",
		"behind a pointer":    "Put(ctx context.Context, c *Change) error",
		"in a map":            "Put(ctx context.Context, m map[string]Change) error",
		"twice":               "Put(ctx context.Context, c Change, riders Riders) error",
		"of a verb, no error": "Put(ctx context.Context, riders Riders)",
	} {
		if _, err := generate(store(t, verbs, "type Change struct { Riders Riders }"), "audited"); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
}
