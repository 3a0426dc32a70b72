package credential

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// profileFile is the content of <profile>.credential, which tccli writes.
type profileFile struct {
	secretID, secretKey, token string
	roleARN, roleSessionName   string
	kind                       string    // default, oauth, sso, cvm-role; often empty
	expires                    time.Time // zero: the credentials do not expire
}

// parseProfile parses a credential file. The errors repeat nothing of the
// content.
func parseProfile(data []byte) (profileFile, error) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if len(data) == 0 {
		return profileFile{}, errors.New("it is empty")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return profileFile{}, errors.New("it is not a JSON object")
	}
	var wrong error
	text := func(name string) string {
		raw, ok := fields[name]
		if !ok || string(raw) == "null" {
			return ""
		}
		var value string
		if json.Unmarshal(raw, &value) != nil {
			wrong = errors.New("its " + name + " is not a string")
		}
		return strings.TrimSpace(value)
	}
	p := profileFile{
		secretID: text("secretId"), secretKey: text("secretKey"), token: text("token"),
		roleARN: text("role-arn"), roleSessionName: text("role-session-name"),
		kind: text("type"),
	}
	if wrong == nil {
		p.expires, wrong = parseExpiry(fields["expiresAt"])
	}
	return p, wrong
}

// parseExpiry parses Unix seconds, as a number or a string, with or without a
// fraction.
func parseExpiry(raw json.RawMessage) (time.Time, error) {
	text := strings.Trim(string(raw), `" `)
	if text == "" || text == "null" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	const year10000 = 253402300800
	if err != nil || !(seconds >= 0 && seconds < year10000) {
		return time.Time{}, errors.New("its expiresAt is not a time in Unix seconds")
	}
	if seconds == 0 {
		return time.Time{}, nil
	}
	return time.Unix(int64(seconds), 0), nil
}

// check reports what is missing.
func (p profileFile) check() error {
	switch {
	case p.kind == "cvm-role" && p.secretID == "":
		return nil // the metadata service has them
	case p.secretID == "" && p.secretKey == "":
		return errors.New("it contains neither secretId nor secretKey")
	case p.secretID == "":
		return errors.New("it contains no secretId")
	case p.secretKey == "":
		return errors.New("it contains no secretKey")
	}
	return nil
}

// login returns the command that gets new credentials.
func (p profileFile) login(profile string) string {
	command := "tccli auth login"
	if p.kind == "sso" {
		command = "tccli sso login"
	}
	if profile == "default" {
		return command
	}
	return command + " --profile " + profile
}

// parseRegion returns the region of <profile>.configure, empty if it has none or
// is not valid: the region is optional.
func parseRegion(data []byte) string {
	var file struct {
		Sys struct {
			Region string `json:"region"`
		} `json:"_sys_param"`
	}
	if json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &file) != nil {
		return ""
	}
	return strings.TrimSpace(file.Sys.Region)
}
