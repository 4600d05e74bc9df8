package fill_test

import (
	"html"
	"strings"
	"testing"

	"github.com/authkit-dev/authkit/internal/fill"
)

func TestPage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		markup string
		values fill.Values
		want   string // "" means an error
	}{
		"escapes text and attributes":            {`<p title="{{A}}">{{A}}</p>`, fill.Values{"A": `"><i>'&`}, `<p title="&#34;&gt;&lt;i&gt;&#39;&amp;">&#34;&gt;&lt;i&gt;&#39;&amp;</p>`},
		"inserts trusted markup unchanged":       {`<ul>{{A}}</ul>`, fill.Values{"A": fill.HTML("<li>")}, `<ul><li></ul>`},
		"does not look for places inside values": {`{{A}}{{B}}`, fill.Values{"A": "{{B}}", "B": "b"}, `{{B}}b`},
		"writes numbers":                         {`{{A}}`, fill.Values{"A": 15}, `15`},
		"takes a web address":                    {`<a href="{{URL}}">`, fill.Values{"URL": "https://a.example/?x=1&y=2"}, `<a href="https://a.example/?x=1&amp;y=2">`},
		"refuses another scheme":                 {`<a href="{{URL}}">`, fill.Values{"URL": "javascript:x"}, ""},
		"refuses a place without a value":        {`{{A}}`, fill.Values{}, ""},
		"refuses a value without a place":        {``, fill.Values{"A": ""}, ""},
		"refuses a place without an end":         {`{{A`, fill.Values{"A": ""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := fill.Page(c.markup, c.values)
			if string(got) != c.want || (err == nil) != (c.want != "") {
				t.Errorf("Page: got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func FuzzPage(f *testing.F) {
	f.Add(`"><script>`)
	f.Add("{{A}}")
	f.Fuzz(func(t *testing.T, v string) {
		got, err := fill.Page(`<p title="{{A}}">`, fill.Values{"A": v})
		if err != nil {
			t.Fatal(err)
		}
		inside := strings.TrimSuffix(strings.TrimPrefix(string(got), `<p title="`), `">`)
		if strings.ContainsAny(inside, `<>"'`) || (html.UnescapeString(inside) != v && !strings.Contains(v, "\x00")) {
			t.Errorf("Page(%q): got %q", v, got)
		}
	})
}
