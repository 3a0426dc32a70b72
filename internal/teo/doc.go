// Package teo reads Tencent Cloud EdgeOne (TEO): the lists of offline log
// packages of layer 7 and layer 4, and the zones of an account.
//
// Queries are typed and checked by the caller, pages are read in parallel under
// the rate limit, and what comes back is whole: where the number of rows and
// the service's own count do not agree after reading again, there is an error
// and no list.
package teo
