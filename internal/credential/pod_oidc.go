package credential

import "strings"

// podOIDC returns the layer of enable_pod_oidc: the web identity that TKE gives to
// a pod through these variables.
func (b *builder) podOIDC() layer {
	const at = "enable_pod_oidc"
	var missing []string
	for _, name := range []string{envTKERegion, envTKEProviderID, envTKETokenFile, envTKERoleARN} {
		if b.env.get(name) == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		b.problem(at, "Missing pod identity", "This process does not run in a TKE pod with a CAM role, because these environment variables are not set: "+strings.Join(missing, ", ")+
			". Give the pod a serviceAccountName that is annotated with the role.")
		return layer{}
	}
	role := &webIdentityRole{file: b.env.get(envTKETokenFile), body: webIdentityRequest{
		ProviderId:      b.env.get(envTKEProviderID),
		RoleArn:         b.env.get(envTKERoleARN),
		RoleSessionName: DefaultSessionName,
		DurationSeconds: DefaultSessionDuration,
	}}
	b.tokenFile(role, at, "")
	role.tokenFrom = "the web identity of this TKE pod"
	role.stsIssuer = b.stsIssuerIn(b.env.get(envTKERegion), "AssumeRoleWithWebIdentity", nil, role.body.DurationSeconds)
	return layer{credentials: b.refresher(role), describe: role.source()}
}
