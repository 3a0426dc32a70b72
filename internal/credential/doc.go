// Package credential finds the credentials that requests to Tencent Cloud are
// signed with, and refreshes them before they expire.
//
// [New] reads the provider's configuration, the environment and tccli's files,
// and returns every problem with them at once; it sends nothing. The names are
// those of the official tencentcloud provider and of tccli.
//
// One source gives the first credentials. Sources in the configuration take
// precedence over those in the environment. Within each group the order is:
//
//  1. the web identity of a TKE pod
//  2. a SAML assertion or a web identity token
//  3. the role of the CVM that the process runs on
//  4. secret ID, secret key and token
//  5. a tccli profile, and the role that it names
//
// On top of these credentials the role of the environment is assumed, then the
// role of assume_role, then an MFA session is opened. Finally the account is
// compared with the allowed and forbidden ones, before the first request.
//
// Nothing is kept outside of a [Source], so that two configurations of the
// provider never share credentials.
package credential
