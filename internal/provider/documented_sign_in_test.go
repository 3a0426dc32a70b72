package provider_test

import (
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/edgeone-community/terraform-provider-teo/examples"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const exampleAccount = "100000000001"

// documentedWay is a folder below examples/provider, which docs/guides/sign-in.md shows.
type documentedWay struct {
	actions string // of STS, in the order of the alphabet
	// variables of the configuration
	variables config.Variables
	env       map[string]string
}

// Each way to sign in has a section in docs/guides/sign-in.md, with a configuration and the
// variables of the environment. Both sign in as they are, with their placeholders
// replaced.
func TestTheDocumentedWaysSignIn(t *testing.T) {
	t.Parallel()
	token := webIdentityToken(t)
	pod := map[string]string{"TKE_REGION": "ap-guangzhou", "TKE_PROVIDER_ID": "tke", "TKE_WEB_IDENTITY_TOKEN_FILE": token, "TKE_ROLE_ARN": roleARN}
	static := map[string]string{"TENCENTCLOUD_SECRET_ID": "my-secret-id", "TENCENTCLOUD_SECRET_KEY": "my-secret-key"}
	ways := map[string]documentedWay{
		"static-credentials": {variables: config.Variables{"secret_id": config.StringVariable("my-secret-id"), "secret_key": config.StringVariable("my-secret-key")}},
		"profile":            {actions: "GetCallerIdentity"},
		"two-accounts":       {},
		"cvm-role":           {},
		"tke-pod":            {actions: "AssumeRoleWithWebIdentity", env: pod},
		"github-actions":     {actions: "AssumeRoleWithWebIdentity", variables: config.Variables{"token_file": config.StringVariable(token)}},
		"saml":               {actions: "AssumeRoleWithSAML", variables: config.Variables{"saml_assertion": config.StringVariable(samlAssertion)}},
		"assume-role":        {actions: "AssumeRole", env: static},
		"mfa":                {actions: "GetSessionToken", env: static, variables: config.Variables{"token_code": config.StringVariable("123456")}},
		"international":      {env: static},
	}
	folders, err := fs.Glob(examples.FS, "provider/*/main.tf")
	if err != nil || len(folders) != len(ways) {
		t.Errorf("there are %d examples, and %d are expected", len(folders), len(ways))
	}
	page := signInTemplate(t)
	for name, way := range ways {
		if !strings.Contains(page, `tffile "examples/provider/`+name+`/main.tf"`) {
			t.Errorf("docs/guides/sign-in.md does not show %s", name)
		}
		if name == "two-accounts" {
			// TestAliasesReadTheAccountsOfTheirProfiles and the tests of examples run it: here both
			// configurations would share one provider.
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := fs.ReadFile(examples.FS, "provider/"+name+"/main.tf")
			if err != nil {
				t.Fatal(err)
			}
			configuration := regexp.MustCompile(`(?s)^terraform \{.*?\n\}\n`).ReplaceAllString(string(text), "")
			way.signIn(t, name, configuration, way.env)
		})
		script, err := fs.ReadFile(examples.FS, "provider/"+name+"/environment.sh")
		if err != nil {
			continue // TKE sets the variables
		}
		if !strings.Contains(page, `codefile "sh" "examples/provider/`+name+`/environment.sh"`) {
			t.Errorf("docs/guides/sign-in.md does not show the variables of %s", name)
		}
		t.Run(name+" by variables", func(t *testing.T) {
			t.Parallel()
			env := exported(string(script))
			for name, value := range env {
				env[name] = strings.NewReplacer("/path/to/token", token, "my-saml-assertion", samlAssertion, "$HOME", "~").Replace(value)
			}
			byVariables := documentedWay{actions: way.actions}
			if name == "profile" {
				byVariables.actions = "" // allowed_account_ids has no variable
			}
			byVariables.signIn(t, name, "provider \"teo\" {}\n\ndata \"teo_zones\" \"all\" {}\n", env)
		})
	}
}

