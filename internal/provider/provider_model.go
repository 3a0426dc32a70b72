package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
)

// providerModel is the configuration of the provider.
type providerModel struct {
	SecretID                  types.String      `tfsdk:"secret_id"`
	SecretKey                 types.String      `tfsdk:"secret_key"`
	SecurityToken             types.String      `tfsdk:"security_token"`
	Region                    types.String      `tfsdk:"region"`
	Profile                   types.String      `tfsdk:"profile"`
	SharedCredentialsDir      types.String      `tfsdk:"shared_credentials_dir"`
	CAMRoleName               types.String      `tfsdk:"cam_role_name"`
	AssumeRole                *assumeRoleModel  `tfsdk:"assume_role"`
	AssumeRoleWithSAML        *samlModel        `tfsdk:"assume_role_with_saml"`
	AssumeRoleWithWebIdentity *webIdentityModel `tfsdk:"assume_role_with_web_identity"`
	MFACertification          *mfaModel         `tfsdk:"mfa_certification"`
	EnablePodOIDC             types.Bool        `tfsdk:"enable_pod_oidc"`
	AllowedAccountIDs         types.Set         `tfsdk:"allowed_account_ids"`
	ForbiddenAccountIDs       types.Set         `tfsdk:"forbidden_account_ids"`
	Endpoint                  types.String      `tfsdk:"endpoint"`
	STSEndpoint               types.String      `tfsdk:"sts_endpoint"`
	KMSEndpoint               types.String      `tfsdk:"kms_endpoint"`
	Domain                    types.String      `tfsdk:"domain"`
	Protocol                  types.String      `tfsdk:"protocol"`
	COSDomain                 types.String      `tfsdk:"cos_domain"`
	APIVersion                types.String      `tfsdk:"api_version"`
	RequestsPerSecond         types.Float64     `tfsdk:"requests_per_second"`
	MaxRetries                types.Int64       `tfsdk:"max_retries"`
	RequestTimeout            types.String      `tfsdk:"request_timeout"`
	HTTPProxy                 types.String      `tfsdk:"http_proxy"`
	CustomCABundle            types.String      `tfsdk:"custom_ca_bundle"`
}

type assumeRoleModel struct {
	RoleARN         types.String `tfsdk:"role_arn"`
	SessionName     types.String `tfsdk:"session_name"`
	SessionDuration types.Int64  `tfsdk:"session_duration"`
	Policy          types.String `tfsdk:"policy"`
	ExternalID      types.String `tfsdk:"external_id"`
	SourceIdentity  types.String `tfsdk:"source_identity"`
	SerialNumber    types.String `tfsdk:"serial_number"`
	TokenCode       types.String `tfsdk:"token_code"`
}

type samlModel struct {
	SAMLAssertion   types.String `tfsdk:"saml_assertion"`
	PrincipalARN    types.String `tfsdk:"principal_arn"`
	RoleARN         types.String `tfsdk:"role_arn"`
	SessionName     types.String `tfsdk:"session_name"`
	SessionDuration types.Int64  `tfsdk:"session_duration"`
}

type webIdentityModel struct {
	ProviderID           types.String `tfsdk:"provider_id"`
	WebIdentityToken     types.String `tfsdk:"web_identity_token"`
	WebIdentityTokenFile types.String `tfsdk:"web_identity_token_file"`
	RoleARN              types.String `tfsdk:"role_arn"`
	SessionName          types.String `tfsdk:"session_name"`
	SessionDuration      types.Int64  `tfsdk:"session_duration"`
}

type mfaModel struct {
	SerialNumber    types.String `tfsdk:"serial_number"`
	TokenCode       types.String `tfsdk:"token_code"`
	DurationSeconds types.Int64  `tfsdk:"duration_seconds"`
}

// credentials returns the arguments that say how to sign in. Package credential
// chooses the source and adds the environment.
func (m *providerModel) credentials(ctx context.Context, diags *diag.Diagnostics) credential.Options {
	o := credential.Options{
		SecretID:             m.SecretID.ValueString(),
		SecretKey:            m.SecretKey.ValueString(),
		SecurityToken:        m.SecurityToken.ValueString(),
		Region:               m.Region.ValueString(),
		Profile:              m.Profile.ValueString(),
		SharedCredentialsDir: m.SharedCredentialsDir.ValueString(),
		CAMRoleName:          m.CAMRoleName.ValueString(),
		EnablePodOIDC:        m.EnablePodOIDC.ValueBool(),
		AllowedAccountIDs:    texts(ctx, m.AllowedAccountIDs, diags),
		ForbiddenAccountIDs:  texts(ctx, m.ForbiddenAccountIDs, diags),
	}
	if r := m.AssumeRole; r != nil {
		o.AssumeRole = &credential.AssumeRole{
			RoleARN: r.RoleARN.ValueString(), SessionName: r.SessionName.ValueString(), SessionDuration: r.SessionDuration.ValueInt64Pointer(),
			Policy: r.Policy.ValueString(), ExternalID: r.ExternalID.ValueString(), SourceIdentity: r.SourceIdentity.ValueString(),
			SerialNumber: r.SerialNumber.ValueString(), TokenCode: r.TokenCode.ValueString(),
		}
	}
	if r := m.AssumeRoleWithSAML; r != nil {
		o.AssumeRoleWithSAML = &credential.AssumeRoleWithSAML{
			SAMLAssertion: r.SAMLAssertion.ValueString(), PrincipalARN: r.PrincipalARN.ValueString(), RoleARN: r.RoleARN.ValueString(),
			SessionName: r.SessionName.ValueString(), SessionDuration: r.SessionDuration.ValueInt64Pointer(),
		}
	}
	if r := m.AssumeRoleWithWebIdentity; r != nil {
		o.AssumeRoleWithWebIdentity = &credential.AssumeRoleWithWebIdentity{
			ProviderID: r.ProviderID.ValueString(), WebIdentityToken: r.WebIdentityToken.ValueString(), WebIdentityTokenFile: r.WebIdentityTokenFile.ValueString(),
			RoleARN: r.RoleARN.ValueString(), SessionName: r.SessionName.ValueString(), SessionDuration: r.SessionDuration.ValueInt64Pointer(),
		}
	}
	if f := m.MFACertification; f != nil {
		o.MFACertification = &credential.MFACertification{
			SerialNumber: f.SerialNumber.ValueString(), TokenCode: f.TokenCode.ValueString(), DurationSeconds: f.DurationSeconds.ValueInt64Pointer(),
		}
	}
	return o
}

// texts returns the elements of a set; none if it is null.
func texts(ctx context.Context, set types.Set, diags *diag.Diagnostics) []string {
	if set.IsNull() || set.IsUnknown() {
		return nil
	}
	var values []string
	diags.Append(set.ElementsAs(ctx, &values, false)...)
	return values
}
