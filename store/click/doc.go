// Package click keeps traces in ClickHouse and answers questions from there. It speaks plain HTTP and tab-separated text, in the SQL that
// version 18.16 and the versions of today understand alike; the engine does the work, small results come back. It never creates, changes
// or drops a table, and writes nothing except what is pushed.
package click
