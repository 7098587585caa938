// Package store keeps calls and answers questions about them. Two stores do the same: Bolt, on disk and fast, and Mem, the reference,
// which keeps every record in memory and works each answer out anew. The suite in storetest holds them against each other.
//
// The run is the unit: a run's records are kept together, and what a run adds to the sums is a pure function of its records (and of the
// price book, the cost mode and the time zone). A run that changes is taken out of the sums as it was and put in as it is.
//
// Bolt's file (see layout.go): segments of run parts, appended; fixed-width run rows that point at a run's newest part; names; sources with
// the offset read up to. One transaction stores the records of a batch and the offsets that they came from, so whatever kills the process,
// the store is at a whole batch and the next load goes on from there. The sums are written when a load ends; after a crash they are
// worked out again from the segments.
//
// Follow (follow.go, watch.go) is the same reading in rounds. A source is known by its path, its inode and marks of the bytes that were
// read; rotated.go finds again what was moved, copied or packed, again.go takes back what no longer holds: a document written anew, the
// last row of a table, what a longer beginning says otherwise. Verify (verify.go) reads all of it into a second store and compares.
package store
