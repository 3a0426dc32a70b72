package credential

import (
	"slices"
	"strings"
)

// The environment variables that are read. The first name is that of the official
// provider, the second one that of tccli.
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

// Variables that are reported if they have no effect: a role that is not assumed or
// an MFA session that is not opened would otherwise be noticed late.
var (
	roleVariables = []string{
		envRoleARN, envTccliRoleARN, envSessionName, envTccliSessionName, envSessionDuration, envExternalID,
		envSourceIdentity, envSerialNumber, envTokenCode, envSAMLAssertion, envPrincipalARN, envProviderID,
		envWebIdentityToken, envWebIdentityTokenFile,
	}
	mfaVariables = []string{envMFASerialNumber, envMFATokenCode, envMFADurationSeconds}
)

// credentialVariables name other sources of credentials. They are logged if they are
// set but not used.
var credentialVariables = []string{
	envSecretID, envSecretKey, envSecurityToken, envTccliToken,
	envProfile, envTccliProfile, envSharedCredentialsDir, envCAMRoleName,
}

// environment reads variables without the white space around them, and records
// which of them were considered.
type environment struct {
	getenv func(string) string

	// considered are variables that were read for a value that is needed, even if
	// an attribute took their place.
	considered map[string]bool

	// used are the considered variables whose value counts.
	used map[string]bool
}

func newEnvironment(getenv func(string) string) environment {
	return environment{getenv: getenv, considered: map[string]bool{}, used: map[string]bool{}}
}

// get returns the first of the variables that is set, and records nothing.
func (e environment) get(names ...string) string {
	value, _ := e.find(names)
	return value
}

func (e environment) find(names []string) (value, name string) {
	for _, name := range names {
		if value := strings.TrimSpace(e.getenv(name)); value != "" {
			return value, name
		}
	}
	return "", ""
}

// value returns an attribute if it is set, otherwise the first of the variables
// that is set.
func (e environment) value(attribute string, names ...string) string {
	value, _ := e.valueFrom(attribute, names...)
	return value
}

// valueFrom is like value. It also returns the name of the variable; it is empty if
// the attribute is set.
func (e environment) valueFrom(attribute string, names ...string) (value, name string) {
	for _, name := range names {
		e.considered[name] = true
	}
	if attribute = strings.TrimSpace(attribute); attribute != "" {
		return attribute, ""
	}
	value, name = e.find(names)
	if name != "" {
		e.used[name] = true
	}
	return value, name
}

// ignored returns those of the variables that are set and were not considered.
func (e environment) ignored(names []string) []string {
	return slices.DeleteFunc(e.set(names...), func(name string) bool { return e.considered[name] })
}

// set returns those of the variables that are set.
func (e environment) set(names ...string) []string {
	var set []string
	for _, name := range names {
		if e.get(name) != "" {
			set = append(set, name)
		}
	}
	return set
}

// unused returns those of the variables that are set and whose value does not
// count.
func (e environment) unused(names []string) []string {
	return slices.DeleteFunc(e.set(names...), func(name string) bool { return e.used[name] })
}

// unknownVariables returns the names in the environment that look like variables
// of roles or MFA sessions but have no meaning, such as
// TENCENTCLOUD_ASSUME_ROLE_ARNN.
func unknownVariables(environ []string) []string {
	known := slices.Concat(roleVariables, mfaVariables)
	var unknown []string
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		alike := strings.HasPrefix(name, "TENCENTCLOUD_ASSUME_ROLE_") || strings.HasPrefix(name, "TENCENTCLOUD_MFA_")
		if alike && value != "" && !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}
