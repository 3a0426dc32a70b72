// Package archive copies log packages into a bucket as evidence that anyone can
// verify: one BagIt 1.0 bag (RFC 8493) for each UTC day, with Hive-style
// partitions inside, under one prefix of one destination.
//
//	<prefix>dt=2022-05-04/                 a bag
//	<prefix>.teo-archive/archive.json      whose archive it is
//	<prefix>.teo-archive/seal/             the tag files of each bag, as last written
//	<prefix>.teo-archive/checkpoint/       packages that are not in a manifest yet
//	<prefix>.teo-archive/incoming/         bytes that will replace archived ones
//
// The order of writing is what makes a run safe to kill at any moment. A package
// is recorded in a checkpoint after it was verified and before it becomes
// visible, so that whatever stands under a final name is either known or not
// ours. Bytes that replace archived ones wait aside. When a day is done, its
// complete set of tag files is written as one object (the seal), and only then
// are the bag's own files replaced from it, tagmanifest last: until the seal
// stands, the old bag is whole, and from then on the new one can be completed
// from the bucket alone. The seal is kept; a damaged tag file is restored from it.
//
// On file:// every file is flushed to the disk before it gets its final name,
// and the folders are flushed before the seal is written.
package archive
