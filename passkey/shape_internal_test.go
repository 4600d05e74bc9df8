package passkey

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// replace returns an edit that fails where there is nothing to replace.
func replace(old, by string) func(string) string {
	return func(s string) string {
		if !strings.Contains(s, old) {
			panic(fmt.Sprintf("%q is not in %q", old, s))
		}
		return strings.Replace(s, old, by, 1)
	}
}

// inResponse returns an edit of a member of the response.
func inResponse(name string, edit func(any) any) func(map[string]any) {
	return func(c map[string]any) {
		response := c["response"].(map[string]any)
		if response[name] = edit(response[name]); response[name] == nil {
			delete(response, name)
		}
	}
}

func as(v any) func(any) any { return func(any) any { return v } }

func plus(s string) func(any) any { return func(v any) any { return v.(string) + s } }

// These hold for both ceremonies.
func TestACredentialOfAnyOtherShapeIsRefused(t *testing.T) {
	t.Parallel()
	id := encode(newMaker().id)
	for name, c := range map[string]struct {
		make func(*maker)
		says string
	}{
		"no JSON":                      {func(m *maker) { m.raw = replace("{", "[") }, "not JSON"},
		"an array":                     {func(m *maker) { m.raw = func(s string) string { return "[" + s + "]" } }, "not an object"},
		"null":                         {func(m *maker) { m.raw = func(string) string { return "null" } }, "not an object"},
		"nothing":                      {func(m *maker) { m.raw = func(string) string { return "" } }, "not JSON"},
		"a second value after it":      {func(m *maker) { m.raw = func(s string) string { return s + "{}" } }, "not JSON"},
		"text that is not Unicode":     {func(m *maker) { m.raw = replace(`"platform"`, "\"\xff\"") }, "not Unicode"},
		"more than 64 KiB":             {func(m *maker) { m.raw = func(s string) string { return s + strings.Repeat(" ", 64<<10) } }, "more than 65536"},
		"a name twice":                 {func(m *maker) { m.raw = replace(`"type":`, `"type":"public-key","type":`) }, "occurs twice"},
		"an unknown name twice":        {func(m *maker) { m.raw = replace(`"clientExtensionResults":{`, `"clientExtensionResults":{"a":1,"a":2`) }, "occurs twice"},
		"a name twice in the response": {func(m *maker) { m.raw = replace(`"response":{`, `"response":{"clientDataJSON":"",`) }, "occurs twice"},
		"a name in another case":       {func(m *maker) { m.raw = replace(`"rawId"`, `"rawid":"","rawId"`) }, `"rawid" is not "rawId"`},
		"another type":                 {func(m *maker) { m.edit = func(c map[string]any) { c["type"] = "password" } }, `type "password"`},
		"no type":                      {func(m *maker) { m.edit = func(c map[string]any) { delete(c, "type") } }, `type ""`},
		"no id":                        {func(m *maker) { m.edit = func(c map[string]any) { delete(c, "id") } }, "differ"},
		"an id that is not rawId":      {func(m *maker) { m.edit = func(c map[string]any) { c["id"] = encode(bytes.Repeat([]byte{8}, 32)) } }, "differ"},
		"no rawId":                     {func(m *maker) { m.edit = func(c map[string]any) { delete(c, "rawId"); c["id"] = "" } }, "0 bytes"},
		"padding":                      {func(m *maker) { m.edit = func(c map[string]any) { c["id"], c["rawId"] = id+"=", id+"=" } }, "rawId: illegal base64"},
		"a line break in base64url":    {func(m *maker) { m.edit = func(c map[string]any) { c["id"], c["rawId"] = id+"\n", id+"\n" } }, "line break"},
		"unused bits in base64url":     {func(m *maker) { m.edit = func(c map[string]any) { c["id"], c["rawId"] = id[:42]+"l", id[:42]+"l" } }, "rawId: illegal base64"},
		"base64 of the other alphabet": {func(m *maker) {
			m.id = bytes.Repeat([]byte{0xff}, 32)
			m.edit = func(c map[string]any) {
				c["id"] = base64.RawStdEncoding.EncodeToString(m.id)
				c["rawId"] = c["id"]
			}
		}, "rawId: illegal base64"},
		"a credential id of 15 bytes":    {func(m *maker) { m.id = make([]byte, 15) }, "15 bytes"},
		"a credential id of 1,024 bytes": {func(m *maker) { m.id = make([]byte, 1024) }, "1024 bytes"},
		"no response":                    {func(m *maker) { m.edit = func(c map[string]any) { delete(c, "response") } }, "response"},
		"a response of null":             {func(m *maker) { m.edit = func(c map[string]any) { c["response"] = nil } }, "response: not an object"},
		"a number in place of text":      {func(m *maker) { m.edit = inResponse("clientDataJSON", as(1)) }, "response"},
		"no client data":                 {func(m *maker) { m.edit = inResponse("clientDataJSON", as(nil)) }, "client data"},
		"client data that is no JSON":    {func(m *maker) { m.clientJSON = func(s string) string { return s + "," } }, "client data: not JSON"},
		"client data after a BOM":        {func(m *maker) { m.clientJSON = func(s string) string { return "\ufeff" + s } }, "client data: not JSON"},
		"two challenges":                 {func(m *maker) { m.clientJSON = replace(`"challenge"`, `"challenge":"AA","challenge"`) }, "occurs twice"},
		"two origins in two cases":       {func(m *maker) { m.clientJSON = replace(`"origin"`, `"Origin":"https://evil.test","origin"`) }, `"Origin" is not`},
		"no challenge":                   {func(m *maker) { m.client = map[string]any{"challenge": nil} }, "challenge"},
		"a challenge with padding":       {func(m *maker) { m.client = map[string]any{"challenge": encode(makerCeremony().Challenge) + "="} }, "challenge"},
		"no origin":                      {func(m *maker) { m.client = map[string]any{"origin": nil} }, `origin ""`},
		"the type of a payment":          {func(m *maker) { m.client = map[string]any{"type": "payment.get"} }, "payment.get"},
		"a frame":                        {func(m *maker) { m.client = map[string]any{"crossOrigin": true} }, "frame"},
		"a frame that is no boolean":     {func(m *maker) { m.client = map[string]any{"crossOrigin": "true"} }, "client data"},
		"a frame of a listed page":       {func(m *maker) { m.client = map[string]any{"crossOrigin": true, "topOrigin": "https://example.com"} }, "frame"},
		"an unlisted top origin":         {func(m *maker) { m.client = map[string]any{"topOrigin": "https://evil.test"} }, "top origin"},
		"an empty top origin":            {func(m *maker) { m.client = map[string]any{"topOrigin": ""} }, "top origin"},
		"backup without being eligible":  {func(m *maker) { m.flags = bs }, "not eligible"},
		"a byte after the data":          {func(m *maker) { m.trailing = []byte{0} }, "authenticator data"},
		"extensions without their flag":  {func(m *maker) { m.extensions = cborOf(map[string]any{"credProtect": 3}) }, "authenticator data"},
		"the flag without extensions":    {func(m *maker) { m.flags = ed }, "authenticator data"},
		"extensions of null":             {func(m *maker) { m.flags, m.extensions = ed, []byte{0xf6} }, "extensions that are no map"},
		"extensions with numbers":        {func(m *maker) { m.flags, m.extensions = ed, cborOf(map[int]any{1: 2}) }, "authenticator data"},
		"an extension twice":             {func(m *maker) { m.flags, m.extensions = ed, []byte{0xa2, 0x61, 'a', 1, 0x61, 'a', 2} }, "authenticator data"},
		"a byte after the extensions": {func(m *maker) {
			m.flags, m.extensions, m.trailing = ed, cborOf(map[string]any{"credProtect": 3}), []byte{0}
		}, "authenticator data"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMaker()
			c.make(&m)
			_, err := New().Register(makerRegistration(), m.registration())
			refused(t, err, c.says)
			_, err = New().Verify(makerCeremony(), m.record(), m.assertion())
			refused(t, err, c.says)
		})
	}
}

