package bucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// s3Options are the parameters of an s3 destination.
type s3Options struct {
	region, endpoint, profile                string
	anonymous, usePathStyle, fips, dualstack bool
	sseType                                  types.ServerSideEncryption
	kmsKeyID                                 string
	checksum                                 aws.RequestChecksumCalculation
	checksumValidation                       aws.ResponseChecksumValidation
}

func (d *destination) s3Options() (s3Options, error) {
	o := s3Options{
		region: d.query.Get("region"), endpoint: d.query.Get("endpoint"), profile: d.query.Get("profile"),
		sseType: types.ServerSideEncryption(d.query.Get("ssetype")), kmsKeyID: d.query.Get("kmskeyid"),
	}
	for name, value := range map[string]*bool{
		"anonymous": &o.anonymous, "use_path_style": &o.usePathStyle, "fips": &o.fips, "dualstack": &o.dualstack,
	} {
		if !d.query.Has(name) {
			continue
		}
		var err error
		if *value, err = strconv.ParseBool(d.query.Get(name)); err != nil {
			return o, fmt.Errorf("%s must be true or false", name)
		}
	}
	if o.region != "" && !region.MatchString(o.region) {
		return o, errors.New("region must be the name of a region such as us-east-1")
	}
	if known := o.sseType.Values(); o.sseType != "" && !slices.Contains(known, o.sseType) {
		names := make([]string, len(known))
		for i := range known {
			names[i] = string(known[i])
		}
		return o, fmt.Errorf("ssetype must be one of %s", strings.Join(names, ", "))
	}
	if o.kmsKeyID != "" && !strings.HasPrefix(string(o.sseType), "aws:kms") {
		return o, errors.New("kmskeyid needs ssetype=aws:kms or ssetype=aws:kms:dsse")
	}
	// Stores other than AWS often refuse the trailing checksums of the SDK.
	checksum := d.query.Get("request_checksum_calculation")
	if checksum == "" && o.endpoint != "" {
		checksum = "when_required"
	}
	switch checksum {
	case "", "when_supported":
		o.checksum, o.checksumValidation = aws.RequestChecksumCalculationWhenSupported, aws.ResponseChecksumValidationWhenSupported
	case "when_required":
		o.checksum, o.checksumValidation = aws.RequestChecksumCalculationWhenRequired, aws.ResponseChecksumValidationWhenRequired
	default:
		return o, errors.New("request_checksum_calculation must be when_supported or when_required")
	}
	return o, nil
}

// newClient returns the client of requests to a store. It follows no redirect
// whose target the signature does not cover.
func newClient(transport http.RoundTripper) s3.HTTPClient {
	if transport != nil {
		return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = 64 // concurrent writes keep their connections
		t.ResponseHeaderTimeout = 2 * time.Minute
	})
}

func openS3(ctx context.Context, d *destination, options Options) (*objectStore, error) {
	o, err := d.s3Options()
	if err != nil {
		return nil, err
	}
	b := newObjectStore(d, options)
	var load []func(*config.LoadOptions) error
	if options.Transport == nil {
		load = append(load, config.WithHTTPClient(b.http)) // AWS_CA_BUNDLE is added to it
	}
	if o.region != "" {
		load = append(load, config.WithRegion(o.region))
	}
	if o.profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, &credentialsError{err: err, hint: "check the AWS configuration files and the profile"}
	}
	if cfg.Region == "" {
		return nil, fmt.Errorf("its region is missing; use the region of the bucket, such as s3://%s?region=us-east-1, or set AWS_REGION", d.bucket)
	}
	b.cos = isCOS(o.endpoint)
	b.source = &source{log: options.Log, destination: b.name, hint: b.credentialsHint(), provider: awsProvider{cfg.Credentials}}
	if options.Transport == nil {
		b.http = cfg.HTTPClient
	}
	cfg.Credentials = aws.CredentialsProvider(b.source)
	if o.anonymous {
		cfg.Credentials = aws.AnonymousCredentials{}
	}
	b.sseType, b.kmsKeyID, b.sendMD5 = o.sseType, o.kmsKeyID, o.checksum == aws.RequestChecksumCalculationWhenRequired
	b.client = s3.NewFromConfig(cfg, b.common, func(s *s3.Options) {
		if o.endpoint != "" {
			s.BaseEndpoint = aws.String(o.endpoint)
		}
		s.UsePathStyle = o.usePathStyle || isAddress(o.endpoint)
		if o.fips {
			s.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
		}
		if o.dualstack {
			s.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
		}
		s.RequestChecksumCalculation, s.ResponseChecksumValidation = o.checksum, o.checksumValidation
	})
	return b, nil
}

