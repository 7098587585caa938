package tracefmt

// usageStyle is what a format's input and output include where the numbers themselves do not tell (formats-otel 1.1, test 4).
type usageStyle uint8

const (
	styleInside     usageStyle = iota // input includes what was cached, output includes reasoning
	styleBeside                       // input and output exclude them (Langfuse)
	styleReadBeside                   // proven: input excludes what was cached (raw Anthropic numbers); output includes reasoning
)

// statedUsage are counts as a trace states them.
type statedUsage struct {
	Usage
	Total                 int64
	RestInput, RestOutput int64 // further parts beside Input and Output
	Has                   Fields
	HasTotal              bool
}

// normaliseUsage makes input all input and output all output, testing the numbers before trusting the format (formats-otel 1.1).
// odd tells that the stated total exceeds its parts, which is kept as Unattributed.
func normaliseUsage(w statedUsage, style usageStyle) (u Usage, has Fields, flags Flags, odd bool) {
	u, has = w.Usage, w.Has
	u.CacheWrite = max(u.CacheWrite, u.CacheWrite1h)
	cached := u.CacheRead + u.CacheWrite
	in, out := u.Input+w.RestInput, u.Output+w.RestOutput
	addIn, addOut := style != styleInside, style == styleBeside
	if w.HasTotal && has&HasInput != 0 {
		if w.RestInput+w.RestOutput > 0 && w.Total == u.Input+u.Output {
			in, out = u.Input, u.Output // the rest was inside
		}
		addIn, addOut = byTotal(w.Total-in-out, cached, u.Reasoning, addIn, addOut)
	}
	if cached > in && has&HasInput != 0 && style == styleInside {
		flags |= FlagCacheOver
	}
	if addIn = addIn || cached > in || style == styleReadBeside; addIn && cached > 0 {
		flags |= beside(has)
		in, has = in+cached, has|HasInput
	}
	if addOut = addOut || u.Reasoning > out; addOut && u.Reasoning > 0 {
		if has&HasOutput == 0 {
			flags |= FlagUnderstated
		}
		out, has = out+u.Reasoning, has|HasOutput
	}
	u.Input, u.Output = in, out
	if rest := w.Total - in - out; w.HasTotal && rest > 0 && w.Has&(HasInput|HasOutput) == HasInput|HasOutput {
		u.Unattributed = rest
		has |= HasUnattributed
		odd = true
	}
	return u, has, flags, odd
}

// beside is the flag for cached tokens that were added to the input: without a stated input they are all that is known of it.
func beside(has Fields) Flags {
	if has&HasInput == 0 {
		return FlagUnderstated
	}
	return FlagCacheBeside
}

// byTotal decides by what the stated total has beyond input and output. Where no reading explains it, the format's habit stands.
func byTotal(beyond, cached, reasoning int64, addIn, addOut bool) (in, out bool) {
	switch {
	case beyond == 0:
		return false, false
	case beyond == cached && beyond == reasoning:
		return addIn && !addOut || addIn == addOut, addOut && !addIn
	case beyond == cached:
		return true, false
	case beyond == reasoning:
		return false, true
	case beyond == cached+reasoning:
		return true, true
	}
	return addIn, addOut
}
