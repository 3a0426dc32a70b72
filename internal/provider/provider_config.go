package provider

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

const (
	defaultMaxRetries     = 5
	defaultRequestTimeout = time.Minute
)

// configure makes a session of the configuration: attribute, then environment,
// then default. It reports all problems at once and sends nothing.
func (p *teoProvider) configure(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) *session {
	var m providerModel
	diags.Append(config.Get(ctx, &m)...)
	if diags.HasError() {
		return nil
	}
	c := configuration{getenv: p.options.Getenv, diags: diags}
	c.rejectUnknown(config, &m)

	apiVersion := c.apiVersion(m.APIVersion)
	keys := c.keys(&m)
	api := tcapi.Config{
		Service:        teo.Service,
		Endpoint:       c.endpoint(&m),
		Region:         c.text(m.Region, "TENCENTCLOUD_REGION").value,
		KeySource:      tcapi.StaticKeys(keys),
		Limiters:       &tcapi.Limiters{PerSecond: m.RequestsPerSecond.ValueFloat64()},
		Transport:      p.options.Transport,
		UserAgent:      "terraform-provider-teo/" + p.version,
		MaxRetries:     defaultMaxRetries,
		RequestTimeout: c.requestTimeout(m.RequestTimeout),
		Pace:           p.options.Pace,
		Observe:        logAttempt,
	}
	if !m.MaxRetries.IsNull() {
		api.MaxRetries = int(m.MaxRetries.ValueInt64())
	}
	if diags.HasError() {
		return nil
	}
	tflog.Debug(ctx, "configured", map[string]any{
		"endpoint": api.Endpoint.String(), "keys": keys.Source, "api_version": apiVersion,
	})
	return &session{
		teo:        teo.New(tcapi.New(api), teo.Options{APIVersion: apiVersion, Progress: logProgress}),
		apiVersion: apiVersion,
		now:        p.options.Now,
	}
}

// configuration resolves attributes and collects what is wrong with them.
type configuration struct {
	getenv func(string) string
	diags  *diag.Diagnostics
}

// setting is a resolved text and where it comes from.
type setting struct {
	value  string
	source string // "the provider configuration" or the variable's name; empty where it is not set
}

// text takes the attribute, else the first of the variables that is set. White
// space around it is dropped.
func (c configuration) text(attribute types.String, variables ...string) setting {
	if !attribute.IsNull() {
		return setting{strings.TrimSpace(attribute.ValueString()), "the provider configuration"}
	}
	for _, name := range variables {
		if value := strings.TrimSpace(c.getenv(name)); value != "" {
			return setting{value, "the environment (" + name + ")"}
		}
	}
	return setting{}
}

// rejectUnknown reports attributes that are only known after apply: a provider
// that is configured half would ask with the wrong keys, or the wrong service.
func (c configuration) rejectUnknown(config tfsdk.Config, m *providerModel) {
	for name, value := range map[string]attr.Value{
		"secret_id": m.SecretID, "secret_key": m.SecretKey, "security_token": m.SecurityToken,
		"region": m.Region, "endpoint": m.Endpoint, "domain": m.Domain, "api_version": m.APIVersion,
		"requests_per_second": m.RequestsPerSecond, "max_retries": m.MaxRetries, "request_timeout": m.RequestTimeout,
	} {
		if value.IsUnknown() {
			c.diags.AddAttributeError(path.Root(name), "Unknown provider argument",
				name+" depends on something that is only known after apply, but the provider needs it to read. "+
					"Apply that first with -target, or give the value by a variable or the environment.")
		}
	}
}

func (c configuration) keys(m *providerModel) tcapi.Keys {
	id := c.text(m.SecretID, "TENCENTCLOUD_SECRET_ID")
	key := c.text(m.SecretKey, "TENCENTCLOUD_SECRET_KEY")
	token := c.text(m.SecurityToken, "TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_TOKEN")
	for _, missing := range []struct {
		setting  setting
		unknown  bool
		name     string
		variable string
	}{
		{id, m.SecretID.IsUnknown(), "secret_id", "TENCENTCLOUD_SECRET_ID"},
		{key, m.SecretKey.IsUnknown(), "secret_key", "TENCENTCLOUD_SECRET_KEY"},
	} {
		if missing.setting.value == "" && !missing.unknown {
			c.diags.AddAttributeError(path.Root(missing.name), "Missing provider credentials",
				fmt.Sprintf("%s is not set. Set it in the provider, or %s in the environment; the keys are made in the console under Access Management.", missing.name, missing.variable))
		}
	}
	return tcapi.Keys{SecretID: id.value, SecretKey: key.value, Token: token.value, Source: id.source}
}

func (c configuration) endpoint(m *providerModel) tcapi.Endpoint {
	domain := tcapi.DefaultDomain
	if set := c.text(m.Domain, "TENCENTCLOUD_DOMAIN"); set.value != "" {
		parsed, err := tcapi.ParseDomain(set.value)
		if err != nil {
			c.diags.AddAttributeError(path.Root("domain"), "Invalid domain", fmt.Sprintf("%q, from %s: %s.", set.value, set.source, err))
		}
		domain = parsed
	}
	set := c.text(m.Endpoint, "TENCENTCLOUD_TEO_ENDPOINT")
	if set.value == "" {
		return tcapi.ServiceEndpoint(teo.Service, domain)
	}
	endpoint, err := tcapi.ParseEndpoint(set.value)
	if err != nil {
		c.diags.AddAttributeError(path.Root("endpoint"), "Invalid endpoint", fmt.Sprintf("The endpoint from %s is not valid: %s.", set.source, err))
	}
	return endpoint
}

func (c configuration) apiVersion(attribute types.String) string {
	set := c.text(attribute, "TENCENTCLOUD_TEO_API_VERSION")
	switch set.value {
	case "", teo.Version20220106, teo.Version20220901:
		return set.value
	}
	c.diags.AddAttributeError(path.Root("api_version"), "Invalid API version",
		fmt.Sprintf("%q, from %s, is neither %q nor %q. Leave it out to let the provider choose.", set.value, set.source, teo.Version20220106, teo.Version20220901))
	return ""
}

func (c configuration) requestTimeout(attribute types.String) time.Duration {
	if attribute.IsNull() || attribute.IsUnknown() {
		return defaultRequestTimeout
	}
	timeout, err := time.ParseDuration(strings.TrimSpace(attribute.ValueString()))
	if err != nil || timeout <= 0 {
		c.diags.AddAttributeError(path.Root("request_timeout"), "Invalid request timeout",
			fmt.Sprintf("%q is not a length of time above 0, such as \"30s\" or \"2m\".", attribute.ValueString()))
	}
	return timeout
}
