package credential

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxFile is the maximum size of a file of credentials or of a token, in bytes.
// Real files have a few thousand.
const maxFile = 1 << 20

// readFile reads a small file. Its error does not contain the path.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	return data, nil
}

func withoutPath(err error) error {
	if inPath, ok := errors.AsType[*fs.PathError](err); ok {
		return inPath.Err
	}
	return err
}

// readToken reads the file of a web identity token.
func readToken(path string) (string, error) {
	data, err := readFile(path)
	if err != nil {
		return "", err
	}
	return parseToken(data)
}

// parseToken parses a raw JWT, as GitHub, GitLab and Kubernetes write it, or the
// JSON {"web_identity_token": "…"} that the official provider requires. The
// errors repeat nothing of the content.
func parseToken(data []byte) (string, error) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if len(data) == 0 {
		return "", errors.New("it is empty")
	}
	token := string(data)
	if data[0] == '{' {
		var object struct {
			WebIdentityToken string `json:"web_identity_token"`
		}
		if json.Unmarshal(data, &object) != nil {
			return "", errors.New("it begins like JSON, but is not valid JSON")
		}
		if token = strings.TrimSpace(object.WebIdentityToken); token == "" {
			return "", errors.New("its web_identity_token is missing or empty")
		}
	}
	// A token consists of visible ASCII characters, whoever issued it.
	if strings.ContainsFunc(token, invisible) {
		return "", errors.New("it contains neither a token nor JSON with web_identity_token")
	}
	return token, nil
}

// invisible reports whether a character is not a visible one of ASCII.
func invisible(r rune) bool { return r <= ' ' || r > '~' }
