package credential

import (
	"slices"
	"strings"
)

// The environment variables that are read, besides those of nestedEnv. The
// first name is that of the official provider, the second that of tccli.
const (
	envSecretID             = "TENCENTCLOUD_SECRET_ID"
	envSecretKey            = "TENCENTCLOUD_SECRET_KEY"
	envSecurityToken        = "TENCENTCLOUD_SECURITY_TOKEN"
	envTccliToken           = "TENCENTCLOUD_TOKEN"
	envRegion               = "TENCENTCLOUD_REGION"
	envProfile              = "TENCENTCLOUD_PROFILE"
	envTccliProfile         = "TCCLI_PROFILE"
	envSharedCredentialsDir = "TENCENTCLOUD_SHARED_CREDENTIALS_DIR"
	envCAMRoleName          = "TENCENTCLOUD_CAM_ROLE_NAME"

	envRoleARN              = "TENCENTCLOUD_ASSUME_ROLE_ARN"
	envTccliRoleARN         = "TENCENTCLOUD_ROLE_ARN"
	envSessionName          = "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME"
	envTccliSessionName     = "TENCENTCLOUD_ROLE_SESSION_NAME"
	envSessionDuration      = "TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION"
	envExternalID           = "TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID"
	envSourceIdentity       = "TENCENTCLOUD_ASSUME_ROLE_SOURCE_IDENTITY"
	envSerialNumber         = "TENCENTCLOUD_ASSUME_ROLE_SERIAL_NUMBER"
	envTokenCode            = "TENCENTCLOUD_ASSUME_ROLE_TOKEN_CODE"
	envSAMLAssertion        = "TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION"
	envPrincipalARN         = "TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN"
	envProviderID           = "TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID"
	envWebIdentityToken     = "TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN"
	envWebIdentityTokenFile = "TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE"

	envMFASerialNumber    = "TENCENTCLOUD_MFA_CERTIFICATION_SERIAL_NUMBER"
	envMFATokenCode       = "TENCENTCLOUD_MFA_CERTIFICATION_TOKEN_CODE"
	envMFADurationSeconds = "TENCENTCLOUD_MFA_CERTIFICATION_DURATION_SECONDS"

	envTKERegion     = "TKE_REGION"
	envTKEProviderID = "TKE_PROVIDER_ID"
	envTKETokenFile  = "TKE_WEB_IDENTITY_TOKEN_FILE"
	envTKERoleARN    = "TKE_ROLE_ARN"
)

// environment reads variables, without the white space around them.
type environment func(string) string

// first returns the first value that is not empty: a given one, or that of a
// variable.
func (e environment) first(given string, names ...string) string {
	value, _ := e.from(given, names...)
	return value
}

// from is first, and says which variable the value is from, "" for the given.
func (e environment) from(given string, names ...string) (value, name string) {
	if given = strings.TrimSpace(given); given != "" {
		return given, ""
	}
	for _, name := range names {
		if value := strings.TrimSpace(e(name)); value != "" {
			return value, name
		}
	}
	return "", ""
}

// unknownVariables returns the names in the environment that look like one of
// ours and are none. The official provider reads TENCENTCLOUD_ASSUME_ROLE_ARNN
// and the like in places, which nobody finds.
func unknownVariables(environ []string) []string {
	known := []string{
		envRoleARN, envSessionName, envSessionDuration, envExternalID, envSourceIdentity, envSerialNumber,
		envTokenCode, envSAMLAssertion, envPrincipalARN, envProviderID, envWebIdentityToken, envWebIdentityTokenFile,
		envMFASerialNumber, envMFATokenCode, envMFADurationSeconds,
	}
	var unknown []string
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		ours := strings.HasPrefix(name, "TENCENTCLOUD_ASSUME_ROLE_") || strings.HasPrefix(name, "TENCENTCLOUD_MFA_")
		if ours && !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}
