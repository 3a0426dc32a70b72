package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"gocloud.dev/blob"
)

// folder keeps objects as files. Bytes go through fileblob; what that leaves out
// is added here: flushing to the disk, a listing that does not hide what it
// cannot read, exclusive creation, and tidying up.
type folder struct {
	cloud
	dir string // the prefix included
}

func newFolder(bucket *blob.Bucket, dir, prefix, name string) *folder {
	if prefix != "" {
		bucket = blob.PrefixedBucket(bucket, prefix)
	}
	return &folder{cloud: cloud{bucket: bucket, name: name}, dir: filepath.Join(dir, filepath.FromSlash(prefix))}
}

// temporary is the name fileblob gives to a file that is being written.
var temporary = regexp.MustCompile(`\.[0-9a-f]{14,17}\.tmp$`)

func (f *folder) path(key string) string { return filepath.Join(f.dir, filepath.FromSlash(key)) }

func (f *folder) probe(ctx context.Context) error {
	d, err := os.Open(f.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the prefix is made with the first file
	}
	if err != nil {
		return destinationError(ctx, f.name, "list it", "", err)
	}
	defer d.Close()
	if _, err := d.Stat(); err != nil {
		return destinationError(ctx, f.name, "list it", "", err)
	}
	return nil
}

func (f *folder) list(ctx context.Context) ([]object, error) {
	var all []object
	err := f.walk(ctx, func(path, key string, entry fs.DirEntry) error {
		if entry.IsDir() || temporary.MatchString(key) && ours(key) {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		all = append(all, object{key, info.Size()})
		return nil
	})
	return all, destinationError(ctx, f.name, "list it", "", err)
}

// walk visits everything under the prefix, in order.
func (f *folder) walk(ctx context.Context, visit func(path, key string, entry fs.DirEntry) error) error {
	return filepath.WalkDir(f.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if path == f.dir && errors.Is(err, fs.ErrNotExist) {
				return filepath.SkipAll
			}
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if path == f.dir {
			return nil
		}
		relative, err := filepath.Rel(f.dir, path)
		if err != nil {
			return err
		}
		return visit(path, filepath.ToSlash(relative), entry)
	})
}

func (f *folder) create(ctx context.Context, key, contentType string) (upload, error) {
	var file *os.File
	u, err := f.begin(ctx, key, &blob.WriterOptions{
		ContentType: contentType, DisableContentTypeDetection: true,
		BeforeWrite: func(as func(any) bool) error {
			if !as(&file) {
				return errors.New("the file cannot be reached to flush it")
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	u.flush = func() error { return file.Sync() }
	return u, nil
}

// claim writes the file aside and links it to its name: the link fails where the
// name is taken, and nobody ever reads a half of it. (fileblob's IfNotExist lets
// several writers win.)
func (f *folder) claim(ctx context.Context, key string, data []byte) error {
	path := f.path(key)
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	if err != nil {
		return destinationError(ctx, f.name, "write", key, err)
	}
	aside := fmt.Sprintf("%s.%016x.tmp", path, rand.Uint64()) //nolint:gosec // a name, no secret
	file, err := os.OpenFile(aside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return destinationError(ctx, f.name, "write", key, err)
	}
	defer os.Remove(aside) //nolint:errcheck // the next run sweeps it up
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Link(aside, path)
	}
	switch {
	case errors.Is(err, fs.ErrExist), errors.Is(err, fs.ErrNotExist):
		return errExists // or its owner has just swept the file aside away
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, fs.ErrPermission):
		// A file system without links, such as FAT: the first of two that are
		// as fast as each other may then lose its claim.
		err = os.Rename(aside, path)
	}
	if err != nil {
		return destinationError(ctx, f.name, "write", key, err)
	}
	return f.settle(ctx, []string{key})
}

// settle flushes the folders that hold the files, up to the prefix.
func (f *folder) settle(ctx context.Context, keys []string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be flushed there
	}
	dirs := map[string]bool{f.dir: true}
	for _, key := range keys {
		for dir := filepath.Dir(f.path(key)); !dirs[dir] && len(dir) > len(f.dir); dir = filepath.Dir(dir) {
			dirs[dir] = true
		}
	}
	for dir := range dirs {
		d, err := os.Open(dir)
		if err == nil {
			err = errors.Join(d.Sync(), d.Close())
		}
		if err != nil {
			return destinationError(ctx, f.name, "flush", dir, err)
		}
	}
	return nil
}

func (f *folder) sweep(ctx context.Context) error {
	var dirs []string
	err := f.walk(ctx, func(path, key string, entry fs.DirEntry) error {
		switch {
		case entry.IsDir() && ours(key+"/"):
			dirs = append(dirs, path)
		case !entry.IsDir() && temporary.MatchString(key) && ours(key):
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return nil
	})
	slices.Reverse(dirs) // what is inside first
	for _, dir := range dirs {
		_ = os.Remove(dir) // only an empty one goes
	}
	return destinationError(ctx, f.name, "tidy up", "", err)
}

// ours tells whether a key lies where only the archive writes.
func ours(key string) bool {
	first, _, deeper := strings.Cut(key, "/")
	return deeper && (first+"/" == ownFolder || isBag(first))
}