// signIn plans a configuration and compares the requests to STS.
func (way documentedWay) signIn(t *testing.T, name, configuration string, env map[string]string) {
	t.Helper()
	sim := simtest.Start(t, teosim.Options{
		SecretID: "my-secret-id", SecretKey: "my-secret-key",
		STS:      teosim.STSOptions{AccountID: exampleAccount, ExternalID: "log-export", ReusableMFACodes: true},
		Metadata: teosim.MetadataOptions{Role: "edgeone-logs"},
	})
	all := map[string]string{"TENCENTCLOUD_TEO_ENDPOINT": sim.URL(), "TENCENTCLOUD_STS_ENDPOINT": sim.URL()}
	options := provider.Options{
		Home: homeWith(t, map[string]any{
			"production": map[string]string{"secretId": sim.SecretID(), "secretKey": sim.SecretKey()},
		}),
		MetadataURL: sim.URL(),
	}
	hosts := new(hosts)
	if name == "international" {
		clear(all)
		hosts.address = strings.TrimPrefix(sim.URL(), "http://")
		options.Transport = hosts
	}
	maps.Copy(all, env)
	options.Getenv = providertest.Environment(all)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, options),
		Steps:                    []resource.TestStep{{Config: configuration, ConfigVariables: way.variables, PlanOnly: true}},
	})
	var actions []string
	for _, r := range sim.Requests() {
		switch {
		case r.Code != "":
			t.Errorf("%s was answered %s", r.Action, r.Code)
		case r.Version == "2018-08-13" && !slices.Contains(actions, r.Action):
			actions = append(actions, r.Action)
		}
	}
	if got := strings.Join(actions, " "); got != way.actions {
		t.Errorf("STS was called for %q, want %q", got, way.actions)
	}
	if sim.Count("2022-09-01", "DescribeZones") == 0 {
		t.Error("no zones were read")
	}
	if name == "international" && !slices.Equal(slices.Compact(hosts.seen), []string{"teo.intl.tencentcloudapi.com"}) {
		t.Errorf("requests to %q", hosts.seen)
	}
}

// hosts is a transport that sends every request to one address, and records the
// hosts that they were meant for.
type hosts struct {
	address string
	mu      sync.Mutex
	seen    []string
}

func (h *hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	h.seen = append(h.seen, r.URL.Host)
	h.mu.Unlock()
	r = r.Clone(r.Context())
	r.Host = r.URL.Host
	r.URL.Scheme, r.URL.Host = "http", h.address
	return http.DefaultTransport.RoundTrip(r)
}

// exported returns the variables of a script.
func exported(script string) map[string]string {
	variables := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^export (\w+)="(.*)"$`).FindAllStringSubmatch(script, -1) {
		variables[match[1]] = match[2]
	}
	return variables
}

func signInTemplate(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "templates", "guides", "sign-in.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The table of settings in docs/guides/sign-in.md has every argument of the provider, with
// the variables that the description of the argument names.
func TestTheTableOfSettingsIsComplete(t *testing.T) {
	t.Parallel()
	variable := regexp.MustCompile("`((?:TENCENTCLOUD|TCCLI|TKE|HTTPS?|NO|SSL)_[A-Z_]+)`")
	documented := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| [^|]+ \\| `([a-z_.]+)` \\| (.*)\\|$").FindAllStringSubmatch(signInTemplate(t), -1) {
		documented[row[1]] = []string{}
		for _, match := range variable.FindAllStringSubmatch(row[2], -1) {
			documented[row[1]] = append(documented[row[1]], match[1])
		}
	}
	schema := providertest.Dial(t, provider.Options{}).Schema.Provider.Block
	arguments := map[string][]string{}
	add := func(prefix string, attributes []*tfprotov6.SchemaAttribute) {
		for _, a := range attributes {
			arguments[prefix+a.Name] = []string{}
			for _, match := range variable.FindAllStringSubmatch(a.Description, -1) {
				arguments[prefix+a.Name] = append(arguments[prefix+a.Name], match[1])
			}
		}
	}
	add("", schema.Attributes)
	for _, block := range schema.BlockTypes {
		add(block.TypeName+".", block.Block.Attributes)
	}
	for name, variables := range arguments {
		if got, ok := documented[name]; !ok || !slices.Equal(got, variables) {
			t.Errorf("%s: the table has %v, the description %v", name, got, variables)
		}
	}
	if len(documented) != len(arguments) {
		t.Errorf("the table has %d arguments, the provider %d", len(documented), len(arguments))
	}
	if len(arguments) < 40 {
		t.Errorf("only %s arguments were found", fmt.Sprint(len(arguments)))
	}
}
