package analyze

import (
	"strings"
	"sync"
	"time"

	"costscope/tracefmt"
)

// SumNames are the names of the sums of a Summary, for engines that add calls up by themselves: one column each, in the order of Sums.
var SumNames = [...]string{
	"calls", "cost",
	"llm", "tools", "human", "other", "failed",
	"recorded", "computed", "estimated", "mismatches",
	"unpriced", "unpriced_tokens", "no_usage", "unbilled", "input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning",
	"unattributed", "retries", "retry_cost", "wasted", "chains", "rescued",
	"plain_retries", "prompt_adjustments", "fallbacks", "tool_reinvocations",
	"sure_1", "sure_2", "sure_3", "sure_4", "lost_tries", "blind",
}

// addends are the sums in the order of SumNames.
func (s *Summary) addends() (list [len(SumNames)]*int64) {
	list[0], list[1] = &s.Calls, (*int64)(&s.Cost)
	rest := s.sums()
	copy(list[2:], rest[:])
	return list
}

// Sums are the sums of s, in the order of SumNames.
func (s *Summary) Sums() (list [len(SumNames)]int64) {
	for i, v := range s.addends() {
		list[i] = *v
	}
	return list
}

// An Entry is what one call adds to every sum that it is in. A run that holds no call is an entry without sums.
type Entry struct {
	Call   *tracefmt.Call // of the run; what stands for a run without calls, where Empty is set
	Index  int            // of Call in Run.Calls
	Key    CellKey
	Sum    Summary
	Known  bool // the cost is known: it is in Costs and Max
	Empty  bool
	Counts bool // it adds to sums, and to the runs of its groups
}

// Entries divides a run into what each of its calls adds. Their sums are what Scan and Aggregate say of the run.
func Entries(cfg Config, st *Study, do func(e *Entry)) {
	days := newDayClock(cfg.TZ)
	run, some := st.Run, false
	first := map[int32][]*Chain{}
	for k := range st.Chains {
		if i := st.Chains[k].firstCall(run); i >= 0 {
			first[i] = append(first[i], &st.Chains[k])
		}
	}
	for i := range run.Calls {
		c := &run.Calls[i]
		if !contributes(c) {
			continue
		}
		some = true
		e := Entry{Call: c, Index: i, Key: keyOf(run, c, &days), Known: known(c)}
		e.Sum.Add(c)
		e.Sum.repeat(c, st.Places[i].Mark, 1)
		for _, ch := range first[int32(i)] {
			e.Sum.chain(ch, run.Outcome, 1)
		}
		do(&e)
	}
	if !some {
		k, none := emptyCall(run, &days)
		do(&Entry{Call: &none, Key: k, Empty: true})
	}
}

// Listed says that the entry stands in lists of calls: a call, or what is stated for a run beyond its calls.
func (e *Entry) Listed() bool { return Listed(e.Call) && !e.Empty }

// Missing says that the entry costs something that is not known.
func (e *Entry) Missing() bool { return missing(e.Call) && !e.Empty }

// Bucket is where the entry's cost stands in a histogram, + 1; 0 where no cost is known.
func (e *Entry) Bucket() int64 {
	if !e.Known {
		return 0
	}
	return int64(Bucket(int64(e.Call.Cost))) + 1
}

// Listed says that a call stands in lists: calls, and what is stated for a run beyond its calls, so that the listed costs add up.
func Listed(c *tracefmt.Call) bool {
	return c.IsCall || c.Counted && c.Flags&tracefmt.FlagRest != 0
}

// A Gathering makes a table out of groups that an engine added up. Several goroutines may add to it.
type Gathering struct {
	mu   sync.Mutex
	f    *folder
	path []uint32
}

// NewGathering returns an empty table for q.
func NewGathering(q Query, names *tracefmt.Names) *Gathering {
	return &Gathering{f: newFolder(q.By, names), path: make([]uint32, len(q.By))}
}

// A Group is what the calls of one whole path add up to. Cost and the other amounts come as two sums, of what stands before the last six
// digits and of those, which fit where the whole may not.
type Group struct {
	Sums     [len(SumNames)]int64
	High     [len(SumNames)]int64 // millions of Sums, for amounts of money
	Finished [2]int64             // cost in finished runs, high and low
	Max      tracefmt.USD
	Known    int64 // calls whose cost is known
}

// IsMoney says that a sum of SumNames is an amount of money.
func IsMoney(i int) bool {
	switch SumNames[i] {
	case "cost", "recorded", "computed", "estimated", "retry_cost", "wasted":
		return true
	}
	return false
}

// million is where amounts are cut in two.
const million = 1_000_000

