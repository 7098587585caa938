package analyze

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// A setTable counts runs by the set of cells they touch. There may be nearly as many sets as runs, so it holds no pointers: the texts of
// the sets stand in one slice, one after the other.
type setTable struct {
	slots []setSlot // open addressing; its length is a power of two
	text  []byte
	used  int // slots that hold a set, also with count 0
	live  int // sets with a count
	dead  int // bytes of text that belong to sets with count 0
}

type setSlot struct {
	at, size uint32 // of the set in text; size 0 is a free slot (a set is never empty)
	hash     uint32
	runs     int32
}

var setSeed = maphash.MakeSeed()

// add changes the count of a set.
func (t *setTable) add(set []byte, runs int64) {
	if 4*(t.used+1) > 3*len(t.slots) || len(t.text) > 1<<16 && t.dead > len(t.text)/2 {
		t.rebuild()
	}
	h := uint32(maphash.Bytes(setSeed, set))
	s := t.slot(set, h)
	if s.size == 0 {
		*s = setSlot{at: uint32(len(t.text)), size: uint32(len(set)), hash: h}
		t.text = append(t.text, set...)
		t.used++
		t.dead += len(set)
	}
	was := s.runs
	s.runs += int32(runs)
	switch {
	case was == 0 && s.runs != 0:
		t.live++
		t.dead -= len(set)
	case was != 0 && s.runs == 0:
		t.live--
		t.dead += len(set)
	}
}

// slot is where the set stands, or would.
func (t *setTable) slot(set []byte, h uint32) *setSlot {
	mask := uint32(len(t.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.size == 0 || s.hash == h && bytes.Equal(t.text[s.at:s.at+s.size], set) {
			return s
		}
	}
}

// rebuild makes room and drops sets that no run has any more.
func (t *setTable) rebuild() {
	old := *t
	size := 64
	for 2*(old.live+1) > size {
		size *= 2
	}
	*t = setTable{slots: make([]setSlot, size), text: make([]byte, 0, len(old.text)-old.dead+64)}
	for _, s := range old.slots {
		if s.runs == 0 {
			continue
		}
		at := uint32(len(t.text))
		t.text = append(t.text, old.text[s.at:s.at+s.size]...)
		s.at = at
		i := s.hash & uint32(size-1)
		for t.slots[i].size != 0 {
			i = (i + 1) & uint32(size-1)
		}
		t.slots[i] = s
		t.used++
		t.live++
	}
}

// each visits the sets that runs have.
func (t *setTable) each(do func(set []byte, runs int64)) {
	for i := range t.slots {
		if s := &t.slots[i]; s.runs != 0 {
			do(t.text[s.at:s.at+s.size], int64(s.runs))
		}
	}
}

// setLayers is a setTable that is cheap to copy while it grows: a copy shares the frozen layers, and only the top one changes. A set may
// stand in several layers; its counts add up.
type setLayers struct {
	frozen []*setTable
	top    setTable
}

func (l *setLayers) add(set []byte, runs int64) { l.top.add(set, runs) }

// each visits the sets that runs have, in parts that add up.
func (l *setLayers) each(do func(set []byte, runs int64)) {
	for _, t := range l.frozen {
		t.each(do)
	}
	l.top.each(do)
}

// clone returns a copy. Layers of like size are joined, so that there are few of them.
func (l *setLayers) clone() setLayers {
	if l.top.live > 0 {
		top := l.top
		l.frozen, l.top = append(slices.Clone(l.frozen), &top), setTable{}
	}
	for n := len(l.frozen); n > 1 && l.frozen[n-2].live <= 2*l.frozen[n-1].live; n = len(l.frozen) {
		l.frozen = append(slices.Clone(l.frozen[:n-2]), joinSets(l.frozen[n-2], l.frozen[n-1]))
	}
	return setLayers{frozen: l.frozen}
}

// flat is everything in one table.
func (l *setLayers) flat() *setTable {
	return joinSets(append(slices.Clone(l.frozen), &l.top)...)
}

// joinSets adds tables up in a new one.
func joinSets(tables ...*setTable) *setTable {
	var sum setTable
	for _, t := range tables {
		t.each(sum.add)
	}
	return &sum
}
