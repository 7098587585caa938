package sample

import (
	"testing"

	"costscope/tracefmt"
)

var models = []*model{sonnet, haiku, opus, gpt5, gpt5mini, gpt41mini, flash, embedder, house}

func TestPricesAreThoseOfTheBook(t *testing.T) {
	book := tracefmt.BuiltinPrices()
	usages := []tracefmt.Usage{
		{Input: 1000}, {Output: 1000}, {Input: 1000, CacheRead: 1000}, {Input: 150_000, CacheRead: 60_000, Output: 777, Reasoning: 64},
	}
	written := []tracefmt.Usage{{Input: 1000, CacheWrite: 1000}, {Input: 1000, CacheWrite: 1000, CacheWrite1h: 1000}, {Input: 9999, CacheWrite: 777, CacheWrite1h: 555}}
	if book.Find("", sonnet.name) == nil {
		t.Skip("the price book is not built")
	}
	for _, m := range models {
		row := book.Find(m.provider, m.name)
		if m == house {
			if row != nil {
				t.Errorf("%s has a price: %s", m.name, row.ID)
			}
			continue
		}
		if row == nil {
			t.Errorf("%s has no price", m.name)
			continue
		}
		all := usages
		if m.provider == "anthropic" {
			all = append(all, written...)
		}
		for _, u := range all {
			want, ok := row.Cost(u, epoch*1_000_000)
			if got := m.cost(u); !ok || got != want {
				t.Errorf("%s: %+v costs %s here, %s by the book", m.name, u, got, want)
			}
		}
	}
}
