package credential

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

const (
	summaryProfile = "Unable to read the profile"
	summaryExpired = "The credentials of the profile have expired"
)

// profile is a profile of tccli. Its file is read again when its credentials
// expire, because another login writes new ones to it.
type profile struct {
	name   string
	path   string // of the credential file
	source string // in words
	now    func() time.Time
}

func (p *profile) issue(context.Context) (issued, error) {
	fail := func(summary, next string, err error) (issued, error) {
		return issued{}, &SourceError{Attribute: "profile", Summary: summary, Next: next, Err: err}
	}
	file, err := p.read()
	if err != nil {
		return fail(summaryProfile, "", fmt.Errorf("%s: %w", p.path, err))
	}
	now := p.now()
	if p.expired(file, now) {
		return fail(summaryExpired, "Run `"+file.login(p.name)+"`.", p.expiredError(file))
	}
	return issued{
		credentials: tcapi.Credentials{SecretID: file.secretID, SecretKey: file.secretKey, Token: file.token, Source: p.source},
		at:          now,
		expires:     file.expires,
	}, nil
}

func (p *profile) singleUseError() error { return nil }

func (p *profile) read() (profileFile, error) {
	data, err := readFile(p.path)
	if err != nil {
		return profileFile{}, err
	}
	file, err := parseProfile(data)
	if err != nil {
		return profileFile{}, err
	}
	return file, file.check()
}

// expired reports whether the credentials have expired. Permanent ones do not
// expire, whatever an earlier login has left in the file.
func (p *profile) expired(file profileFile, now time.Time) bool {
	return file.token != "" && !file.expires.IsZero() && !now.Before(file.expires)
}

func (p *profile) expiredError(file profileFile) error {
	return fmt.Errorf("the credentials of %s expired at %s", p.source, file.expires.UTC().Format(time.RFC3339))
}

// profile returns the layer of a tccli profile; false if no profile
// is configured and there is no default one.
func (b *builder) profile() (layer, bool) {
	name, p, named := b.findProfile()
	file, err := p.read()
	if errors.Is(err, os.ErrNotExist) {
		if named {
			b.unknownProfile(name, filepath.Dir(p.path))
		}
		return layer{}, named
	}
	if err != nil {
		b.problem("profile", summaryProfile, fmt.Sprintf("The file %s cannot be used: %s.", p.path, err))
		return layer{}, true
	}
	if b.region == "" {
		configure, _ := readFile(strings.TrimSuffix(p.path, ".credential") + ".configure")
		b.region = parseRegion(configure)
	}
	if file.secretID == "" { // of the type cvm-role
		return b.cvmRoleLayer("", "the role of this CVM (as "+p.source+" says)"), true
	}
	if p.expired(file, b.options.Now()) {
		b.problem("profile", summaryExpired, fmt.Sprintf("The credentials are temporary, and only tccli can refresh them: %s. Run `%s`.",
			p.expiredError(file), file.login(name)))
		return layer{}, true
	}
	b.swapped("profile", p.source, file.secretID, file.secretKey)
	for _, value := range []string{file.secretID, file.secretKey, file.token} {
		if reason := invalidReason(value); reason != "" {
			b.problem("profile", summaryInvalid, fmt.Sprintf("A value in the file %s %s.", p.path, reason))
		}
	}
	return b.profileRole(file, p, layer{credentials: b.profileCredentials(file, p), describe: p.source}), true
}

// profileCredentials returns static credentials unless they are temporary.
func (b *builder) profileCredentials(file profileFile, p *profile) tcapi.CredentialSource {
	if file.token == "" {
		return tcapi.StaticCredentials{SecretID: file.secretID, SecretKey: file.secretKey, Source: p.source}
	}
	return b.refresher(p)
}

// profileRole assumes the role that the profile names, with its credentials.
func (b *builder) profileRole(file profileFile, p *profile, with layer) layer {
	if file.roleARN == "" {
		return with
	}
	session := file.roleSessionName
	if session == "" {
		session = DefaultSessionName
	} else if !validSessionName(session) {
		b.problem("profile", summarySession, "The role-session-name in "+p.path+" "+sessionNameRule+".")
	}
	return b.assume("profile", assumeRoleRequest{RoleArn: file.roleARN, RoleSessionName: session, DurationSeconds: DefaultSessionDuration}, with)
}

// findProfile returns the profile, and whether the user named it or its folder.
func (b *builder) findProfile() (name string, p *profile, named bool) {
	name = b.env.value(b.options.Profile, envProfile, envTccliProfile)
	dir := b.env.value(b.options.SharedCredentialsDir, envSharedCredentialsDir)
	named = name != "" || dir != ""
	if name == "" {
		name = "default"
	}
	shown := dir
	if dir == "" {
		shown, dir = "~/.tccli", filepath.Join(b.options.Home, ".tccli")
	}
	return name, &profile{
		name:   name,
		path:   filepath.Join(b.expand(dir), name+".credential"),
		source: fmt.Sprintf("profile '%s' in %s", name, shown),
		now:    b.options.Now,
	}, named
}

// profileTried describes the missing profile for a MissingError.
func (b *builder) profileTried() (source, reason string) {
	_, p, _ := b.findProfile()
	return p.source, "does not exist (" + p.path + ")"
}

// unknownProfile reports which profiles exist instead.
func (b *builder) unknownProfile(name, dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		attribute := "shared_credentials_dir"
		if b.env.value(b.options.SharedCredentialsDir, envSharedCredentialsDir) == "" {
			attribute = "profile"
		}
		b.problem(attribute, summaryProfile, fmt.Sprintf("There is no profile '%s': the folder %s cannot be read. Run `tccli configure` or `tccli auth login`.", name, dir))
		return
	}
	var existing []string
	for _, entry := range entries {
		if profile, ok := strings.CutSuffix(entry.Name(), ".credential"); ok && profile != "" {
			existing = append(existing, "'"+profile+"'")
		}
	}
	slices.Sort(existing)
	detail := fmt.Sprintf("There is no profile '%s' in %s", name, dir)
	if len(existing) > 0 {
		detail += ". Set profile to one of: " + strings.Join(existing, ", ") + "."
	} else {
		detail += ", nor any other profile. Run `tccli configure` or `tccli auth login`."
	}
	b.problem("profile", summaryProfile, detail)
}
