package bucket

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// fullPage is how many objects a page has at most. Some servers do not say that
// more follows a full one.
const fullPage = 1000

func (b *objectStore) List(ctx context.Context, r Range) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		if _, ok := r.folder(); !ok {
			return // a server may refuse such a prefix
		}
		fail := func(err error) { yield(Object{}, b.failed(ctx, "list", r.Prefix, err)) }
		in := &s3.ListObjectsV2Input{Bucket: &b.bucket, Prefix: aws.String(b.prefix + r.Prefix), EncodingType: types.EncodingTypeUrl}
		last := r.After    // the greatest key so far
		resumed := r.After // the key after which the listing was begun anew
		if last != "" {
			in.StartAfter = aws.String(b.prefix + last)
		}
		for {
			out, err := call(ctx, b, func() (*s3.ListObjectsV2Output, error) { return b.client.ListObjectsV2(ctx, in) })
			if err != nil {
				fail(err)
				return
			}
			page, err := b.page(out)
			if err != nil {
				fail(err)
				return
			}
			before := last
			for _, o := range page {
				if o.Key <= last { // a server without start-after begins anew
					continue
				}
				if r.Before != "" && o.Key >= r.Before {
					return
				}
				last = o.Key
				if r.has(o.Key) && !marksFolder(o) && !yield(o, nil) {
					return
				}
			}
			if !aws.ToBool(out.IsTruncated) && len(page) < fullPage {
				return
			}
			next := aws.ToString(out.NextContinuationToken)
			switch {
			case next != "" && next != aws.ToString(in.ContinuationToken):
				in.ContinuationToken, in.StartAfter = &next, nil
			case last != before || next != "" && last != resumed:
				resumed = last
				in.ContinuationToken, in.StartAfter = nil, aws.String(b.prefix+last)
			case !aws.ToBool(out.IsTruncated):
				return
			default:
				fail(errors.New("the store did not say where its listing continues"))
				return
			}
		}
	}
}

// page returns the objects of a page in the order of their keys, whatever the
// order of the store.
func (b *objectStore) page(out *s3.ListObjectsV2Output) ([]Object, error) {
	page := make([]Object, 0, len(out.Contents))
	for _, o := range out.Contents {
		key, ok := strings.CutPrefix(aws.ToString(o.Key), b.prefix)
		if out.EncodingType == types.EncodingTypeUrl {
			key, ok = b.decode(aws.ToString(o.Key))
		}
		if !ok {
			return nil, errors.New("the store listed an object outside the prefix")
		}
		page = append(page, Object{Key: key, Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified)})
	}
	slices.SortFunc(page, func(x, y Object) int { return cmp.Compare(x.Key, y.Key) })
	return page, nil
}

// decode decodes a key of a listing and removes the prefix. A plus is a space,
// except for servers that do not encode a plus.
func (b *objectStore) decode(encoded string) (string, bool) {
	for _, decode := range []func(string) (string, error){url.QueryUnescape, url.PathUnescape} {
		if key, err := decode(encoded); err == nil {
			if key, ok := strings.CutPrefix(key, b.prefix); ok {
				return key, true
			}
		}
	}
	return "", false
}

// marksFolder reports whether an object is one by which consoles mark folders.
func marksFolder(o Object) bool {
	return o.Key == "" || o.Size == 0 && strings.HasSuffix(o.Key, "/")
}
