package credential

import (
	"context"
	"net/http"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// Defaults and limits of the official provider. Durations are in seconds.
const (
	DefaultSessionName     = "terraform-provider-teo"
	DefaultSessionDuration = 7200
	MaxSessionDuration     = 43200
	DefaultMFADuration     = 1800
	MaxMFADuration         = 129600
	DefaultProviderID      = "OIDC"
)

// Options are the attributes of the provider's configuration that say how to sign
// in, and the surroundings. An attribute that is empty or nil is not set; the
// environment variable of the same meaning then takes its place.
type Options struct {
	SecretID             string
	SecretKey            string
	SecurityToken        string
	Region               string
	Profile              string
	SharedCredentialsDir string
	CAMRoleName          string

	AssumeRole                *AssumeRole
	AssumeRoleWithSAML        *AssumeRoleWithSAML
	AssumeRoleWithWebIdentity *AssumeRoleWithWebIdentity
	MFACertification          *MFACertification
	EnablePodOIDC             bool

	// AllowedAccountIDs and ForbiddenAccountIDs exclude each other.
	AllowedAccountIDs   []string
	ForbiddenAccountIDs []string

	// STS says how STS is called: endpoint, transport, limiters, retries. New sets
	// Service, Region and Credentials. Without an endpoint it is
	// sts.tencentcloudapi.com.
	STS tcapi.Config

	// MetadataURL is the URL of a CVM's metadata service; DefaultMetadataURL if
	// empty.
	MetadataURL string

	// MetadataTransport sends requests to the metadata service. If nil, it has no
	// proxy and gives up connecting after 2 s.
	MetadataTransport http.RoundTripper

	// Getenv reads the environment; os.Getenv if nil.
	Getenv func(string) string

	// Environ lists the environment as "NAME=value", to find misspelt names;
	// os.Environ if it and Getenv are nil.
	Environ func() []string

	// Home is the user's home folder, for "~" and "~/.tccli"; os.UserHomeDir if
	// empty.
	Home string

	// Now is the local clock; time.Now if nil.
	Now func() time.Time

	// Log, if not nil, is called when credentials are issued and when they cannot
	// be refreshed. Nothing in it is secret.
	Log Log
}

// Log writes a message with fields.
type Log func(ctx context.Context, message string, fields map[string]any)

// AssumeRole is a role to assume with other credentials. Empty fields come from
// the environment variables TENCENTCLOUD_ASSUME_ROLE_….
type AssumeRole struct {
	RoleARN     string // such as qcs::cam::uin/100000000001:roleName/logs
	SessionName string // 2–128 letters, digits and =,.@_-; DefaultSessionName if empty

	// SessionDuration is 0–MaxSessionDuration; nil or 0 means
	// DefaultSessionDuration.
	SessionDuration *int64

	// Policy restricts what the role may do: a CAM policy in JSON.
	Policy         string
	ExternalID     string
	SourceIdentity string

	// SerialNumber and TokenCode belong to an MFA device. A code works once, so
	// the credentials cannot be refreshed.
	SerialNumber string
	TokenCode    string
}

// AssumeRoleWithSAML is a role to assume with a SAML assertion, without other
// credentials.
type AssumeRoleWithSAML struct {
	SAMLAssertion   string // in base64
	PrincipalARN    string // the SAML identity provider
	RoleARN         string
	SessionName     string // as in AssumeRole
	SessionDuration *int64 // as in AssumeRole
}

// AssumeRoleWithWebIdentity is a role to assume with an OIDC token, without other
// credentials.
type AssumeRoleWithWebIdentity struct {
	// ProviderID is the name of the identity provider in CAM; DefaultProviderID if
	// empty.
	ProviderID string

	// WebIdentityToken takes precedence over WebIdentityTokenFile. The file contains a raw
	// JWT or JSON {"web_identity_token": "…"}, and is read again for each refresh.
	WebIdentityToken     string
	WebIdentityTokenFile string

	RoleARN         string
	SessionName     string // as in AssumeRole
	SessionDuration *int64 // as in AssumeRole
}

// MFACertification opens a session with a code of an MFA device.
type MFACertification struct {
	SerialNumber string
	TokenCode    string // works once

	// DurationSeconds is 0–MaxMFADuration; nil or 0 means DefaultMFADuration.
	DurationSeconds *int64
}

// Problem is a mistake in the configuration or in what it refers to.
type Problem struct {
	// Attribute is the path of the attribute to blame, such as
	// "assume_role.session_name"; empty if there is none.
	Attribute string
	Summary   string // static
	Detail    string // what was found and what to do; nothing secret
}

// Problems are all mistakes at once.
type Problems []Problem
