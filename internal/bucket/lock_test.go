package bucket_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket/storetest"
)

// A lock is written with the object and read back, on real servers and with the
// form of COS.
func TestALockIsWrittenAndReadBack(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		open  func(t *testing.T) bucket.Bucket
		modes []string
		// replaces says that a locked object can be replaced and removed, because
		// its former version remains.
		replaces bool
	}{
		"versitygw": {func(t *testing.T) bucket.Bucket {
			t.Helper()
			return start(t, storetest.Versitygw, locked).open(t, "teo/", "")
		}, []string{bucket.Governance, bucket.Compliance}, true},
		"versitygw, checksums": {
			func(t *testing.T) bucket.Bucket {
				t.Helper()
				return start(t, storetest.Versitygw, locked).open(t, "teo/", "&request_checksum_calculation=when_supported")
			}, []string{bucket.Governance, bucket.Compliance}, true,
		},
		"minio": {func(t *testing.T) bucket.Bucket {
			t.Helper()
			return start(t, storetest.MinIO, locked).open(t, "teo/", "")
		}, []string{bucket.Governance, bucket.Compliance}, true},
		"cos": {
			func(t *testing.T) bucket.Bucket {
				t.Helper()
				f := startFakeCOS(t)
				f.objectLock = "Enabled"
				t.Cleanup(func() {
					if len(f.withoutMD5)+len(f.wrongHeaders) > 0 {
						t.Errorf("%v, %v", f.withoutMD5, f.wrongHeaders)
					}
				})
				return f.open(t, "teo/")
			}, []string{bucket.Compliance}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := test.open(t)
			p, err := b.Protection(t.Context())
			if err != nil || p.Versioned != test.replaces || !p.ObjectLock || !slices.Equal(p.Modes, test.modes) || p.DefaultMode != "" || p.DefaultDays != 0 {
				t.Errorf("%+v, %v", p, err)
			}
			until := time.Now().Add(time.Hour)
			for _, size := range sizes {
				for _, mode := range test.modes {
					key := fmt.Sprintf("%s/%d", mode, size)
					options := bucket.WriteOptions{IfAbsent: true, Lock: bucket.Lock{Mode: mode, Until: until}}
					if err := write(t, b, key, pattern(size, 1), options); err != nil {
						t.Fatal(err)
					}
					if err := write(t, b, key, pattern(size, 2), options); !isError(err, bucket.ErrExist) {
						t.Errorf("%s: %v", key, err)
					}
					o, err := b.Stat(t.Context(), key)
					if err != nil || o.Key != key || o.Size != int64(size) || o.Modified.IsZero() || !sameLock(o.Lock, options.Lock) {
						t.Errorf("%s: %+v, %v", key, o, err)
					}
					r, err := b.Open(t.Context(), key)
					if err != nil {
						t.Fatal(err)
					}
					data, err := io.ReadAll(r)
					_ = r.Close()
					if err != nil || !bytes.Equal(data, pattern(size, 1)) || r.Object != o {
						t.Errorf("%s: %+v, %v", key, r.Object, err)
					}
					errReplace := write(t, b, key, pattern(10, 3), bucket.WriteOptions{Lock: options.Lock})
					errRemove := b.Remove(t.Context(), key)
					for op, err := range map[string]error{"replace": errReplace, "remove": errRemove} {
						if test.replaces && err != nil || !test.replaces && !isError(err, bucket.ErrDenied) {
							t.Errorf("%s %s: %v", op, key, err)
						}
					}
				}
				// Objects without a lock can be written and removed.
				key := fmt.Sprintf("free/%d", size)
				mustWrite(t, b, key, pattern(size, 1))
				if o, err := b.Stat(t.Context(), key); err != nil || o.Lock != (bucket.Lock{}) {
					t.Errorf("%+v, %v", o, err)
				}
				if err := b.Remove(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
			if _, err := b.Stat(t.Context(), "free"); !isError(err, bucket.ErrNotExist) {
				t.Errorf("%v", err)
			}
		})
	}
}

