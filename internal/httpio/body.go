package httpio

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads a JSON object into v, a pointer to a struct. Strings must not hold control
// characters, unless the field is tagged `raw:"ok"`. Values must not be null, unless the field
// is tagged `null:"ok"`, or `null:"deep"`, which allows them at any depth. Every refusal is a *[BodyError]: 415 is checked first, then 413, then
// 400, which names every member that is wrong, 32 at most.
func Decode(r *http.Request, v any) error {
	if err := wantType(r, "application/json"); err != nil {
		return err
	}
	b, err := read(r)
	if err != nil {
		return err
	}
	if len(b) == 0 {
		b = []byte("{}") // every member may be missing
	}
	return DecodeBytes(b, v)
}

// DecodeForm reads a form body. Each key may occur once. The value of a key in raw, such as a
// password, may hold control characters.
func DecodeForm(r *http.Request, raw ...string) (url.Values, error) {
	if err := wantType(r, "application/x-www-form-urlencoded"); err != nil {
		return nil, err
	}
	b, err := read(r)
	if err != nil {
		return nil, err
	}
	return parseForm(string(b), raw)
}

// Query parses form-encoded parameters. Each key may occur once. Keys and values must be UTF-8
// without control characters.
func Query(raw string) (url.Values, error) { return parseForm(raw, nil) }

func parseForm(text string, raw []string) (url.Values, error) {
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, bad("the parameters are not form-encoded")
	}
	for key, list := range values {
		switch {
		case len(list) > 1:
			return nil, badField(key, "duplicate", "stands more than once")
		case !utf8.ValidString(key) || !utf8.ValidString(list[0]):
			return nil, badField(key, "invalid_utf8", "is not UTF-8")
		case hasControl(key) || (hasControl(list[0]) && !slices.Contains(raw, key)):
			return nil, badField(key, "control_character", "holds a control character")
		}
	}
	return values, nil
}

// Body returns a body that is no JSON, with its media type, which is one of those wanted. The
// refusals are those of [Decode].
func Body(r *http.Request, types ...string) (mediaType string, body []byte, err error) {
	mediaType = MediaType(r)
	if !slices.Contains(types, mediaType) {
		mediaType = strings.Join(types, ", or ")
	}
	if err := wantType(r, mediaType); err != nil {
		return "", nil, err
	}
	body, err = read(r)
	return mediaType, body, err
}

// NoBody refuses a request that has a body.
func NoBody(r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	var one [1]byte
	if n, err := io.ReadFull(r.Body, one[:]); n > 0 || (err != nil && !errors.Is(err, io.EOF)) {
		return bad("this request takes no body")
	}
	return nil
}

// MediaType returns the media type of the body in lower case, or "" if there is none.
func MediaType(r *http.Request) string {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}

func wantType(r *http.Request, want string) error {
	if coding := strings.Join(r.Header.Values("Content-Encoding"), ","); coding != "" && !strings.EqualFold(coding, "identity") {
		return &BodyError{Status: http.StatusUnsupportedMediaType, Detail: "the Content-Encoding is not identity: send the body as it is"}
	}
	refusal := &BodyError{Status: http.StatusUnsupportedMediaType, Detail: "the Content-Type is not " + want + "; it is required even for an empty body"}
	if len(r.Header.Values("Content-Type")) != 1 {
		return refusal
	}
	got, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || got != want {
		return refusal
	}
	for name, value := range params {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return refusal
		}
	}
	return nil
}

// Buffer reads the body, and replaces it by one that [Decode] and its like take without reading.
// It leaves alone a body whose Content-Length is over the limit. It reports no error: decoding
// the body does.
func Buffer(r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength > BodyLimit {
		return
	}
	b, err := readAll(r.Body, r.ContentLength)
	r.Body = &buffered{ReadCloser: r.Body, read: b, err: err}
}

// Buffered returns what [Buffer] has read of the body; the caller must not change it. It is nil for
// a body that was not buffered.
func Buffered(r *http.Request) []byte {
	if h, ok := r.Body.(*buffered); ok {
		return h.read
	}
	return nil
}

// buffered is a body that was read before, up to one byte beyond the limit.
type buffered struct {
	io.ReadCloser

	read []byte
	err  error
}

func readSome(body io.Reader) ([]byte, error) {
	if h, ok := body.(*buffered); ok {
		return h.read, h.err
	}
	if body == nil {
		return nil, nil
	}
	return readAll(body, -1)
}

