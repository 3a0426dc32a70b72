// Package teo reads Tencent Cloud EdgeOne (TEO): the lists of offline log
// packages of layer 7 and layer 4, and the zones of an account.
//
// Callers pass typed, validated queries. Pages are read in parallel under the rate
// limit. A function that lists returns the complete list or an error: duplicates
// are removed, the number of rows is checked against the service's count, and a
// list that does not match is read again.
package teo
