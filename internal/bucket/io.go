package bucket

import "context"

// WriteAll writes an object from memory. It does not sync it.
func WriteAll(ctx context.Context, b Bucket, key string, data []byte, options WriteOptions) error {
	w, err := b.Create(ctx, key, options)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		w.Abort()
		return err
	}
	return w.Commit()
}