func TestWhatBrowsersAddIsAccepted(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*maker){
		"nothing":                         func(*maker) {},
		"a credential id of 16 bytes":     func(m *maker) { m.id = make([]byte, 16) },
		"a credential id of 1,023 bytes":  func(m *maker) { m.id = make([]byte, 1023) },
		"unknown members":                 func(m *maker) { m.edit = func(c map[string]any) { c["new"] = map[string]any{"type": 1} } },
		"an unknown member of a response": func(m *maker) { m.edit = inResponse("new", as([]int{1})) },
		"null for what is not known":      func(m *maker) { m.edit = func(c map[string]any) { c["authenticatorAttachment"] = nil } },
		"no extension results":            func(m *maker) { m.edit = func(c map[string]any) { delete(c, "clientExtensionResults") } },
		"extension results": func(m *maker) {
			m.edit = func(c map[string]any) {
				c["clientExtensionResults"] = map[string]any{"credProps": map[string]any{"rk": true}, "appid": 1}
			}
		},
		"unknown client data":             func(m *maker) { m.client = map[string]any{"other_keys_can_be_added_here": "do not compare"} },
		"token binding of an old browser": func(m *maker) { m.client = map[string]any{"tokenBinding": map[string]any{"status": "supported"}} },
		"no crossOrigin, as in Level 1":   func(m *maker) { m.client = map[string]any{"crossOrigin": nil} },
		"a listed top origin":             func(m *maker) { m.client = map[string]any{"topOrigin": "https://example.com"} },
		"extension outputs":               func(m *maker) { m.flags, m.extensions = ed, cborOf(map[string]any{"credProtect": 3, "new": []int{1}}) },
		"flags of the future":             func(m *maker) { m.flags = 2 | 32 },
		"a passkey that is backed up":     func(m *maker) { m.flags = be | bs },
		"a passkey that can be":           func(m *maker) { m.flags = be },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMaker()
			change(&m)
			record, err := New().Register(makerRegistration(), m.registration())
			if err != nil || record.BackupEligible != (m.flags&be != 0) || record.BackedUp != (m.flags&bs != 0) {
				t.Errorf("registration: got %+v, %v, want one with the flags %08b", record, err, m.flags)
			}
			use, err := New().Verify(makerCeremony(), record, m.assertion())
			if err != nil || use.Counter != 5 || use.BackedUp != (m.flags&bs != 0) {
				t.Errorf("sign-in: got %+v, %v, want one with the counter 5 and the flags %08b", use, err, m.flags)
			}
		})
	}
}

func TestASignInOfAnyOtherShapeIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		make func(*maker)
		says string
	}{
		"a credential in the authenticator data": {func(m *maker) { m.flags = at }, "with a credential in it"},
		"no authenticator data":                  {func(m *maker) { m.edit = inResponse("authenticatorData", as("")) }, "authenticator data"},
		"36 bytes of authenticator data":         {func(m *maker) { m.edit = inResponse("authenticatorData", as(encode(make([]byte, 36)))) }, "authenticator data"},
		"no signature":                           {func(m *maker) { m.edit = inResponse("signature", as(nil)) }, "signature"},
		"a signature with bytes after it":        {func(m *maker) { m.edit = inResponse("signature", plus("AAAA")) }, "signature"},
		"a signature of zeros":                   {func(m *maker) { m.edit = inResponse("signature", as(encode([]byte{0x30, 6, 2, 1, 0, 2, 1, 0}))) }, "signature"},
		"a user handle of null":                  {func(m *maker) { m.edit = inResponse("userHandle", as(nil)) }, "no user handle"},
		"a user handle with bytes after it":      {func(m *maker) { m.edit = inResponse("userHandle", plus("AAAA")) }, "another user's handle"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMaker()
			c.make(&m)
			_, err := New().Verify(makerCeremony(), m.record(), m.assertion())
			refused(t, err, c.says)
		})
	}
}

