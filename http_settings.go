package authkit

import (
	"errors"
	"net/http"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/authkit-dev/authkit/internal/httpio"
)

// appPatchBody stands for [appPatchType] in the route table.
type appPatchBody struct{}

// appPatchType is the type of the body of an app's PATCH: its name, one field for each row of
// the table of settings, then what goes with passkey_rp_id.
var appPatchType = func() reflect.Type {
	fields := []reflect.StructField{{Name: "Name", Type: reflect.TypeFor[*string](), Tag: `json:"name"`}}
	for i, row := range appSettings {
		tag := reflect.StructTag(`json:"` + row.name + `"`)
		if row.kind.null {
			tag += ` null:"ok"`
		}
		fields = append(fields, reflect.StructField{Name: "Setting" + strconv.Itoa(i), Type: row.kind.body, Tag: tag})
	}
	return reflect.StructOf(append(fields, reflect.StructField{Name: "StrandPasskeys", Type: reflect.TypeFor[bool](), Tag: `json:"strand_passkeys"`}))
}()

// readAppPatch reads the body of an app's PATCH. bad are the errors that an AppPatch cannot hold.
func readAppPatch(r *http.Request) (p AppPatch, bad []FieldError, err error) {
	body := reflect.New(appPatchType)
	if err := httpio.Decode(r, body.Interface()); err != nil {
		return p, nil, renamedSetting(err)
	}
	p.Name, _ = reflect.TypeAssert[*string](body.Elem().Field(0))
	for i, row := range appSettings {
		bad = append(bad, row.read(body.Elem().Field(i+1).Interface(), &p)...)
	}
	p.StrandPasskeys, _ = reflect.TypeAssert[bool](body.Elem().Field(len(appSettings) + 1))
	return p, bad, nil
}

// renamedSetting gives the refusal of a setting that earlier versions had the name of the one that
// took its place. It returns other errors as they are.
func renamedSetting(err error) error {
	const former = "require_verified_email"
	if body, ok := errors.AsType[*httpio.BodyError](err); ok && len(body.Fields) == 1 && body.Fields[0].Field == former {
		return invalid(former, "unknown", former+` is no setting any more: send verify_email, which is "ask", "required" or "off"`)
	}
	return err
}

// settingsJSON are the settings of an app that are in effect, with the defaults.
type settingsJSON struct {
	settings Settings
	defaults appDefaults
}

// MarshalJSONTo implements json.MarshalerTo.
func (j *settingsJSON) MarshalJSONTo(enc *jsontext.Encoder) error {
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for _, row := range appSettings {
		if err := enc.WriteToken(jsontext.String(row.name)); err != nil {
			return err
		}
		if err := json.MarshalEncode(enc, row.show(j.settings, j.defaults)); err != nil {
			return err
		}
	}
	return enc.WriteToken(jsontext.EndObject)
}

func (c *call) toAppWithSettingsJSON(a App) appJSON {
	out := toAppJSON(a)
	out.LogoURL = c.e.cfg.brandOf(a).Logo
	out.Settings = &settingsJSON{a.Settings, appDefaults{c.e.cfg.Tokens, c.e.limits.all}}
	return out
}
