package bucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

// destination is a parsed destination.
type destination struct {
	scheme string     // file, s3 or cos
	bucket string     // of s3 and cos
	folder string     // of file: the path of the URL
	prefix string     // empty, or with a slash at the end
	query  url.Values // without the prefix
}

// parameters are the query parameters of each scheme besides prefix. None of them
// holds a secret.
var parameters = map[string][]string{
	"file": {"create_dir", "dir_file_mode", "file_mode"},
	"s3": {
		"region", "endpoint", "profile", "anonymous", "use_path_style", "fips", "dualstack",
		"ssetype", "kmskeyid", "request_checksum_calculation", "insecure",
	},
	"cos": {"region", "endpoint"},
}

const forms = "file:///folder, s3://bucket?region=… or cos://bucket-appid?region=…"

// Check reports what is wrong with the form of a destination, without connecting
// to it. The error is an *Error.
func Check(destination string) error {
	_, err := parse(destination)
	return err
}

// SamePlace reports whether two destinations name the same objects: scheme, host,
// path, endpoint and prefix are the same, however they are written. The other
// parameters say how to get there. A destination that Check refuses is the same
// place as its own text only.
func SamePlace(ctx context.Context, a, b string) bool {
	x, errX := parse(a)
	y, errY := parse(b)
	if errX != nil || errY != nil {
		return a == b
	}
	return x.place(ctx) == y.place(ctx)
}

func parse(text string) (*destination, error) {
	if strings.TrimSpace(text) == "" {
		return nil, &Error{Destination: "destination", Op: "be used", Err: errors.New("it is empty; use " + forms)}
	}
	tenant := ""
	if m := tenantBucket.FindStringSubmatch(text); m != nil {
		tenant, text = m[1]+":", "s3://"+m[2]
	}
	u, err := url.Parse(text)
	if err != nil {
		// The error of url.Parse may quote a password.
		reason := errors.New("it is not a URL; use " + forms)
		if escape, ok := errors.AsType[url.EscapeError](err); ok {
			reason = escape
		}
		return nil, &Error{Destination: "destination", Op: "be parsed", Err: reason}
	}
	d := &destination{scheme: u.Scheme, bucket: tenant + u.Host, folder: u.Path}
	if u.Scheme == "file" {
		d.bucket = ""
	}
	failed := func(format string, a ...any) (*destination, error) {
		name := tenant + u.Host + u.EscapedPath()
		if u.Scheme != "" {
			name = u.Scheme + "://" + name
		}
		if d.prefix != "" {
			name += "?prefix=" + d.prefix
		}
		return nil, &Error{Destination: cmp.Or(name, "destination"), Op: "be used", Err: fmt.Errorf(format, a...)}
	}
	if u.User != nil {
		return failed("it contains a user name or password, which would be stored in plain text; set credentials in the environment or in the provider configuration")
	}
	if hint := bucketAddress(u); hint != "" {
		return failed("it is the HTTP address of a bucket; use %s", hint)
	}
	known, ok := parameters[u.Scheme]
	if !ok {
		if u.Scheme == "" && strings.HasPrefix(u.Path, "/") {
			return failed("it has no scheme; use file://%s", u.Path)
		}
		return failed("it is not a supported destination; use %s", forms)
	}
	if u.Fragment != "" {
		return failed("it contains #; use %%23 if that is part of a name")
	}
	// A plus is a plus: a space is written %20.
	if d.query, err = url.ParseQuery(strings.ReplaceAll(u.RawQuery, "+", "%2B")); err != nil {
		return failed("its query cannot be parsed; separate parameters with & and escape other characters as %%XX")
	}
	if d.prefix, err = cleanPrefix(d.query.Get("prefix")); err != nil {
		return failed("its prefix is invalid: %w", err)
	}
	d.query.Del("prefix")
	for _, name := range slices.Sorted(maps.Keys(d.query)) {
		if !slices.Contains(known, name) {
			return failed("the query parameter %q is unknown; the parameters of %s destinations are prefix, %s", name, u.Scheme, strings.Join(known, ", "))
		}
		if len(d.query[name]) > 1 {
			return failed("the query parameter %s is set more than once", name)
		}
	}
	if err := d.check(u); err != nil {
		return failed("%w", err)
	}
	return d, nil
}

