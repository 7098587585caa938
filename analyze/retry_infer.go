package analyze

import (
	"cmp"
	"sort"

	"costscope/tracefmt"
)

// This file is rules R1 to R4 of analysis-spec B.2 and what B.3 tells apart from retries.
//
// A trace holds no text by now, only fingerprints and sizes, so R3 rests on the last message of the user (medium) or on sizes alone (low).
// Where the times of two calls do not tell whether they overlapped, only the same request or the same arguments after a failure count, at
// medium confidence. A call that a tool's run separates from a failed answer is the next turn, not R3: the answer was used. Other
// arguments for a tool are a decision: where the thread asks models, one lies in between, else both calls come from one answer. Where requests have no
// fingerprints, a call after one that failed without an answer repeats it (medium). A last
// message of the user that stays the same is no sign of R2 while the agent goes on working: the first answer must have failed, or nothing
// must have been added to the prompt.

// A look is what resembles a retry and is none (analysis-spec B.3).
type look uint8

const (
	lookHedge      look = iota + 1 // the loser of two equal requests under way at the same time
	lookResample                   // a further sample of one request
	lookRegenerate                 // the same request again after a person spoke
	lookAsked                      // a person spoke between it and the call that it would have been linked to
	lookPoll                       // one of several equal tool calls that no model call separates
	lookLoop                       // part of a loop
)

// A walk is where the linker stands in a thread.
type walk struct {
	pos      int32 // calls of the thread seen
	model    int32 // the latest model call; -1: none
	used     bool  // a tool ran after it
	failures bool  // a tool failed
	tools    int32 // tool calls
	reads    int32 // of them, those that change nothing and say what they read
}

type foundLink struct {
	from, to int32
	link     Link
}

// lookBack bounds how many calls of a thread are searched for the one that a tool call repeats.
const lookBack = 64

// infer finds links that the trace does not state, and notes in Places what looks like one.
func (l *linker) infer(st *Study) {
	l.found, l.walks = l.found[:0], l.walks[:0]
	for range st.Threads {
		l.walks = append(l.walks, walk{model: -1})
	}
	calls := st.Run.Calls
	for i := range st.Places {
		n := st.Places[i].Thread
		if n < 0 {
			continue
		}
		w, c := &l.walks[n], &calls[i]
		switch c.Kind {
		case tracefmt.KindLLM:
			if w.model >= 0 && mayRepeat(&calls[w.model], c) {
				l.afterModel(st, w, int32(i))
			}
			w.model, w.used = int32(i), false
		case tracefmt.KindTool:
			if w.failures {
				l.afterTool(st, w, int32(i))
			}
			w.used, w.failures, w.tools = true, w.failures || failed(c), w.tools+1
			if c.Flags&tracefmt.FlagReadOnly != 0 && c.Fingerprints[2] != 0 {
				w.reads++
			}
		}
		w.pos++
	}
}

// mayRepeat is what most pairs of model calls fail at: the first failed, or the requests have something in common.
func mayRepeat(a, b *tracefmt.Call) bool {
	if b.RetryOf != "" || b.Attempt > 1 || (a.Flags|b.Flags)&tracefmt.FlagSeveral != 0 || b.Flags&tracefmt.FlagGatewayHit != 0 {
		return false
	}
	return failed(a) || same(a, b, 0) || same(a, b, 1)
}

// same compares a fingerprint; unknown ones are not the same.
func same(a, b *tracefmt.Call, which int) bool {
	return a.Fingerprints[which] != 0 && a.Fingerprints[which] == b.Fingerprints[which]
}

// afterModel judges a model call and the one before it in the thread.
func (l *linker) afterModel(st *Study, w *walk, i int32) {
	calls := st.Run.Calls
	a, b := &calls[w.model], &calls[i]
	fits, timed := l.rules.follows(a, b)
	switch {
	case timed && l.rules.overlap(a, b):
		l.hedges(st, w, i)
		return
	case !fits:
		return
	case same(a, b, 0) && a.Has&b.Has&tracefmt.HasSample != 0:
		st.Places[i].Look = lookResample
		return
	}
	link := modelLink(a, b, w.used)
	if !timed && link.Kind != tracefmt.RetryNone {
		switch {
		case failed(a) && same(a, b, 0):
			link.Confidence = max(link.Confidence, tracefmt.ConfidenceMedium)
		case a.Flags&tracefmt.FlagOutputBad != 0: // what a caller could not use it asks for again, whenever that was
			link.Confidence = max(link.Confidence, tracefmt.ConfidenceLow)
		default:
			return
		}
	}
	if link.Kind == tracefmt.RetryNone {
		return
	}
	l.found = append(l.found, foundLink{w.model, i, link})
	l.denyAsked(st, same(a, b, 0) || same(a, b, 1))
}

