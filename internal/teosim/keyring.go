package teosim

import (
	"sync"
	"time"
)

// key is a secret key and the token that belongs to it, empty for permanent
// credentials.
type key struct {
	secretKey, token string
	expires          time.Time // zero: never
}

func (k key) expired(now time.Time) bool {
	return !k.expires.IsZero() && !now.Before(k.expires)
}

// keyring is the credentials that the service accepts, by secret ID.
type keyring struct {
	mu   sync.RWMutex
	keys map[string]key
}

func newKeyring() *keyring { return &keyring{keys: map[string]key{}} }

func (k *keyring) add(secretID string, value key) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys[secretID] = value
}

func (k *keyring) remove(secretID string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.keys, secretID)
}

func (k *keyring) find(secretID string) (key, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	value, ok := k.keys[secretID]
	return value, ok
}
