package credential

import "strings"

// podOIDC returns the layer of enable_pod_oidc: the web identity that TKE gives
// a pod, whose webhook sets the variables; false where it is not enabled.
func (b *builder) podOIDC() (layer, bool) {
	const at = "enable_pod_oidc"
	if !b.options.EnablePodOIDC {
		b.pass(at, "it is not true")
		return layer{}, false
	}
	var missing []string
	for _, name := range []string{envTKERegion, envTKEProviderID, envTKETokenFile, envTKERoleARN} {
		if b.env.first("", name) == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		b.problem(at, "Missing pod identity", "This is no pod of TKE with a CAM role: "+strings.Join(missing, ", ")+
			" must be set. Give the pod a serviceAccountName that is annotated with the role.")
		return layer{}, true
	}
	origin := &webIdentity{attribute: at, file: b.env.first("", envTKETokenFile), request: webIdentityRequest{
		ProviderId:      b.env.first("", envTKEProviderID),
		RoleArn:         b.env.first("", envTKERoleARN),
		RoleSessionName: "terraform-provider-teo",
		DurationSeconds: 7200,
	}}
	b.tokenFile(origin, at, "")
	origin.tokenFrom = "the web identity of this TKE pod"
	origin.issuer = b.issuerIn(b.env.first("", envTKERegion), "AssumeRoleWithWebIdentity", nil, origin.request.DurationSeconds)
	return layer{keys: b.renewer(origin), describe: origin.source()}, true
}