// sameLock compares locks to the second; a store never has a shorter one.
func sameLock(got, want bucket.Lock) bool {
	return got.Mode == want.Mode && !got.Until.Before(want.Until.Truncate(time.Millisecond)) && got.Until.Before(want.Until.Add(time.Second))
}

// The default retention of a bucket is reported, and every write works with it.
func TestADefaultLockIsReported(t *testing.T) {
	t.Parallel()
	for _, s := range []storetest.Server{storetest.Versitygw, storetest.MinIO} {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			g := start(t, s, lockedByDefault)
			b := g.open(t, "teo/", "")
			if p, err := b.Protection(t.Context()); err != nil || !p.ObjectLock || p.DefaultMode != bucket.Compliance || p.DefaultDays != 1 {
				t.Errorf("%+v, %v", p, err)
			}
			for _, size := range sizes {
				key := fmt.Sprint(size)
				mustWrite(t, b, key, pattern(size, 0))
				// versitygw applies the default without showing it.
				if o, err := b.Stat(t.Context(), key); err != nil || s.Name != "versitygw" && (o.Lock.Mode != bucket.Compliance || time.Until(o.Lock.Until) < 23*time.Hour) {
					t.Errorf("%+v, %v", o, err)
				}
				// What is removed remains as a version.
				if err := b.Remove(t.Context(), key); err != nil {
					t.Errorf("%v", err)
				}
			}
			out, err := g.client.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: aws.String(bucketName)})
			if err != nil || len(out.Versions) != 2 || len(out.DeleteMarkers) != 2 {
				t.Errorf("%d versions, %d delete markers, %v", len(out.Versions), len(out.DeleteMarkers), err)
			}
		})
	}
	t.Run("cos", func(t *testing.T) {
		t.Parallel()
		f := startFakeCOS(t)
		f.objectLock, f.defaultDays = "Enabled", 30
		b := f.open(t, "teo/")
		if p, err := b.Protection(t.Context()); err != nil || p.DefaultMode != bucket.Compliance || p.DefaultDays != 30 {
			t.Errorf("%+v, %v", p, err)
		}
		for _, size := range sizes {
			mustWrite(t, b, fmt.Sprint(size), pattern(size, 0))
		}
	})
}