// denyAsked takes the link found last back where a person spoke in between.
func (l *linker) denyAsked(st *Study, again bool) {
	f := l.found[len(l.found)-1]
	if !asked(st.Run, f.from, f.to) {
		return
	}
	l.found = l.found[:len(l.found)-1]
	st.Places[f.to].Look = lookAsked
	if again {
		st.Places[f.to].Look = lookRegenerate
	}
}

// modelLink is rules R1 to R3 for calls that follow each other in time; used says that a tool ran in between.
func modelLink(a, b *tracefmt.Call, used bool) Link {
	model := sameModel(a, b)
	switch {
	case same(a, b, 0) && model:
		return Link{Kind: tracefmt.RetryPlain, Confidence: tracefmt.ConfidenceHigh}
	case same(a, b, 0):
		return Link{Kind: tracefmt.RetryFallback, Confidence: tracefmt.ConfidenceHigh}
	case used:
		return Link{}
	case !model && same(a, b, 1) && failed(a):
		return Link{Kind: tracefmt.RetryFallback, Confidence: tracefmt.ConfidenceHigh}
	case !model && same(a, b, 1) && !extends(a, b):
		return Link{Kind: tracefmt.RetryFallback, Confidence: tracefmt.ConfidenceMedium}
	case !failed(a):
		return Link{}
	case unanswered(a) && blind(a) && blind(b):
		return Link{Kind: kindByModel(model), Confidence: tracefmt.ConfidenceMedium}
	case !model && (blind(a) || blind(b)) && nearSize(a, b):
		return Link{Kind: tracefmt.RetryFallback, Confidence: tracefmt.ConfidenceLow}
	case model && b.Attempt == 0:
		return changed(a, b)
	}
	return Link{}
}

// unanswered says that a call failed and nothing came back: what its thread asks next is the same again, unless it gave up.
func unanswered(c *tracefmt.Call) bool {
	return c.Status == tracefmt.StatusError && c.Has&(tracefmt.HasOutput|tracefmt.HasCost) == 0
}

func kindByModel(same bool) tracefmt.RetryKind {
	if same {
		return tracefmt.RetryPlain
	}
	return tracefmt.RetryFallback
}

// nearSize says that both prompts have a known size and neither is more than twice the other.
func nearSize(a, b *tracefmt.Call) bool {
	x, y := a.Usage.Input, b.Usage.Input
	return a.Has&b.Has&tracefmt.HasInput != 0 && min(x, y) > 0 && max(x, y)-min(x, y) <= min(x, y)
}

// sameModel compares the models that answered, by the row of the price book where they go by several names; a call that failed without an answer has only the one asked for, which the answer to
// another may name more exactly.
func sameModel(a, b *tracefmt.Call) bool {
	if a.Model == b.Model || a.Model == 0 || b.Model == 0 || a.Price != nil && a.Price == b.Price {
		return true
	}
	return (a.Record.Model == 0 || b.Record.Model == 0) && a.RequestModel != 0 && a.RequestModel == b.RequestModel
}

// extends tells whether b's prompt may be a's with more behind it: as it is in the next turn of an agent. Unknown sizes may be anything.
func extends(a, b *tracefmt.Call) bool {
	if a.Has&b.Has&tracefmt.HasInput == 0 {
		return true
	}
	return b.Usage.Input >= a.Usage.Input+a.Usage.Output/2 || 2*b.Usage.Input < a.Usage.Input
}

// changed is R3: the request was changed after a failure. A changed request that failed without any answer has no size to compare.
func changed(a, b *tracefmt.Call) Link {
	printed := a.Fingerprints[0] != 0 && b.Fingerprints[0] != 0
	switch {
	case same(a, b, 1):
		return Link{Kind: tracefmt.RetryPrompt, Confidence: tracefmt.ConfidenceMedium}
	case nearSize(a, b) && !printed && a.Usage.Input == b.Usage.Input:
		return Link{Kind: tracefmt.RetryPlain, Confidence: tracefmt.ConfidenceLow} // nothing says that the request changed
	case nearSize(a, b), printed && unbilled(b) && a.Has&tracefmt.HasInput != 0:
		return Link{Kind: tracefmt.RetryPrompt, Confidence: tracefmt.ConfidenceLow}
	}
	return Link{}
}

// hedges finds the losers of equal requests that were under way when call i began: what failed or never ended while another answered
// first.
func (l *linker) hedges(st *Study, w *walk, i int32) {
	thread, b := st.Threads[st.Places[i].Thread].Calls, &st.Run.Calls[i]
	for k := w.pos - 1; k >= max(w.pos-8, 0); k-- {
		a := &st.Run.Calls[thread[k]]
		if a.Kind != tracefmt.KindLLM || !same(a, b, 0) || !l.rules.overlap(a, b) || a.Has&b.Has&tracefmt.HasSample != 0 {
			continue
		}
		switch {
		case l.rules.lost(a, b):
			st.Places[thread[k]].Look = lookHedge
		case l.rules.lost(b, a):
			st.Places[i].Look = lookHedge
		}
	}
}

