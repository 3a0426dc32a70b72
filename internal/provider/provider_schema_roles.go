package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
)

func assumeRoleAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Role to assume with the keys that were found. Where it is left out, `TENCENTCLOUD_ASSUME_ROLE_ARN` (or tccli's `TENCENTCLOUD_ROLE_ARN`) assumes one.",
		Optional:            true,
		Attributes: map[string]schema.Attribute{
			"role_arn":         argument("ARN of the role, such as `qcs::cam::uin/100000000001:roleName/logs`. Environment: `TENCENTCLOUD_ASSUME_ROLE_ARN`."),
			"session_name":     argument("Name of the session, 2 to 128 of letters, digits and `=,.@_-`. Environment: `TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME`."),
			"session_duration": seconds("Seconds that the keys live, up to 43200, by default 7200; they are renewed in time. Environment: `TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION`."),
			"policy":           argument("CAM policy in JSON that narrows what the session may do."),
			"external_id":      argument("External ID that the role asks for. Environment: `TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID`."),
			"source_identity":  argument("Identity of the caller for audits. Environment: `TENCENTCLOUD_ASSUME_ROLE_SOURCE_IDENTITY`."),
			"serial_number":    argument("Serial number of an MFA device. Environment: `TENCENTCLOUD_ASSUME_ROLE_SERIAL_NUMBER`."),
			"token_code":       secret("Code of the MFA device, which works once: the keys cannot be renewed. Environment: `TENCENTCLOUD_ASSUME_ROLE_TOKEN_CODE`."),
		},
	}
}

func samlAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Role to assume with a SAML assertion, without keys.",
		Optional:            true,
		Attributes: map[string]schema.Attribute{
			"saml_assertion":   secret("SAML assertion in base64. Environment: `TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION`."),
			"principal_arn":    argument("ARN of the SAML identity provider. Environment: `TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN`."),
			"role_arn":         argument("ARN of the role. Environment: `TENCENTCLOUD_ASSUME_ROLE_ARN`."),
			"session_name":     argument("Name of the session. Environment: `TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME`."),
			"session_duration": seconds("Seconds that the keys live, up to 43200, by default 7200."),
		},
	}
}

func webIdentityAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Role to assume with an OIDC token, such as those of GitHub Actions, GitLab and Kubernetes, without keys.",
		Optional:            true,
		Attributes: map[string]schema.Attribute{
			"provider_id":             argument("Name of the identity provider in CAM, by default `OIDC`. Environment: `TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID`."),
			"web_identity_token":      secret("The token. Environment: `TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN`."),
			"web_identity_token_file": argument("File with the token, as it is or as JSON `{\"web_identity_token\": …}`; read again at each renewal. Environment: `TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE`."),
			"role_arn":                argument("ARN of the role. Environment: `TENCENTCLOUD_ASSUME_ROLE_ARN`."),
			"session_name":            argument("Name of the session. Environment: `TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME`."),
			"session_duration":        seconds("Seconds that the keys live, up to 43200, by default 7200."),
		},
	}
}

func mfaAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Session that is opened with a code of an MFA device.",
		Optional:            true,
		Attributes: map[string]schema.Attribute{
			"serial_number":    argument("Serial number of the device. Environment: `TENCENTCLOUD_MFA_CERTIFICATION_SERIAL_NUMBER`."),
			"token_code":       secret("Code of the device, which works once. Environment: `TENCENTCLOUD_MFA_CERTIFICATION_TOKEN_CODE`."),
			"duration_seconds": seconds("Seconds that the keys live, up to 129600, by default 1800. Environment: `TENCENTCLOUD_MFA_CERTIFICATION_DURATION_SECONDS`."),
		},
	}
}

func argument(text string) schema.Attribute {
	return schema.StringAttribute{MarkdownDescription: text, Optional: true}
}

func secret(text string) schema.Attribute {
	return schema.StringAttribute{MarkdownDescription: text, Optional: true, Sensitive: true}
}

func seconds(text string) schema.Attribute {
	return schema.Int64Attribute{MarkdownDescription: text, Optional: true}
}
