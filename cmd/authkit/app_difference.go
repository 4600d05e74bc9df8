package main

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// difference is one member that import changes. From and To are JSON; nil: the member has its
// default, or does not exist. Those of a secret are never shown.
type difference struct {
	Path string         `json:"path"`
	From jsontext.Value `json:"from"`
	To   jsontext.Value `json:"to"`
}

// concealed stands in differences for a secret.
const concealed = `"(secret)"`

// printDifferences writes one line a difference.
func printDifferences(w io.Writer, all []difference) error {
	for _, d := range all {
		if _, err := fmt.Fprintf(w, "%s: %s -> %s\n", d.Path, shown(d.From), shown(d.To)); err != nil {
			return err
		}
	}
	return nil
}

func shown(v jsontext.Value) string {
	if v == nil {
		return "(not set)"
	}
	return string(v)
}

// members lists the members in which two structs of the same type differ, in the order of their
// fields, which are pointers, or whose zero value is the default. path is the prefix of each.
func members[T any](path string, was, is T) ([]difference, error) {
	var out []difference
	from, to := reflect.ValueOf(was), reflect.ValueOf(is)
	for i := range from.NumField() {
		if reflect.DeepEqual(from.Field(i).Interface(), to.Field(i).Interface()) {
			continue
		}
		d := difference{Path: path + jsonName(from.Type().Field(i))}
		if from.Type().Field(i).Name == "Provider" { // the provider is new, or goes
			d.Path = strings.TrimSuffix(path, ".")
		}
		var err error
		if d.From, err = valueOf(from.Field(i)); err != nil {
			return nil, err
		}
		if d.To, err = valueOf(to.Field(i)); err != nil {
			return nil, err
		}
		if from.Type().Field(i).Name == "ClientSecret" {
			d.hide()
		}
		out = append(out, d)
	}
	return out, nil
}

func (d *difference) hide() {
	for _, v := range []*jsontext.Value{&d.From, &d.To} {
		if *v != nil {
			*v = jsontext.Value(concealed)
		}
	}
}

func jsonName(f reflect.StructField) string {
	name := f.Tag.Get("json")
	for i := range len(name) {
		if name[i] == ',' {
			return name[:i]
		}
	}
	return name
}

func valueOf(v reflect.Value) (jsontext.Value, error) {
	if v.IsZero() {
		return nil, nil
	}
	return json.Marshal(v.Interface(), json.Deterministic(true))
}

// providerDifferences lists what differs between two sets of providers, by name.
func providerDifferences(was, is []providerSection) ([]difference, error) {
	var out []difference
	for _, name := range providerNames(was, is) {
		path := "providers." + name + "."
		from, _ := providerNamed(was, name)
		to, _ := providerNamed(is, name)
		found, err := members(path, from, to)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// providerNames lists the names that occur in either set, sorted.
func providerNames(was, is []providerSection) []string {
	var names []string
	for _, p := range slices.Concat(was, is) {
		names = append(names, p.Provider)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func providerNamed(all []providerSection, name string) (providerSection, bool) {
	i := slices.IndexFunc(all, func(p providerSection) bool { return p.Provider == name })
	if i < 0 {
		return providerSection{}, false
	}
	return all[i], true
}
