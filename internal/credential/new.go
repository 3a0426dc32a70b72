package credential

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// New finds the source of credentials. It reads files and the environment, and
// sends nothing. If anything is wrong it returns every Problem and no Source. It
// is not a Problem if there are no credentials at all: see Source.Err.
func New(o Options) (*Source, Problems) {
	b := newBuilder(o)
	b.region = b.env.value(o.Region, envRegion)
	top := b.first()
	top = b.roles(top)
	top = b.mfa(top)
	accounts := b.accountFilter(top)
	if len(b.problems) > 0 {
		return nil, b.problems
	}
	b.warnIgnored(top)
	return &Source{
		credentials: top.credentials, accounts: accounts, caller: b.callerClient(top), region: b.region, describe: top.describe,
		missing: b.missing, warnings: b.warnings, unusedVariables: b.env.unused(credentialVariables), usesSTS: b.usesSTS,
	}, nil
}

// layer is a source of credentials and its description. A role or a session is a
// layer on top of another one.
type layer struct {
	credentials tcapi.CredentialSource
	describe    string
}

// builder builds the layers, and collects problems and warnings.
type builder struct {
	options  Options
	env      environment
	region   string
	problems Problems
	warnings Problems
	missing  *MissingError // not nil if no layer gives credentials
	usesSTS  bool
}

func newBuilder(o Options) *builder {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
		if o.Environ == nil {
			o.Environ = os.Environ
		}
	}
	if o.Environ == nil {
		o.Environ = func() []string { return nil }
	}
	if o.Home == "" {
		// Without a home folder there are no profiles, which is reported if one is
		// needed.
		o.Home, _ = os.UserHomeDir()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = func(context.Context, string, map[string]any) {}
	}
	if o.MetadataURL == "" {
		o.MetadataURL = DefaultMetadataURL
	}
	if o.MetadataTransport == nil {
		o.MetadataTransport = newMetadataTransport()
	}
	if o.STS.Endpoint.Host == "" {
		o.STS.Endpoint = tcapi.ServiceEndpoint("sts", tcapi.DefaultDomain)
	}
	o.STS.Service = "sts"
	return &builder{options: o, env: newEnvironment(o.Getenv)}
}

func (b *builder) problem(attribute, summary, detail string) {
	b.problems = append(b.problems, Problem{attribute, summary, detail})
}

func (b *builder) warn(attribute, summary, detail string) {
	b.warnings = append(b.warnings, Problem{attribute, summary, detail})
}

// warnIgnored warns about variables of the environment that have no effect on the
// credentials of top.
func (b *builder) warnIgnored(top layer) {
	const summary = "Environment variables without effect"
	if b.missing != nil {
		return // the error lists what is missing
	}
	if names := b.env.ignored(roleVariables); len(names) > 0 {
		why := "no role is assumed with them. To assume a role, set " + envRoleARN + " or role_arn"
		if b.env.get(envRoleARN, envTccliRoleARN) != "" {
			why = "the credentials come from " + top.describe + ". The provider configuration takes precedence over the environment"
		}
		b.warn("assume_role", summary, strings.Join(names, ", ")+" "+areSet(names)+", but "+why+".")
	}
	if names := b.env.ignored(mfaVariables); len(names) > 0 {
		b.warn("mfa_certification", summary, strings.Join(names, ", ")+" "+areSet(names)+", but no MFA session is opened. An MFA session needs both "+
			envMFASerialNumber+" and "+envMFATokenCode+".")
	}
	if names := unknownVariables(b.options.Environ()); len(names) > 0 {
		b.warn("", summary, strings.Join(names, ", ")+" "+areSet(names)+", but this provider does not know "+
			"such variables. Check the spelling.")
	}
}

func areSet(names []string) string {
	if len(names) == 1 {
		return "is set"
	}
	return "are set"
}

// sts returns a client of STS whose requests are signed with credentials, or not
// signed if that is nil.
func (b *builder) sts(region string, credentials tcapi.CredentialSource) *tcapi.Client {
	b.usesSTS = true
	return tcapi.New(b.stsConfig(region, credentials))
}

func (b *builder) stsConfig(region string, credentials tcapi.CredentialSource) tcapi.Config {
	config := b.options.STS
	config.Credentials = credentials
	if config.Region = region; region == "" {
		config.Region = stsRegion
	}
	return config
}

func (b *builder) stsIssuer(action string, credentials tcapi.CredentialSource, seconds int64) stsIssuer {
	return b.stsIssuerIn(b.region, action, credentials, seconds)
}

func (b *builder) stsIssuerIn(region, action string, credentials tcapi.CredentialSource, seconds int64) stsIssuer {
	return stsIssuer{client: b.sts(region, credentials), action: action, duration: time.Duration(seconds) * time.Second, now: b.options.Now}
}

func (b *builder) refresher(i issuer) *refresher {
	return &refresher{issuer: i, now: b.options.Now, log: b.options.Log}
}

// expand replaces a leading ~ by the home folder.
func (b *builder) expand(path string) string {
	if path == "~" || strings.HasPrefix(path, "~/") || strings.HasPrefix(path, `~\`) {
		return filepath.Join(b.options.Home, path[1:])
	}
	return path
}
