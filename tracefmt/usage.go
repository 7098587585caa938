package tracefmt

// A convention says what a format's token counts include (formats-otel 1.1).
type convention uint8

const (
	cacheInside   convention = 1 << iota // input includes cache reads and writes
	reasonOutside                        // output excludes reasoning
)

// noTotal stands for a total that is not stated.
const noTotal = -1

// settleUsage brings the counts of r into the normal form: input includes cache reads and writes, output includes reasoning, and no
// part is larger than what it is a part of. total is the stated sum of all tokens, or noTotal. The stated numbers decide before the
// convention does.
func (d *Decoder) settleUsage(r *Record, c convention, total int64) {
	u := &r.Usage
	cached := u.CacheRead + u.CacheWrite
	if cached > 0 {
		d.settleInput(r, c, total)
	}
	if r.Has&HasReasoning != 0 && u.Reasoning > 0 {
		d.settleOutput(r, c, total, cached)
	}
	if u.CacheWrite1h > u.CacheWrite {
		d.settleHour(r)
	}
	if rest := total - u.Input - u.Output; total != noTotal && rest > 0 && r.Has&(HasInput|HasOutput) == HasInput|HasOutput {
		u.Unattributed = rest
		r.Has |= HasUnattributed
		d.warnf("the stated total is larger than input and output: the rest is unattributed")
	}
}

// settleInput makes the input include its cached part.
func (d *Decoder) settleInput(r *Record, c convention, total int64) {
	u := &r.Usage
	cached := u.CacheRead + u.CacheWrite
	inside := c&cacheInside != 0
	switch {
	case r.Has&HasInput == 0:
		d.warnf("cached input tokens without input_tokens: the cached part is taken as the whole input")
		r.Has |= HasInput
		r.Flags |= FlagUnderstated
	case cached > u.Input && inside:
		d.warnf("more cached input tokens than input_tokens: they are taken as beside the input")
		r.Flags |= FlagCacheOver | FlagCacheBeside
	case cached > u.Input:
	case total == noTotal || r.Has&HasOutput == 0:
		if inside {
			return
		}
	case total == u.Input+u.Output+cached:
		if inside {
			r.Flags |= FlagCacheBeside
		}
	case total == u.Input+u.Output || inside:
		return
	}
	u.Input += cached
}

// settleOutput makes the output include reasoning. input is settled.
func (d *Decoder) settleOutput(r *Record, c convention, total, cached int64) {
	u := &r.Usage
	outside := c&reasonOutside != 0
	switch {
	case total != noTotal && r.State(HasInput|HasOutput) && total == u.Input+u.Output:
		outside = false
	case total != noTotal && r.State(HasInput|HasOutput) && total == u.Input+u.Output+u.Reasoning:
		outside = true
	}
	if outside {
		u.Output += u.Reasoning
		r.Has |= HasOutput
		return
	}
	if r.Has&HasOutput != 0 && u.Reasoning > u.Output {
		d.warnf("more reasoning tokens than output_tokens: kept as stated")
	}
}

// settleHour bounds one-hour cache writes by all cache writes, which they are a part of.
func (d *Decoder) settleHour(r *Record) {
	u := &r.Usage
	if r.Has&HasCacheWrite == 0 {
		more := u.CacheWrite1h - u.CacheWrite
		u.CacheWrite = u.CacheWrite1h
		r.Has |= HasCacheWrite
		if u.Uncached() < 0 {
			u.Input += more
		}
		return
	}
	d.warnf("more one-hour cache writes than cache writes: counted up to these")
	u.CacheWrite1h = u.CacheWrite
}
