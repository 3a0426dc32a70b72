package credential_test

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Each attribute takes precedence over its variable, as in the official provider. An
// existing profile is not used.
func TestAnAttributeTakesPrecedenceOverItsVariable(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		attributes [3]string
		env        map[string]string
		want       tcapi.Credentials
	}{
		"attributes": {
			[3]string{" id ", "key\n", ""},
			map[string]string{"TENCENTCLOUD_SECRET_ID": "x", "TENCENTCLOUD_SECRET_KEY": "y"},
			tcapi.Credentials{SecretID: "id", SecretKey: "key", Source: "the provider configuration"},
		},
		"attributes with a token": {
			[3]string{"id", "key", "token"},
			map[string]string{"TENCENTCLOUD_SECURITY_TOKEN": "x"},
			tcapi.Credentials{SecretID: "id", SecretKey: "key", Token: "token", Source: "the provider configuration"},
		},
		"attributes with the token of the environment": {
			[3]string{"id", "key", ""},
			map[string]string{"TENCENTCLOUD_SECURITY_TOKEN": "token"},
			tcapi.Credentials{SecretID: "id", SecretKey: "key", Token: "token", Source: "the provider configuration with the token of the environment (TENCENTCLOUD_SECURITY_TOKEN)"},
		},
		"environment": {
			[3]string{},
			map[string]string{"TENCENTCLOUD_SECRET_ID": " id\t", "TENCENTCLOUD_SECRET_KEY": " key ", "TENCENTCLOUD_SECURITY_TOKEN": " token "},
			tcapi.Credentials{SecretID: "id", SecretKey: "key", Token: "token", Source: "the environment (TENCENTCLOUD_SECRET_ID)"},
		},
		"environment with tccli's token": {
			[3]string{},
			map[string]string{"TENCENTCLOUD_SECRET_ID": "id", "TENCENTCLOUD_SECRET_KEY": "key", "TENCENTCLOUD_TOKEN": "token"},
			tcapi.Credentials{SecretID: "id", SecretKey: "key", Token: "token", Source: "the environment (TENCENTCLOUD_SECRET_ID)"},
		},
		"attributes with tccli's token": {
			[3]string{"id", "key", ""},
			map[string]string{"TENCENTCLOUD_TOKEN": "stale"},
			tcapi.Credentials{SecretID: "id", SecretKey: "key", Source: "the provider configuration"},
		},
		"an attribute, a variable, and tccli's token": {
			[3]string{"", "key", ""},
			map[string]string{"TENCENTCLOUD_SECRET_ID": "id", "TENCENTCLOUD_TOKEN": "stale"},
			tcapi.Credentials{SecretID: "id", SecretKey: "key", Source: "the provider configuration and the environment (TENCENTCLOUD_SECRET_ID)"},
		},
		"both tokens": {
			[3]string{},
			map[string]string{
				"TENCENTCLOUD_SECRET_ID": "id", "TENCENTCLOUD_SECRET_KEY": "key",
				"TENCENTCLOUD_TOKEN": "tccli's", "TENCENTCLOUD_SECURITY_TOKEN": "token",
			},
			tcapi.Credentials{SecretID: "id", SecretKey: "key", Token: "token", Source: "the environment (TENCENTCLOUD_SECRET_ID)"},
		},
		"mixed": {
			[3]string{"id", "", ""},
			map[string]string{"TENCENTCLOUD_SECRET_KEY": "key"},
			tcapi.Credentials{SecretID: "id", SecretKey: "key", Source: "the provider configuration and the environment (TENCENTCLOUD_SECRET_KEY)"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{})
			w.env = test.env
			w.write(".tccli/default.credential", `{"secretId":"other","secretKey":"other"}`)
			o := w.options()
			o.SecretID, o.SecretKey, o.SecurityToken = test.attributes[0], test.attributes[1], test.attributes[2]
			source := w.source(o)
			credentials, err := source.Credentials(t.Context())
			if err != nil || credentials != test.want {
				t.Errorf("credentials %+v, %v; want %+v", credentials, err, test.want)
			}
			if source.String() != test.want.Source || source.Err() != nil {
				t.Errorf("it is called %q, %v", source, source.Err())
			}
			if err := source.Refresh(t.Context(), credentials); !errors.Is(err, tcapi.ErrNotRefreshable) {
				t.Errorf("Refresh: %v, want ErrNotRefreshable", err)
			}
			if w.sim.Count("", "") != 0 {
				t.Errorf("requests were sent")
			}
		})
	}
}

