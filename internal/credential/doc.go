// Package credential finds the keys that requests to Tencent Cloud are signed
// with, and keeps them fresh.
//
// [New] takes what the provider's configuration says, looks at the environment
// and at tccli's files, and returns every problem with them at once; it sends
// nothing. The names are those that users of the official Terraform provider
// and of tccli know. The keys come from the last of these that is there:
//
//  1. a tccli profile, which is looked at only where there is neither a secret
//     ID, nor a secret key, nor a token;
//  2. secret ID, secret key and token, each from its attribute or else from
//     its environment variable;
//  3. the role of the CVM that the process runs on;
//  4. a SAML assertion, a web identity token, or the web identity of a TKE pod.
//
// A role is assumed with those keys where assume_role (or the profile) says
// so, an MFA session is opened on top, and at last the account is compared
// with the allowed and forbidden ones, before the first request is signed.
//
// Temporary keys are renewed before they end. Nothing is kept outside of a
// [Source], so two configurations of the provider never share keys.
package credential