// A lock on a bucket without object lock is an error, and not an existing object.
func TestALockWithoutObjectLockIsAnError(t *testing.T) {
	t.Parallel()
	lock := bucket.Lock{Mode: bucket.Compliance, Until: time.Now().Add(time.Hour)}
	for name, b := range map[string]bucket.Bucket{
		"file": open(t, fileDestination(t.TempDir()), bucket.Options{}),
		"s3":   startGateway(t).open(t, "teo/", ""),
		"cos":  startFakeCOS(t).open(t, "teo/"),
	} {
		for _, size := range sizes {
			if err := write(t, b, fmt.Sprint(size), pattern(size, 0), bucket.WriteOptions{IfAbsent: true, Lock: lock}); !isError(err, nil) || errors.Is(err, bucket.ErrExist) || errors.Is(err, bucket.ErrNotExist) {
				t.Errorf("%s, %d bytes: %v", name, size, err)
			}
		}
		// versitygw writes the object all the same.
		if got := b.Warnings(); len(got) > 0 || name != "s3" && len(keys(t, b, "")) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// COS without versions refuses every replacement and removal of a locked object.
// The code is not documented.
func TestCOSRefusesToReplaceALockedObject(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusForbidden, http.StatusConflict, http.StatusMethodNotAllowed} {
		for _, first := range []bool{false, true} {
			f := startFakeCOS(t)
			f.objectLock, f.refusal, f.lockBefore = "Enabled", status, first
			b := f.open(t, "teo/")
			lock := bucket.Lock{Mode: bucket.Compliance, Until: time.Now().Add(time.Hour)}
			for _, size := range sizes {
				key := fmt.Sprint(size)
				if err := write(t, b, key, pattern(size, 1), bucket.WriteOptions{IfAbsent: true, Lock: lock}); err != nil {
					t.Fatal(err)
				}
				if err := write(t, b, key, pattern(size, 2), bucket.WriteOptions{IfAbsent: true, Lock: lock}); !isError(err, bucket.ErrExist) {
					t.Errorf("%d, %d bytes: %v", status, size, err)
				}
				if err := write(t, b, key, pattern(size, 2), bucket.WriteOptions{Lock: lock}); !isError(err, bucket.ErrDenied) {
					t.Errorf("%d, %d bytes: %v", status, size, err)
				}
				if err := b.Remove(t.Context(), key); !isError(err, bucket.ErrDenied) {
					t.Errorf("%d, %d bytes: %v", status, size, err)
				}
				if !holds(t, b, key, pattern(size, 1)) {
					t.Errorf("%d, %d bytes: replaced", status, size)
				}
			}
		}
	}
}

// refusing is a policy of a bucket that a proxy enforces.
func refusing(g *gateway, policy func(r *http.Request, exists bool) (refused bool)) {
	g.intercept(func(w http.ResponseWriter, r *http.Request, next http.Handler) bool {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return false
		}
		_, err := g.client.HeadObject(r.Context(), &s3.HeadObjectInput{Bucket: aws.String(bucketName), Key: aws.String(strings.TrimPrefix(r.URL.Path, "/"+bucketName+"/"))})
		if !policy(r, err == nil) {
			return false
		}
		_, _ = io.Copy(io.Discard, r.Body)
		refuse(w, http.StatusForbidden, "AccessDenied")
		return true
	})
}

// A store that refuses every replacement and every removal is written to as any
// other.
func TestAStoreMayRefuseEveryReplacementAndRemoval(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	refusing(g, func(r *http.Request, exists bool) bool { return exists })
	b := g.open(t, "teo/", "")
	for _, size := range sizes {
		key := fmt.Sprint(size)
		mustWrite(t, b, key, pattern(size, 1))
		if err := write(t, b, key, pattern(size, 2), ifAbsent); !isError(err, bucket.ErrExist) {
			t.Errorf("%v", err)
		}
		if err := write(t, b, key, pattern(size, 2), replace); !isError(err, bucket.ErrDenied) {
			t.Errorf("%v", err)
		}
		if err := b.Remove(t.Context(), key); !isError(err, bucket.ErrDenied) {
			t.Errorf("%v", err)
		}
		if !holds(t, b, key, pattern(size, 1)) {
			t.Error("replaced")
		}
	}
	// Credentials that may not write at all are another case.
	refusing(g, func(*http.Request, bool) bool { return true })
	if err := write(t, b, "new", nil, ifAbsent); !isError(err, bucket.ErrDenied) || errors.Is(err, bucket.ErrExist) {
		t.Errorf("%v", err)
	}
}

// A policy of a bucket can demand If-None-Match for whatever creates an object;
// parts and the start of a multipart upload do not.
func TestAPolicyMayDemandIfNoneMatch(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	refusing(g, func(r *http.Request, _ bool) bool { return publishes(r) && r.Header.Get("If-None-Match") != "*" })
	b := g.open(t, "teo/", "")
	for _, size := range sizes {
		key := fmt.Sprint(size)
		mustWrite(t, b, key, pattern(size, 1))
		if err := write(t, b, key, pattern(size, 2), ifAbsent); !isError(err, bucket.ErrExist) {
			t.Errorf("%v", err)
		}
		if err := write(t, b, key, pattern(size, 2), replace); !isError(err, bucket.ErrDenied) {
			t.Errorf("%v", err)
		}
		if err := b.Remove(t.Context(), key); err != nil {
			t.Error(err)
		}
	}
	if got := b.Warnings(); len(got) > 0 {
		t.Errorf("%q", got)
	}
}
