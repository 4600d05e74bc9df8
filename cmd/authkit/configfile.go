package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// configFile names a TOML file. Its keys are flags of serve, without the dashes before the name. A
// flag on the command line wins over its variable, and both win over the file.
type configFile string

// BeforeResolve reads the file for the flags of the command that runs.
func (configFile) BeforeResolve(ctx *kong.Context, trace *kong.Path) error {
	file, _ := ctx.FlagValue(trace.Flag).(configFile)
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(string(file))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--config: %w; name a TOML file, such as one with the line addr = \"127.0.0.1:8080\"", err)
	}
	if err != nil {
		return fmt.Errorf("--config: %w", err)
	}
	flags, err := readConfig(string(file), text, serveFlags(ctx.Model))
	if err != nil {
		return err
	}
	ctx.AddResolver(flags)
	return nil
}

// serveFlags returns the names of the flags that a file may hold, sorted.
func serveFlags(app *kong.Application) []string {
	var names []string
	for _, command := range app.Children {
		if command.Name != "serve" {
			continue
		}
		for _, flag := range command.Flags {
			if flag.Name != "config" && flag.Name != "help" {
				names = append(names, flag.Name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// configFlags are the flags of a file, as their text would be on the command line.
type configFlags map[string]string

// Validate implements [kong.Resolver].
func (configFlags) Validate(*kong.Application) error { return nil }

// Resolve implements [kong.Resolver].
func (f configFlags) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return nil, nil
		}
	}
	if text, ok := f[flag.Name]; ok {
		return text, nil
	}
	return nil, nil
}

// readConfig reads a file. It reports every key at fault, each with its line. No error shows a
// value, which may be a password.
func readConfig(file string, text []byte, known []string) (configFlags, error) {
	var values map[string]any
	if err := toml.Unmarshal(text, &values); err != nil {
		if at, ok := errors.AsType[*toml.DecodeError](err); ok {
			line, _ := at.Position()
			return nil, fmt.Errorf("--config: %s:%d: %s", file, line, strings.TrimPrefix(at.Error(), "toml: "))
		}
		return nil, fmt.Errorf("--config: %s: %w", file, err)
	}
	lines, flags, bad := keyLines(text), configFlags{}, []error(nil)
	for _, key := range slices.SortedFunc(maps.Keys(values), func(a, b string) int { return lines[a] - lines[b] }) {
		given, ok := flagText(values[key])
		switch {
		case !slices.Contains(known, key):
			bad = append(bad, fmt.Errorf("--config: %s:%d: serve has no flag %q%s", file, lines[key], key, suggestion(key, known)))
		case !ok:
			bad = append(bad, fmt.Errorf("--config: %s:%d: %s takes a text in quotes, a number, true, false, or a list of texts or numbers", file, lines[key], key))
		case given != nil:
			flags[key] = *given
		}
	}
	return flags, errors.Join(bad...)
}

// keyLines returns the line of each key at the top of a valid document: a strict decoder reports
// every key that its target lacks.
func keyLines(text []byte) map[string]int {
	lines := map[string]int{}
	strict, _ := errors.AsType[*toml.StrictMissingError](toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&struct{}{}))
	if strict == nil {
		return lines
	}
	for _, missing := range strict.Errors {
		key := missing.Key()
		if _, seen := lines[key[0]]; !seen {
			lines[key[0]], _ = missing.Position()
		}
	}
	return lines
}

// flagText returns a value as the command line would have it; nil: an empty list, which sets
// nothing.
func flagText(value any) (*string, bool) {
	switch v := value.(type) {
	case string:
		return &v, true
	case bool:
		return new(strconv.FormatBool(v)), true
	case int64:
		return new(strconv.FormatInt(v, 10)), true
	case []any:
		texts := make([]string, len(v))
		for i, entry := range v {
			if _, nested := entry.([]any); nested {
				return nil, false
			}
			text, ok := flagText(entry)
			if !ok {
				return nil, false
			}
			texts[i] = strings.ReplaceAll(*text, ",", `\,`)
		}
		if len(texts) == 0 {
			return nil, true
		}
		return new(strings.Join(texts, ",")), true
	}
	return nil, false
}

// suggestion asks about the known name that the given one is nearest to, if there is one.
func suggestion(name string, known []string) string {
	if near := httpio.Nearest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}
