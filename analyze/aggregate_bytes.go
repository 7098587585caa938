package analyze

import (
	"cmp"
	"encoding/binary"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"costscope/tracefmt"
)

// aggregateVersion is the first byte of a stored aggregate.
const aggregateVersion = 2

// compare orders keys by their numbers.
func (k *CellKey) compare(o *CellKey) int {
	a, b := k.numbers(), o.numbers()
	return slices.Compare(a[:], b[:])
}

func (k *CellKey) numbers() [13]int64 {
	return [...]int64{
		int64(k.Workflow), int64(k.Feature), int64(k.Version), int64(k.Agent), int64(k.Role), int64(k.Step), int64(k.Model),
		int64(k.Provider), int64(k.Tool), int64(k.Day), int64(k.Kind), int64(k.Status), int64(k.Outcome),
	}
}

func (k *CellKey) decode(r *byteReader) {
	for _, to := range [...]*tracefmt.Sym{&k.Workflow, &k.Feature, &k.Version, &k.Agent, &k.Role, &k.Step, &k.Model, &k.Provider, &k.Tool} {
		*to = tracefmt.Sym(r.int())
	}
	k.Day = int32(r.int())
	k.Kind, k.Status, k.Outcome = tracefmt.Kind(r.int()), tracefmt.Status(r.int()), tracefmt.Outcome(r.int())
}

// AppendTo appends the aggregate as bytes. Equal contents give equal bytes, however they came about; names are not in it, their numbers
// are.
func (a *Aggregate) AppendTo(to []byte) []byte {
	order := make([]uint32, 0, a.Cells())
	for n, c := range a.cells {
		if c != nil {
			order = append(order, uint32(n))
		}
	}
	slices.SortFunc(order, func(x, y uint32) int { return a.cells[x].key.compare(&a.cells[y].key) })
	to = append(to, aggregateVersion)
	to = binary.AppendVarint(to, a.Runs)
	to = binary.AppendVarint(to, a.Threads)
	to = a.RunCosts.AppendTo(to)
	to = binary.AppendUvarint(to, uint64(len(order)))
	rank := make([]uint32, len(a.cells))
	var b []byte
	for i, n := range order {
		rank[n] = uint32(i)
		b = a.cells[n].appendTo(b[:0])
		to = binary.AppendUvarint(to, uint64(len(b)))
		to = append(to, b...)
	}
	return a.appendSets(to, rank)
}

func (c *cell) appendTo(to []byte) []byte {
	for _, v := range c.key.numbers() {
		to = binary.AppendVarint(to, v)
	}
	to = binary.AppendVarint(to, c.runs)
	return c.sum.appendTo(to)
}

// decode reads what appendTo wrote, all of it.
func (c *cell) decode(b []byte) bool {
	r := byteReader{b: b}
	c.key.decode(&r)
	c.runs = r.int()
	c.sum.decode(&r)
	return !r.bad && len(r.b) == 0
}

// decodeCells reads the cells on all cores: they are nearly all of the bytes.
func (a *Aggregate) decodeCells(r *byteReader) {
	var parts [][]byte
	for n := r.uint(); n > 0 && !r.bad; n-- {
		size := r.uint()
		if size > uint64(len(r.b)) {
			r.bad = true
			return
		}
		parts = append(parts, r.b[:size])
		r.b = r.b[size:]
	}
	cells := make([]cell, len(parts))
	var bad atomic.Bool
	var wg sync.WaitGroup
	share := len(parts)/runtime.GOMAXPROCS(0) + 1
	for from := 0; from < len(parts); from += share {
		wg.Go(func() {
			for i := from; i < min(from+share, len(parts)); i++ {
				cells[i].owner = a
				if !cells[i].decode(parts[i]) {
					bad.Store(true)
				}
			}
		})
	}
	wg.Wait()
	r.bad = r.bad || bad.Load()
	for i := range cells {
		a.newCell(&cells[i])
	}
}

// appendSets writes the sets in terms of the rank of each cell.
func (a *Aggregate) appendSets(to []byte, rank []uint32) []byte {
	type set struct {
		from, to int
		runs     int64
	}
	var text []byte
	all := a.sets.flat()
	sets := make([]set, 0, all.live)
	all.each(func(s []byte, runs int64) {
		from := len(text)
		text = append(text, a.renumber(s, rank)...)
		sets = append(sets, set{from, len(text), runs})
	})
	slices.SortFunc(sets, func(x, y set) int {
		return cmp.Or(cmp.Compare(x.to-x.from, y.to-y.from), slices.Compare(text[x.from:x.to], text[y.from:y.to]))
	})
	to = binary.AppendUvarint(to, uint64(len(sets)))
	for _, s := range sets {
		to = binary.AppendUvarint(to, uint64(s.to-s.from))
		to = append(to, text[s.from:s.to]...)
		to = binary.AppendVarint(to, s.runs)
	}
	return to
}

// DecodeAggregate reads what AppendTo wrote; cfg must be that of the writer.
func DecodeAggregate(cfg Config, b []byte) (*Aggregate, error) {
	a := NewAggregate(cfg)
	if len(b) == 0 || b[0] != aggregateVersion {
		return nil, errBytes
	}
	r := &byteReader{b: b[1:]}
	a.Runs, a.Threads = r.int(), r.int()
	a.RunCosts.decode(r)
	a.decodeCells(r)
	for n := r.uint(); n > 0 && !r.bad; n-- {
		size := r.uint()
		if size > uint64(len(r.b)) {
			return nil, errBytes
		}
		set := r.b[:size]
		r.b = r.b[size:]
		if runs := r.int(); size > 0 {
			a.sets.add(set, runs)
		}
		eachCell(set, func(n uint32) { r.bad = r.bad || int(n) >= len(a.cells) })
	}
	if r.bad || len(r.b) > 0 {
		return nil, errBytes
	}
	return a, nil
}
