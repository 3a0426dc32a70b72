package provider_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Provider blocks and variables as the documentation of the tencentcloud provider
// shows them sign in here: testdata/official_blocks has all of its authentication
// examples, with the name of the provider changed. The test replaces their
// placeholders.
func TestBlocksOfTheOfficialProviderWork(t *testing.T) {
	t.Parallel()
	static := map[string]string{
		"TENCENTCLOUD_SECRET_ID": "my-secret-id", "TENCENTCLOUD_SECRET_KEY": "my-secret-key", "TENCENTCLOUD_REGION": "ap-guangzhou",
	}
	role := map[string]string{
		"TENCENTCLOUD_ASSUME_ROLE_ARN": roleARN, "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME": "my-session-name", "TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION": "3600",
	}
	for name, test := range map[string]struct {
		block   string
		env     []map[string]string
		actions string // of STS, in order
	}{
		"static":                {block: "static"},
		"allowed_account_ids":   {block: "allowed_account_ids", actions: "GetCallerIdentity"},
		"forbidden_account_ids": {block: "forbidden_account_ids", actions: "GetCallerIdentity"},
		"environment":           {block: "environment", env: []map[string]string{static}},
		"assume_role":           {block: "assume_role", actions: "AssumeRole"},
		"assume_role with MFA":  {block: "assume_role_mfa", actions: "AssumeRole"},
		"assume_role of the environment": {block: "environment", actions: "AssumeRole", env: []map[string]string{
			static, role, {"TENCENTCLOUD_ASSUME_ROLE_SERIAL_NUMBER": "my-serial-number", "TENCENTCLOUD_ASSUME_ROLE_TOKEN_CODE": "523886"},
		}},
		"assume_role_with_saml": {block: "assume_role_with_saml", actions: "AssumeRoleWithSAML"},
		"assume_role_with_saml of the environment": {block: "environment", actions: "AssumeRoleWithSAML", env: []map[string]string{
			role, {"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION": samlAssertion, "TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN": samlProvider},
		}},
		"web identity token":      {block: "web_identity_token", actions: "AssumeRoleWithWebIdentity"},
		"web identity token file": {block: "web_identity_token_file", actions: "AssumeRoleWithWebIdentity"},
		"web identity of the environment": {block: "environment", actions: "AssumeRoleWithWebIdentity", env: []map[string]string{
			static, role, {"TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN": webToken(time.Now().Add(time.Hour)), "TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID": "OIDC"},
		}},
		"enable_pod_oidc": {block: "enable_pod_oidc", actions: "AssumeRoleWithWebIdentity", env: []map[string]string{
			{"TKE_REGION": "ap-guangzhou", "TKE_PROVIDER_ID": "tke", "TKE_WEB_IDENTITY_TOKEN_FILE": webIdentityToken(t), "TKE_ROLE_ARN": roleARN},
		}},
		"cam_role_name":                    {block: "cam_role_name"},
		"cam_role_name of the environment": {block: "environment", env: []map[string]string{{"TENCENTCLOUD_CAM_ROLE_NAME": teosim.DefaultCAMRole}}},
		"cam_role_name and assume_role":    {block: "cam_role_name_assume_role", actions: "AssumeRole"},
		"mfa_certification":                {block: "mfa_certification", actions: "GetSessionToken"},
		"mfa_certification of the environment": {block: "environment", actions: "GetSessionToken", env: []map[string]string{static, {
			"TENCENTCLOUD_MFA_CERTIFICATION_SERIAL_NUMBER": "my-serial-number", "TENCENTCLOUD_MFA_CERTIFICATION_TOKEN_CODE": "523886",
			"TENCENTCLOUD_MFA_CERTIFICATION_DURATION_SECONDS": "1800",
		}}},
		"cos_domain": {block: "cos_domain"},
		"cos_domain of the environment": {block: "environment", env: []map[string]string{
			static, {"TENCENTCLOUD_COS_DOMAIN": "https://cluster-xxxxxx.cos-cdc.ap-guangzhou.myqcloud.com/"},
		}},
		"profile":            {block: "profile"},
		"profile on Windows": {block: "profile_windows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simtest.Start(t, teosim.Options{SecretID: "my-secret-id", SecretKey: "my-secret-key", STS: teosim.STSOptions{AccountID: "100023201586", ReusableMFACodes: true}})
			home := homeWith(t, map[string]any{"default": map[string]string{"secretId": sim.SecretID(), "secretKey": sim.SecretKey()}})
			profiles := strconv.Quote(filepath.Join(home, ".tccli"))
			config, err := os.ReadFile(filepath.Join("testdata", "official_blocks", test.block+".tf"))
			if err != nil {
				t.Fatal(err)
			}
			block := strings.NewReplacer(
				"my-role-arn", roleARN,
				`"my-role-policy"`, `jsonencode({ version = "2.0", statement = [] })`,
				"my-saml-assertion", samlAssertion,
				"my-principal-arn", samlProvider,
				"my-web-identity-token", webToken(time.Now().Add(time.Hour)),
				`"/AbsolutePath/to/your/secrets/web-identity-token-file"`, strconv.Quote(webIdentityToken(t)),
				"my-cam-role-name", teosim.DefaultCAMRole,
				`"/Users/tf_user/.tccli"`, profiles,
				`"C:\\Users\\tf_user\\.tccli"`, profiles,
			).Replace(string(config))
			env := map[string]string{"TENCENTCLOUD_TEO_ENDPOINT": sim.URL(), "TENCENTCLOUD_STS_ENDPOINT": sim.URL()}
			for _, variables := range test.env {
				for name, value := range variables {
					env[name] = value
				}
			}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{Getenv: providertest.Environment(env), Home: t.TempDir(), MetadataURL: sim.URL()}),
				Steps:                    []resource.TestStep{{Config: block + "\ndata \"teo_zones\" \"all\" {}\n", PlanOnly: true}},
			})
			actions := map[string]bool{}
			for _, r := range sim.Requests() {
				switch {
				case r.Code != "":
					t.Errorf("%s was answered %s", r.Action, r.Code)
				case r.Version == "2018-08-13":
					actions[r.Action] = true
				}
			}
			if sim.Count("2022-09-01", "DescribeZones") == 0 {
				t.Error("no zones were read")
			}
			for action := range actions {
				if action != test.actions {
					t.Errorf("%s was called", action)
				}
			}
			if test.actions != "" && !actions[test.actions] {
				t.Errorf("%s was not called", test.actions)
			}
		})
	}
}
