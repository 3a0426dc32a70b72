package bucket_test

import (
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

func TestAnInvalidDestinationIsRefused(t *testing.T) {
	t.Parallel()
	for _, destination := range []string{
		"file:///srv/logs", "file:///srv/logs/?prefix=/a/b/", "file://localhost/srv/logs?create_dir=true&file_mode=0600&dir_file_mode=700", "file:///C:/logs",
		"s3://logs", "s3://logs?region=eu-central-1&prefix=teo/", "s3://logs?region=us-east-1&endpoint=http://127.0.0.1:9000/&use_path_style=true",
		"s3://logs?ssetype=AES256", "s3://logs?ssetype=aws:kms&kmskeyid=arn:aws:kms:us-east-1:1:key/2", "s3://logs?profile=prod&fips=true&dualstack=false&anonymous=0",
		"s3://logs-1250000000?region=ap-guangzhou&endpoint=https://cos.ap-guangzhou.myqcloud.com",
		"s3://logs?region=RegionOne&endpoint=https://s3.example", "s3://logs?region=GRA&endpoint=https://s3.example", "s3://logs?region=region_one&endpoint=https://s3.example",
		"s3://logs?region=us.east&endpoint=https://s3.example", "s3://acme:logs?region=default&endpoint=https://ceph.example", "s3://acme:logs",
		"s3://logs?region=stub&endpoint=https://project.supabase.example/storage/v1/s3", "s3://logs?region=x&endpoint=http://s3.example&insecure=true",
		"s3://logs?region=x&endpoint=http://[::1]:9000", "s3://logs?region=x&endpoint=http://LOCALHOST:9000", "s3://logs?prefix=plus+sign/",
		"cos://logs-1250000000?region=ap-guangzhou&prefix=teo/", "cos://logs-1250000000?region=ap-guangzhou&endpoint=http://localhost:7070",
	} {
		if err := bucket.Check(destination); err != nil {
			t.Errorf("%s: %v", destination, err)
		}
	}
	for destination, want := range map[string]string{
		"":     "destination: cannot be used: it is empty; use file:///folder, s3://bucket?region=… or cos://bucket-appid?region=…",
		"  \t": "it is empty",

		"/srv/logs":       "/srv/logs: cannot be used: it has no scheme; use file:///srv/logs",
		"logs":            "logs: cannot be used: it is not a supported destination; use file:///folder, s3://bucket?region=… or cos://bucket-appid?region=…",
		"gs://bucket":     "gs://bucket: cannot be used: it is not a supported destination; use file:///folder",
		"mem://":          "it is not a supported destination; use file:///folder",
		"https://example": "it is not a supported destination; use file:///folder",

		"https://logs-1250000000.cos.ap-guangzhou.myqcloud.com":             "it is the HTTP address of a bucket; use cos://logs-1250000000?region=ap-guangzhou",
		"https://logs-1250000000.cos.ap-guangzhou.myqcloud.com/a/b/":        "use cos://logs-1250000000?region=ap-guangzhou&prefix=a/b/",
		"cos://logs-1250000000.cos.ap-guangzhou.myqcloud.com":               "use cos://logs-1250000000?region=ap-guangzhou",
		"s3://logs-1250000000.cos-internal.ap-guangzhou.tencentcos.cn/a":    "use cos://logs-1250000000?region=ap-guangzhou&prefix=a/",
		"https://cos.ap-guangzhou.myqcloud.com/logs-1250000000/a":           "use cos://logs-1250000000?region=ap-guangzhou&prefix=a/",
		"https://cos.ap-guangzhou.myqcloud.com":                             "use cos://bucket-appid?region=ap-guangzhou",
		"https://logs-1250000000.file.myqcloud.com/x":                       "use cos://bucket-appid?region=…",
		"https://logs.s3.eu-central-1.amazonaws.com/a":                      "use s3://logs?region=eu-central-1&prefix=a/",
		"cos://logs-1250000000.cos.ap-guangzhou.myqcloud.com?token=hunter2": "use cos://logs-1250000000?region=ap-guangzhou",

		"file://":                                        "it names no folder; use file:///folder",
		"file:///":                                       "it names no folder",
		"file://srv/logs":                                "three slashes; use file:///srv/logs",
		"file:///%zz":                                    "invalid URL escape",
		"file:///srv?prefix=../up/":                      `its prefix is invalid: ".." cannot be the name of a folder`,
		"file:///srv?prefix=a//b/":                       "cannot be the name of a folder",
		"file:///srv?prefix=a%00b/":                      "cannot be the name of a folder",
		"file:///srv?prefix=a/b../":                      "cannot be the name of a folder",
		"file:///srv?prefix=a%5Cb":                       "cannot be the name of a folder",
		"file:///srv?create_dir=maybe":                   "create_dir must be true or false",
		"file:///srv?file_mode=rw":                       "file_mode must be an octal number such as 0640",
		"file:///srv?dir_file_mode=1777":                 "dir_file_mode must be an octal number such as 0750",
		"file:///srv?metadata=skip":                      `the query parameter "metadata" is unknown; the parameters of file destinations are prefix, create_dir, dir_file_mode, file_mode`,
		"file:///srv#logs":                               "it contains #; use %23",
		"file:///srv?token=hunter2":                      `"token" is unknown`,
		"file:///srv?" + strings.Repeat("a;", 1):         "its query cannot be parsed",
		"file:///srv?prefix=" + strings.Repeat("a", 301): "longer than 300 bytes",

		"s3://":                                                                      "it names no bucket; use file:///folder, s3://bucket?region=…",
		"s3://logs/a/b?region=x":                                                     "it contains a path; use s3://logs?region=…&prefix=a/b/",
		"s3://logs?colour=blue":                                                      `the query parameter "colour" is unknown; the parameters of s3 destinations are prefix, region, endpoint,`,
		"s3://logs?region=a&region=b":                                                "the query parameter region is set more than once",
		"s3://logs?region=US%20East":                                                 "region must be the name of a region such as us-east-1",
		"s3://logs?endpoint=cos.example":                                             "endpoint must be a URL such as https://s3.example.com",
		"s3://logs?endpoint=https://s3.example//a":                                   "endpoint must be a URL",
		"s3://logs?endpoint=http://s3.example":                                       "over plain http, others could read the logs and the session token; use an https:// endpoint. An s3 destination in a trusted network may have insecure=true",
		"s3://logs?endpoint=http://s3.example&insecure=false":                        "over plain http",
		"s3://logs?endpoint=http://10.0.0.1&insecure=maybe":                          "insecure must be true or false",
		"cos://logs-1250000000?region=x&endpoint=http://store.example":               "over plain http",
		"cos://logs-1250000000?region=x&endpoint=http://store.example&insecure=true": `the query parameter "insecure" is unknown`,
		"cos://logs-1250000000?region=Guangzhou":                                     "its region is missing",
		"s3://acme:logs/a":                                                           "s3://acme:logs/a: cannot be used: it contains a path; use s3://acme:logs?region=…&prefix=a/",
		"s3://logs?use_path_style=ja":                                                "use_path_style must be true or false",
		"s3://logs?ssetype=kms":                                                      "ssetype must be one of AES256, ",
		"s3://logs?kmskeyid=x":                                                       "kmskeyid needs ssetype=aws:kms",
		"s3://logs?request_checksum_calculation=never":                               "request_checksum_calculation must be when_supported or when_required",

		"cos://logs?region=ap-guangzhou":       "the name of a COS bucket ends with the APPID; use a name such as cos://logs-1250000000?region=ap-guangzhou",
		"cos://logs-1250000000":                "its region is missing; use the region of the bucket, such as cos://logs-1250000000?region=ap-guangzhou",
		"cos://logs-1250000000/a?region=x":     "it contains a path; use cos://logs-1250000000?region=…&prefix=a/",
		"cos://logs-1250000000?ssetype=AES256": "the parameters of cos destinations are prefix, region, endpoint",

		// Nothing secret is shown.
		"s3://id:hunter2@logs":                                  "it contains a user name or password",
		"file://id:hunter2%zz@x/":                               "destination: cannot be parsed",
		"s3://logs?region=x&secret_key=hunter2&prefix=a/":       `s3://logs?prefix=a/: cannot be used: the query parameter "secret_key" is unknown`,
		"s3://logs?endpoint=https://id:hunter2@s3.example":      "without user name",
		"s3://logs?endpoint=https://s3.example?k=hunter2":       "without user name or query",
		"s3://logs?region=hunter2&endpoint=%zz":                 "its query cannot be parsed",
		"s3://logs?region=x&prefix=..&profile=hunter2":          "cannot be the name of a folder",
		"gs://logs?token=hunter2":                               "it is not a supported destination",
		"https://id:hunter2@logs-1250000000.cos.x.myqcloud.com": "user name or password",
	} {
		err := bucket.Check(destination)
		if !isError(err, nil) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", destination, err, want)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "archive") {
			t.Errorf("%s: %v", destination, err)
		}
		if _, err := bucket.Open(t.Context(), destination, bucket.Options{}); !isError(err, nil) || !strings.Contains(err.Error(), want) {
			t.Errorf("Open %s: %v", destination, err)
		}
	}
}

