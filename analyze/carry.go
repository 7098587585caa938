package analyze

import (
	"cmp"
	"slices"
	"strings"

	"costscope/tracefmt"
)

// topCarried is how many blocks, threads and cache breaks are kept by name.
const topCarried = 20

// BlockKind is what a block of context is.
type BlockKind uint8

const (
	BlockAnswer BlockKind = iota // the model's own answer
	BlockTool                    // what a tool returned
	BlockOther                   // what else was added: a message, an instruction
	BlockLeft                    // what a reset left beyond the first size of the context
)

var blockNames = [...]string{"answer", "tool result", "other input", "left after a reset"}

func (k BlockKind) String() string { return blockNames[k] }

// A block is a piece of a thread's context beyond its first prompt: it was added before one prompt and is paid for by every later one
// until the context shrinks below it. rate and sends also hold for all blocks before it: what a prompt pays for a cached prefix is noted
// once, at its end, and handed down when blocks are taken away.
type block struct {
	from, to    int64 // tokens, counted from the start of the prompt
	rate, sends int64 // pico-dollars per token; prompts
	usd, birth  tracefmt.USD
	sent        int64
	most        int64 // tokens when it was added
	by          int32 // the call that it comes from; -1 where none is known
	at          int32 // the call that first sent it
	kind        BlockKind
	estimated   bool
}

// A CarriedBlock is what a piece of context cost over its life.
type CarriedBlock struct {
	Run             string
	Thread, Turn    int32 // Turn is the one that first sent it
	Agent, Instance tracefmt.Sym
	Kind            BlockKind
	Tool            tracefmt.Sym
	Call            string // id of the call that it comes from: that of the tool, or of the answer; "" where none is known
	Tokens          int64
	Estimated       bool // Tokens is a share of what was added at once, not a stated size
	Sends           int64
	USD             tracefmt.USD // of all prompts that held it
	Birth           tracefmt.USD // of the first
}

// Rereads is how many prompts held the block after the first.
func (b *CarriedBlock) Rereads() int64 { return max(0, b.Sends-1) }

func compareBlocks(a, b *CarriedBlock) int {
	return cmp.Or(cmp.Compare(b.USD, a.USD), cmp.Compare(a.Run, b.Run), cmp.Compare(a.Thread, b.Thread), cmp.Compare(a.Turn, b.Turn),
		cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Call, b.Call), cmp.Compare(b.Tokens, a.Tokens), cmp.Compare(a.Birth, b.Birth), cmp.Compare(a.Sends, b.Sends))
}

// A CarrySum is what the blocks of a kind, of tool results those of a tool, add up to.
type CarrySum struct {
	Kind          BlockKind
	Tool          tracefmt.Sym
	Blocks        int64
	Tokens, Sends int64
	Resent        int64 // tokens times the prompts after the first
	USD, Birth    tracefmt.USD
	Estimated     int64 // blocks whose size is estimated
}

// Carry is what context cost over its life. All blocks together cost what growth did.
type Carry struct {
	Sums []CarrySum     // by kind, then tool
	Top  []CarriedBlock // dearest first

	stack []block
	wraps int32
}

// thread follows the context of a thread: in tells which calls are to be counted; nil is all.
func (x *Carry) thread(g *grower, in []bool) {
	x.stack = x.stack[:0]
	g.eachSend(func(n int, height int64, tools []int32) {
		s := &g.sends[n]
		switch {
		case n > 0 && (s.reset || 10*s.tokens < 7*height):
			x.cut(g, 0)
			x.push(block{from: g.first, to: s.tokens, by: -1, at: s.call, kind: BlockLeft}, g.first)
		case s.tokens < height:
			x.cut(g, s.tokens)
		case s.tokens > height:
			x.grow(g, n, height, tools)
		}
		if in == nil || in[s.call] {
			x.pay(g, s)
		}
	})
	x.cut(g, 0)
}

