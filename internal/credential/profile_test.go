package credential_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const pair = `"secretId":"` + secretID + `","secretKey":"` + secretKey + `"`

func TestAProfileHasCredentialsOrARole(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		file   string // of the credential file below home
		text   string
		set    func(*world, *credential.Options)
		source string
		region string
	}{
		"default":   {".tccli/default.credential", `{` + pair + `}`, nil, "profile 'default' in ~/.tccli", "ap-seoul"},
		"attribute": {".tccli/prod.credential", `{` + pair + `,"type":"default"}`, func(_ *world, o *credential.Options) { o.Profile = "prod" }, "profile 'prod' in ~/.tccli", "ap-seoul"},
		"official variable": {".tccli/prod.credential", `{` + pair + `}`, func(w *world, _ *credential.Options) {
			w.env["TENCENTCLOUD_PROFILE"], w.env["TCCLI_PROFILE"] = "prod", "other"
		}, "profile 'prod' in ~/.tccli", "ap-seoul"},
		"tccli's variable": {".tccli/prod.credential", `{` + pair + `}`, func(w *world, _ *credential.Options) {
			w.env["TCCLI_PROFILE"] = "prod"
		}, "profile 'prod' in ~/.tccli", "ap-seoul"},
		"folder": {"keys/default.credential", `{` + pair + `}`, func(_ *world, o *credential.Options) {
			o.SharedCredentialsDir = "~/keys"
		}, "profile 'default' in ~/keys", "ap-seoul"},
		"folder in the environment": {"keys/default.credential", "\xef\xbb\xbf{" + pair + `}`, func(w *world, _ *credential.Options) {
			w.env["TENCENTCLOUD_SHARED_CREDENTIALS_DIR"] = "~/keys"
		}, "profile 'default' in ~/keys", "ap-seoul"},
		"folder is the home folder": {"default.credential", `{` + pair + `}`, func(_ *world, o *credential.Options) {
			o.SharedCredentialsDir = "~"
		}, "profile 'default' in ~", "ap-seoul"},
		"white space": {
			".tccli/default.credential", `{"secretId":" ` + secretID + `\n","secretKey":"\t` + secretKey + ` "}`, nil, "profile 'default' in ~/.tccli", "ap-seoul",
		},
		"region of the configuration": {".tccli/default.credential", `{` + pair + `,"token":null}`, func(_ *world, o *credential.Options) {
			o.Region = "eu-frankfurt"
		}, "profile 'default' in ~/.tccli", "eu-frankfurt"},
		"an old end beside permanent credentials": {".tccli/default.credential", `{` + pair + `,"expiresAt":1}`, nil, "profile 'default' in ~/.tccli", "ap-seoul"},
		"no end":          {".tccli/default.credential", `{` + pair + `,"token":"","expiresAt":0}`, nil, "profile 'default' in ~/.tccli", "ap-seoul"},
		"CVM role of old": {".tccli/default.credential", `{` + pair + `,"type":"cvm-role"}`, nil, "profile 'default' in ~/.tccli", "ap-seoul"},
		"role": {
			".tccli/default.credential", `{` + pair + `,"role-arn":"` + roleARN + `","role-session-name":"me"}`, nil,
			"assumed role " + roleARN + " (with credentials from profile 'default' in ~/.tccli)", "ap-seoul",
		},
		"role without a session name": {
			".tccli/default.credential", `{` + pair + `,"role-arn":"` + roleARN + `"}`, nil,
			"assumed role " + roleARN + " (with credentials from profile 'default' in ~/.tccli)", "ap-seoul",
		},
		"CVM role": {".tccli/default.credential", `{"type":"cvm-role"}`, nil, "the role of this CVM (as profile 'default' in ~/.tccli says)", "ap-seoul"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{})
			path := w.write(test.file, test.text)
			w.write(strings.TrimPrefix(strings.TrimSuffix(path, ".credential"), w.home)+".configure", `{"_sys_param":{"output":"json","region":" ap-seoul "}}`)
			o := w.options()
			if test.set != nil {
				test.set(w, &o)
			}
			if credentials := w.credentials(o); credentials.Source != test.source {
				t.Errorf("credentials from %q, want %q", credentials.Source, test.source)
			}
			if source := w.source(o); source.Region() != test.region || source.String() != test.source {
				t.Errorf("region %q of %q, want %q", source.Region(), source, test.region)
			}
		})
	}
}

