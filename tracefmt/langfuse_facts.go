package tracefmt

import (
	"cmp"
	"slices"
)

// LangfuseCounts are the keys of Langfuse's usage details that state a count, best first, under the names of factSlots and
// "cache_write_1h". Those of "cache_write_5m" are added up.
func LangfuseCounts(fact string) (keys []string) {
	slot, parts := factSlots[fact], fact == "cache_write_5m"
	switch fact {
	case "cache_write_1h":
		slot = slotWrite1h
	case "cache_write_5m":
		slot = slotWrite
	}
	for k, r := range langfuseUsage {
		if r.slot == slot && (r.rank == splitWrite) == parts {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(langfuseUsage[a].rank, langfuseUsage[b].rank), cmp.Compare(a, b))
	})
	return keys
}

// Verdicts are the names of scores that say whether a run succeeded, and the words, in lower case, that they say it with.
func Verdicts() (names []string, words map[string]Outcome) {
	for n := range verdictNames {
		names = append(names, n)
	}
	slices.Sort(names)
	return names, outcomeWords
}
