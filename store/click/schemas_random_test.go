package click

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"costscope/tracefmt"
)

// A dice makes spans that no program would report, and that are told apart all the same.
type dice struct{ *rand.Rand }

func (d dice) of(list ...string) string  { return list[d.IntN(len(list))] }
func (d dice) oneIn(n int) bool          { return d.IntN(n) == 0 }
func (d dice) sometimes(s string) string { return map[bool]string{true: s}[d.oneIn(3)] }

// runs are small trees of spans with every mixture of kinds, counts, costs, names and times.
func (d dice) runs(n int) (list []told) {
	for i := range n {
		s := story{run: fmt.Sprint("run ", i)}
		for k := range 1 + d.IntN(9) {
			s.add(d.span(&s, i, k))
		}
		list = append(list, s.list...)
	}
	return list
}

func (d dice) span(s *story, run, k int) told {
	t := told{id: fmt.Sprint(run, "/", k), op: d.of("chat", "chat", "chat", "embeddings", "execute_tool", "invoke_agent", "invoke_workflow", "retrieval", ""), name: d.of("plan", "do", "chat gpt-5", "call_llm", "find run"),
		service: d.of("desk", "desk", "shop"), agent: d.sometimes(d.of("a", "b")), tool: d.sometimes("find"), user: d.sometimes(d.of("u", "v")), session: d.sometimes("s"), provider: d.sometimes("openai"),
		model: d.of("gpt-5", "gemini-2.5-pro", "claude-sonnet-4-5", "house-llm", ""), asked: d.sometimes("gpt-5-mini"), failed: map[bool]string{true: "timeout"}[d.oneIn(6)], more: object{}}
	if k > 0 && !d.oneIn(5) {
		t.parent = fmt.Sprint(run, "/", d.IntN(k))
	}
	if d.oneIn(20) {
		t.parent = "nobody"
	}
	t.start = t0 + int64(run)*3600e9 + int64(d.IntN(8))*1e9
	t.end = t.start + int64(d.IntN(8))*1e9 + 1
	d.counts(&t)
	if d.oneIn(3) {
		t.cost = json.Number(d.of("0", "0.5", "0.000000000001", "0.0425", "1e-7"))
	}
	if d.oneIn(6) {
		t.more["gen_ai.workflow.name"] = d.of("flow 1", "flow 2")
	}
	if d.oneIn(8) {
		t.more["traceloop.entity.name"] = "entity"
	}
	return t
}

func (d dice) counts(t *told) {
	if d.oneIn(4) {
		return
	}
	count := func(f tracefmt.Fields, to *int64, n int) {
		if !d.oneIn(4) {
			*to, t.has = int64(d.IntN(n)), t.has|f
		}
	}
	count(tracefmt.HasInput, &t.usage.Input, []int{2, 1000, 400_000}[d.IntN(3)])
	count(tracefmt.HasOutput, &t.usage.Output, 300)
	if d.oneIn(2) {
		count(tracefmt.HasCacheRead, &t.usage.CacheRead, 900)
		count(tracefmt.HasCacheWrite, &t.usage.CacheWrite, 900)
	}
	if d.oneIn(4) {
		count(tracefmt.HasReasoning, &t.usage.Reasoning, 300)
	}
	if d.oneIn(4) {
		u := t.usage
		t.more["gen_ai.usage.total_tokens"] = u.Input + u.Output + []int64{0, u.Reasoning, u.CacheRead + u.CacheWrite, u.CacheRead + u.CacheWrite + u.Reasoning, 17}[d.IntN(5)]
	}
}
