package evidence

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// cosigned splits the signature of a witness into the message that was signed and
// the Ed25519 signature (C2SP tlog-cosignature v1).
func cosigned(text, signature []byte) (message, bare []byte, ok bool) {
	if len(signature) != 8+ed25519.SignatureSize {
		return nil, nil, false
	}
	seconds := binary.BigEndian.Uint64(signature)
	if _, err := ParseCheckpoint(string(text)); err != nil || seconds > math.MaxInt64 {
		return nil, nil, false
	}
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", seconds, text), signature[8:], true
}

// Cosigned returns when a witness cosigned the note, by the clock of the witness in
// whole seconds, or an error if it did not.
func (n Note) Cosigned(witness VerifierKey) (time.Time, error) {
	if !witness.Witness() {
		return time.Time{}, fmt.Errorf("the key %s is not that of a witness", witness.Name())
	}
	signature, err := n.signature(witness)
	if err != nil {
		return time.Time{}, err
	}
	raw, err := base64.StdEncoding.DecodeString(signature.Base64)
	if err != nil {
		return time.Time{}, err
	}
	return time.Unix(int64(binary.BigEndian.Uint64(raw[4:])), 0).UTC(), nil
}
