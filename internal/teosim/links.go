package teosim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net/url"
	"strconv"
	"strings"
)

const (
	downloadPrefix = "/logs/"
	appID          = "1251234567"
	packageSuffix  = ".log.gz"
	// longestHost limits the part of a download path that comes from the catalogue.
	// The ID after it makes the path unique.
	longestHost = 80
)

// downloadPath is the path of a package:
// /logs/<appid>/<date>/<date and hour>-<host>-<id>.log.gz.
func downloadPath(e *entry) string {
	host := e.Host[:min(len(e.Host), longestHost)]
	safe := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '-':
			return r
		}
		return '_'
	}, host)
	start := e.Start.UTC()
	return downloadPrefix + appID + start.Format("/20060102/2006010215-") + safe +
		fmt.Sprintf("-%016x", e.id) + packageSuffix
}

// packageAt returns the package of a path.
func (ix *index) packageAt(path string) (*entry, bool) {
	name := strings.TrimSuffix(path, packageSuffix)
	id, err := strconv.ParseUint(name[strings.LastIndexByte(name, '-')+1:], 16, 64)
	if err != nil {
		return nil, false
	}
	e, ok := ix.byID[id]
	return e, ok && e.path == path
}

// linkSigner signs download URLs. It is not safe for concurrent use.
type linkSigner struct {
	endpoint string
	mac      hash.Hash
	sum      [sha256.Size]byte
	text     []byte
}

func (s *Sim) newSigner() *linkSigner {
	return &linkSigner{endpoint: s.url, mac: hmac.New(sha256.New, s.linkKey)}
}

// sign returns the signature of path and expiry. It is valid until the next call.
func (l *linkSigner) sign(path string, expires int64) []byte {
	l.mac.Reset()
	l.text = append(l.text[:0], path...)
	l.text = append(l.text, '\n')
	l.text = strconv.AppendInt(l.text, expires, 10)
	l.mac.Write(l.text)
	return l.mac.Sum(l.sum[:0])
}

// append appends the URL of a path that is valid until expires, in Unix seconds.
func (l *linkSigner) append(dst []byte, path string, expires int64) []byte {
	dst = append(dst, l.endpoint...)
	dst = append(dst, path...)
	dst = append(dst, "?sign="...)
	dst = hex.AppendEncode(dst, l.sign(path, expires))
	dst = append(dst, "&t="...)
	return strconv.AppendInt(dst, expires, 10)
}

// verify reports whether a URL was signed here and has not expired.
func (l *linkSigner) verify(u *url.URL, now int64) bool {
	query := u.Query()
	expires, err := strconv.ParseInt(query.Get("t"), 10, 64)
	if err != nil || now >= expires {
		return false
	}
	signature, err := hex.DecodeString(query.Get("sign"))
	return err == nil && hmac.Equal(signature, l.sign(u.Path, expires))
}
