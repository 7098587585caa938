package analyze

import (
	"cmp"
	"math"
	"slices"

	"costscope/tracefmt"
)

// A ModelCost is what the calls of one model took, so that dearer tokens can be told from dearer models.
type ModelCost struct {
	Model  string
	Tokens int64
	Cost   tracefmt.USD
}

// joinModels adds up two lists in the order of their models.
func joinModels(a, b []ModelCost) []ModelCost {
	list := slices.Concat(a, b)
	slices.SortFunc(list, func(x, y ModelCost) int { return cmp.Compare(x.Model, y.Model) })
	out := list[:0]
	for _, m := range list {
		if n := len(out); n > 0 && out[n-1].Model == m.Model {
			out[n-1].Tokens += m.Tokens
			out[n-1].Cost, _ = out[n-1].Cost.Add(m.Cost)
			continue
		}
		out = append(out, m)
	}
	return out
}

// mixOfModels is the part of a change of the cost per token, in pico-dollars, that comes from other models taking the tokens: the shares'
// change times the mean of each model's cost per token (analysis-spec K.3). A model that one side lacks has the same cost there.
func mixOfModels(old, new []ModelCost) (mix float64) {
	share := func(list []ModelCost) float64 {
		sum := 0.0
		for _, m := range list {
			sum += float64(m.Tokens)
		}
		return sum
	}
	v0, v1 := share(old), share(new)
	if v0 == 0 || v1 == 0 {
		return 0
	}
	names := joinModels(old, new)
	for _, m := range names {
		a, b := modelOf(old, m.Model), modelOf(new, m.Model)
		c0, c1 := ratio(int64(a.Cost), a.Tokens), ratio(int64(b.Cost), b.Tokens)
		if a.Tokens == 0 {
			c0 = c1
		}
		if b.Tokens == 0 {
			c1 = c0
		}
		if c := (c0 + c1) / 2; !math.IsNaN(c) {
			mix += (float64(b.Tokens)/v1 - float64(a.Tokens)/v0) * c
		}
	}
	return mix
}

func modelOf(list []ModelCost, name string) ModelCost {
	i, ok := slices.BinarySearchFunc(list, name, func(m ModelCost, name string) int { return cmp.Compare(m.Model, name) })
	if !ok {
		return ModelCost{}
	}
	return list[i]
}