// Add puts a group in: the leaf of its path.
func (g *Gathering) Add(path []string, x *Group) {
	g.mu.Lock()
	defer g.mu.Unlock()
	row := &g.f.nodes[g.leaf(path)].row
	for i, to := range row.addends() {
		row.wraps += plus(to, x.Sums[i])
		if IsMoney(i) {
			row.wraps += plusMillions(to, x.High[i])
		}
	}
	row.wraps += plusMillions((*int64)(&row.FinishedUSD), x.Finished[0]) + plus((*int64)(&row.FinishedUSD), x.Finished[1])
	if x.Known > 0 && (row.Max == 0 || x.Max > row.Max) {
		row.Max = x.Max
	}
}

// plusMillions adds x millions.
func plusMillions(to *int64, x int64) (wraps int32) {
	const most = (1<<63 - 1) / million
	for ; x > most; x -= most {
		wraps += plus(to, most*million)
	}
	for ; x < -most; x += most {
		wraps += plus(to, -most*million)
	}
	return wraps + plus(to, x*million)
}

// Bin counts n calls of a leaf's histogram, which cost sum in all.
func (g *Gathering) Bin(path []string, bucket uint16, n, sum int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.f.nodes[g.leaf(path)].row.Costs.put(bucket, n, sum)
}

// Runs counts distinct runs of a group, whatever its depth: those of success, failure, unknown outcome, and in flight.
func (g *Gathering) Runs(path []string, success, failure, unknown, inFlight int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := int32(0)
	for i, name := range path {
		at = g.f.childOf(at, g.value(g.f.by[i], name), i+1)
	}
	row := &g.f.nodes[at].row
	row.Success += success
	row.Failure += failure
	row.Unknown += unknown
	row.InFlight += inFlight
	row.Runs += success + failure + unknown + inFlight
}

// Facts states what a table says beside its rows.
func (g *Gathering) Facts(threads int64, workflows, agents []string, unpriced []Unpriced) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.f.threads = threads
	for _, n := range workflows {
		g.f.note(g.f.names.Sym(n), 0, 0, 0, 0)
	}
	for _, n := range agents {
		g.f.note(0, g.f.names.Sym(n), 0, 0, 0)
	}
	for _, u := range unpriced {
		g.f.note(0, 0, g.f.names.Sym(u.Model), u.Calls, u.Tokens)
	}
}

// Table is what was gathered; nothing can be added after it.
func (g *Gathering) Table() *Table { return g.f.table() }

func (g *Gathering) leaf(path []string) int32 {
	for i, name := range path {
		g.path[i] = g.value(g.f.by[i], name)
	}
	return g.f.leafOf(g.path)
}

// value is the number that a name has in its dimension.
func (g *Gathering) value(d Dimension, name string) uint32 {
	switch d.Dim {
	case DimKind:
		return enumOf(name, func(v uint8) string { return tracefmt.Kind(v).String() })
	case DimStatus:
		return enumOf(name, func(v uint8) string { return tracefmt.Status(v).String() })
	case DimOutcome:
		return uint32(OutcomeOf(name))
	case DimDay:
		return uint32(dayOf(name))
	case DimRun, DimSource, DimTag:
		return g.f.texts.number(name)
	}
	return uint32(g.f.names.Sym(name))
}

// dayOf is the number of a day by its name.
func dayOf(name string) int32 {
	t, err := time.Parse(time.DateOnly, name)
	if err != nil {
		return NoDay
	}
	return int32(t.Unix() / 86400)
}

// OutcomeOf is the outcome with a name; unknown where there is none.
func OutcomeOf(name string) tracefmt.Outcome {
	return tracefmt.Outcome(enumOf(name, func(v uint8) string { return tracefmt.Outcome(v).String() }))
}

// enumOf is the number of a word.
func enumOf(name string, word func(uint8) string) uint32 {
	for v := range uint8(16) {
		if word(v) == name {
			return uint32(v)
		}
	}
	return 0
}

// TagsOf are the tags that hold for a call: its own, and those of its run that it does not state itself.
func TagsOf(names *tracefmt.Names, c *tracefmt.Call, run *tracefmt.Run) string {
	own, all := names.Name(c.Tags), names.Name(run.Tags)
	set := own
	for _, tag := range strings.Split(all, "\x1f") {
		if k, _, _ := strings.Cut(tag, "="); k != "" {
			if _, ok := findTag(own, k); !ok {
				set += map[bool]string{true: "", false: "\x1f"}[set == ""] + tag
			}
		}
	}
	return set
}

// WordsThat are the words of a kind, a status or an outcome that meet a condition on it, whether it is turned around or not.
func WordsThat(p Pred) (words []string) {
	m := matchPred{Pred: p, fold: strings.ToLower(p.Text)}
	word := map[Dim]func(uint8) string{
		DimKind:    func(v uint8) string { return tracefmt.Kind(v).String() },
		DimStatus:  func(v uint8) string { return tracefmt.Status(v).String() },
		DimOutcome: func(v uint8) string { return tracefmt.Outcome(v).String() },
	}[p.Dimension.Dim]
	for v := range uint8(16) {
		if m.matchEnum(v) {
			words = append(words, word(v))
		}
	}
	return words
}