// lost tells whether x was given up because its equal y answered.
func (r *RetryRules) lost(x, y *tracefmt.Call) bool {
	gone := failed(x) || x.Status == tracefmt.StatusUnfinished
	answered := !failed(y) && y.Status != tracefmt.StatusUnfinished
	return gone && answered && (x.Has&tracefmt.HasEnd == 0 || x.End >= y.End-r.slack())
}

// afterTool judges a tool call and the latest earlier call of the same tool in the thread: R4.
func (l *linker) afterTool(st *Study, w *walk, i int32) {
	thread, calls := st.Threads[st.Places[i].Thread].Calls, st.Run.Calls
	b := &calls[i]
	if b.RetryOf != "" || b.Attempt > 1 || b.Tool == 0 {
		return
	}
	decided, answer := w.model < 0, ""
	if !decided {
		answer = calls[w.model].ID
	}
	for k := w.pos - 1; k >= max(w.pos-lookBack, 0); k-- {
		a := &calls[thread[k]]
		switch {
		case a.Kind == tracefmt.KindLLM:
			decided = true
		case a.Kind == tracefmt.KindTool && a.Tool == b.Tool:
			if link := l.toolLink(a, b, decided, answer); link.Kind != tracefmt.RetryNone {
				l.found = append(l.found, foundLink{thread[k], i, link})
				l.denyAsked(st, false)
			}
			return
		case a.Kind == tracefmt.KindTool && a.Flags&tracefmt.FlagReadOnly == 0:
			return // it may have changed something
		}
	}
}

// toolLink is R4; decided says that somebody chose b's arguments after a was called, answer is the thread's model call before b.
func (l *linker) toolLink(a, b *tracefmt.Call, decided bool, answer string) Link {
	fits, timed := l.rules.follows(a, b)
	if !failed(a) || !fits {
		return Link{}
	}
	link := Link{Kind: tracefmt.RetryTool, Confidence: tracefmt.ConfidenceLow, ArgsChanged: argsDiffer(a, b)}
	switch {
	case same(a, b, 2) && timed:
		link.Confidence = tracefmt.ConfidenceHigh
	case same(a, b, 2):
		link.Confidence = tracefmt.ConfidenceMedium
	case !timed || b.Attempt == 1 || !decided && (link.ArgsChanged || b.Parent != "" && b.Parent == answer):
		return Link{}
	case link.ArgsChanged:
		link.Confidence = tracefmt.ConfidenceMedium
	}
	return link
}

// follows tells whether b began soon after a ended, or where times are missing may have; timed says that the times tell that they did not
// overlap. A call that begins and ends at the same moment has one time only.
func (r *RetryRules) follows(a, b *tracefmt.Call) (fits, timed bool) {
	gap := int64(cmp.Or(r.Gap, defaultGap))
	switch {
	case a.Has&b.Has&tracefmt.HasStart == 0:
		return true, false
	case a.Has&tracefmt.HasEnd == 0 || a.End <= a.Start:
		return b.Start-a.Start <= gap, false
	}
	return b.Start-a.End <= gap && b.Start-a.End >= -r.slack(), true
}

// overlap tells whether b began while a was under way.
func (r *RetryRules) overlap(a, b *tracefmt.Call) bool {
	return a.Has&b.Has&tracefmt.HasStart != 0 && (a.Has&tracefmt.HasEnd == 0 && a.Status == tracefmt.StatusUnfinished || a.Has&tracefmt.HasEnd != 0 && b.Start < a.End-r.slack())
}

func (r *RetryRules) slack() int64 { return int64(cmp.Or(r.Overlap, defaultOverlap)) }

// asked tells whether a person spoke between two calls of the run.
func asked(run *tracefmt.Run, from, to int32) bool {
	a, b := &run.Calls[from], &run.Calls[to]
	if b.Flags&tracefmt.FlagAsked != 0 {
		return true
	}
	after := a.Start + 1
	if a.Has&tracefmt.HasEnd != 0 {
		after = max(a.End, after)
	}
	k := sort.Search(len(run.Marks), func(k int) bool { return run.Marks[k].Start >= after })
	for ; k < len(run.Marks) && run.Marks[k].Start <= b.Start+int64(defaultOverlap); k++ {
		if m := run.Marks[k]; m.Flags&tracefmt.FlagAsked != 0 && m.Has&tracefmt.HasStart != 0 && m.Instance == b.Instance {
			return true
		}
	}
	return false
}
