package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/s3blob"
)

// Store is an opened destination. It is safe for concurrent use.
type Store struct {
	objects
	name string
}

// Open opens a destination, written as a Go CDK bucket URL:
//
//	file:///srv/logs?prefix=teo/                     a folder, which must exist unless create_dir=true
//	s3://bucket?region=us-east-1&prefix=teo/         AWS
//	s3://bucket?region=ap-guangzhou&endpoint=https://cos.ap-guangzhou.myqcloud.com&prefix=teo/
//
// Keys for s3 come from where the AWS SDK looks for them (AWS_ACCESS_KEY_ID and
// so on). With an endpoint, request_checksum_calculation is when_required unless
// the URL says otherwise: other stores than AWS refuse the trailing checksums of
// the SDK. The destination is asked for one page of its listing; nothing is
// written. Every error is a *DestinationError.
func Open(ctx context.Context, destination string) (*Store, error) {
	at, err := parseDestination(destination)
	if err != nil {
		return nil, err
	}
	s := &Store{name: at.String()}
	if at.url.Scheme == "file" {
		s.objects, err = openFolder(at.url, at.query, at.prefix, s.name)
	} else {
		s.objects, err = openS3(ctx, at.url, at.query, at.prefix, s.name)
	}
	if err != nil {
		return nil, &DestinationError{Destination: s.name, Op: "open it", Err: err}
	}
	if err := s.probe(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// CheckDestination tells what is wrong with the form of a destination, without
// looking at what is there. Its error is a *DestinationError.
func CheckDestination(destination string) error {
	_, err := parseDestination(destination)
	return err
}

// location is a destination that was taken apart; the prefix is not in the
// query any more.
type location struct {
	url    *url.URL
	query  url.Values
	prefix string
}

func parseDestination(destination string) (location, error) {
	u, err := url.Parse(destination)
	if err != nil {
		// Other errors quote the text, which may hold a password.
		if escape, ok := errors.AsType[url.EscapeError](err); ok {
			err = escape
		} else {
			err = errors.New("it is not a URL")
		}
		return location{}, &DestinationError{Destination: "the destination", Op: "parse the URL", Err: err}
	}
	at := location{url: u}
	if u.User != nil {
		return location{}, &DestinationError{Destination: at.String(), Op: "use the URL", Err: errors.New("it holds a user name or password; keys come from the environment")}
	}
	failed := func(op string, err error) (location, error) {
		return location{}, &DestinationError{Destination: at.String(), Op: op, Err: err}
	}
	if u.Scheme != "file" && u.Scheme != "s3" {
		return failed("open it", errors.New("it must begin with file:/// or s3://"))
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return failed("parse the query", err)
	}
	prefix, err := cleanPrefix(q.Get("prefix"))
	if err != nil {
		return failed("use the prefix", err)
	}
	q.Del("prefix")
	at.query, at.prefix = q, prefix
	known := folderParameters()
	if u.Scheme == "s3" {
		known = bucketParameters()
	}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if !slices.Contains(known, name) {
			return failed("open it", fmt.Errorf("the query parameter %q is unknown (known: prefix, %s)", name, strings.Join(known, ", ")))
		}
	}
	if q.Has("endpoint") && !isEndpoint(q.Get("endpoint")) {
		return failed("open it", errors.New("endpoint must be a URL such as https://cos.ap-guangzhou.myqcloud.com, without keys"))
	}
	return at, nil
}

// folderParameters and bucketParameters are those of gocloud.dev that make sense
// here. None takes a secret.
func folderParameters() []string {
	return []string{"create_dir", "dir_file_mode", "no_tmp_dir", "metadata"}
}

func bucketParameters() []string {
	return []string{
		"region", "endpoint", "profile", "role", "anonymous", "use_path_style", "s3ForcePathStyle", "disable_https",
		"accelerate", "dualstack", "fips", "hostname_immutable", "rate_limiter_capacity", "awssdk", "ssetype", "kmskeyid",
		"request_checksum_calculation", "response_checksum_validation",
	}
}

func isEndpoint(text string) bool {
	e, err := url.Parse(text)
	return err == nil && e.Host != "" && (e.Scheme == "https" || e.Scheme == "http") && e.User == nil && e.RawQuery == "" && e.Fragment == ""
}

// String shows scheme, host, path and prefix, which tell destinations apart and
// hold nothing secret.
func (l location) String() string {
	text := (&url.URL{Scheme: l.url.Scheme, Host: l.url.Host, Path: l.url.Path}).String()
	if l.prefix != "" {
		text += "?prefix=" + l.prefix
	}
	return text
}

// SamePlace tells whether two spellings of a destination name the same objects:
// the same scheme, host, path, endpoint and prefix. The other parameters say how
// to get there. What cannot be parsed is the same as nothing but itself.
func SamePlace(a, b string) bool {
	at, errA := parseDestination(a)
	other, errB := parseDestination(b)
	if errA != nil || errB != nil {
		return a == b
	}
	return at.place() == other.place()
}

// place is what a location has in common with its other spellings.
func (l location) place() string {
	host, endpoint := l.url.Host, l.query.Get("endpoint")
	if l.url.Scheme == "file" && host == "localhost" {
		host = ""
	}
	if e, err := url.Parse(endpoint); err == nil {
		e.Host, e.Path = strings.ToLower(e.Host), strings.TrimRight(e.Path, "/")
		endpoint = e.String()
	}
	return fmt.Sprintf("%q %q %q %q %q", l.url.Scheme, host, path.Clean("/"+l.url.Path), endpoint, l.prefix)
}

// Close releases the destination.
func (s *Store) Close() error { return s.close() }

// String shows where the destination is: scheme, host, path and prefix, and
// nothing secret.
func (s *Store) String() string { return s.name }

// cleanPrefix gives a prefix its slash at the end and refuses what a file
// system would not keep as it is.
func cleanPrefix(prefix string) (string, error) {
	prefix = strings.Trim(prefix, "/")
	if prefix == "" {
		return "", nil
	}
	if len(prefix) > 300 {
		return "", errors.New("it is longer than 300 bytes")
	}
	for segment := range strings.SplitSeq(prefix, "/") {
		if segment == "" || segment == "." || strings.HasSuffix(segment, "..") || strings.ContainsFunc(segment, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
			return "", fmt.Errorf("%q is not a folder's name", segment)
		}
	}
	return prefix + "/", nil
}

func openFolder(u *url.URL, q url.Values, prefix, name string) (objects, error) {
	var options fileblob.Options
	// A temporary file elsewhere could not be renamed across file systems, and
	// sidecar files would be payload that no manifest knows.
	options.NoTempDir, options.Metadata = true, fileblob.MetadataDontWrite
	for _, key := range slices.Sorted(maps.Keys(q)) {
		value := q.Get(key)
		switch key {
		case "create_dir":
			create, err := strconv.ParseBool(value)
			if err != nil {
				return nil, errors.New("create_dir must be true or false")
			}
			options.CreateDir = create
		case "dir_file_mode":
			mode, err := strconv.ParseUint(value, 0, 32)
			if err != nil {
				return nil, errors.New("dir_file_mode must be a number such as 0750")
			}
			options.DirFileMode = os.FileMode(mode)
		case "no_tmp_dir", "metadata":
			if value != "true" && value != "skip" {
				return nil, fmt.Errorf("%s cannot be changed", key)
			}
		}
	}
	if u.Host != "" && u.Host != "localhost" && u.Host != "." {
		return nil, fmt.Errorf("write file:///%s%s with three slashes", u.Host, u.Path)
	}
	folder := u.Path
	if u.Host == "." || os.PathSeparator != '/' {
		folder = strings.TrimPrefix(folder, "/")
	}
	if folder == "" {
		return nil, errors.New("it names no folder")
	}
	dir, err := filepath.Abs(filepath.FromSlash(folder))
	if err != nil {
		return nil, err
	}
	bucket, err := fileblob.OpenBucket(dir, &options)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the folder does not exist; make it, or add create_dir=true to the URL (%w)", err)
	}
	if err != nil {
		return nil, err
	}
	return newFolder(bucket, dir, prefix, name), nil
}

func openS3(ctx context.Context, u *url.URL, q url.Values, prefix, name string) (objects, error) {
	if strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("write s3://%s?prefix=%s/ instead of a path", u.Host, strings.Trim(u.Path, "/"))
	}
	if q.Has("endpoint") {
		for _, key := range []string{"request_checksum_calculation", "response_checksum_validation"} {
			if !q.Has(key) {
				q.Set(key, "when_required")
			}
		}
	}
	bucket, err := new(s3blob.URLOpener).OpenBucketURL(ctx, &url.URL{Scheme: u.Scheme, Host: u.Host, RawQuery: q.Encode()})
	if err != nil {
		return nil, err
	}
	if prefix != "" {
		bucket = blob.PrefixedBucket(bucket, prefix)
	}
	return &cloud{bucket: bucket, name: name, parts: &parts{u.Host, prefix}}, nil
}
