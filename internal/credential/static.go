package credential

import "github.com/edgeone-community/terraform-provider-teo/internal/tcapi"

// static returns the layer of secret_id, secret_key and security_token.
func (b *builder) static() layer {
	o := b.options
	id, idFrom := b.checkedValue("secret_id", o.SecretID, envSecretID)
	key, keyFrom := b.checkedValue("secret_key", o.SecretKey, envSecretKey)
	tokenNames := []string{envSecurityToken}
	if idFrom != "" && keyFrom != "" {
		// tccli sets this variable together with the credentials. Beside
		// credentials of the configuration it is left over from an earlier login.
		tokenNames = append(tokenNames, envTccliToken)
	}
	token, tokenFrom := b.checkedValue("security_token", o.SecurityToken, tokenNames...)
	source := "the provider configuration"
	switch {
	case idFrom != "" && keyFrom != "":
		source = "the environment (" + idFrom + ")"
	case idFrom != "" || keyFrom != "":
		source = "the provider configuration and the environment (" + idFrom + keyFrom + ")"
	case tokenFrom != "":
		source = "the provider configuration with the token of the environment (" + tokenFrom + ")"
	}
	b.complete(id, key)
	b.swapped("secret_id", source, id, key)
	return layer{
		credentials: tcapi.StaticCredentials{SecretID: id, SecretKey: key, Token: token, Source: source},
		describe:    source,
	}
}

func (b *builder) complete(id, key string) {
	const summary = "Incomplete credentials"
	switch {
	case id == "" && key == "":
		b.problem("security_token", summary, "A security token belongs to a secret ID and a secret key, but neither is set. "+
			"Set secret_id and secret_key, or "+envSecretID+" and "+envSecretKey+".")
	case id == "":
		b.problem("secret_id", summary, "There is a secret key, but no secret ID. Set secret_id or "+envSecretID+".")
	case key == "":
		b.problem("secret_key", summary, "There is a secret ID, but no secret key. Set secret_key or "+envSecretKey+".")
	}
}