// push adds a block, but for what lies within the first prompt.
func (x *Carry) push(b block, first int64) {
	if b.from = max(b.from, first); b.from < b.to {
		b.most = b.to - b.from
		x.stack = append(x.stack, b)
	}
}

// grow pushes what prompt n has beyond the one before.
func (x *Carry) grow(g *grower, n int, height int64, tools []int32) {
	at := height
	for _, p := range g.pieces(n, height, tools) {
		x.push(block{from: at, to: at + p.tokens, by: p.by, at: g.sends[n].call, kind: p.kind, estimated: p.estimated}, g.first)
		at += p.tokens
	}
}

// answerTokens is what of an answer is sent back with the next prompt.
func answerTokens(c *tracefmt.Call) int64 {
	if c.Has&tracefmt.HasOutput == 0 {
		return 0
	}
	out := max(c.Usage.Output, 0)
	if c.Has&tracefmt.HasReasoning != 0 {
		out -= min(out, max(c.Usage.Reasoning, 0))
	}
	return out
}

// pay lets the blocks pay for a prompt, each by the class of tokens in which it lies: the whole pico-dollars per token, and the last
// block what is left, less than one per token of the prompt.
func (x *Carry) pay(g *grower, s *send) {
	if len(x.stack) == 0 {
		return
	}
	top := &x.stack[len(x.stack)-1]
	top.sends++
	left := s.grown()
	if left == 0 {
		return
	}
	from := int64(0)
	for _, class := range [...]struct {
		tokens int64
		usd    tracefmt.USD
	}{{s.read, s.readUSD}, {s.write, s.writeUSD}, {s.fresh, s.freshUSD}} {
		a, b := max(from, g.first), from+class.tokens
		if a < b {
			rate := int64(class.usd) / class.tokens
			x.charge(s.call, a, b, rate)
			left -= tracefmt.USD(rate * (b - a))
		}
		from += class.tokens
	}
	top.usd += left
	if top.at == s.call {
		top.birth += left
	}
}

// charge adds a rate to all tokens in [a, b).
func (x *Carry) charge(call int32, a, b, rate int64) {
	i, k := x.find(a), x.find(b-1)
	for n := k; n >= 0 && x.stack[n].at == call; n-- { // new ones
		if overlap := min(b, x.stack[n].to) - max(a, x.stack[n].from); overlap > 0 {
			x.stack[n].birth += tracefmt.USD(rate * overlap)
		}
	}
	if i < k {
		if p := &x.stack[i]; a > p.from {
			p.usd += tracefmt.USD(rate * (p.to - a))
			i++
		}
		if p := &x.stack[k]; b < p.to {
			p.usd += tracefmt.USD(rate * (b - p.from))
			k--
		}
		if i <= k {
			x.stack[k].rate += rate
			if i > 0 {
				x.stack[i-1].rate -= rate
			}
		}
		return
	}
	x.stack[i].usd += tracefmt.USD(rate * (b - a))
}