// readAll reads a body until it is longer than the limit. Its length is -1 if it is not known. The
// memory grows with what has arrived, whatever length a client announces.
func readAll(body io.Reader, length int64) ([]byte, error) {
	const first, most = 512, 2048
	if length < 0 {
		length = first
	}
	b := make([]byte, 0, min(length, most)+1) // one byte more, to see the end
	for {
		n, err := body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case errors.Is(err, io.EOF) || err == nil && len(b) > BodyLimit:
			return b, nil
		case err != nil:
			return b, err
		case len(b) == cap(b):
			b = slices.Grow(b, len(b))
		}
	}
}

func read(r *http.Request) ([]byte, error) {
	tooLarge := &BodyError{Status: http.StatusRequestEntityTooLarge, Detail: "the body is larger than 64 KiB"}
	if r.ContentLength > BodyLimit {
		return nil, tooLarge
	}
	b, err := readSome(r.Body)
	if err != nil {
		return nil, bad("the body ended early")
	}
	if len(b) > BodyLimit {
		return nil, tooLarge
	}
	return b, nil
}

// DecodeBytes is Decode for a body that was read already.
func DecodeBytes(b []byte, v any) error {
	raw := jsontext.Value(b)
	if kind := raw.Kind(); kind != '{' {
		return bad("the body is not a JSON object")
	}
	err := json.Unmarshal(b, v, json.RejectUnknownMembers(true))
	if err == nil && harmless(b) {
		return nil
	}
	if err == nil && inspect(raw, reflect.TypeOf(v).Elem(), "") == nil {
		return nil
	}
	return judge(raw, v, err)
}

// harmless reports whether valid JSON certainly holds neither a null nor a control character: it
// has no escape, no DEL, no byte that C1 characters begin with in UTF-8, and no "null", not even
// in a text. Other control characters are not valid JSON. Most bodies are harmless, and take no
// second reading.
func harmless(b []byte) bool {
	return bytes.IndexByte(b, '\\') < 0 && bytes.IndexByte(b, 0x7f) < 0 && bytes.IndexByte(b, 0xc2) < 0 && !bytes.Contains(b, []byte("null"))
}

// hasControl reports whether s holds a C0, DEL or C1 character.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || (r >= 0x7f && r < 0xa0) })
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// dotted writes a JSON pointer as people write members: limits.mail, origins[0]. A path that is
// longer than an answer shows is cut between members: a body may nest ten thousand of them.
func dotted(p jsontext.Pointer) string {
	path := ""
	for tok := range p.Tokens() {
		if len(path) > maxShown {
			break
		}
		if path != "" && tok != "" && strings.Trim(tok, "0123456789") == "" {
			path += "[" + tok + "]"
			continue
		}
		path = join(path, tok)
	}
	return path
}

// maxShown is how many bytes of a member's name an answer may hold.
const maxShown = 64

// shown returns the part of a member's name that an answer may hold: at most 64 bytes, and
// nothing if the name has control characters or is not UTF-8.
func shown(field string) string {
	if !utf8.ValidString(field) || hasControl(field) {
		return ""
	}
	return strings.ToValidUTF8(field[:min(len(field), maxShown)], "")
}

func bad(detail string) *BodyError {
	return &BodyError{Status: http.StatusBadRequest, Detail: detail}
}

// notValid begins the detail of a refusal that names members.
const notValid = "the request is not valid: "

func badField(field, code, detail string) *BodyError {
	field = shown(field)
	return &BodyError{
		Status: http.StatusBadRequest, Detail: notValid + strings.TrimSpace(field+" "+detail),
		Fields: []FieldError{{Field: field, Code: code, Detail: detail}},
	}
}

// Lines returns a body of lines with the media type that is wanted, whose reader fails with a
// *[http.MaxBytesError] beyond most bytes. The refusals are those of [Decode].
func Lines(r *http.Request, mediaType string, most int64) (io.Reader, error) {
	if err := wantType(r, mediaType); err != nil {
		return nil, err
	}
	if r.ContentLength > most {
		return nil, &BodyError{Status: http.StatusRequestEntityTooLarge, Detail: "the body is larger than " + strconv.FormatInt(most>>20, 10) + " MiB"}
	}
	body := r.Body
	if h, ok := body.(*buffered); ok { // what was read before comes first
		if h.err != nil {
			return nil, bad("the body ended early")
		}
		body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(h.read), h.ReadCloser), h.ReadCloser}
	}
	return http.MaxBytesReader(nil, body, most), nil
}
