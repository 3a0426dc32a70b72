// Package bag describes one BagIt bag (RFC 8493) of log packages: the records of
// its packages, the paths of their files, its tag files, and the counts and hashes
// of a package's content. It reads and writes no storage.
//
// A bag is what one commit adds to one UTC day of an archive. Its tag files follow
// from the records of its packages and from nothing else, so either can be made
// again from the other.
package bag