// The region is sent to STS, or a default one.
func TestTheRegionOfAProfileIsSentToSTS(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{"": "ap-guangzhou", "ap-seoul": "ap-seoul"} {
		w := newWorld(t, teosim.Options{})
		w.env["TENCENTCLOUD_REGION"] = region
		o := w.options()
		o.SecretID, o.SecretKey = secretID, secretKey
		o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: "tf"}
		w.credentials(o)
		if got := w.sim.Requests()[0].Header.Get("X-TC-Region"); got != want {
			t.Errorf("with region %q: X-TC-Region %q, want %q", region, got, want)
		}
	}
}

func TestAnInvalidProfileIsAnError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text      string
		set       func(*credential.Options)
		attribute string
		words     []string
	}{
		"empty":                 {" \n", nil, "profile", []string{"Unable to read the profile", "default.credential", "it is empty"}},
		"broken":                {`{"secretId": `, nil, "profile", []string{"not a JSON object"}},
		"array":                 {`[]`, nil, "profile", []string{"not a JSON object"}},
		"number":                {`{"secretId":1,"secretKey":"x"}`, nil, "profile", []string{"its secretId is not a string"}},
		"half a pair":           {`{"secretId":"hush"}`, nil, "profile", []string{"it contains no secretKey"}},
		"other half":            {`{"secretKey":"hush"}`, nil, "profile", []string{"it contains no secretId"}},
		"no credentials":        {`{}`, nil, "profile", []string{"neither secretId nor secretKey"}},
		"half a CVM role":       {`{"secretId":"hush","type":"cvm-role"}`, nil, "profile", []string{"it contains no secretKey"}},
		"end":                   {`{` + pair + `,"token":"t","expiresAt":"soon"}`, nil, "profile", []string{"expiresAt is not a time"}},
		"end in the year 10000": {`{` + pair + `,"token":"t","expiresAt":253402300800}`, nil, "profile", []string{"expiresAt is not a time"}},
		"earliest end":          {`{` + pair + `,"token":"t","expiresAt":1}`, nil, "profile", []string{"expired at 1970-01-01T00:00:01Z"}},
		"role with a bad name": {
			`{` + pair + `,"role-arn":"` + roleARN + `","role-session-name":"a b"}`, nil, "profile", []string{"role-session-name", "2 to 128"},
		},
		"expired login": {`{` + pair + `,"token":"t","type":"oauth","expiresAt":1650000000}`, nil, "profile", []string{
			"have expired", "expired at 2022-04-15T05:20:00Z", "Run `tccli auth login`",
		}},
		"expired login of a profile": {`{` + pair + `}`, func(o *credential.Options) { o.Profile = "other" }, "profile", []string{
			"Run `tccli auth login --profile other`",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{})
			w.write(".tccli/default.credential", test.text)
			w.write(".tccli/other.credential", `{`+pair+`,"token":"hush","type":"oauth","expiresAt":1650000000.5}`)
			o := w.options()
			if test.set != nil {
				test.set(&o)
			}
			source, problems := credential.New(o)
			if source != nil {
				t.Error("there is a source all the same")
			}
			one(t, problems, test.attribute, test.words...)
			if strings.Contains(problems[0].Detail, "hush") || strings.Contains(problems[0].Detail, secretKey) {
				t.Errorf("the detail repeats a key: %s", problems[0].Detail)
			}
			if w.sim.Count("", "") != 0 {
				t.Error("a request was sent")
			}
		})
	}
}

// The problem of a profile that cannot be read names the file without repetition, and
// that of an unknown profile names the others.
func TestAProfileThatCannotBeReadIsAProblem(t *testing.T) {
	t.Parallel()
	prod := func(o *credential.Options) { o.Profile = "prod" }
	folder := func(o *credential.Options) { o.SharedCredentialsDir = "~/keys" }
	tests := map[string]struct {
		files     []string
		set       func(*credential.Options)
		attribute string
		detail    string
	}{
		"a folder": {
			[]string{".tccli/prod.credential/x"},
			prod,
			"profile", "The file HOME/.tccli/prod.credential cannot be used: is a directory.",
		},
		"another profile": {
			[]string{".tccli/default.credential", ".tccli/default.configure", ".tccli/.credential"},
			prod,
			"profile", "There is no profile 'prod' in HOME/.tccli. Set profile to one of: 'default'.",
		},
		"other profiles": {
			[]string{".tccli/b.credential", ".tccli/a-b.credential", ".tccli/a.credential"},
			prod,
			"profile", "There is no profile 'prod' in HOME/.tccli. Set profile to one of: 'a', 'a-b', 'b'.",
		},
		"no profile": {
			[]string{"keys/note"},
			folder,
			"profile", "There is no profile 'default' in HOME/keys, nor any other profile. Run `tccli configure` or `tccli auth login`.",
		},
		"no folder of tccli": {
			nil, prod,
			"profile", "There is no profile 'prod': the folder HOME/.tccli cannot be read. Run `tccli configure` or `tccli auth login`.",
		},
		"no folder": {
			[]string{".tccli/default.credential"},
			folder,
			"shared_credentials_dir", "There is no profile 'default': the folder HOME/keys cannot be read. Run `tccli configure` or `tccli auth login`.",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{})
			for _, file := range test.files {
				w.write(file, "{"+pair+"}")
			}
			o := w.options()
			test.set(&o)
			_, problems := credential.New(o)
			want := credential.Problems{{Attribute: test.attribute, Summary: "Unable to read the profile", Detail: strings.Replace(test.detail, "HOME", w.home, 1)}}
			if !slices.Equal(problems, want) {
				t.Errorf("problems %+v, want %+v", problems, want)
			}
		})
	}
}

