package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// A session has what archives in COS need: credentials that are refreshed, the
// region and the domain.
func TestSessionForCOS(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	variables := map[string]string{
		"TENCENTCLOUD_SECRET_ID": sim.SecretID(), "TENCENTCLOUD_SECRET_KEY": sim.SecretKey(), "TENCENTCLOUD_REGION": "ap-seoul",
		"TENCENTCLOUD_ASSUME_ROLE_ARN": "qcs::cam::uin/100000000002:roleName/logs", "TENCENTCLOUD_STS_ENDPOINT": sim.URL(),
		"TENCENTCLOUD_COS_DOMAIN": "https://cluster-123456.cos-cdc.ap-seoul.myqcloud.com/",
	}
	s := configuredSession(t, Options{Getenv: func(name string) string { return variables[name] }, Home: t.TempDir()})
	if s.Region != "ap-seoul" || s.COSDomain != (tcapi.Endpoint{Scheme: "https", Host: "cluster-123456.cos-cdc.ap-seoul.myqcloud.com"}) {
		t.Errorf("region %q, COS domain %q", s.Region, s.COSDomain)
	}
	first, err := s.Credentials.Credentials(t.Context())
	if err != nil || !first.Temporary() || first.Expires.IsZero() {
		t.Fatalf("credentials from %q that expire at %s, %v", first.Source, first.Expires, err)
	}
	if err := s.Credentials.Refresh(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second, err := s.Credentials.Credentials(t.Context())
	if err != nil || second.SecretID == first.SecretID {
		t.Errorf("refused credentials are still in use: %v", err)
	}
}

// A session without credentials reports that they are missing.
func TestSessionWithoutCredentials(t *testing.T) {
	t.Parallel()
	s := configuredSession(t, Options{Getenv: func(string) string { return "" }, Home: t.TempDir()})
	if s.Credentials.Err() == nil || s.COSDomain.Host != "" {
		t.Errorf("error %v, COS domain %q", s.Credentials.Err(), s.COSDomain)
	}
}

// configuredSession returns the session of an empty provider block.
func configuredSession(t *testing.T, options Options) *query.Session {
	t.Helper()
	p := newProvider("test", options)
	var schema provider.SchemaResponse
	p.Schema(t.Context(), provider.SchemaRequest{}, &schema)
	kind := schema.Schema.Type().TerraformType(t.Context()).(tftypes.Object)
	attributes := map[string]tftypes.Value{}
	for name, attribute := range kind.AttributeTypes {
		attributes[name] = tftypes.NewValue(attribute, nil)
	}
	var resp provider.ConfigureResponse
	p.Configure(t.Context(), provider.ConfigureRequest{Config: tfsdk.Config{Raw: tftypes.NewValue(kind, attributes), Schema: schema.Schema}}, &resp)
	if resp.Diagnostics.HasError() {
		t.Fatal(resp.Diagnostics)
	}
	return resp.DataSourceData.(*query.Session)
}
