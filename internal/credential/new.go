package credential

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// New finds out where keys come from. It reads files and the environment, and
// sends nothing. Where anything is wrong it returns every Problem and no
// Source. Finding no keys at all is none: Source.Err and Source.Keys say so.
func New(o Options) (*Source, Problems) {
	b := newBuilder(o)
	b.region = b.env.first(o.Region, envRegion)
	top := b.base()
	if role := b.roleOf(); role != nil {
		top = b.assume("assume_role", *role, top)
	}
	top = b.mfa(top)
	account := b.account(top)
	if len(b.problems) > 0 {
		return nil, b.problems
	}
	return &Source{
		keys: top.keys, account: account, region: b.region,
		describe: top.describe, tried: b.inOrder(), missing: b.missing, log: b.options.Log,
	}, nil
}

// layer is a source of keys and what it is called; a role or a session is a
// layer on another one.
type layer struct {
	keys     tcapi.KeySource
	describe string
}

// builder puts the layers together and collects what is wrong with them.
type builder struct {
	options  Options
	env      environment
	region   string
	tried    []Tried
	problems Problems
	missing  *NoKeysError // set where no layer gives keys
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
		// Without a home folder there are no profiles; that is said where one
		// is looked for.
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
	if o.STS.Transport == nil {
		o.STS.Transport = tcapi.NewTransport(tcapi.TransportOptions{})
	}
	if o.STS.Limiters == nil {
		o.STS.Limiters = new(tcapi.Limiters)
	}
	if o.STS.Now == nil {
		o.STS.Now = o.Now
	}
	o.STS.Service = "sts"
	return &builder{options: o, env: o.Getenv}
}

// base returns the layer that needs no other keys.
func (b *builder) base() layer {
	for _, find := range []func() (layer, bool){b.unsigned, b.cvmRole, b.static, b.profile} {
		if found, ok := find(); ok {
			return found
		}
	}
	b.missing = &NoKeysError{Tried: b.inOrder(), UnknownVariables: unknownVariables(b.options.Environ())}
	return layer{keys: noKeys{b.missing}, describe: "nowhere"}
}

// unsigned returns the layer of the one way to get keys without any, if one is
// configured.
func (b *builder) unsigned() (layer, bool) {
	pod, inPod := b.podOIDC()
	if inPod {
		if b.options.AssumeRoleWithSAML != nil || b.options.AssumeRoleWithWebIdentity != nil {
			b.problem("enable_pod_oidc", summaryConflict, "enable_pod_oidc is a web identity of its own: leave out "+
				"assume_role_with_saml and assume_role_with_web_identity, or enable_pod_oidc.")
		}
		return pod, true
	}
	saml, withSAML := b.saml()
	web, withWeb := b.webIdentity()
	switch {
	case withSAML && withWeb:
		b.problem("assume_role_with_saml", summaryConflict, "Keys come either from a SAML assertion or from a web identity token: "+
			"leave out assume_role_with_saml or assume_role_with_web_identity (or the environment variables of one of them).")
		return saml, true
	case withSAML:
		return saml, true
	}
	return web, withWeb
}

const summaryConflict = "Conflicting ways to sign in"

// hasBlock tells whether the configuration says itself which role to assume;
// the environment then only fills in what is missing there.
func (b *builder) hasBlock() bool {
	o := b.options
	return o.AssumeRole != nil || o.AssumeRoleWithSAML != nil || o.AssumeRoleWithWebIdentity != nil
}

// unset says why a role that could come from variables does not.
func (b *builder) unset(names ...string) string {
	if b.hasBlock() {
		return "it is not set"
	}
	return "neither it nor " + strings.Join(names, " nor ") + " is set"
}

// inOrder is the chain that was tried, with the keys first that everybody
// expects there.
func (b *builder) inOrder() []Tried {
	var first, rest []Tried
	for _, t := range b.tried {
		if strings.HasPrefix(t.Source, "the ") || strings.HasPrefix(t.Source, "profile ") {
			first = append(first, t)
		} else {
			rest = append(rest, t)
		}
	}
	return append(first, rest...)
}

func (b *builder) pass(source, why string) {
	b.tried = append(b.tried, Tried{source, why})
}

func (b *builder) problem(attribute, summary, detail string) {
	b.problems = append(b.problems, Problem{attribute, summary, detail})
}

// sts returns a client whose requests are signed with keys, or unsigned where
// that is nil.
func (b *builder) sts(region string, keys tcapi.KeySource) *tcapi.Client {
	config := b.options.STS
	config.KeySource = keys
	if config.Region = region; region == "" {
		config.Region = stsRegion
	}
	return tcapi.New(config)
}

func (b *builder) issuer(action string, keys tcapi.KeySource, seconds int64) issuer {
	return b.issuerIn(b.region, action, keys, seconds)
}

func (b *builder) issuerIn(region, action string, keys tcapi.KeySource, seconds int64) issuer {
	return issuer{client: b.sts(region, keys), action: action, duration: time.Duration(seconds) * time.Second, now: b.options.Now}
}

func (b *builder) renewer(o origin) *renewer {
	return &renewer{origin: o, now: b.options.Now, log: b.options.Log}
}

// expand replaces a leading ~ by the home folder.
func (b *builder) expand(path string) string {
	if path == "~" || strings.HasPrefix(path, "~/") || strings.HasPrefix(path, `~\`) {
		return filepath.Join(b.options.Home, path[1:])
	}
	return path
}

// because is the reason of a file that cannot be read, without its path.
func because(err error) string {
	if errors.Is(err, os.ErrNotExist) {
		return "there is no such file"
	}
	return err.Error()
}
