package bucket

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
)

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

// withCertificates returns a client that also trusts the certificates in a file,
// as AWS_CA_BUNDLE says.
func withCertificates(transport http.RoundTripper, bundle string) (s3.HTTPClient, error) {
	t, ok := transport.(*http.Transport)
	if bundle == "" || !ok {
		return newClient(transport), nil
	}
	data, err := os.ReadFile(bundle)
	if err != nil {
		return nil, fmt.Errorf("the CA bundle of the AWS settings cannot be read: %w", err)
	}
	t = t.Clone()
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	pool := t.TLSClientConfig.RootCAs
	if pool == nil {
		pool = x509.NewCertPool() // as the SDK does
	} else {
		pool = pool.Clone()
	}
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("the CA bundle of the AWS settings, %s, has no certificates", bundle)
	}
	t.TLSClientConfig.RootCAs = pool
	return newClient(t), nil
}

// maxAttempts is how often a request is sent.
const maxAttempts = 5

// newRetryer returns what sends failed requests again; attempts and mode are those
// of the AWS settings.
func newRetryer(options Options, attempts int, mode aws.RetryMode) aws.Retryer {
	standard := func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff, o.RateLimiter = cmp.Or(attempts, maxAttempts), cmp.Or(options.MaxRetryDelay, 5*time.Second), ratelimit.None
		// Another write to the same key is under way.
		o.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: map[string]struct{}{
			"ConditionalRequestConflict": {}, "OperationAborted": {}, "Conflict": {},
		}})
	}
	if mode == aws.RetryModeAdaptive {
		return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) { o.StandardOptions = append(o.StandardOptions, standard) })
	}
	return retry.NewStandard(standard)
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
	cfg, err := o.load(ctx, load...)
	if err != nil {
		return nil, err
	}
	switch {
	case o.region == "":
		return nil, fmt.Errorf("its region is missing; use the region of the bucket, such as s3://%s?region=us-east-1, or set AWS_REGION", d.bucket)
	case o.endpoint == "" && !awsRegion.MatchString(o.region):
		return nil, errors.New("region must be the name of a region such as us-east-1; other names need an endpoint")
	case o.endpoint == "" && strings.Contains(d.bucket, ":"):
		return nil, errors.New("a tenant before the name of the bucket needs an endpoint")
	}
	b.cos, b.region, b.endpoint = isCOS(o.endpoint), o.region, o.endpoint
	b.source = &source{log: options.Log, destination: b.name, hint: b.credentialsHint(), provider: cfg.Credentials}
	if options.Transport == nil {
		b.http = cfg.HTTPClient
	} else if b.http, err = withCertificates(options.Transport, o.caBundle); err != nil {
		return nil, err
	}
	cfg.Credentials = aws.CredentialsProvider(b.source)
	if o.anonymous {
		cfg.Credentials = aws.AnonymousCredentials{}
	}
	b.retryer = newRetryer(options, cfg.RetryMaxAttempts, cfg.RetryMode)
	b.sseType, b.kmsKeyID, b.sendMD5 = o.sseType, o.kmsKeyID, o.checksum == aws.RequestChecksumCalculationWhenRequired
	b.client = s3.NewFromConfig(cfg, b.common, func(s *s3.Options) {
		s.UsePathStyle = *o.pathStyle || strings.Contains(d.bucket, ":")
		s.UseAccelerate = o.accelerate
		s.EndpointOptions.UseFIPSEndpoint = map[bool]aws.FIPSEndpointState{true: aws.FIPSEndpointStateEnabled, false: aws.FIPSEndpointStateDisabled}[*o.fips]
		s.EndpointOptions.UseDualStackEndpoint = map[bool]aws.DualStackEndpointState{true: aws.DualStackEndpointStateEnabled, false: aws.DualStackEndpointStateDisabled}[*o.dualstack]
		s.RequestChecksumCalculation, s.ResponseChecksumValidation = o.checksum, o.validation
		if o.endpoint != "" {
			s.BaseEndpoint = aws.String(o.endpoint)
			s.APIOptions = append(s.APIOptions, leaveEncodingUnsigned)
			if !awsRegion.MatchString(o.region) {
				s.Region, s.EndpointResolverV2 = "us-east-1", anyRegion{s.EndpointResolverV2, o.region}
			}
		}
	})
	if plainHTTP(o.endpoint) {
		b.warn("requests are sent without TLS (insecure=true): others on the network can read the logs and the session token")
	}
	return b, nil
}

func openCOS(d *destination, options Options) (*objectStore, error) {
	if options.Credentials == nil {
		return nil, &credentialsError{err: errors.New("there are none"), hint: "set secret_id and secret_key in the provider configuration"}
	}
	b := newObjectStore(d, options)
	b.cos, b.sendMD5 = true, true
	b.source = &source{log: options.Log, destination: b.name, provider: cosProvider{options.Credentials}}
	endpoint, pathStyle := d.query.Get("endpoint"), true
	b.endpoint = endpoint
	if endpoint == "" {
		endpoint, pathStyle = cosEndpoint(d.query.Get("region")), false
		if options.COSDomain != "" {
			endpoint = strings.TrimRight(options.COSDomain, "/")
			if !strings.Contains(endpoint, "://") {
				endpoint = "https://" + endpoint
			}
			if err := checkEndpoint(endpoint, false); err != nil {
				return nil, fmt.Errorf("the COS domain cannot be used as an endpoint: %w", err)
			}
		}
	}
	b.client = s3.New(s3.Options{
		BaseEndpoint: aws.String(endpoint), UsePathStyle: pathStyle, Region: d.query.Get("region"), Credentials: b.source,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		APIOptions:                 []func(*middleware.Stack) error{leaveEncodingUnsigned},
	}, b.common)
	return b, nil
}
