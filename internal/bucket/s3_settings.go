package bucket

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// s3Options are the parameters of an s3 destination. A setting of the AWS
// environment or profile counts where the destination has none.
type s3Options struct {
	region, endpoint, profile string
	anonymous, insecure       bool
	pathStyle                 *bool
	fips, dualstack           *bool
	sseType                   types.ServerSideEncryption
	kmsKeyID                  string
	checksum                  aws.RequestChecksumCalculation
	validation                aws.ResponseChecksumValidation
	accelerate                bool
	caBundle                  string // a file
}

// s3Options parses the parameters of the destination.
func (d *destination) s3Options() (*s3Options, error) {
	o := &s3Options{
		region: d.query.Get("region"), endpoint: d.query.Get("endpoint"), profile: d.query.Get("profile"),
		sseType: types.ServerSideEncryption(d.query.Get("ssetype")), kmsKeyID: d.query.Get("kmskeyid"),
	}
	anonymous, insecure := new(bool), new(bool)
	for name, value := range map[string]**bool{
		"anonymous": &anonymous, "insecure": &insecure, "use_path_style": &o.pathStyle, "fips": &o.fips, "dualstack": &o.dualstack,
	} {
		if !d.query.Has(name) {
			continue
		}
		on, err := strconv.ParseBool(d.query.Get(name))
		if err != nil {
			return nil, fmt.Errorf("%s must be true or false", name)
		}
		*value = &on
	}
	o.anonymous, o.insecure = *anonymous, *insecure
	if known := o.sseType.Values(); o.sseType != "" && !slices.Contains(known, o.sseType) {
		names := make([]string, len(known))
		for i := range known {
			names[i] = string(known[i])
		}
		return nil, fmt.Errorf("ssetype must be one of %s", strings.Join(names, ", "))
	}
	if o.kmsKeyID != "" && !strings.HasPrefix(string(o.sseType), "aws:kms") {
		return nil, errors.New("kmskeyid needs ssetype=aws:kms or ssetype=aws:kms:dsse")
	}
	switch d.query.Get("request_checksum_calculation") {
	case "when_supported":
		o.checksum = aws.RequestChecksumCalculationWhenSupported
	case "when_required":
		o.checksum = aws.RequestChecksumCalculationWhenRequired
	default:
		if d.query.Has("request_checksum_calculation") {
			return nil, errors.New("request_checksum_calculation must be when_supported or when_required")
		}
	}
	return o, nil
}

// load reads the AWS environment and profile, and completes the options.
func (o *s3Options) load(ctx context.Context, more ...func(*config.LoadOptions) error) (aws.Config, error) {
	if o.region != "" {
		more = append(more, config.WithRegion(o.region))
	}
	if o.profile != "" {
		more = append(more, config.WithSharedConfigProfile(o.profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, more...)
	if err != nil {
		return cfg, &credentialsError{err: err, hint: "check the AWS configuration files and the profile"}
	}
	return cfg, o.complete(&cfg)
}

// complete sets what the destination leaves open to what the AWS environment and
// profile say, and to the defaults that follow from an endpoint.
func (o *s3Options) complete(cfg *aws.Config) error {
	o.region = cfg.Region
	// The SDK knows three places for an endpoint, and a variable that ignores two
	// of them.
	sdk := s3.NewFromConfig(*cfg).Options()
	o.endpoint = cmp.Or(o.endpoint, aws.ToString(sdk.BaseEndpoint))
	profile, files := o.profile, []string(nil)
	for _, source := range cfg.ConfigSources {
		switch c := source.(type) {
		case config.EnvConfig:
			o.checksum, o.validation = cmp.Or(o.checksum, c.RequestChecksumCalculation), cmp.Or(o.validation, c.ResponseChecksumValidation)
			o.caBundle = c.CustomCABundle
			profile = cmp.Or(profile, c.SharedConfigProfile)
			files = []string{cmp.Or(c.SharedConfigFile, config.DefaultSharedConfigFilename()), cmp.Or(c.SharedCredentialsFile, config.DefaultSharedCredentialsFilename())}
		case config.SharedConfig:
			o.checksum, o.validation = cmp.Or(o.checksum, c.RequestChecksumCalculation), cmp.Or(o.validation, c.ResponseChecksumValidation)
			o.caBundle = cmp.Or(o.caBundle, c.CustomCABundle)
		}
	}
	if o.endpoint != "" {
		// Stores other than AWS often refuse the trailing checksums of the SDK.
		o.checksum = cmp.Or(o.checksum, aws.RequestChecksumCalculationWhenRequired)
		o.validation = cmp.Or(o.validation, aws.ResponseChecksumValidationWhenRequired)
	}
	o.checksum = cmp.Or(o.checksum, aws.RequestChecksumCalculationWhenSupported)
	o.validation = cmp.Or(o.validation, aws.ResponseChecksumValidationWhenSupported)
	for name, value := range commandLineSettings(files, cmp.Or(profile, "default")) {
		on := value == "true"
		switch name {
		case "addressing_style":
			if path := value == "path"; o.pathStyle == nil && (path || value == "virtual") {
				o.pathStyle = &path
			}
		case "use_accelerate_endpoint":
			o.accelerate = on && o.endpoint == ""
		case "use_dualstack_endpoint":
			if o.dualstack == nil {
				o.dualstack = &on
			}
		}
	}
	if o.pathStyle == nil {
		path := wantsPathStyle(o.endpoint)
		o.pathStyle = &path
	}
	if o.fips == nil {
		on := sdk.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled
		o.fips = &on
	}
	if o.dualstack == nil {
		on := sdk.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled
		o.dualstack = &on
	}
	if o.endpoint == "" {
		return nil
	}
	for name, on := range map[string]bool{"fips": *o.fips, "dualstack": *o.dualstack} {
		if on {
			return fmt.Errorf("%s chooses an endpoint of AWS, and there is another endpoint; remove one of them, or add %[1]s=false if the AWS environment or profile turns it on", name)
		}
	}
	return checkEndpoint(o.endpoint, o.insecure)
}

// commandLineSettings returns the settings of the AWS command line for S3, which
// the SDK does not read: the indented lines below "s3 =" of a profile.
func commandLineSettings(files []string, profile string) map[string]string {
	settings := map[string]string{}
	for _, path := range files {
		file, err := os.Open(path)
		if err != nil {
			continue // the SDK reports what matters
		}
		section, nested := "", ""
		for lines := bufio.NewScanner(file); lines.Scan(); {
			line := lines.Text()
			text := strings.TrimSpace(line)
			switch {
			case text == "" || text[0] == '#' || text[0] == ';':
				continue
			case text[0] == '[':
				section, _, _ = strings.Cut(text[1:], "]")
				section, nested = strings.TrimSpace(strings.TrimPrefix(section, "profile ")), ""
				continue
			}
			name, value, _ := strings.Cut(text, "=")
			name, value = strings.TrimSpace(name), strings.ToLower(strings.TrimSpace(value))
			if line[0] != ' ' && line[0] != '\t' {
				nested = name
			} else if section == profile && nested == "s3" {
				settings[name] = value
			}
		}
		_ = file.Close()
	}
	return settings
}
