package credential

import (
	"cmp"
	"slices"
	"strings"
)

// Kind is a way to get first credentials, those that need no others.
type Kind int

// The kinds, in the order in which they are listed for a user who has none.
const (
	KindStatic Kind = iota
	KindProfile
	KindWebIdentity
	KindSAML
	KindCVMRole
	KindPodOIDC
)

// step is one kind with its precedence: the steps stand in the order of
// the official provider, in which the last of its steps comes first here.
type step struct {
	kind       Kind
	attributes []string // those of the configuration that are set, by name
	variables  []string // those of the environment that are set
	build      func() layer
	tried      func() (source, reason string)
}

const summaryConflict = "Conflicting ways to sign in"

// first returns the layer that needs no other credentials. The configuration takes
// precedence over the environment. The profile is last, and is searched
// for even if it is not configured.
func (b *builder) first() layer {
	all := b.steps()
	b.conflicts(all)
	var chosen *step
	for i := range all {
		if c := &all[i]; len(c.attributes) > 0 {
			if chosen == nil {
				chosen = c
				continue
			}
			b.ignoredAttributes(c, chosen)
		}
	}
	if chosen != nil {
		return chosen.build()
	}
	for _, c := range all {
		if len(c.variables) > 0 {
			return c.build()
		}
	}
	if found, ok := b.profile(); ok {
		return found
	}
	b.missing = &MissingError{UnknownVariables: unknownVariables(b.options.Environ())}
	for _, c := range all {
		source, reason := c.tried()
		b.missing.Tried = append(b.missing.Tried, Tried{c.kind, source, reason})
	}
	slices.SortStableFunc(b.missing.Tried, func(a, b Tried) int { return cmp.Compare(a.Kind, b.Kind) })
	return layer{credentials: noCredentials{b.missing}, describe: "no source"}
}

func (b *builder) steps() []step {
	o := b.options
	type attribute struct{ name, value string }
	named := func(all ...attribute) []string {
		var names []string
		for _, a := range all {
			if strings.TrimSpace(a.value) != "" {
				names = append(names, a.name)
			}
		}
		return names
	}
	block := func(name string, set bool) []string {
		if set {
			return []string{name}
		}
		return nil
	}
	return []step{
		{
			kind: KindPodOIDC, build: b.podOIDC,
			attributes: block("enable_pod_oidc", o.EnablePodOIDC),
			tried:      func() (string, string) { return "enable_pod_oidc", "is not true" },
		},
		{
			kind: KindSAML, build: b.saml,
			attributes: block("assume_role_with_saml", o.AssumeRoleWithSAML != nil),
			variables:  b.env.set(envSAMLAssertion),
			tried:      func() (string, string) { return "assume_role_with_saml", "is not set, nor is " + envSAMLAssertion },
		},
		{
			kind: KindWebIdentity, build: b.webIdentity,
			attributes: block("assume_role_with_web_identity", o.AssumeRoleWithWebIdentity != nil),
			variables:  b.env.set(envWebIdentityToken, envWebIdentityTokenFile),
			tried: func() (string, string) {
				return "assume_role_with_web_identity", "is not set, nor is " + envWebIdentityToken + " or " + envWebIdentityTokenFile
			},
		},
		{
			kind: KindCVMRole, build: b.cvmRole,
			attributes: named(attribute{"cam_role_name", o.CAMRoleName}),
			variables:  b.env.set(envCAMRoleName),
			tried:      func() (string, string) { return "cam_role_name", "is not set, nor is " + envCAMRoleName },
		},
		{
			kind: KindStatic, build: b.static,
			attributes: named(attribute{"secret_id", o.SecretID}, attribute{"secret_key", o.SecretKey}, attribute{"security_token", o.SecurityToken}),
			variables:  b.env.set(envSecretID, envSecretKey, envSecurityToken),
			tried: func() (string, string) {
				return "secret_id and secret_key", "are not set, nor are " + envSecretID + " and " + envSecretKey
			},
		},
		{
			kind: KindProfile, build: func() layer { found, _ := b.profile(); return found },
			attributes: named(attribute{"profile", o.Profile}, attribute{"shared_credentials_dir", o.SharedCredentialsDir}),
			tried:      b.profileTried,
		},
	}
}

// conflicts reports ways to sign in that exclude each other, because each of them
// assumes a role without other credentials.
func (b *builder) conflicts(all []step) {
	attributes := map[Kind]bool{}
	variables := map[Kind]bool{}
	anyAttribute := false
	for _, c := range all {
		attributes[c.kind], variables[c.kind] = len(c.attributes) > 0, len(c.variables) > 0
		anyAttribute = anyAttribute || len(c.attributes) > 0
	}
	switch {
	case attributes[KindPodOIDC] && (attributes[KindSAML] || attributes[KindWebIdentity]):
		b.problem("enable_pod_oidc", summaryConflict, "enable_pod_oidc signs in with a web identity. Remove it, or remove "+
			"assume_role_with_saml and assume_role_with_web_identity.")
	case attributes[KindSAML] && attributes[KindWebIdentity]:
		b.problem("assume_role_with_saml", summaryConflict, "A role is assumed either with a SAML assertion or with a web identity token. "+
			"Remove assume_role_with_saml or assume_role_with_web_identity.")
	case !anyAttribute && variables[KindSAML] && variables[KindWebIdentity]:
		b.problem("assume_role_with_saml", summaryConflict, "A role is assumed either with a SAML assertion or with a web identity token. "+
			"Unset "+envSAMLAssertion+", or "+envWebIdentityToken+" and "+envWebIdentityTokenFile+".")
	}
}

// ignoredAttributes warns about attributes of a way to sign in that is not used.
func (b *builder) ignoredAttributes(ignored, chosen *step) {
	b.warn(ignored.attributes[0], "Ignored provider arguments",
		strings.Join(ignored.attributes, " and ")+" "+haveNoEffect(ignored.attributes)+", because "+
			strings.Join(chosen.attributes, " and ")+" "+takePrecedence(chosen.attributes)+". Remove one of the two ways to sign in.")
}

func haveNoEffect(names []string) string {
	if len(names) == 1 {
		return "has no effect"
	}
	return "have no effect"
}

func takePrecedence(names []string) string {
	if len(names) == 1 {
		return "takes precedence"
	}
	return "take precedence"
}
