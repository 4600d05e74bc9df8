package strictjson_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/authkit-dev/authkit/internal/strictjson"
)

type sample struct {
	Text   string   `json:"text"`
	Number int64    `json:"number"`
	Maybe  *int64   `json:"maybe"`
	List   []string `json:"list"`
	Flag   bool     `json:"flag"`
}

func (s *sample) fields() []strictjson.Field {
	return []strictjson.Field{{"text", &s.Text}, {"number", &s.Number}, {"maybe", &s.Maybe}, {"list", &s.List}, {"flag", &s.Flag}}
}

func TestPlainReadsThePlainForm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]sample{
		`{}`: {},
		`{"text":"é/ü","number":-12,"maybe":0,"list":["a","b"],"flag":true}`: {"é/ü", -12, new(int64), []string{"a", "b"}, true},
		`{"number":999999999999999999,"list":[],"flag":false}`:               {Number: 999999999999999999, List: []string{}},
	} {
		var got sample
		if !strictjson.Plain(text, got.fields()) || !reflect.DeepEqual(got, want) {
			t.Errorf("Plain(%s): got %+v, want %+v", text, got, want)
		}
	}
}

func TestPlainLeavesEveryOtherFormToADecoder(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":                    ``,
		"an end alone":               `}`,
		"a list that has no start":   `{"list":]}`,
		"another value":              `[]`,
		"white space":                `{ "text":"a"}`,
		"white space at the end":     `{"text":"a"} `,
		"an escape":                  `{"text":"\u0061"}`,
		"a control character":        "{\"text\":\"a\nb\"}",
		"text that is not UTF-8":     "{\"text\":\"\xff\"}",
		"null":                       `{"text":null}`,
		"a fraction":                 `{"number":1.5}`,
		"an exponent":                `{"number":1e3}`,
		"a leading zero":             `{"number":01}`,
		"a negative zero":            `{"number":-0}`,
		"a sign alone":               `{"number":-}`,
		"a number of 19 digits":      `{"number":1000000000000000000}`,
		"a text for a number":        `{"number":"1"}`,
		"a number for a text":        `{"text":1}`,
		"a number for a flag":        `{"flag":1}`,
		"a flag that goes on":        `{"flag":truest}`,
		"a list of numbers":          `{"list":[1]}`,
		"a list that does not end":   `{"list":["a"`,
		"a list with a comma at end": `{"list":["a",]}`,
		"a member twice":             `{"text":"a","text":"b"}`,
		"members out of order":       `{"number":1,"text":"a"}`,
		"an unknown member":          `{"text":"a","other":1}`,
		"a member in another case":   `{"Text":"a"}`,
		"an object that has no end":  `{"text":"a"`,
		"a comma at the end":         `{"text":"a",}`,
		"a comma at the start":       `{,"text":"a"}`,
		"more after the object":      `{"text":"a"}{}`,
		"more after an empty object": `{}{}`,
	} {
		var got sample
		if strictjson.Plain(text, got.fields()) {
			t.Errorf("%s: got %+v, want it left to a decoder", name, got)
		}
	}
}

// FuzzPlain checks that what Plain reads is what Unmarshal reads.
func FuzzPlain(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"text":"a","number":1,"maybe":2,"list":["a"],"flag":true}`, `{"maybe":-9,"list":[]}`, `{"text":"a","text":"b"}`,
		`{"number":1.0}`, `{"number":-0}`, `{"text":"\n"}`, `{"TEXT":"a"}`, `{"list":["a",["b"]]}`, `{"flag":false}x`, `}`, `{"list":]}`, "{\"text\":\"\u2028\x7f\"}",
	} {
		f.Add(seed)
	}
	names := strictjson.FieldsOf[sample]()
	f.Fuzz(func(t *testing.T, text string) {
		var got, want sample
		if !strictjson.Plain(text, got.fields()) {
			return
		}
		rest, err := strictjson.Unmarshal([]byte(text), &want, names)
		if err != nil || len(rest) > 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("Plain(%q): got %+v, and Unmarshal %+v, %q and %v", text, got, want, rest, err)
		}
	})
}

func BenchmarkPlain(b *testing.B) {
	const text = `{"text":"0190a000-0000-7000-8000-000000000001","number":1700000000,"maybe":1700000900,"list":["pwd"],"flag":true}`
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var s sample
			if !strictjson.Plain(text, s.fields()) {
				b.Fatal("got it left to a decoder")
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var s sample
			if err := json.Unmarshal([]byte(text), &s); err != nil {
				b.Fatal(err)
			}
		}
	})
}