func TestIncompleteCredentialsAreAnError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		id, key, token string
		env            map[string]string
		attribute      string
		word           string
	}{
		"ID alone":          {id: "hush", attribute: "secret_key", word: "TENCENTCLOUD_SECRET_KEY"},
		"key alone":         {key: "hush", attribute: "secret_id", word: "TENCENTCLOUD_SECRET_ID"},
		"token alone":       {token: "hush", attribute: "security_token", word: "neither is set"},
		"ID of environment": {env: map[string]string{"TENCENTCLOUD_SECRET_ID": "hush"}, attribute: "secret_key", word: "no secret key"},
		"token of environment": {
			env: map[string]string{"TENCENTCLOUD_SECURITY_TOKEN": "hush"}, attribute: "security_token", word: "neither is set",
		},
		"blank key": {id: "hush", key: " \n", attribute: "secret_key", word: "no secret key"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{})
			w.env = test.env
			w.write(".tccli/default.credential", `{"secretId":"other","secretKey":"other"}`)
			o := w.options()
			o.SecretID, o.SecretKey, o.SecurityToken = test.id, test.key, test.token
			source, problems := credential.New(o)
			if source != nil {
				t.Error("there is a source all the same")
			}
			one(t, problems, test.attribute, "Incomplete credentials", test.word)
			if strings.Contains(problems[0].Detail, "hush") {
				t.Errorf("the detail repeats a key: %s", problems[0].Detail)
			}
		})
	}
}

// tccli's token alone is ignored, and the profile is used.
func TestATokenOfTccliAloneIsIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	w.env["TENCENTCLOUD_TOKEN"] = "stray"
	w.write(".tccli/default.credential", `{"secretId":"`+secretID+`","secretKey":"`+secretKey+`"}`)
	if credentials := w.credentials(w.options()); credentials.Source != "profile 'default' in ~/.tccli" {
		t.Errorf("credentials from %s", credentials.Source)
	}
}

// The list is in the order of the kinds. A role or an MFA session on top of nothing is
// not an error of its own, and those of the environment are not tried.
func TestMissingCredentialsListWhatWasTried(t *testing.T) {
	t.Parallel()
	role := map[string]string{"TENCENTCLOUD_ASSUME_ROLE_ARN": roleARN, "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME": "tf"}
	mfa := map[string]string{"TENCENTCLOUD_MFA_CERTIFICATION_SERIAL_NUMBER": "device", "TENCENTCLOUD_MFA_CERTIFICATION_TOKEN_CODE": "123456"}
	misspelt := map[string]string{"TENCENTCLOUD_ASSUME_ROLE_ARNN": "x", "TENCENTCLOUD_MFA_CODE": "x", "TENCENTCLOUD_ASSUME_ROLE_IDENTITY": "x"}
	for name, test := range map[string]struct {
		set     func(*credential.Options)
		env     map[string]string
		unknown []string
		source  string
		usesSTS bool
	}{
		"alone":                   {source: "no source"},
		"role":                    {set: func(o *credential.Options) { o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN} }, source: "assumed role " + roleARN + " (with credentials from no source)", usesSTS: true},
		"role of the environment": {env: role, source: "no source"},
		"MFA of the environment":  {env: mfa, source: "no source"},
		"misspelt names": {
			env: misspelt, source: "no source",
			unknown: []string{"TENCENTCLOUD_ASSUME_ROLE_ARNN", "TENCENTCLOUD_ASSUME_ROLE_IDENTITY", "TENCENTCLOUD_MFA_CODE"},
		},
	} {
		w := newWorld(t, teosim.Options{})
		o := w.options()
		if test.set != nil {
			test.set(&o)
		}
		if test.env != nil {
			w.env = test.env
		}
		source := w.source(o)
		want := &credential.MissingError{UnknownVariables: test.unknown, Tried: []credential.Tried{
			{Kind: credential.KindStatic, Source: "secret_id and secret_key", Reason: "are not set, nor are TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY"},
			{Kind: credential.KindProfile, Source: "profile 'default' in ~/.tccli", Reason: "does not exist (" + filepath.Join(w.home, ".tccli", "default.credential") + ")"},
			{Kind: credential.KindWebIdentity, Source: "assume_role_with_web_identity", Reason: "is not set, nor is TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN or TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE"},
			{Kind: credential.KindSAML, Source: "assume_role_with_saml", Reason: "is not set, nor is TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION"},
			{Kind: credential.KindCVMRole, Source: "cam_role_name", Reason: "is not set, nor is TENCENTCLOUD_CAM_ROLE_NAME"},
			{Kind: credential.KindPodOIDC, Source: "enable_pod_oidc", Reason: "is not true"},
		}}
		_, err := source.Credentials(t.Context())
		for _, err := range []error{err, source.Err()} {
			if !reflect.DeepEqual(err, error(want)) {
				t.Errorf("%s: %T %v, want %v", name, err, err, want)
			}
		}
		if source.String() != test.source || source.UsesSTS() != test.usesSTS || len(source.Warnings()) > 0 {
			t.Errorf("%s: the source is %q, STS is used: %t, warnings %v", name, source, source.UsesSTS(), source.Warnings())
		}
		if w.sim.Count("", "") != 0 {
			t.Errorf("%s: requests were sent", name)
		}
	}
}

func TestMissingCredentialsAreToldInOneLine(t *testing.T) {
	t.Parallel()
	for want, unknown := range map[string][]string{
		"no credentials: a is not set; b does not exist":                                                         nil,
		"no credentials: a is not set; b does not exist. These environment variables are set, but unknown: X":    {"X"},
		"no credentials: a is not set; b does not exist. These environment variables are set, but unknown: X, Y": {"X", "Y"},
	} {
		err := &credential.MissingError{Tried: []credential.Tried{{Source: "a", Reason: "is not set"}, {Source: "b", Reason: "does not exist"}}, UnknownVariables: unknown}
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
