// Package sample writes traces of multi-agent runs whose true answers are known.
//
// A scenario and a seed give the same bytes on every machine: all arithmetic is on integers, and every run has a generator of its own.
// Lines are costscope JSONL, in the order in which they would be logged: a call when it ends, an unfinished one when it starts. The
// Truth that comes with them is added up while they are made, from what the generator meant to do, not by reading them back.
//
// What the analyses must find is meant to be found without doubt: a failed call that is not repeated is the last of its thread, a
// changed prompt has another fingerprint, and calls of one operation never overlap.
package sample
