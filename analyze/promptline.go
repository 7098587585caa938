package analyze

import (
	"cmp"
	"strings"

	"costscope/tracefmt"
)

// A PromptLine is how the prompts of one thread went, turn by turn.
type PromptLine struct {
	Run             string
	Thread          int32 // index in Study.Threads
	Agent, Instance tracefmt.Sym
	Turns           []PromptTurn
	Peak            int64 // tokens of the largest prompt
	Doubled         Doubling
}

// A PromptTurn is the prompt of one turn, in tokens.
type PromptTurn struct {
	Call             int32 // index in Run.Calls
	Turn             int32 // from 1; turns whose prompt size is unknown are left out
	Prompt           int64
	Read, Write      int64 // of Prompt: read from a cache and written to one
	Window           int64 // what its model can hold; 0 where the price book does not say
	Reset, Compacted bool
}

// A Doubling is the first turn with a prompt of at least twice the first, and what most of the tokens since then are.
type Doubling struct {
	Turn     int32 // 0: no prompt is twice the first
	Call     int32 // index in Run.Calls
	ID       string
	From, To int64 // tokens of the first prompt and of this one
	Part     string
	Tool     tracefmt.Sym // for tool results
	Tokens   int64        // of the part, added since the first prompt
	Stated   bool         // the trace states the parts of both prompts; else sizes of answers and what is left over tell
}

// Window is what the model of the last turn with a known window can hold; 0 where none is known.
func (l *PromptLine) Window() int64 {
	for i := len(l.Turns) - 1; i >= 0; i-- {
		if w := l.Turns[i].Window; w > 0 {
			return w
		}
	}
	return 0
}

// comparePeaks puts the line with the largest prompt first.
func comparePeaks(a, b *PromptLine) int {
	return cmp.Or(cmp.Compare(b.Peak, a.Peak), cmp.Compare(a.Run, b.Run), cmp.Compare(a.Thread, b.Thread))
}

// line is the thread that the grower follows.
func (g *grower) line() PromptLine {
	th := &g.st.Threads[g.thread]
	l := PromptLine{Run: strings.Clone(g.st.Run.ID), Thread: g.thread, Agent: th.Agent, Instance: th.Instance, Turns: make([]PromptTurn, len(g.turns)), Peak: peakOf(g.turns)}
	for t := range g.turns {
		x := &g.turns[t]
		p := PromptTurn{Call: x.Call, Turn: g.turnOf(t), Prompt: x.Prompt, Read: x.Read, Write: x.Write, Reset: x.Reset, Compacted: x.Compacted}
		if price := g.st.Run.Calls[x.Call].Price; price != nil {
			p.Window = price.Window
		}
		l.Turns[t] = p
	}
	l.Doubled = g.doubled()
	return l
}

// doubled finds the turn at which the prompt is twice the first, and what made it so.
func (g *grower) doubled() (d Doubling) {
	for t := range g.turns {
		x := &g.turns[t]
		if t == 0 || x.Prompt < 2*g.turns[0].Prompt {
			continue
		}
		d = Doubling{Turn: g.turnOf(t), Call: x.Call, ID: strings.Clone(g.st.Run.Calls[x.Call].ID), From: g.turns[0].Prompt, To: x.Prompt}
		if !g.statedPart(&d, g.turns[0].Call) {
			g.likelyPart(&d, g.turns[0].send, x.send)
		}
		return d
	}
	return d
}

// statedPart takes the part that grew most from what the trace says of both prompts.
func (g *grower) statedPart(d *Doubling, first int32) bool {
	was, now := g.st.Run.Calls[first].Context, g.st.Run.Calls[d.Call].Context
	if was == nil || now == nil {
		return false
	}
	rest := d.To - d.From
	for _, k := range componentOrder {
		if k == untagged {
			continue
		}
		more := now[k] - was[k]
		rest -= more
		if more > d.Tokens {
			d.Part, d.Tokens = componentName(k), more
		}
	}
	if rest > d.Tokens {
		d.Part, d.Tokens = componentName(untagged), rest
	}
	d.Stated = d.Tokens > 0
	return d.Stated
}

// likelyPart adds up what was put between the two prompts, by kind and tool. After a reset it begins anew.
func (g *grower) likelyPart(d *Doubling, from, to int32) {
	type sum struct {
		kind   BlockKind
		tool   tracefmt.Sym
		tokens int64
	}
	var sums []sum
	g.eachSend(func(n int, height int64, tools []int32) {
		switch s := &g.sends[n]; {
		case n <= int(from) || n > int(to):
		case s.reset:
			sums = sums[:0]
		default:
			for _, p := range g.pieces(n, height, tools) {
				tool, at := g.toolOf(p), 0
				for at < len(sums) && (sums[at].kind != p.kind || sums[at].tool != tool) {
					at++
				}
				if at == len(sums) {
					sums = append(sums, sum{kind: p.kind, tool: tool})
				}
				sums[at].tokens += p.tokens
			}
		}
	})
	for _, s := range sums {
		if s.tokens > d.Tokens {
			d.Part, d.Tool, d.Tokens = s.kind.String(), s.tool, s.tokens
		}
	}
}

// eachSend goes through the prompts of the thread: height is the size of the one before, tools are the calls of tools since.
func (g *grower) eachSend(f func(n int, height int64, tools []int32)) {
	height, n := g.first, 0
	tools := g.tools[:0]
	for _, i := range g.st.Threads[g.thread].Calls {
		if n < len(g.sends) && g.sends[n].call == i {
			f(n, height, tools)
			height, tools = g.sends[n].tokens, tools[:0]
			n++
		} else if k := g.st.Run.Calls[i].Kind; k == tracefmt.KindTool || k == tracefmt.KindRetriever {
			tools = append(tools, i)
		}
	}
	g.tools = tools
}

// A piece is a part of what a prompt has beyond the one before it.
type piece struct {
	tokens    int64
	by        int32 // the call that it comes from; -1 where none is known
	kind      BlockKind
	estimated bool
}

// pieces says what the tokens are that prompt n has beyond the one before: the last answer, as far as it is not reasoning, then the results
// of the tools called since, in equal parts, as their sizes are not known. Where the answer leaves nothing for them, all share equally.
// They are overwritten by the next call.
func (g *grower) pieces(n int, height int64, tools []int32) []piece {
	g.parts = g.parts[:0]
	s := &g.sends[n]
	more := s.tokens - height
	if more <= 0 {
		return nil
	}
	if n > 0 && s.turn != g.sends[n-1].turn {
		last := &g.sends[n-1]
		out := answerTokens(&g.st.Run.Calls[last.call])
		cut := out >= more && len(tools) > 0
		if cut {
			out = more / int64(len(tools)+1)
		}
		out = min(out, more)
		g.parts = append(g.parts, piece{out, last.call, BlockAnswer, cut})
		more -= out
	}
	for k, i := range tools {
		part := more / int64(len(tools)-k)
		g.parts = append(g.parts, piece{part, i, BlockTool, true})
		more -= part
	}
	g.parts = append(g.parts, piece{more, -1, BlockOther, false})
	return g.parts
}

// toolOf is the tool that a piece comes from; 0 for what is no tool's result.
func (g *grower) toolOf(p piece) tracefmt.Sym {
	if p.kind != BlockTool {
		return 0
	}
	c := &g.st.Run.Calls[p.by]
	return cmp.Or(c.Tool, c.Name)
}