// A login during a run brings new credentials; without one the error says which
// command to run. No credentials are used after they have expired.
func TestALoginDuringARunBringsNewCredentials(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := newWorld(t, teosim.Options{})
	login := func(id string, end time.Time) {
		w.sim.AddKey(id, "key", "token", end)
		w.write(".tccli/prod.credential", fmt.Sprintf(`{"secretId":%q,"secretKey":"key","token":"token","type":"oauth","expiresAt":%d}`, id, end.Unix()))
	}
	login("AKIDfirst", now.Add(time.Hour))
	o := w.options()
	o.Profile, o.Now = "prod", func() time.Time { return now }
	source := w.source(o)
	want := tcapi.Credentials{SecretID: "AKIDfirst", SecretKey: "key", Token: "token", Source: "profile 'prod' in ~/.tccli", Expires: time.Unix(now.Add(time.Hour).Unix(), 0)}
	if credentials, err := source.Credentials(t.Context()); err != nil || credentials != want {
		t.Fatalf("credentials %+v, %v, want %+v", credentials, err, want)
	}
	if err := w.list(source); err != nil {
		t.Fatal(err)
	}

	now = now.Add(time.Hour)
	_, err := source.Credentials(t.Context())
	failure, ok := errors.AsType[*credential.SourceError](err)
	if !ok || failure.Attribute != "profile" || !strings.Contains(failure.Error(), "`tccli auth login --profile prod`") {
		t.Fatalf("after the end: %v", err)
	}

	login("AKIDsecond", now.Add(time.Hour))
	credentials, err := source.Credentials(t.Context())
	if err != nil || credentials.SecretID != "AKIDsecond" {
		t.Errorf("after the login: credentials of %s, %v", credentials.SecretID, err)
	}
}

// A login before the old one expires is noticed when a tenth of the old one is left, or
// when the service refuses it.
func TestALoginIsNoticedBeforeTheOldOneExpires(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, teosim.Options{}, func(t *testing.T, w *world) {
		login := func(id, token string) {
			w.write(".tccli/default.credential", fmt.Sprintf(`{"secretId":%q,"secretKey":"key","token":%q,"expiresAt":%d}`, id, token, time.Now().Unix()+1000))
		}
		login("AKIDfirst", "one")
		source := w.source(w.options())
		expect := func(id, token string) tcapi.Credentials {
			t.Helper()
			credentials, err := source.Credentials(t.Context())
			if err != nil || credentials.SecretID != id || credentials.Token != token {
				t.Errorf("credentials of %s with the token %s, %v, want those of %s with %s", credentials.SecretID, credentials.Token, err, id, token)
			}
			return credentials
		}
		expect("AKIDfirst", "one")
		time.Sleep(899 * time.Second)
		login("AKIDsecond", "two")
		expect("AKIDfirst", "one")
		time.Sleep(time.Second)
		second := expect("AKIDsecond", "two")

		if err := source.Refresh(t.Context(), second); !errors.Is(err, tcapi.ErrNotRefreshable) {
			t.Errorf("without another login: %v", err)
		}
		login("AKIDsecond", "three")
		if err := source.Refresh(t.Context(), second); err != nil {
			t.Errorf("with another token: %v", err)
		}
		expect("AKIDsecond", "three")
	})
}

// Two configurations of the provider share nothing, whatever their profiles.
func TestAliasesShareNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	var sources []*credential.Source
	for _, name := range []string{"a", "b"} {
		w.write(".tccli/"+name+".credential", `{"secretId":"`+name+`","secretKey":"key"}`)
		o := w.options()
		o.Profile = name
		sources = append(sources, w.source(o))
	}
	for i, want := range []string{"a", "b"} {
		if credentials, err := sources[i].Credentials(t.Context()); err != nil || credentials.SecretID != want {
			t.Errorf("alias %s has the credentials of %s, %v", want, credentials.SecretID, err)
		}
	}
}