// find is the block that holds a token: the last that begins at or before it.
func (x *Carry) find(token int64) int {
	low, high := 0, len(x.stack)-1
	for low < high {
		mid := (low + high + 1) / 2
		if x.stack[mid].from <= token {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}

// cut takes the context beyond a size away.
func (x *Carry) cut(g *grower, size int64) {
	for n := len(x.stack) - 1; n >= 0 && x.stack[n].to > size; n-- {
		b := &x.stack[n]
		b.usd += tracefmt.USD(b.rate * (b.to - b.from))
		b.sent += b.sends
		if n > 0 {
			x.stack[n-1].rate += b.rate
			x.stack[n-1].sends += b.sends
		}
		b.rate, b.sends = 0, 0
		if b.from < size {
			b.to = size
			return
		}
		x.end(g, b)
		x.stack = x.stack[:n]
	}
}

// end counts a block whose life is over.
func (x *Carry) end(g *grower, b *block) {
	if b.sent == 0 {
		return
	}
	run, tool := g.st.Run, tracefmt.Sym(0)
	if b.kind == BlockTool {
		tool = cmp.Or(run.Calls[b.by].Tool, run.Calls[b.by].Name)
	}
	sum := x.sumOf(b.kind, tool)
	sum.Blocks++
	sum.Tokens, sum.Sends, sum.Resent = sum.Tokens+b.most, sum.Sends+b.sent, sum.Resent+b.most*(b.sent-1)
	sum.Estimated += int64(b2i(b.estimated))
	x.wraps += plus((*int64)(&sum.USD), int64(b.usd)) + plus((*int64)(&sum.Birth), int64(b.birth))
	if len(x.Top) == topCarried && b.usd < x.Top[topCarried-1].USD || b.usd == 0 {
		return
	}
	th := &g.st.Threads[g.thread]
	row := CarriedBlock{Run: run.ID, Thread: g.thread, Turn: g.st.Places[b.at].Turn, Agent: th.Agent, Instance: th.Instance, Kind: b.kind, Tool: tool,
		Tokens: b.most, Estimated: b.estimated, Sends: b.sent, USD: b.usd, Birth: b.birth}
	if b.by >= 0 {
		row.Call = strings.Clone(run.Calls[b.by].ID)
	}
	row.Run = strings.Clone(row.Run)
	x.Top = keepTop(x.Top, row, compareBlocks)
}

// sumOf is the sum that a block counts in.
func (x *Carry) sumOf(kind BlockKind, tool tracefmt.Sym) *CarrySum {
	low, high := 0, len(x.Sums)
	for low < high {
		mid := (low + high) / 2
		if s := &x.Sums[mid]; s.Kind < kind || s.Kind == kind && s.Tool < tool {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == len(x.Sums) || x.Sums[low].Kind != kind || x.Sums[low].Tool != tool {
		x.Sums = slices.Insert(x.Sums, low, CarrySum{Kind: kind, Tool: tool})
	}
	return &x.Sums[low]
}

// keepTop puts a row where it belongs in a list of the first topCarried.
func keepTop[T any](list []T, row T, compare func(a, b *T) int) []T {
	at := len(list)
	for at > 0 && compare(&row, &list[at-1]) < 0 {
		at--
	}
	if at == topCarried {
		return list
	}
	if len(list) == topCarried {
		list = list[:topCarried-1]
	}
	return slices.Insert(list, at, row)
}

func (x *Carry) merge(o *Carry) {
	for i := range o.Sums {
		from := &o.Sums[i]
		to := x.sumOf(from.Kind, from.Tool)
		to.Blocks, to.Estimated = to.Blocks+from.Blocks, to.Estimated+from.Estimated
		to.Tokens, to.Sends, to.Resent = to.Tokens+from.Tokens, to.Sends+from.Sends, to.Resent+from.Resent
		x.wraps += plus((*int64)(&to.USD), int64(from.USD)) + plus((*int64)(&to.Birth), int64(from.Birth))
	}
	for _, row := range o.Top {
		x.Top = keepTop(x.Top, row, compareBlocks)
	}
	x.wraps += o.wraps
}

// Total is what all blocks cost.
func (x *Carry) Total() (sum tracefmt.USD) {
	for i := range x.Sums {
		sum += x.Sums[i].USD
	}
	return sum
}

// Ranked is the sums, dearest first, ties by kind and the name of the tool.
func (x *Carry) Ranked(names *tracefmt.Names) []CarrySum {
	list := slices.Clone(x.Sums)
	slices.SortFunc(list, func(a, b CarrySum) int {
		return cmp.Or(cmp.Compare(b.USD, a.USD), cmp.Compare(a.Kind, b.Kind), cmp.Compare(names.Name(a.Tool), names.Name(b.Tool)))
	})
	return list
}
