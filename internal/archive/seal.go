package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
)

// seal is the complete next state of a bag's tag files. It is written before
// they are, and kept.
type seal struct {
	Format int `json:"format"`

	// Files are the tag files, by name.
	Files map[string]string `json:"files"`

	// Was are the hashes of the files that Files replace: a bag that holds these
	// was left in the middle, and not changed by a stranger.
	Was map[string]string `json:"was,omitempty"`

	// Moves are bytes that wait aside to replace archived ones.
	Moves []move `json:"moves,omitempty"`
}

type move struct {
	From   string `json:"from"`
	To     string `json:"to"`
	SHA256 string `json:"sha256"`
}

const sealFormat = 1

// newSeal makes the tag files of a bag from its records.
func newSeal(day string, records []Record, info bagInfo) (*seal, error) {
	hashes := map[string]string{}
	for i := range ordered(records) {
		hashes[records[i].Path] = records[i].SHA256
		info.bytes += records[i].StoredBytes
	}
	info.count = len(records)
	if len(hashes) != len(records) {
		return nil, fmt.Errorf("the bag of %s has two packages in one file", day)
	}
	packages, err := encodeLines(records)
	if err != nil {
		return nil, err
	}
	files := map[string]string{
		bagitTxt:    declaration,
		packagesTxt: string(packages),
		manifestTxt: string(encodeManifest(hashes)),
		bagInfoTxt:  string(info.encode(day)),
	}
	tags := map[string]string{}
	for name, text := range files {
		tags[name] = hashOf([]byte(text))
	}
	files[tagManifest] = string(encodeManifest(tags))
	return &seal{Format: sealFormat, Files: files}, nil
}

// decodeSeal reads a seal and makes sure that it is whole: its tagmanifest must
// fit its files. One of a newer format is errNewer.
func decodeSeal(data []byte) (*seal, error) {
	if err := checkFormat(data, sealFormat); err != nil {
		return nil, err
	}
	s := new(seal)
	if err := json.Unmarshal(data, s); err != nil {
		return nil, err
	}
	if s.Format != sealFormat {
		return nil, fmt.Errorf("its format is %d; this version knows %d", s.Format, sealFormat)
	}
	tags, err := decodeManifest([]byte(s.Files[tagManifest]))
	if err != nil {
		return nil, err
	}
	for _, name := range tagFiles() {
		if text := s.Files[name]; name != tagManifest && tags[name] != hashOf([]byte(text)) {
			return nil, fmt.Errorf("%s does not fit", name)
		}
	}
	return s, nil
}

// write makes the seal last. From then on the bag can be completed from it.
func (s *seal) write(ctx context.Context, store *Store, day string) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return store.put(ctx, sealKey(day), data)
}

// apply brings a bag to the state of its seal. It can be repeated: bytes that
// wait aside are removed only after the tagmanifest has been written. standing
// are the hashes of the tag files as they are; equal ones are left alone.
func (s *seal) apply(ctx context.Context, store *Store, day string, standing map[string]string, waiting map[string]int64) error {
	var moved, spent []string
	for _, m := range s.Moves {
		if _, ok := waiting[m.From]; !ok {
			continue
		}
		if err := store.move(ctx, m); err != nil {
			return err
		}
		moved, spent = append(moved, m.To), append(spent, m.From)
	}
	if err := store.settle(ctx, moved); err != nil {
		return err
	}
	for _, name := range tagFiles() {
		if standing[name] == hashOf([]byte(s.Files[name])) {
			continue
		}
		if err := store.put(ctx, bagFolder(day)+name, []byte(s.Files[name])); err != nil {
			return err
		}
	}
	return store.removeAll(ctx, spent)
}

// hashes are those of the tag files.
func (s *seal) hashes() map[string]string {
	hashes := make(map[string]string, len(s.Files))
	for name, text := range maps.All(s.Files) {
		hashes[name] = hashOf([]byte(text))
	}
	return hashes
}

// move copies an object over another, if its bytes are the right ones.
func (s *Store) move(ctx context.Context, m move) error {
	r, err := s.open(ctx, m.From)
	if err != nil {
		return err
	}
	defer r.Close()
	u, err := s.create(ctx, m.To, payloadType)
	if err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(h, u)}, struct{ io.Reader }{r}, make([]byte, chunk)); err != nil {
		u.abort()
		return s.failed(ctx, "copy", m.From, err)
	}
	if !bytes.Equal(h.Sum(nil), fromHex(m.SHA256)) {
		u.abort()
		return s.failed(ctx, "use", m.From, errors.New("its bytes are not those that were verified"))
	}
	return u.commit()
}

func fromHex(text string) []byte {
	b, _ := hex.DecodeString(text)
	return b
}
