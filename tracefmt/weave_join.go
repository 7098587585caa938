package tracefmt

import "strings"

// joinWeave finds the calls whose summary is the sum of the calls inside them: their parts by model are no calls. What a call without a
// known parent used is in the sum of the root, so it belongs there.
func (a *Assembler) joinWeave(recs []Record) {
	at := map[string]int{}
	for i := range recs {
		if isWeave(&recs[i]) && recs[i].Kind != KindRun {
			at[recs[i].ID] = i
		}
	}
	weaveOrphans(recs, at)
	sums := weaveSums(recs, at)
	for i := range recs {
		r := &recs[i]
		if !isWeave(r) {
			continue
		}
		embeds := r.Model != 0 && strings.Contains(a.Names.Name(r.Model), "embed")
		switch part := isWeavePart(r); {
		case part && sums[r.Parent]:
			r.Flags |= FlagPlaceholder
		case embeds && (part || r.Kind == KindUnknown && !sums[r.ID]):
			r.Kind = KindEmbedding
		}
	}
}

// weaveOrphans hangs calls whose parent is not there under the first root. (A run of HAL's may have several traces.)
func weaveOrphans(recs []Record, at map[string]int) {
	var root *Record
	for _, i := range at {
		if r := &recs[i]; r.Format == FormatWeave && r.Parent == "" && (root == nil || byTime(r, root) < 0) {
			root = r
		}
	}
	if root == nil {
		return
	}
	for _, i := range at {
		r := &recs[i]
		if _, known := at[r.Parent]; !known && r.Parent != "" && r.Format == FormatWeave {
			r.Parent = root.ID
		}
	}
}

// weaveSums are the calls with use inside them that other calls state.
func weaveSums(recs []Record, at map[string]int) map[string]bool {
	sums := map[string]bool{}
	for _, i := range at {
		r := &recs[i]
		if r.Has&(HasInput|HasOutput) == 0 {
			continue
		}
		up := r.Parent
		if isWeavePart(r) { // a part says it of the calls around its own
			up = ""
			if k, ok := at[r.Parent]; ok {
				up = recs[k].Parent
			}
		}
		markSums(recs, at, sums, up)
	}
	return sums
}

// markSums marks the calls from id upwards.
func markSums(recs []Record, at map[string]int, sums map[string]bool, id string) {
	for id != "" && !sums[id] {
		sums[id] = true
		k, ok := at[id]
		if !ok {
			return
		}
		id = recs[k].Parent
	}
}

func isWeavePart(r *Record) bool {
	return r.Parent != "" && len(r.ID) > len(r.Parent) && r.ID[:len(r.Parent)] == r.Parent && strings.HasPrefix(r.ID[len(r.Parent):], weavePart)
}

// isWeave tells whether r is a call as Weave keeps it: HAL's results hold such calls, too.
func isWeave(r *Record) bool { return r.Format == FormatWeave || r.Format == FormatHAL }
