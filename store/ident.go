package store

import (
	"cmp"

	"costscope/tracefmt"
)

// A call whose id is unique over the whole store (Claude Code message ids) may turn up under several runs: a resumed session begins
// with a copy of the one before. It counts once, whichever file is read first: in the run with the smallest id, but rather in one that
// made the call than in one that branched off later and says that it inherited it.

// A claim is the run that a store-wide id counts in.
type claim struct {
	row       uint32
	inherited bool
}

// beats says that a run's claim goes before that of another run.
func beats(inherited bool, run string, than bool, other string) bool {
	if inherited != than {
		return than
	}
	return run < other
}

// claimKey names such a record. Marks and calls have separate ids.
func claimKey(r *tracefmt.Record) string {
	if r.Kind == tracefmt.KindMark {
		return "m" + r.ID
	}
	return r.ID
}

// claimHash is hashText of claimKey without building it.
func claimHash(r *tracefmt.Record) uint64 {
	h := hashText(r.ID)
	if r.Kind == tracefmt.KindMark {
		h = h*0x9E3779B97F4A7C15 + 1
	}
	return h
}

// inputOrder orders places in the input: sources by path, then offsets.
func inputOrder(path func(source uint32) string) func(a, b tracefmt.SourceRef) int {
	return func(a, b tracefmt.SourceRef) int {
		if a.Source != b.Source {
			if d := cmp.Compare(path(a.Source), path(b.Source)); d != 0 {
				return d
			}
		}
		return cmp.Compare(a.Offset, b.Offset)
	}
}