// check checks what differs between the schemes.
func (d *destination) check(u *url.URL) error {
	if d.scheme == "file" {
		if u.Host != "" && u.Host != "localhost" {
			return fmt.Errorf("a file destination needs three slashes; use file:///%s%s", u.Host, u.Path)
		}
		if strings.Trim(u.Path, "/") == "" {
			return errors.New("it names no folder; use file:///folder")
		}
		_, err := d.fileOptions()
		return err
	}
	if d.bucket == "" {
		return fmt.Errorf("it names no bucket; use %s", forms)
	}
	if inner := strings.Trim(u.Path, "/"); inner != "" {
		return fmt.Errorf("it contains a path; use %s://%s?region=…&prefix=%s/", d.scheme, d.bucket, inner)
	}
	if d.query.Has("region") && !region.MatchString(d.query.Get("region")) {
		return errors.New("region must be the name of a region such as us-east-1")
	}
	insecure := false
	if d.scheme == "s3" {
		o, err := d.s3Options()
		if err != nil {
			return err
		}
		insecure = o.insecure
	}
	if d.query.Has("endpoint") {
		if err := checkEndpoint(d.query.Get("endpoint"), insecure); err != nil {
			return err
		}
	}
	if d.scheme == "cos" {
		if !appID.MatchString(d.bucket) {
			return errors.New("the name of a COS bucket ends with the APPID; use a name such as cos://logs-1250000000?region=ap-guangzhou")
		}
		if !awsRegion.MatchString(d.query.Get("region")) {
			return fmt.Errorf("its region is missing; use the region of the bucket, such as cos://%s?region=ap-guangzhou", d.bucket)
		}
	}
	return nil
}

var (
	appID  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*-[0-9]{8,12}$`)
	region = regexp.MustCompile(`^[A-Za-z0-9._-]+$`) // stores other than AWS have names such as RegionOne

	// tenantBucket matches the start of a destination with a tenant of Ceph.
	tenantBucket = regexp.MustCompile(`^s3://([\w-]+):([\w.-]+(?:[/?#].*)?)$`)

	// Addresses that consoles show for a bucket.
	cosAddress = regexp.MustCompile(`^([a-z0-9-]+-[0-9]{8,12})\.cos(?:-internal)?\.([a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)$`)
	s3Address  = regexp.MustCompile(`^([a-z0-9.-]+)\.s3[.-]([a-z0-9-]+)\.amazonaws\.com$`)
)

// bucketAddress returns the destination for the HTTP address of a bucket, such as
// https://logs-1250000000.cos.ap-guangzhou.myqcloud.com. It is empty for everything
// else.
func bucketAddress(u *url.URL) string {
	host, inner := u.Hostname(), strings.Trim(u.Path, "/")
	var hint string
	switch {
	case u.Scheme == "file":
		return ""
	case cosAddress.MatchString(host):
		hint = cosAddress.ReplaceAllString(host, "cos://$1?region=$2")
	case s3Address.MatchString(host):
		hint = s3Address.ReplaceAllString(host, "s3://$1?region=$2")
	case cosRegion.MatchString(host):
		name, rest, _ := strings.Cut(inner, "/")
		hint, inner = "cos://"+cmp.Or(name, "bucket-appid")+cosRegion.ReplaceAllString(host, "?region=$1"), rest
	case strings.HasSuffix(host, ".myqcloud.com"):
		hint = "cos://bucket-appid?region=…"
	default:
		return ""
	}
	if inner != "" {
		hint += "&prefix=" + inner + "/"
	}
	return hint
}

// cleanPrefix returns the prefix with a slash at its end only. It refuses names
// that a file system would change.
func cleanPrefix(prefix string) (string, error) {
	prefix = strings.Trim(prefix, "/")
	if prefix == "" {
		return "", nil
	}
	if len(prefix) > 300 {
		return "", errors.New("it is longer than 300 bytes")
	}
	for segment := range strings.SplitSeq(prefix, "/") {
		if segment == "" || segment == "." || strings.HasSuffix(segment, "..") ||
			strings.ContainsFunc(segment, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
			return "", fmt.Errorf("%q cannot be the name of a folder", segment)
		}
	}
	return prefix + "/", nil
}

// String shows scheme, host, path and prefix.
func (d *destination) String() string {
	text := (&url.URL{Scheme: d.scheme, Path: d.folder}).String()
	if d.scheme != "file" {
		text = d.scheme + "://" + d.bucket + d.folder
	}
	if d.prefix != "" {
		text += "?prefix=" + d.prefix
	}
	return text
}

// place is the same for all spellings of a destination. A COS bucket is
// the same place by its own scheme and by its S3 endpoint. A bucket of AWS is the
// same place in each region, because its name is unique.
func (d *destination) place(ctx context.Context) string {
	if d.scheme == "file" {
		return fmt.Sprintf("file %q %q", path.Clean("/"+d.folder), d.prefix)
	}
	endpoint := d.query.Get("endpoint")
	switch {
	case endpoint != "":
	case d.scheme == "cos":
		endpoint = cosEndpoint(d.query.Get("region"))
	default:
		if o, err := d.s3Options(); err == nil {
			if _, err := o.load(ctx); err == nil {
				endpoint = o.endpoint
			}
		}
	}
	return fmt.Sprintf("bucket %q %q %q", d.bucket, canonicalEndpoint(endpoint), d.prefix)
}

// checkKey refuses keys that not every driver can store.
func checkKey(key string) error {
	if !fs.ValidPath(key) || key == "." || strings.ContainsRune(key, 0) || os.PathSeparator == '\\' && strings.ContainsRune(key, '\\') {
		return fmt.Errorf("%q is not a valid key", key)
	}
	return nil
}