func TestSpellingsOfADestinationAreOnePlace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"file:///srv/logs?prefix=a/", "file:///srv/logs?prefix=a/", true},
		{"file:///srv/logs?prefix=a/", "file:///srv/logs/?create_dir=true&prefix=/a", true},
		{"file:///srv/logs", "file://localhost/srv/./logs?dir_file_mode=0750", true},
		{"file:///srv/logs?prefix=a/", "file:///srv/logs?prefix=b/", false},
		{"file:///srv/logs", "file:///srv/Logs", false},
		{"file:///logs", "s3://logs", false},
		{"s3://b?region=x&prefix=a", "s3://b?prefix=a/&use_path_style=true&profile=y", true},
		{"s3://b?region=x", "s3://c?region=x", false},
		{"s3://b?region=x&endpoint=https://S3.example/", "s3://b?region=x&endpoint=https://s3.example", true},
		{"s3://b?region=x&endpoint=https://s3.example", "s3://b?region=x", false},
		{"cos://b-1250000000?region=x", "cos://b-1250000000?region=x&prefix=/", true},
		{"cos://b-1250000000?region=x", "cos://b-1250000000?region=y", false},
		{"cos://b-1250000000?region=x", "s3://b-1250000000?region=x&endpoint=https://cos.x.myqcloud.com", true},
		{"cos://b-1250000000?region=x&endpoint=https://s3.example", "s3://b-1250000000?region=x&endpoint=https://s3.example", true},
		{"cos://b-1250000000?region=x&endpoint=https://s3.example", "cos://b-1250000000?region=x", false},
		{"s3://b?region=x&endpoint=https://s3.example/a/", "s3://b?region=x&endpoint=https://s3.example/a", true},
		{"s3://b?region=x&endpoint=https://s3.example/a", "s3://b?region=x&endpoint=https://s3.example/b", false},
		{"s3://b?region=x&endpoint=https://s3.example:443/", "s3://b?region=x&endpoint=https://s3.example", true},
		{"s3://b?region=x&endpoint=https://s3.example./", "s3://b?region=x&endpoint=https://s3.example", true},
		{"s3://b?region=x&endpoint=https://s3.example:444", "s3://b?region=x&endpoint=https://s3.example", false},
		{"s3://b?region=x&endpoint=http://127.0.0.1:80", "s3://b?region=x&endpoint=http://127.0.0.1/", true},
		{"s3://b?region=x&endpoint=http://127.0.0.1:443", "s3://b?region=x&endpoint=http://127.0.0.1", false},
		{"s3://b?region=x&endpoint=https://[FE80::1]:443", "s3://b?region=x&endpoint=https://[fe80::1]", true},
		{"cos://b-1250000000?region=x", "s3://b-1250000000?region=x&endpoint=https://cos.x.tencentcos.cn", true},
		{"cos://b-1250000000?region=x", "s3://b-1250000000?endpoint=https://COS.x.tencentcos.cn:443/", true},
		{"cos://b-1250000000?region=x", "cos://b-1250000000?region=x&endpoint=https://cos-internal.x.tencentcos.cn", true},
		{"cos://b-1250000000?region=x", "s3://b-1250000000?region=x&endpoint=https://cos.y.tencentcos.cn", false},
		{"s3://b?region=us-east-1", "s3://b?region=us-east-1&endpoint=https://s3.us-east-1.amazonaws.com", true},
		{"s3://b?region=us-east-1", "s3://b?endpoint=https://s3.amazonaws.com/", true},
		{"s3://b?region=us-east-1", "s3://b?endpoint=https://s3.dualstack.us-east-1.amazonaws.com", true},
		{"s3://b?region=us-east-1", "s3://b?endpoint=https://s3-fips.dualstack.us-east-1.amazonaws.com", true},
		{"s3://b?region=us-gov-west-1", "s3://b?endpoint=https://s3-us-gov-west-1.amazonaws.com", true},
		{"s3://b?region=us-east-1", "s3://b?endpoint=https://bucket.vpce-1a2b-3c.s3.us-east-1.vpce.amazonaws.com", true},
		{"s3://b?region=us-east-1", "s3://b?endpoint=https://s3-outposts.us-east-1.amazonaws.com", false},
		{"s3://b?region=us-east-1", "s3://b?endpoint=https://s3.us-east-1.amazonaws.com.example", false},
		{"s3://b?region=us-east-1", "s3://b?endpoint=https://s3.us-east-1.amazonaws.com/a", false},
		{"s3://t:b?endpoint=https://s3.example", "s3://b?endpoint=https://s3.example", false},
		{"s3://b?prefix=plus+sign", "s3://b?prefix=plus%2Bsign", true},
		{"s3://b?prefix=plus+sign", "s3://b?prefix=plus%20sign", false},
		{"nonsense", "nonsense", true},
		{"nonsense", "file:///srv/logs", false},
	} {
		if got := bucket.SamePlace(t.Context(), test.a, test.b); got != test.want {
			t.Errorf("%s, %s: %t", test.a, test.b, got)
		}
		if got := bucket.SamePlace(t.Context(), test.b, test.a); got != test.want {
			t.Errorf("%s, %s: %t", test.b, test.a, got)
		}
	}
}

// FuzzCheck searches for texts that crash the parser, and for accepted ones that are
// not the same place as themselves.
func FuzzCheck(f *testing.F) {
	for _, destination := range []string{"file:///srv/logs?prefix=a/", "s3://b?region=x&endpoint=https://s3.example", "cos://b-1250000000?region=x", "https://cos.x.myqcloud.com"} {
		f.Add(destination)
	}
	f.Fuzz(func(t *testing.T, destination string) {
		err := bucket.Check(destination)
		if err != nil && !isError(err, nil) {
			t.Errorf("%v", err)
		}
		if !bucket.SamePlace(t.Context(), destination, destination) {
			t.Error("it is not the same as itself")
		}
	})
}
