package credential

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// profileFile is what tccli writes into <profile>.credential.
type profileFile struct {
	secretID, secretKey, token string
	roleARN, roleSessionName   string
	kind                       string    // default, oauth, sso, cvm-role; often empty
	expires                    time.Time // zero: the keys do not end
}

// parseProfile reads a credential file. The errors repeat nothing of the
// content.
func parseProfile(data []byte) (profileFile, error) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if len(data) == 0 {
		return profileFile{}, errors.New("it is empty")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return profileFile{}, errors.New("it is not a JSON object as tccli writes it")
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

// parseExpiry reads Unix seconds, as a number or in quotes, with or without a
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

// check says what is missing, before any key is used.
func (p profileFile) check() error {
	switch {
	case p.kind == "cvm-role":
		return nil
	case p.secretID == "" && p.secretKey == "":
		return errors.New("it holds neither secretId nor secretKey")
	case p.secretID == "":
		return errors.New("it holds no secretId")
	case p.secretKey == "":
		return errors.New("it holds no secretKey")
	}
	return nil
}

// login is the command that gets new keys, "" where none is needed.
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

// parseRegion reads the region of <profile>.configure, "" where there is none
// that can be read: it is a convenience.
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
