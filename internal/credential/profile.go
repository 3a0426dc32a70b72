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
	summaryExpired = "The keys of the profile have expired"
)

// profile is a profile of tccli. Its file is read again when its keys end, for
// a login in the meantime writes new ones there.
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
	if p.ended(file, now) {
		return fail(summaryExpired, "Run `"+file.login(p.name)+"`", p.endedError(file))
	}
	return issued{
		keys:    tcapi.Keys{SecretID: file.secretID, SecretKey: file.secretKey, Token: file.token, Source: p.source},
		at:      now,
		expires: file.expires,
	}, nil
}

func (p *profile) once() error { return nil }

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

// ended tells whether the keys have ended. Permanent keys do not, whatever an
// earlier login has left in the file.
func (p *profile) ended(file profileFile, now time.Time) bool {
	return file.token != "" && !file.expires.IsZero() && !now.Before(file.expires)
}

func (p *profile) endedError(file profileFile) error {
	return fmt.Errorf("those of %s ended at %s", p.source, file.expires.UTC().Format(time.RFC3339))
}

// profile returns the layer of a tccli profile; false where nobody asked for
// one and there is no default one.
func (b *builder) profile() (layer, bool) {
	name, p, asked := b.profilePath()
	file, err := p.read()
	if errors.Is(err, os.ErrNotExist) {
		if asked {
			b.unknownProfile(name, filepath.Dir(p.path))
			return layer{}, true
		}
		b.pass(p.source, because(err)+" ("+p.path+")")
		return layer{}, false
	}
	if err != nil {
		b.problem("profile", summaryProfile, fmt.Sprintf("The file %s is not usable: %s.", p.path, because(err)))
		return layer{}, true
	}
	if b.region == "" {
		configure, _ := readFile(strings.TrimSuffix(p.path, ".credential") + ".configure")
		b.region = parseRegion(configure)
	}
	if file.kind == "cvm-role" && file.secretID == "" {
		return b.cvmRoleLayer("", "the role of this CVM (as "+p.source+" says)"), true
	}
	if p.ended(file, b.options.Now()) {
		b.problem("profile", summaryExpired, fmt.Sprintf("The keys are temporary, and only tccli can renew them: %s. Run `%s`.",
			p.endedError(file), file.login(name)))
		return layer{}, true
	}
	if file.token == "" {
		file.expires = time.Time{}
	}
	return b.profileRole(file, p, layer{keys: b.profileKeys(file, p), describe: p.source}), true
}

// profileKeys are static unless they end.
func (b *builder) profileKeys(file profileFile, p *profile) tcapi.KeySource {
	if file.token == "" {
		return tcapi.StaticKeys{SecretID: file.secretID, SecretKey: file.secretKey, Source: p.source}
	}
	return b.renewer(p)
}

// profileRole assumes the role that the profile names, with its keys.
func (b *builder) profileRole(file profileFile, p *profile, with layer) layer {
	switch {
	case file.roleARN == "":
		return with
	case file.roleSessionName == "":
		b.problem("profile", summaryMissing, "The file "+p.path+" names a role-arn and no role-session-name.")
	case !validSessionName(file.roleSessionName):
		b.problem("profile", summarySession, "The role-session-name in "+p.path+" must have 2 to 128 characters, of letters, digits and _ + = , . @ -.")
	}
	return b.assume("profile", assumeRoleRequest{RoleArn: file.roleARN, RoleSessionName: file.roleSessionName, DurationSeconds: 7200}, with)
}

// profilePath says which profile is meant, and whether the user named it or its
// folder.
func (b *builder) profilePath() (name string, p *profile, asked bool) {
	name = b.env.first(b.options.Profile, envProfile, envTccliProfile)
	dir := b.env.first(b.options.SharedCredentialsDir, envSharedCredentialsDir)
	asked = name != "" || dir != ""
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
	}, asked
}

// unknownProfile says which profiles there are instead.
func (b *builder) unknownProfile(name, dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		attribute := "shared_credentials_dir"
		if b.env.first(b.options.SharedCredentialsDir, envSharedCredentialsDir) == "" {
			attribute = "profile"
		}
		b.problem(attribute, summaryProfile, fmt.Sprintf("There is no profile '%s': the folder %s cannot be read. Run `tccli configure` or `tccli auth login`.", name, dir))
		return
	}
	var there []string
	for _, entry := range entries {
		if profile, ok := strings.CutSuffix(entry.Name(), ".credential"); ok && profile != "" {
			there = append(there, "'"+profile+"'")
		}
	}
	slices.Sort(there)
	detail := fmt.Sprintf("There is no profile '%s' in %s", name, dir)
	if len(there) > 0 {
		detail += "; the profiles there are " + strings.Join(there, ", ") + "."
	} else {
		detail += ", nor any other."
	}
	b.problem("profile", summaryProfile, detail)
}
