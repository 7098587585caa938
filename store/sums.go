package store

import (
	"encoding/binary"

	"costscope/analyze"
	"costscope/tracefmt"
)

// sums is everything that adds up over runs: the cells, and per source how many of its records stand for a call of their own.
type sums struct {
	cells   *analyze.Aggregate
	sources []sourceSums
}

// sourceSums counts what came from one source.
type sourceSums struct{ records, calls int64 }

func newSums(c analyze.Config) *sums { return &sums{cells: analyze.NewAggregate(c)} }

// add puts a run in (sign 1) or takes it out as it was put in (sign -1).
func (s *sums) add(run *tracefmt.Run, records []tracefmt.Record, sign int64) {
	if sign > 0 {
		s.cells.Add(run)
	} else {
		s.cells.Sub(run)
	}
	for i := range records {
		s.of(records[i].Src.Source).records += sign
	}
	for i := range run.Calls {
		if c := &run.Calls[i]; c.IsCall {
			s.of(c.Src.Source).calls += sign
		}
	}
}

func (s *sums) of(source uint32) *sourceSums {
	for int(source) >= len(s.sources) {
		s.sources = append(s.sources, sourceSums{})
	}
	return &s.sources[source]
}

func (s *sums) merge(o *sums) {
	s.cells.Merge(o.cells)
	for i, n := range o.sources {
		s.of(uint32(i)).records += n.records
		s.of(uint32(i)).calls += n.calls
	}
}

func (s *sums) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(s.sources)))
	for _, n := range s.sources {
		b = binary.AppendVarint(b, n.records)
		b = binary.AppendVarint(b, n.calls)
	}
	return s.cells.AppendTo(b)
}

func (s *sums) decode(b []byte) error {
	p := partReader{b: b}
	for n := p.uvarint(); n > 0 && p.err == nil; n-- {
		s.sources = append(s.sources, sourceSums{p.varint(), p.varint()})
	}
	if p.err != nil {
		return p.err
	}
	return s.cells.Decode(p.b)
}
