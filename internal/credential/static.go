package credential

import "github.com/edgeone-community/terraform-provider-teo/internal/tcapi"

// static returns the layer of secret_id, secret_key and security_token. Where
// none of them is set it returns false, and the profile has its turn.
func (b *builder) static() (layer, bool) {
	o := b.options
	id, idFrom := b.env.from(o.SecretID, envSecretID)
	key, keyFrom := b.env.from(o.SecretKey, envSecretKey)
	tokenNames := []string{envSecurityToken}
	if idFrom != "" && keyFrom != "" {
		// tccli's variable goes with the keys beside it; with keys of the
		// configuration it is what an earlier login has left.
		tokenNames = append(tokenNames, envTccliToken)
	}
	token, tokenFrom := b.env.from(o.SecurityToken, tokenNames...)
	if id == "" && key == "" && token == "" {
		b.pass("the provider configuration", "secret_id and secret_key are not set")
		b.pass("the environment", envSecretID+" and "+envSecretKey+" are not set")
		return layer{}, false
	}
	source := "the provider configuration"
	switch {
	case idFrom != "" && keyFrom != "":
		source = "the environment (" + idFrom + ")"
	case idFrom != "" || keyFrom != "":
		source = "the provider configuration and the environment (" + idFrom + keyFrom + ")"
	case tokenFrom != "":
		source = "the provider configuration with the token of the environment (" + tokenFrom + ")"
	}
	b.wholePair(id, key)
	return layer{
		keys:     tcapi.StaticKeys{SecretID: id, SecretKey: key, Token: token, Source: source},
		describe: source,
	}, true
}

func (b *builder) wholePair(id, key string) {
	const summary = "Incomplete keys"
	switch {
	case id == "" && key == "":
		b.problem("security_token", summary, "A security token belongs to a secret ID and a secret key, and neither is set. "+
			"Set secret_id and secret_key, or "+envSecretID+" and "+envSecretKey+".")
	case id == "":
		b.problem("secret_id", summary, "There is a secret key without a secret ID: set secret_id or "+envSecretID+".")
	case key == "":
		b.problem("secret_key", summary, "There is a secret ID without a secret key: set secret_key or "+envSecretKey+".")
	}
}
