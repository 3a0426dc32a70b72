package archive

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// parts finds multipart uploads that a killed run has left in an S3 bucket. They
// show in no listing, but are paid for.
type parts struct {
	bucket, prefix string
}

// abandon aborts them. It is done as well as it can be: keys that may write need
// not be allowed to list uploads, and a rule of the bucket may do the same.
func (p *parts) abandon(ctx context.Context, client *s3.Client) {
	pages := s3.NewListMultipartUploadsPaginator(client, &s3.ListMultipartUploadsInput{Bucket: &p.bucket, Prefix: &p.prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return
		}
		for _, u := range page.Uploads {
			if u.Key == nil || !ours(strings.TrimPrefix(*u.Key, p.prefix)) {
				continue
			}
			_, _ = client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &p.bucket, Key: u.Key, UploadId: u.UploadId})
		}
	}
}