func TestAnAttestationOfAnyOtherShapeIsRefused(t *testing.T) {
	t.Parallel()
	m, key := newMaker(), makerCOSE()
	data := m.data(at)
	x, y := key[-2].([]byte), key[-3].([]byte)
	unsorted := slices.Concat([]byte{0xa5, 3, 0x26, 1, 2, 0x20, 1, 0x21, 0x58, 32}, x, []byte{0x22, 0x58, 32}, y)
	wide := slices.Concat([]byte{0xa5, 0x18, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32}, x, []byte{0x22, 0x58, 32}, y)
	wideLength := slices.Concat([]byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x59, 0, 32}, x, []byte{0x22, 0x58, 32}, y)
	for name, c := range map[string]struct {
		make func(*maker)
		says string
	}{
		"a byte after the object": {func(m *maker) { m.wrap = func(o []byte) []byte { return append(o, 0) } }, "extraneous data"},
		"a tag before the object": {func(m *maker) { m.wrap = func(o []byte) []byte { return append([]byte{0xc1}, o...) } }, "tag"},
		"an object of no length":  {func(m *maker) { m.wrap = func(o []byte) []byte { return append(append([]byte{0xbf}, o[1:]...), 0xff) } }, "indefinite"},
		"nothing":                 {func(m *maker) { m.wrap = func([]byte) []byte { return nil } }, "EOF"},
		"null":                    {func(m *maker) { m.wrap = func([]byte) []byte { return []byte{0xf6} } }, "want fmt"},
		"another member": {func(m *maker) {
			m.object = map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data, "ep": true}
		}, "want fmt"},
		"a member in capitals": {func(m *maker) {
			m.object = map[string]any{"FMT": "none", "attStmt": map[string]any{}, "authData": data}
		}, "want fmt"},
		"a member twice": {func(m *maker) {
			m.wrap = func(o []byte) []byte { return append(append([]byte{0xa4}, o[1:]...), cborPair("fmt", "none")...) }
		}, "duplicate"},
		"no statement":                 {func(m *maker) { m.object = map[string]any{"fmt": "none", "authData": data} }, "want fmt"},
		"a statement of null":          {func(m *maker) { m.statement = nil }, "no map"},
		"a statement that is an array": {func(m *maker) { m.statement = []any{} }, "no map"},
		"a format that is a number":    {func(m *maker) { m.format = 1 }, "want fmt"},
		"data that is text": {func(m *maker) {
			m.object = map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": "text"}
		}, "want fmt"},
		"data that is an array of bytes": {func(m *maker) {
			m.object = map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": []int{1, 2}}
		}, "want fmt"},
		"none with a statement":           {func(m *maker) { m.statement = map[string]any{"sig": data} }, "none with attestation present"},
		"packed without a statement":      {func(m *maker) { m.format = "packed" }, "alg"},
		"packed with another algorithm":   {func(m *maker) { m.format, m.statement = "packed", map[string]any{"alg": -257, "sig": data} }, "algorithm"},
		"packed with a signature of none": {func(m *maker) { m.format, m.statement = "packed", map[string]any{"alg": -7, "sig": data} }, "signature"},
		"no credential in the data": {func(m *maker) {
			m.object = map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": m.data(0)}
		}, "without a credential"},
		"the credential of another id": {func(m *maker) {
			m.edit = func(c map[string]any) {
				c["id"] = encode(make([]byte, 32))
				c["rawId"] = c["id"]
			}
		}, "attested credential id"},
		"a key whose members are unsorted": {func(m *maker) { m.key = unsorted }, "canonical"},
		"a key with a wide label":          {func(m *maker) { m.key = wide }, "canonical"},
		"a key with a wide length":         {func(m *maker) { m.key = wideLength }, "canonical"},
		"a key with a member twice":        {func(m *maker) { m.key = append(append([]byte{0xa6}, m.key[1:]...), 3, 0x26) }, "authenticator data"},
		"a key that is cut off":            {func(m *maker) { m.key = m.key[:40] }, "authenticator data"},
		"a key that is an array":           {func(m *maker) { m.key = cborOf([]int{1, 2}) }, "public key"},
		"a byte after the key":             {func(m *maker) { m.trailing = []byte{0} }, "Leftover"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMaker()
			c.make(&m)
			_, err := New().Register(makerRegistration(), m.registration())
			refused(t, err, c.says)
		})
	}
}

func cborPair(name, value string) []byte { return append(cborOf(name), cborOf(value)...) }

// No attestation is asked for, so that these come from clients that did not drop them.
func TestAStatementOfAnotherFormatIsDropped(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*maker){
		"packed with certificates": func(m *maker) {
			m.format, m.statement = "packed", map[string]any{"alg": -7, "sig": []byte{1}, "x5c": []any{[]byte{1}}}
		},
		"tpm":                    func(m *maker) { m.format, m.statement = "tpm", map[string]any{"ver": "2.0"} },
		"fido-u2f":               func(m *maker) { m.format = "fido-u2f" },
		"a format of the future": func(m *maker) { m.format, m.statement = "new", map[string]any{"a": 1} },
		"compound": func(m *maker) {
			m.format, m.statement = "compound", []any{map[string]any{"fmt": "none", "attStmt": map[string]any{}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMaker()
			change(&m)
			if _, err := New().Register(makerRegistration(), m.registration()); err != nil {
				t.Errorf("got %v, want a registration", err)
			}
		})
	}
}

func TestTransportsAreHints(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sent, want []string }{
		"none":              {nil, nil},
		"sorted":            {[]string{"usb", "nfc", "ble"}, []string{"ble", "nfc", "usb"}},
		"once each":         {[]string{"usb", "usb"}, []string{"usb"}},
		"unknown ones":      {[]string{"smart-card", "new-one2"}, []string{"new-one2", "smart-card"}},
		"odd ones left out": {[]string{"", "USB", "a b", "a\nb", strings.Repeat("a", 33), "usb"}, []string{"usb"}},
		"at most eight":     {strings.Split("a,b,c,d,e,f,g,h,i", ","), strings.Split("a,b,c,d,e,f,g,h", ",")},
	} {
		m := newMaker()
		m.edit = inResponse("transports", as(c.sent))
		record, err := New().Register(makerRegistration(), m.registration())
		if err != nil || !slices.Equal(record.Transports, c.want) {
			t.Errorf("%s: got %q, %v, want %q", name, record.Transports, err, c.want)
		}
	}
}
