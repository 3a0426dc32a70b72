package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/provider/schema"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
)

// The blocks are those of the tencentcloud provider, so that its provider blocks
// work unchanged. No argument is required by the schema, because each can come
// from the environment; package credential reports what is missing.

func assumeRoleBlock() schema.Block {
	return schema.SingleNestedBlock{
		MarkdownDescription: "Role to assume with the credentials from the other arguments. Without this block, `TENCENTCLOUD_ASSUME_ROLE_ARN` (or tccli's `TENCENTCLOUD_ROLE_ARN`) assumes a role.",
		Attributes: map[string]schema.Attribute{
			"role_arn":         argument("ARN of the role, such as `qcs::cam::uin/100000000001:roleName/logs`. Environment: `TENCENTCLOUD_ASSUME_ROLE_ARN`, `TENCENTCLOUD_ROLE_ARN`."),
			"session_name":     argument(sessionName + " Environment: `TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME`, `TENCENTCLOUD_ROLE_SESSION_NAME`."),
			"session_duration": seconds(sessionDuration),
			"policy":           argument("CAM policy in JSON that restricts what the session may do."),
			"external_id":      argument("External ID, if the trust policy of the role requires one. Environment: `TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID`."),
			"source_identity":  argument("Identity of the caller, for audits. Environment: `TENCENTCLOUD_ASSUME_ROLE_SOURCE_IDENTITY`."),
			"serial_number":    argument("Serial number of an MFA device. Environment: `TENCENTCLOUD_ASSUME_ROLE_SERIAL_NUMBER`."),
			"token_code":       secret("Code of the MFA device. It works once, so the credentials cannot be refreshed. Environment: `TENCENTCLOUD_ASSUME_ROLE_TOKEN_CODE`."),
		},
	}
}

func samlBlock() schema.Block {
	return schema.SingleNestedBlock{
		MarkdownDescription: "Role to assume with a SAML assertion, without other credentials.",
		Attributes: map[string]schema.Attribute{
			"saml_assertion":   secret("SAML assertion in base64. Environment: `TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION`."),
			"principal_arn":    argument("ARN of the SAML identity provider. Environment: `TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN`."),
			"role_arn":         argument("ARN of the role. Environment: `TENCENTCLOUD_ASSUME_ROLE_ARN`."),
			"session_name":     argument(sessionName + " Environment: `TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME`."),
			"session_duration": seconds(sessionDuration),
		},
	}
}

func webIdentityBlock() schema.Block {
	return schema.SingleNestedBlock{
		MarkdownDescription: "Role to assume with an OIDC token, such as those of GitHub Actions, GitLab and Kubernetes, without other credentials.",
		Attributes: map[string]schema.Attribute{
			"provider_id":             argument(fmt.Sprintf("Name of the identity provider in CAM. Default: `%s`. Environment: `TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID`.", credential.DefaultProviderID)),
			"web_identity_token":      secret("The token. It takes precedence over `web_identity_token_file`. Environment: `TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN`."),
			"web_identity_token_file": argument("Path of a file that contains the token, either as it is or as JSON `{\"web_identity_token\": …}`. It is read again for each refresh. Environment: `TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE`."),
			"role_arn":                argument("ARN of the role. Environment: `TENCENTCLOUD_ASSUME_ROLE_ARN`."),
			"session_name":            argument(sessionName + " Environment: `TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME`."),
			"session_duration":        seconds(sessionDuration),
		},
	}
}

func mfaBlock() schema.Block {
	return schema.SingleNestedBlock{
		MarkdownDescription: "Opens a session with a code of an MFA device.",
		Attributes: map[string]schema.Attribute{
			"serial_number": argument("Serial number of the device. Environment: `TENCENTCLOUD_MFA_CERTIFICATION_SERIAL_NUMBER`."),
			"token_code":    secret("Code of the device. It works once, so the credentials cannot be refreshed. Environment: `TENCENTCLOUD_MFA_CERTIFICATION_TOKEN_CODE`."),
			"duration_seconds": seconds(fmt.Sprintf("Lifetime of the session in seconds, up to %d. Default: %d. Environment: `TENCENTCLOUD_MFA_CERTIFICATION_DURATION_SECONDS`.",
				credential.MaxMFADuration, credential.DefaultMFADuration)),
		},
	}
}

var (
	sessionName     = fmt.Sprintf("Name of the session: 2 to 128 letters, digits and `_ + = , . @ -`. Default: `%s`.", credential.DefaultSessionName)
	sessionDuration = fmt.Sprintf("Lifetime of the credentials in seconds, up to %d. They are refreshed before they expire. Default: %d. Environment: `TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION`.",
		credential.MaxSessionDuration, credential.DefaultSessionDuration)
)

func argument(text string) schema.Attribute {
	return schema.StringAttribute{MarkdownDescription: text, Optional: true}
}

func secret(text string) schema.Attribute {
	return schema.StringAttribute{MarkdownDescription: text, Optional: true, Sensitive: true}
}

func seconds(text string) schema.Attribute {
	return schema.Int64Attribute{MarkdownDescription: text, CustomType: query.WholeNumber{}, Optional: true}
}
