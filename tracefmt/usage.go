package tracefmt

// A convention says what the counts of a format leave out, where the numbers themselves do not tell (formats-otel 1.1). The zero
// convention leaves nothing out: input includes what was read from and written to caches, output includes reasoning.
type convention uint8

const (
	cacheBeside  convention = 1 << iota // input excludes what was cached
	reasonBeside                        // output excludes reasoning
	cacheProven                         // input excludes what was cached, contrary to the format: other numbers of the record prove it
	reasonKept                          // output includes reasoning by definition: more of it is kept as stated (formats-otel 5.3)
)

// noTotal stands for a total that is not stated.
const noTotal = -1

// oddity is a set of what looks wrong about a record's counts.
type oddity uint8

const (
	oddNoInput oddity = 1 << iota
	oddNoOutput
	oddCache
	oddReasoning
	oddHour
	oddTotal
)

// oddities are the warnings about each.
var oddities = [...]struct {
	bit  oddity
	text string
}{
	{oddNoInput, "cached input tokens without input_tokens: the cached part is taken as the whole input"},
	{oddNoOutput, "reasoning tokens without output_tokens: they are taken as the whole output"},
	{oddCache, "more cached input tokens than input_tokens: they are taken as beside the input"},
	{oddReasoning, "more reasoning tokens than output_tokens: kept as stated"},
	{oddHour, "more one-hour cache writes than cache writes: counted up to these"},
	{oddTotal, "the stated total is larger than input and output: the rest is unattributed"},
}

// settleUsage normalises the counts of r and warns about what is odd in them.
func (d *Decoder) settleUsage(r *Record, c convention, total int64) {
	d.warnOdd(r.normaliseUsage(c, total))
}

func (d *Decoder) warnOdd(odd oddity) {
	if odd == 0 {
		return
	}
	for _, o := range oddities {
		if odd&o.bit != 0 {
			d.warnf("%s", o.text)
		}
	}
}

// normaliseUsage makes Input all input, Output all output, and no part larger than its whole. total is the stated sum of all tokens,
// or noTotal. The numbers are tested before the convention is trusted: first for more cached than input, then against the total.
func (r *Record) normaliseUsage(c convention, total int64) (odd oddity) {
	u := &r.Usage
	odd = r.settleHour()
	cached, reading := u.CacheRead+u.CacheWrite, c
	whole := total != noTotal && r.State(HasInput|HasOutput)
	if whole {
		reading = byTotal(total-u.Input-u.Output, cached, u.Reasoning, c&(cacheBeside|reasonBeside))
	}
	if cached > 0 {
		odd |= r.settleInput(c, reading, cached)
	}
	if u.Reasoning > 0 {
		odd |= r.settleOutput(c, reading)
	}
	if rest := total - u.Input - u.Output; whole && rest > 0 {
		u.Unattributed = rest
		r.Has |= HasUnattributed
		odd |= oddTotal
	}
	return odd
}

// byTotal says what input and output exclude, by what the stated total has beyond them. Where no reading explains it, habit stands.
func byTotal(beyond, cached, reasoning int64, habit convention) convention {
	switch {
	case beyond == 0:
		return 0
	case beyond == reasoning && (beyond != cached || habit == reasonBeside):
		return reasonBeside
	case beyond == cached:
		return cacheBeside
	case beyond == cached+reasoning:
		return cacheBeside | reasonBeside
	}
	return habit
}

// settleInput makes the input include its cached part. Without a stated input the cached part is all that is known of it.
func (r *Record) settleInput(c, reading convention, cached int64) (odd oddity) {
	u := &r.Usage
	inside, over := c&(cacheBeside|cacheProven) == 0, cached > u.Input
	switch {
	case r.Has&HasInput == 0:
		odd = oddNoInput
		r.Has |= HasInput
		r.Flags |= FlagUnderstated
	case over && inside:
		odd = oddCache
		r.Flags |= FlagCacheOver | FlagCacheBeside
	case !over && c&cacheProven == 0 && reading&cacheBeside == 0:
		return 0
	case c&cacheBeside == 0:
		r.Flags |= FlagCacheBeside
	}
	u.Input += cached
	return odd
}

// settleOutput makes the output include reasoning, which without a stated output is all that is known of it.
func (r *Record) settleOutput(c, reading convention) (odd oddity) {
	u := &r.Usage
	over := u.Reasoning > u.Output
	switch {
	case r.Has&HasOutput == 0:
		odd = oddNoOutput
		r.Has |= HasOutput
		r.Flags |= FlagUnderstated
	case over && r.Flags&FlagRest != 0: // it is part of what the run's calls put out
		return 0
	case over && c&reasonKept != 0:
		return oddReasoning
	case !over && reading&reasonBeside == 0:
		return 0
	}
	u.Output += u.Reasoning
	return odd
}

// settleHour bounds one-hour cache writes by all cache writes, which they are a part of.
func (r *Record) settleHour() oddity {
	u := &r.Usage
	switch {
	case u.CacheWrite1h <= u.CacheWrite:
		return 0
	case r.Has&HasCacheWrite == 0:
		u.CacheWrite = u.CacheWrite1h
		r.Has |= HasCacheWrite
		return 0
	}
	u.CacheWrite1h = u.CacheWrite
	return oddHour
}
