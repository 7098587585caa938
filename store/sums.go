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
type sourceSums struct {
	records, calls int64
	caveats        [analyze.Caveats]int64
}

func newSums(c analyze.Config) *sums { return &sums{cells: analyze.NewAggregate(c)} }

// add puts a run in.
func (s *sums) add(run *tracefmt.Run, records []tracefmt.Record) {
	s.cells.Add(run)
	for i := range records {
		s.of(records[i].Src.Source).records++
	}
	for i := range run.Calls {
		c := &run.Calls[i]
		of := s.of(c.Src.Source)
		if c.IsCall {
			of.calls++
		}
		analyze.CaveatsOf(c, func(k analyze.Caveat) { of.caveats[k]++ })
	}
}

func (s *sums) of(source uint32) *sourceSums {
	for int(source) >= len(s.sources) {
		s.sources = append(s.sources, sourceSums{})
	}
	return &s.sources[source]
}

// merge adds what o holds (sign 1) or takes it out (sign -1).
func (s *sums) merge(o *sums, sign int64) {
	if sign > 0 {
		s.cells.Merge(o.cells)
	} else {
		s.cells.Unmerge(o.cells)
	}
	for i, n := range o.sources {
		s.of(uint32(i)).records += sign * n.records
		s.of(uint32(i)).calls += sign * n.calls
		for k := range n.caveats {
			s.of(uint32(i)).caveats[k] += sign * n.caveats[k]
		}
	}
}

func (s *sums) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(s.sources)))
	for _, n := range s.sources {
		b = binary.AppendVarint(b, n.records)
		b = binary.AppendVarint(b, n.calls)
		for _, k := range n.caveats {
			b = binary.AppendVarint(b, k)
		}
	}
	return s.cells.AppendTo(b)
}

func (s *sums) decode(b []byte, cfg analyze.Config) error {
	p := partReader{b: b}
	for n := p.uvarint(); n > 0 && p.err == nil; n-- {
		of := sourceSums{records: p.varint(), calls: p.varint()}
		for k := range of.caveats {
			of.caveats[k] = p.varint()
		}
		s.sources = append(s.sources, of)
	}
	if p.err != nil {
		return p.err
	}
	cells, err := analyze.DecodeAggregate(cfg, p.b)
	if err == nil {
		s.cells = cells
	}
	return err
}

// caveats are what is less certain than it looks about a source, by its number.
func (s *sums) caveats(source int) (list []analyze.SourceCaveat) {
	if source >= len(s.sources) {
		return nil
	}
	for k, n := range s.sources[source].caveats {
		if n > 0 {
			list = append(list, analyze.SourceCaveat{Kind: analyze.Caveat(k), Calls: n})
		}
	}
	return list
}
