package bucket

import (
	"context"
	"errors"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyauth "github.com/aws/smithy-go/auth"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// checkEndpoint checks an endpoint, whose path comes before the name of the bucket.
func checkEndpoint(text string, insecure bool) error {
	e, err := url.Parse(text)
	if err != nil || e.Host == "" || e.Scheme != "https" && e.Scheme != "http" ||
		e.User != nil || e.RawQuery != "" || e.ForceQuery || e.Fragment != "" || strings.Contains(e.Path, "//") {
		return errors.New("endpoint must be a URL such as https://s3.example.com, without user name or query")
	}
	if plainHTTP(text) && !insecure {
		return errors.New("over plain http, others could read the logs and the session token; use an https:// endpoint. " +
			"An s3 destination in a trusted network may have insecure=true")
	}
	return nil
}

// plainHTTP reports whether requests to an endpoint leave this machine without TLS.
func plainHTTP(endpoint string) bool {
	e, err := url.Parse(endpoint)
	if err != nil || e.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(e.Hostname())
	return !strings.EqualFold(e.Hostname(), "localhost") && (ip == nil || !ip.IsLoopback())
}

// awsRegion matches the regions of AWS, which are part of a host.
var awsRegion = regexp.MustCompile(`^[a-z0-9-]+$`)

// anyRegion signs for a region whose name the SDK refuses, because it cannot be
// part of a host, such as those of OpenStack. The SDK sees another region, which
// does not matter with an endpoint.
type anyRegion struct {
	s3.EndpointResolverV2
	name string
}

func (r anyRegion) ResolveEndpoint(ctx context.Context, params s3.EndpointParameters) (smithyendpoints.Endpoint, error) {
	endpoint, err := r.EndpointResolverV2.ResolveEndpoint(ctx, params)
	if err != nil {
		return endpoint, err
	}
	auth, _ := smithyauth.GetAuthOptions(&endpoint.Properties)
	for _, option := range auth {
		smithyhttp.SetSigV4SigningRegion(&option.SignerProperties, r.name)
	}
	return endpoint, nil
}

// leaveEncodingUnsigned leaves Accept-Encoding out of the signature: gateways,
// such as Google Cloud Storage and content delivery networks, change it.
func leaveEncodingUnsigned(stack *middleware.Stack) error {
	const name = "Accept-Encoding"
	type kept struct{}
	step := func(id string, change func(ctx context.Context, r *smithyhttp.Request) context.Context) middleware.FinalizeMiddleware {
		return middleware.FinalizeMiddlewareFunc(id, func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			if r, ok := in.Request.(*smithyhttp.Request); ok {
				ctx = change(ctx, r)
			}
			return next.HandleFinalize(ctx, in)
		})
	}
	if err := stack.Finalize.Insert(step("KeepAcceptEncoding", func(ctx context.Context, r *smithyhttp.Request) context.Context {
		ctx = middleware.WithStackValue(ctx, kept{}, r.Header.Get(name))
		r.Header.Del(name)
		return ctx
	}), "Signing", middleware.Before); err != nil {
		return err
	}
	return stack.Finalize.Insert(step("RestoreAcceptEncoding", func(ctx context.Context, r *smithyhttp.Request) context.Context {
		if value, _ := middleware.GetStackValue(ctx, kept{}).(string); value != "" {
			r.Header.Set(name, value)
		}
		return ctx
	}), "Signing", middleware.After)
}

// The endpoints of AWS and of Tencent Cloud COS, which have several for a region:
// dual-stack, FIPS, accelerated, of a private network, and of each domain.
var (
	awsEndpoint = regexp.MustCompile(`^(?:bucket\.vpce-[a-z0-9-]+\.)?s3(?:-fips|-accelerate|-[a-z]{2}(?:-[a-z]+)+-[0-9])?(?:\.dualstack)?(?:\.[a-z0-9-]+)?(?:\.vpce)?\.amazonaws\.com(?:\.cn)?$`)
	cosRegion   = regexp.MustCompile(`^cos(?:-internal)?\.([a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)$`)
)

// canonicalEndpoint returns an endpoint in the form that all spellings of it have. The one
// of AWS is empty, as without an endpoint.
func canonicalEndpoint(endpoint string) string {
	e, err := url.Parse(endpoint)
	if err != nil || e.Host == "" {
		return endpoint
	}
	host, port := strings.TrimSuffix(strings.ToLower(e.Hostname()), "."), e.Port()
	inner := strings.TrimRight(e.Path, "/")
	switch {
	case e.Scheme == "https" && port == "443", e.Scheme == "http" && port == "80":
		port = ""
	}
	if port == "" && inner == "" {
		if awsEndpoint.MatchString(host) {
			return ""
		}
		host = cosRegion.ReplaceAllString(host, "cos.$1.myqcloud.com")
	}
	return e.Scheme + "://" + net.JoinHostPort(host, port) + inner
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

// wantsPathStyle reports whether the name of a bucket cannot be prepended to the host
// of an endpoint: it is an address, a name of a local network such as minio, or the
// beginning of a path on a host that serves other things too.
func wantsPathStyle(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return err == nil && u.Host != "" &&
		(net.ParseIP(u.Hostname()) != nil || !strings.Contains(u.Hostname(), ".") || strings.Trim(u.Path, "/") != "")
}
