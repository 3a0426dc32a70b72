package credential_test

import (
	"context"
	"errors"
	"path/filepath"
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

func TestMissingCredentialsListWhatWasTried(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	w.env["TENCENTCLOUD_ASSUME_ROLE_ARNN"] = "a misspelt name"
	for name, role := range map[string]*credential.AssumeRole{
		"alone":       nil,
		"with a role": {RoleARN: roleARN, SessionName: "tf"},
	} {
		o := w.options()
		o.AssumeRole = role
		source := w.source(o)
		_, err := source.Credentials(context.Background())
		none, ok := errors.AsType[*credential.MissingError](err)
		if !ok {
			t.Fatalf("%s: %v, want a MissingError", name, err)
		}
		if !errors.As(source.Err(), &none) {
			t.Errorf("%s: Err is %v", name, source.Err())
		}
		rest := none.Error()
		for _, word := range []string{
			"secret_id and secret_key are not set, nor are TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY",
			"profile 'default' in ~/.tccli does not exist (" + filepath.Join(w.home, ".tccli", "default.credential") + ")",
			"assume_role_with_web_identity is not set", "assume_role_with_saml is not set",
			"cam_role_name is not set", "enable_pod_oidc is not true", "TENCENTCLOUD_ASSUME_ROLE_ARNN",
		} {
			_, after, found := strings.Cut(rest, word)
			if !found {
				t.Errorf("%s: %q is not in %q, or out of order", name, word, none)
			}
			rest = after
		}
		if w.sim.Count("", "") != 0 {
			t.Errorf("%s: requests were sent", name)
		}
	}
}