func openCOS(d *destination, options Options) (*objectStore, error) {
	if options.Credentials == nil {
		return nil, &credentialsError{err: errors.New("there are none"), hint: "set secret_id and secret_key in the provider configuration"}
	}
	b := newObjectStore(d, options)
	b.cos, b.sendMD5 = true, true
	provider := &cosProvider{provider: options.Credentials}
	b.source = &source{log: options.Log, destination: b.name, provider: provider}
	endpoint, pathStyle := d.query.Get("endpoint"), true
	if endpoint == "" {
		endpoint, pathStyle = cosEndpoint(d.query.Get("region")), false
		if options.COSDomain != "" {
			endpoint = strings.TrimRight(options.COSDomain, "/")
			if !strings.Contains(endpoint, "://") {
				endpoint = "https://" + endpoint
			}
			if !isEndpoint(endpoint) {
				return nil, errors.New("the COS domain must be a URL such as https://cos.ap-guangzhou.myqcloud.com, without user name, path or query")
			}
		}
	}
	b.client = s3.New(s3.Options{
		BaseEndpoint: aws.String(endpoint), UsePathStyle: pathStyle, Region: d.query.Get("region"), Credentials: b.source,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}, b.common)
	return b, nil
}

func cosEndpoint(region string) string { return "https://cos." + region + ".myqcloud.com" }

// isCOS reports whether an endpoint is Tencent Cloud COS.
func isCOS(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	host := u.Hostname()
	return strings.HasSuffix(host, ".myqcloud.com") || strings.HasSuffix(host, ".tencentcos.cn")
}

// isAddress reports whether an endpoint is an address, to which the name of a bucket
// cannot be prepended.
func isAddress(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return err == nil && (net.ParseIP(u.Hostname()) != nil || u.Hostname() == "localhost")
}

// provider finds credentials. refresh replaces those that the store refused.
type provider interface {
	aws.CredentialsProvider
	refresh(ctx context.Context) error
}

var errNotRefreshable = errors.New("the credentials cannot be refreshed")

// awsProvider is the credential chain of the AWS SDK, which refreshes temporary
// credentials before they expire.
type awsProvider struct{ aws.CredentialsProvider }

func (awsProvider) refresh(context.Context) error { return errNotRefreshable }

// cosProvider signs with the credentials of a CredentialsProvider.
type cosProvider struct {
	provider CredentialsProvider
	mu       sync.Mutex
	last     Credentials
}

func (p *cosProvider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := p.provider.Credentials(ctx)
	if err != nil {
		return aws.Credentials{}, err
	}
	p.mu.Lock()
	p.last = c
	p.mu.Unlock()
	return aws.Credentials{AccessKeyID: c.SecretID, SecretAccessKey: c.SecretKey, SessionToken: c.Token, Source: c.Source}, nil
}

func (p *cosProvider) refresh(ctx context.Context) error {
	p.mu.Lock()
	refused := p.last
	p.mu.Unlock()
	if refused.Token == "" {
		return errNotRefreshable
	}
	return p.provider.Renew(ctx, refused)
}

// source returns the credentials of one bucket. It logs where they come from and
// wraps its errors in a credentialsError.
type source struct {
	provider
	log         func(ctx context.Context, message string, fields map[string]any)
	destination string
	hint        string

	mu   sync.Mutex
	name string
}

func (s *source) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := s.provider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, &credentialsError{err: err, hint: s.hint}
	}
	name := sourceName(c.Source)
	s.mu.Lock()
	logged := s.name == name
	s.name = name
	s.mu.Unlock()
	if !logged && s.log != nil {
		fields := map[string]any{"destination": s.destination, "credential_source": name}
		if c.CanExpire {
			fields["expires"] = c.Expires.UTC().Format(time.RFC3339)
		}
		s.log(ctx, "Requests to the destination are signed with credentials from "+name, fields)
	}
	return c, nil
}

// String names the source that was used last, and is empty if there is none.
func (s *source) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.name
}

// sourceName puts the SDK's name of a credential source in words.
func sourceName(name string) string {
	for prefix, words := range map[string]string{
		"EnvConfigCredentials":    "the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
		"SharedConfigCredentials": "the AWS configuration files",
		"EC2RoleProvider":         "the role of this EC2 instance",
		"CredentialsEndpoint":     "the credentials endpoint of this container",
		"WebIdentityCredentials":  "a web identity token",
		"AssumeRoleProvider":      "an assumed role",
		"SSOProvider":             "an SSO session",
		"ProcessProvider":         "a credential process",
	} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return words + strings.Replace(rest, ": ", " ", 1)
		}
	}
	return cmp.Or(name, "an unnamed source")
}

// credentialsError means that there are no credentials to sign a request with.
type credentialsError struct {
	err  error
	hint string
}

func (e *credentialsError) Error() string {
	text := "no credentials to sign requests with: " + innermost(e.err)
	if e.hint != "" {
		text += "; " + e.hint
	}
	return text
}

func (e *credentialsError) Unwrap() error { return e.err }
