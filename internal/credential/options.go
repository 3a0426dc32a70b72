package credential

import (
	"context"
	"net/http"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// Options are the attributes of the provider's configuration that say who
// signs in, and the surroundings. An attribute that is not set is empty or
// nil; the environment variable of the same meaning then takes its place.
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

	// STS says how STS is called: endpoint, transport, limiters, retries and
	// so on, the same as for EdgeOne. Service, Region and KeySource are set by
	// New. Without an endpoint it is sts.tencentcloudapi.com.
	STS tcapi.Config

	// MetadataURL is the base of a CVM's metadata service; DefaultMetadataURL
	// where empty.
	MetadataURL string

	// MetadataTransport carries requests to the metadata service. Where nil it
	// is one without a proxy that gives up connecting after 2 s.
	MetadataTransport http.RoundTripper

	// Getenv reads the environment; os.Getenv where nil.
	Getenv func(string) string

	// Environ lists the environment as "NAME=value", for hints at misspelt
	// names; os.Environ where it and Getenv are nil.
	Environ func() []string

	// Home is the user's home folder, of "~" and "~/.tccli"; os.UserHomeDir
	// where empty.
	Home string

	// Now is the clock that the ends of keys are compared with; time.Now where
	// nil.
	Now func() time.Time

	// Log, if not nil, is told which source gave the keys, and of renewals. The
	// fields hold nothing secret.
	Log Log
}

// Log writes a message at debug level.
type Log func(ctx context.Context, message string, fields map[string]any)

// AssumeRole is a role to assume with the keys that were found. Fields that
// are empty come from the environment variables TENCENTCLOUD_ASSUME_ROLE_….
type AssumeRole struct {
	RoleARN     string // such as qcs::cam::uin/100000000001:roleName/logs
	SessionName string // 2–128 of letters, digits and =,.@_-

	// SessionDuration is in seconds, 0–43200; nil or 0 means 7200.
	SessionDuration *int64

	// Policy narrows what the role may do: a CAM policy in JSON.
	Policy         string
	ExternalID     string
	SourceIdentity string

	// SerialNumber and TokenCode are of an MFA device. A code works once, so
	// that the keys cannot be renewed.
	SerialNumber string
	TokenCode    string
}

// AssumeRoleWithSAML is a role to assume with a SAML assertion, without keys.
type AssumeRoleWithSAML struct {
	SAMLAssertion   string // in base64
	PrincipalARN    string // the SAML identity provider
	RoleARN         string
	SessionName     string // as in AssumeRole
	SessionDuration *int64 // as in AssumeRole
}

// AssumeRoleWithWebIdentity is a role to assume with an OIDC token, without
// keys.
type AssumeRoleWithWebIdentity struct {
	// ProviderID names the identity provider in CAM; "OIDC" where empty.
	ProviderID string

	// WebIdentityToken goes before WebIdentityTokenFile. The file holds a raw
	// JWT or JSON {"web_identity_token": "…"}, and is read again for each
	// renewal.
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

	// DurationSeconds is 0–129600; nil or 0 means 1800.
	DurationSeconds *int64
}

// Problem is a mistake in the configuration or in what it leads to.
type Problem struct {
	// Attribute is the path of the attribute to blame, such as
	// "assume_role.session_name".
	Attribute string
	Summary   string // static
	Detail    string // what was found and what to do; nothing secret
}

// Problems are all mistakes at once.
type Problems []Problem
