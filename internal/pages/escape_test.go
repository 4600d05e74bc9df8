package pages

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// places calls visit with every string in a value, and with its path. It goes through pointers and
// lists, and leaves out the texts of the language, which are no one's to write.
func places(v reflect.Value, path string, visit func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.String:
		visit(path, v)
	case reflect.Pointer:
		if v.Type() != reflect.TypeFor[Page]().Field(0).Type && !v.IsNil() {
			places(v.Elem(), path, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			places(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			places(v.Field(i), path+"."+v.Type().Field(i).Name, visit)
		}
	default: // numbers and flags
	}
}

var (
	styles    = regexp.MustCompile(`(?s)<style[^>]*>(:root.*)</style>`)
	addresses = regexp.MustCompile(`(?:href|src|action|content)="(?:0;url=)?\s*(?i:javascript|data):`)
)

// A developer chooses names, colours and addresses; strangers choose addresses and names of people.
// Whatever the place, it is text to the browser, or the page is refused.
func TestHostileTextsAreEscapedInEveryPlace(t *testing.T) {
	t.Parallel()
	set, plain := newSet(t), rendered(t, newSet(t), sample())
	hostile := []string{
		`"></style></script><script>alert(1)</script><img src=x onerror=alert(1)><!-- `, `" onfocus="alert(1)" x="`, `' onfocus='alert(1)' x='`,
		`javascript:alert(1)`, `data:text/html,x`, `red;}body{background:url(https://evil.example)}`,
	}
	seen, v := 0, sample()
	places(reflect.ValueOf(&v).Elem(), "View", func(path string, place reflect.Value) {
		seen++
		defer place.SetString(place.String())
		for _, text := range hostile {
			place.SetString(text)
			var out bytes.Buffer
			if err := set.Render(&out, v); err != nil {
				continue // refused
			}
			page := out.String()
			for _, what := range []string{"<script", "</style", "</script", "<img", "<!--"} {
				if got, want := strings.Count(page, what), strings.Count(plain, what); got != want {
					t.Errorf("%s = %s: got %q %d times, want %d times", path, text, what, got, want)
				}
			}
			if style := styles.FindStringSubmatch(page); style == nil || strings.Contains(style[1], "evil") {
				t.Errorf("%s = %s: got it in the style sheet", path, text)
			}
			if m := addresses.FindString(page); m != "" {
				t.Errorf("%s = %s: got the address %s", path, text, m)
			}
			if !strings.Contains(text, "onfocus") {
				continue
			}
			for _, tag := range tags.FindAllString(page, -1) {
				if strings.Contains(unquoted(tag), "onfocus") {
					t.Errorf("%s = %s: got %s, want no handler", path, text, tag)
				}
			}
		}
	})
	if seen < 60 {
		t.Errorf("got %d places, want all of a View", seen)
	}
}

// quoted matches the value of an attribute.
var quoted = regexp.MustCompile(`"[^"]*"|'[^']*'`)

func unquoted(tag string) string { return quoted.ReplaceAllString(tag, `""`) }

// This test fails for a member of a View that the sample does not have, since New then does not
// render it.
func TestTheSampleHasEverything(t *testing.T) {
	t.Parallel()
	has := map[string]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			if v.Type().PkgPath() != reflect.TypeFor[View]().PkgPath() {
				return
			}
			for i := range v.NumField() {
				name := v.Type().Name() + "." + v.Type().Field(i).Name
				has[name] = has[name] || !v.Field(i).IsZero()
				walk(v.Field(i))
			}
		default:
		}
	}
	walk(reflect.ValueOf(sample()))
	for name, there := range has {
		if !there {
			t.Errorf("%s: got no value of it in the sample, want one", name)
		}
	}
}
