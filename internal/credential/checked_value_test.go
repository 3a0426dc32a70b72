package credential_test

import (
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Mistakes of copying credentials are reported for every source, without repeating
// the values.
func TestInvalidCredentialsAreReportedWithoutTheirValues(t *testing.T) {
	t.Parallel()
	const id, key = "AKIDabcdefgh", "hushhush"
	tests := map[string]struct {
		id, key, token string
		attribute      string
		words          string
	}{
		"swapped":         {key, id, "", "secret_id", "Swap the two values"},
		"double quotes":   {`"` + id + `"`, key, "", "secret_id", "is enclosed in quotes"},
		"single quotes":   {id, `'` + key + `'`, "", "secret_key", "is enclosed in quotes"},
		"one quote":       {id, key, `“hush`, "security_token", "is enclosed in quotes"},
		"two values":      {id, key + "\n" + key, "", "secret_key", "contains white space"},
		"a tab":           {id, key + "\t" + key, "", "secret_key", "contains white space"},
		"a CR":            {id, key + "\r" + key, "", "secret_key", "contains white space"},
		"control":         {id, key + "\x1f" + key, "", "secret_key", "U+001F"},
		"delete":          {id, key + "\x7f", "", "secret_key", "U+007F"},
		"invisible space": {id, key + "\u200b", "", "secret_key", "U+200B"},
	}
	for name, test := range tests {
		for _, place := range []string{"attributes", "environment", "profile"} {
			w := newWorld(t, teosim.Options{})
			o := w.options()
			attribute := test.attribute
			switch place {
			case "attributes":
				o.SecretID, o.SecretKey, o.SecurityToken = test.id, test.key, test.token
			case "environment":
				w.env["TENCENTCLOUD_SECRET_ID"], w.env["TENCENTCLOUD_SECRET_KEY"], w.env["TENCENTCLOUD_SECURITY_TOKEN"] = test.id, test.key, test.token
			case "profile":
				attribute = "profile"
				encoded := strings.NewReplacer(`"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`, "\x1f", `\u001f`)
				w.write(".tccli/default.credential", `{"secretId":"`+encoded.Replace(test.id)+`","secretKey":"`+encoded.Replace(test.key)+`","token":"`+encoded.Replace(test.token)+`"}`)
			}
			source, problems := credential.New(o)
			if source != nil {
				t.Errorf("%s, %s: there is a source", name, place)
			}
			one(t, problems, attribute, test.words)
			if strings.Contains(problems[0].Detail, "hush") || strings.Contains(problems[0].Detail, id) {
				t.Errorf("%s, %s: the detail repeats a secret: %s", name, place, problems[0].Detail)
			}
		}
	}
}

// White space around credentials is ignored, and a warning says so.
func TestWhiteSpaceAroundCredentialsIsIgnoredWithAWarning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	w.env["TENCENTCLOUD_SECRET_KEY"] = secretKey + "\r\n"
	o := w.options()
	o.SecretID = " " + secretID
	w.credentials(o)
	warnings := w.source(o).Warnings()
	if len(warnings) != 2 || warnings[0].Attribute != "secret_id" || !strings.Contains(warnings[0].Detail, "The value of secret_id has leading or trailing white space") ||
		warnings[1].Attribute != "secret_key" || !strings.Contains(warnings[1].Detail, "The value of TENCENTCLOUD_SECRET_KEY has leading or trailing white space") {
		t.Errorf("warnings %+v", warnings)
	}
}

// Credentials may contain every visible character of ASCII.
func TestVisibleCharactersAreValidInCredentials(t *testing.T) {
	t.Parallel()
	var all []byte
	for c := byte('!'); c <= '~'; c++ {
		all = append(all, c)
	}
	w := newWorld(t, teosim.Options{})
	o := w.options()
	o.SecretID, o.SecretKey, o.SecurityToken = "AKIDabcdefgh", "hushhush", string(all)
	credentials, err := w.source(o).Credentials(t.Context())
	if err != nil || credentials.Token != string(all) {
		t.Errorf("the token is %q, %v", credentials.Token, err)
	}
	o.SecurityToken = ""
	o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{WebIdentityToken: string(all), RoleARN: roleARN}
	o.SecretID, o.SecretKey = "", ""
	if _, problems := credential.New(o); len(problems) > 0 {
		t.Errorf("problems %+v", problems)
	}
}
