package analyze

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"testing"
)

// The table agrees with a map through many changes, and sets that are gone do not pile up.
func TestSetTable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var table setTable
	want := map[string]int64{}
	var live []string
	for i := range 40000 {
		set := binary.AppendUvarint(nil, uint64(i))
		if len(live) > 100 {
			k := r.IntN(len(live))
			gone := live[k]
			live[k] = live[len(live)-1]
			live = live[:len(live)-1]
			table.add([]byte(gone), -1)
			if want[gone]--; want[gone] == 0 {
				delete(want, gone)
			}
		}
		if i%3 == 0 && len(live) > 0 {
			set = []byte(live[0])
		}
		table.add(set, 1)
		want[string(set)]++
		live = append(live, string(set))
	}
	got := map[string]int64{}
	table.each(func(set []byte, runs int64) { got[string(set)] = runs })
	if !maps.Equal(got, want) || table.live != len(want) {
		t.Errorf("%d sets, want %d", len(got), len(want))
	}
	if len(table.slots) > 1024 || len(table.text) > 1<<17 {
		t.Errorf("%d slots and %d bytes for %d sets", len(table.slots), len(table.text), len(want))
	}
}
