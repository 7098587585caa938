package analyze

import (
	"math"
	"strings"
	"time"

	"costscope/tracefmt"
)

// MultiplierReport is analysis-spec G: base times the multiples, and base plus the shares, are the total.
type MultiplierReport struct {
	Base    *Dollars     `json:"base_usd"`
	Overall Fraction     `json:"overall"`
	Calls   int64        `json:"calls"`
	Factors []FactorInfo `json:"factors"`
	Roles   []RoleInfo   `json:"roles"`
	of      *FactorReport
}

type FactorInfo struct {
	Factor   string     `json:"factor"`
	Share    *Dollars   `json:"share_usd"`
	Multiple Fraction   `json:"multiple"`
	Saving   *Dollars   `json:"removal_saving_usd"` // savings overlap: they do not add up
	Parts    []PartInfo `json:"parts,omitempty"`
}

type PartInfo struct {
	Name string  `json:"name"`
	USD  Dollars `json:"share_usd"`
}

type RoleInfo struct {
	Role     string   `json:"role"`
	Calls    int64    `json:"calls"`
	Inferred int64    `json:"inferred_calls"`
	Cost     *Dollars `json:"cost_usd"`
}

func multiplierReport(f *FactorReport, money bool) *MultiplierReport {
	ok := money && !f.Overflow
	r := &MultiplierReport{Base: dollars(f.Base, ok), Overall: Fraction(f.Overall), Calls: f.Calls, Factors: []FactorInfo{}, Roles: []RoleInfo{}, of: f}
	for _, x := range f.Ranked() {
		info := FactorInfo{Factor: jsonName(x.Factor.String()), Share: dollars(x.Share, ok), Multiple: Fraction(x.Multiple), Saving: dollars(x.Saving, ok)}
		for _, p := range x.Parts {
			info.Parts = append(info.Parts, PartInfo{p.Name, Dollars(p.USD)})
		}
		r.Factors = append(r.Factors, info)
	}
	for _, x := range f.Roles {
		r.Roles = append(r.Roles, RoleInfo{x.Role.String(), x.Calls, x.Inferred, dollars(x.Cost, ok)})
	}
	return r
}

// SpendQualityReport is analysis-spec H.4: the classes add up to the total.
type SpendQualityReport struct {
	Productive *Dollars `json:"productive_usd"`
	Superseded *Dollars `json:"superseded_usd"`
	Loop       *Dollars `json:"loop_usd"`
	Redundant  *Dollars `json:"redundant_usd"`
	Failed     *Dollars `json:"failed_usd"`
	Unknown    *Dollars `json:"unknown_usd"`
	InFlight   *Dollars `json:"in_flight_usd"`
	of         *SpendReport
}

func spendReport(s *SpendReport, money bool) *SpendQualityReport {
	usd := func(c SpendClass) *Dollars { return dollars(s.Cost[c], money && !s.Overflow) }
	return &SpendQualityReport{usd(SpendProductive), usd(SpendSuperseded), usd(SpendLoop), usd(SpendRedundant), usd(SpendFailed), usd(SpendUnknown),
		usd(SpendInFlight), s}
}

// LoadInfo is analysis-spec I.
type LoadInfo struct {
	Peak       *int          `json:"peak_concurrency"` // nil: no call states its end
	Mean       Fraction      `json:"mean_concurrency"`
	Elasticity Fraction      `json:"elasticity"`
	Rho        Fraction      `json:"rho"`
	Varied     bool          `json:"enough_variation"`
	Untimed    int64         `json:"untimed_calls"`
	UntimedUSD *Dollars      `json:"untimed_usd"`
	Width      Fraction      `json:"bin_seconds"`
	Bins       []BinInfo     `json:"bins"`
	Terciles   []TercileInfo `json:"terciles"`
	Spikes     []SpikeInfo   `json:"spikes"`
	Hours      []HourInfo    `json:"by_hour"` // empty where bins are wider than an hour
	of         *LoadReport
}

type BinInfo struct {
	From        string   `json:"from"`
	Cost        Dollars  `json:"cost_usd"`
	Concurrency Fraction `json:"concurrency"`
	Calls       int64    `json:"calls"`
}

type TercileInfo struct {
	Low      Fraction `json:"low_concurrency"`
	High     Fraction `json:"high_concurrency"`
	Runs     int64    `json:"runs"`
	PerRun   *Dollars `json:"cost_per_run_usd"`
	Attempts Fraction `json:"attempts_per_operation"`
	Tokens   Fraction `json:"tokens_per_attempt"`
	Unbilled Fraction `json:"unbilled_failure_share"`
}

type SpikeInfo struct {
	From   string          `json:"from"`
	To     string          `json:"to"`
	Cost   Dollars         `json:"cost_usd"`
	Excess Dollars         `json:"excess_usd"`
	Paths  []SpikePathInfo `json:"paths"`
}

type SpikePathInfo struct {
	Path   []string `json:"path"`
	Cost   Dollars  `json:"cost_usd"`
	Excess Dollars  `json:"excess_usd"`
}

func loadReport(l *LoadReport, money bool, tz *time.Location) *LoadInfo {
	in := ReportInput{TZ: tz}
	at := func(ns int64) string { return *in.moment(max(ns, 1)) }
	ok := money && !l.Overflow
	r := &LoadInfo{Peak: number(l.Peak, l.NoEnd < l.Calls), Mean: Fraction(l.Mean), Elasticity: Fraction(l.Elasticity), Rho: Fraction(l.Rho), Varied: l.Varied, Untimed: l.Untimed,
		UntimedUSD: dollars(l.UntimedUSD, ok), Width: Fraction(float64(l.Width) / 1e9), Bins: []BinInfo{}, Terciles: []TercileInfo{}, Spikes: []SpikeInfo{}, Hours: []HourInfo{}, of: l}
	if !ok {
		return r
	}
	for _, b := range l.Bins {
		r.Bins = append(r.Bins, BinInfo{at(b.Start), Dollars(b.Spend), Fraction(b.Concurrency), b.Calls})
	}
	for _, b := range l.ByHour(tz) {
		r.Hours = append(r.Hours, hourReport(b))
	}
	for _, t := range l.Terciles {
		r.Terciles = append(r.Terciles, TercileInfo{Fraction(t.Low), Fraction(t.High), t.Runs, t.CostPerRun.dollars(), Fraction(t.AttemptsPerOperation),
			Fraction(t.TokensPerAttempt), Fraction(t.UnbilledShare)})
	}
	for _, s := range l.Spikes {
		x := SpikeInfo{From: at(s.From), To: at(s.To), Cost: Dollars(s.Cost), Excess: Dollars(s.Excess), Paths: []SpikePathInfo{}}
		for _, p := range s.Paths {
			x.Paths = append(x.Paths, SpikePathInfo{[]string{p.Workflow, p.Agent, p.What}, Dollars(p.Cost), Dollars(p.Excess)})
		}
		r.Spikes = append(r.Spikes, x)
	}
	return r
}

// ValueInfo is what runs were worth in one unit (analysis-spec J.1).
type ValueInfo struct {
	Unit    string   `json:"unit"`
	Amount  Fraction `json:"amount"`
	Runs    int64    `json:"runs"`
	PerUSD  Fraction `json:"amount_per_usd"`
	PerUnit *Dollars `json:"cost_per_unit_usd"`
}

// FlowInfo is a workflow beside the others (analysis-spec J.2).
type FlowInfo struct {
	Flow        string      `json:"flow"`
	Runs        int64       `json:"runs"`
	MeanCost    *Dollars    `json:"mean_usd"`
	Quality     Fraction    `json:"quality"`
	PerSuccess  *Dollars    `json:"cost_per_success_usd"`
	Standing    string      `json:"standing"`
	DominatedBy string      `json:"dominated_by,omitempty"`
	Values      []ValueInfo `json:"values,omitempty"`
}

func valueInfo(list []UnitValue) (out []ValueInfo) {
	for _, v := range list {
		out = append(out, ValueInfo{v.Unit, Fraction(v.Amount), v.Runs, Fraction(v.PerUSD), v.PerUnit.dollars()})
	}
	return out
}

func flowReport(v *ValueReport) []FlowInfo {
	out := []FlowInfo{}
	for _, f := range v.Flows {
		x := FlowInfo{Flow: f.name(), Runs: f.Runs, MeanCost: dollars(f.MeanCost, f.Priced), Quality: Fraction(f.Quality), PerSuccess: f.PerSuccess.dollars(),
			Standing: f.Standing.String(), Values: valueInfo(f.Values)}
		if f.DominatedBy >= 0 {
			x.DominatedBy = v.Flows[f.DominatedBy].name()
		}
		out = append(out, x)
	}
	return out
}

func (f *Flow) name() string {
	name := f.Workflow
	if name == "" {
		name = None
	}
	if f.Part != "" {
		name += " " + f.Part
	}
	return name
}

// AccuracyInfo is analysis-spec K.1.
type AccuracyInfo struct {
	FailureRatio Fraction       `json:"failure_cost_ratio"`
	Scored       int64          `json:"scored_runs"`
	Rho          Fraction       `json:"rho"`
	Quintiles    []QuintileInfo `json:"quintiles"`
}

type QuintileInfo struct {
	Fifth   int      `json:"fifth"`
	Runs    int64    `json:"runs"`
	Low     Fraction `json:"low_score"`
	High    Fraction `json:"high_score"`
	Mean    Dollars  `json:"mean_usd"`
	Success *int64   `json:"success"`
	Failure *int64   `json:"failure"`
}

func accuracyReport(a *Accuracy) *AccuracyInfo {
	r := &AccuracyInfo{Fraction(a.FailureRatio), a.Scored, Fraction(a.Rho), []QuintileInfo{}}
	for _, q := range a.Quintiles {
		r.Quintiles = append(r.Quintiles, QuintileInfo{q.Fifth, q.Runs, Fraction(q.Low), Fraction(q.High), Dollars(q.Mean), number(q.Success, true), number(q.Fail, true)})
	}
	return r
}

// CapInfo is what a budget for each run would have kept (analysis-spec H.3).
type CapInfo struct {
	Cap   Dollars `json:"cap_usd"`
	Kept  int64   `json:"successes_kept"`
	Spend Dollars `json:"spend_usd"`
}

func capReport(c *CapCurve, money bool) []CapInfo {
	out := []CapInfo{}
	if c.Overflow || !money {
		return out
	}
	for _, p := range c.Points {
		out = append(out, CapInfo{Dollars(p.Cap), p.Kept, Dollars(p.Spend)})
	}
	return out
}

// FlagInfo is a Flag in JSON.
type FlagInfo struct {
	Flag
	Value Fraction `json:"value"`
	Limit Fraction `json:"limit"`
	Cost  *Dollars `json:"cost_usd"`
}

func flagReport(list []Flag, money bool) []FlagInfo {
	out := []FlagInfo{}
	for _, f := range list {
		out = append(out, FlagInfo{f, Fraction(f.Value), Fraction(f.Limit), dollars(f.USD, money && f.Rule != "unpriced")})
	}
	return out
}

// usdOf makes an amount of a float of pico-dollars; unknown where it is not finite.
func usdOf(v float64) Amount {
	if math.IsNaN(v) || v < 0 || v >= math.MaxInt64 {
		return Amount{}
	}
	return Amount{tracefmt.USD(math.Round(v)), true}
}

// jsonName is a name for people as JSON has it.
func jsonName(s string) string { return strings.ReplaceAll(s, " ", "_") }

// analysed takes in what a digest came to.
func (r *Report) analysed(a *Analysis, money bool, tz *time.Location) {
	r.deep, r.tz = a, tz
	r.Tries, r.TryCaps = tryReport(&a.Tries, money)
	r.Loops, r.Redundant, r.Warned = loopReport(&a.Loops, money), countReport(a.Waste.Redundant, money && !a.Waste.Overflow), warnedReport(&a.Warned, money)
	r.Context = contextReport(&a.Context, a.names, money)
	x := &a.Retries
	r.Retries.Hedges, r.Retries.Resamples = countReport(x.Hedges(), money), countReport(x.Resamples(), money)
	r.Retries.Regenerates, r.Retries.ArgsChanged = countReport(x.Regenerates(), money), x.ArgsChanged
	r.Chains, r.Agents, r.Delegation = chainReport(a.Chains, a.names, money), agentReport(&a.Agents, money), delegationReport(&a.Agents, money)
	r.Multiplier, r.Quality = multiplierReport(&a.Factors, money), spendReport(&a.Spend, money)
	r.Load, r.Accuracy, r.Flows = loadReport(&a.Load, money, tz), accuracyReport(&a.Accuracy), flowReport(&a.Value)
	r.Caps, r.Drift, r.Flags = capReport(&a.Caps, money), a.Drifts, flagReport(a.Flags, money)
	o, s := r.Outcomes, &a.Success
	o.OverTasks, o.Tasks, o.Solved, o.Values = s.OverTasks, s.Tasks, s.Solved, append(o.Values, valueInfo(a.Value.Values)...)
	if money && s.Tasks > 0 {
		o.PerTask = s.PerTask.dollars()
	}
	if money && s.Interval.OK {
		o.Low, o.High = usdOf(s.Interval.Low).dollars(), usdOf(s.Interval.High).dollars()
	}
}

// CountInfo is a number of calls and what they cost.
type CountInfo struct {
	Calls int64    `json:"calls"`
	Cost  *Dollars `json:"cost_usd"`
}

func countReport(s RetrySum, money bool) *CountInfo {
	return &CountInfo{s.Count, dollars(s.Cost, money)}
}

// LoopInfo is analysis-spec C.3: waste is the cost of the repeats from the second on.
type LoopInfo struct {
	Count int64      `json:"count"`
	Runs  int64      `json:"runs"`
	Cost  *Dollars   `json:"cost_usd"`
	Waste *Dollars   `json:"waste_usd"`
	Polls *CountInfo `json:"polls"`
}

func loopReport(l *LoopTotals, money bool) *LoopInfo {
	ok := money && !l.Overflow()
	return &LoopInfo{l.Loops, l.Runs, dollars(l.Cost, ok), dollars(l.Waste, ok), countReport(l.Polls, ok)}
}

// WarnedInfo is analysis-spec C.7: what failed runs spent after their first warning.
type WarnedInfo struct {
	Runs   int64    `json:"failed_runs"`
	Warned int64    `json:"warned_runs"`
	After  *Dollars `json:"after_usd"`
	Share  Fraction `json:"share"`
}

func warnedReport(w *WarningTotals, money bool) *WarnedInfo {
	return &WarnedInfo{w.Runs, w.Warned, dollars(w.After, money && !w.Overflow()), Fraction(w.Share())}
}

// TryInfo is the attempts of one number.
type TryInfo struct {
	Attempt    int      `json:"attempt"` // 10 stands for all from there on
	Operations int64    `json:"operations"`
	Accepted   int64    `json:"accepted"`
	AcceptRate Fraction `json:"accept_rate"`
	RunSuccess Fraction `json:"run_success_rate"`
	Cost       *Dollars `json:"cost_usd"`
}

// TryCapInfo is what a limit on attempts would have saved and lost.
type TryCapInfo struct {
	Attempts int      `json:"attempts"`
	Saved    *Dollars `json:"saved_usd"`
	Share    Fraction `json:"saved_share"`
	Lost     int64    `json:"successes_lost"`
	Unknown  int64    `json:"unknown_lost"`
	PerLost  *Dollars `json:"saved_per_success_lost_usd"`
}

func tryReport(a *AttemptReport, money bool) (tries []TryInfo, caps []TryCapInfo) {
	ok := money && !a.Overflow
	for _, x := range a.Rows {
		tries = append(tries, TryInfo{x.Number, x.Operations, x.Accepted, Fraction(x.AcceptRate), Fraction(x.RunSuccess), dollars(x.Cost, ok)})
	}
	for _, x := range a.Caps {
		caps = append(caps, TryCapInfo{x.Attempts, dollars(x.Saved, ok), Fraction(x.SavedShare), x.Lost, x.LostUnknown, dollars(x.PerLost.USD, ok && x.PerLost.Known)})
	}
	return tries, caps
}

// ContextInfo is analysis-spec D, with the carry ledger and the lost caches.
type ContextInfo struct {
	Growth     *Dollars        `json:"growth_cost_usd"`
	Factor     Fraction        `json:"context_factor"`
	Resend     Fraction        `json:"resend_ratio"`
	Resent     *Dollars        `json:"resent_cost_usd"`
	HitRate    Fraction        `json:"cache_hit_rate"`
	Saving     *Dollars        `json:"cache_saving_usd"`
	Peak       Fraction        `json:"peak_growth"` // median of the threads
	Resets     int64           `json:"resets"`
	MaxPrompt  int64           `json:"max_prompt_tokens"`
	Exponent   Fraction        `json:"doubling_exponent"` // median of the threads with four or more turns
	Exponents  int64           `json:"doubling_exponent_of"`
	Threads    int64           `json:"threads"`
	Turns      int64           `json:"turns"`
	Unpriced   int64           `json:"unpriced_turns"`
	Input      *Dollars        `json:"input_cost_usd"`
	Flat       *Dollars        `json:"flat_cost_usd"`
	Other      *Dollars        `json:"other_growth_usd"` // of attempts that stand for no turn: composition and carry hold it, too
	Components []PartInfo      `json:"composition"`
	Carry      []CarryInfo     `json:"carry"` // adds up to growth_cost_usd + other_growth_usd
	Blocks     []BlockInfo     `json:"carry_blocks"`
	Breaks     []BreakInfo     `json:"cache_breaks"`
	Lost       []BreakCallInfo `json:"cache_break_calls"`
	ByTurn     []TurnInfo      `json:"prompts_by_turn"`
}

// CarryInfo is what the blocks of one kind cost over their lifetime.
type CarryInfo struct {
	Kind      string  `json:"kind"`
	Tool      string  `json:"tool,omitempty"`
	Blocks    int64   `json:"blocks"`
	Estimated int64   `json:"estimated_blocks"` // their size is a share of what the prompt grew by
	Tokens    int64   `json:"tokens"`
	Cost      Dollars `json:"cost_usd"`
}

// BlockInfo is one of the dearest blocks.
type BlockInfo struct {
	Run       string  `json:"run"`
	Kind      string  `json:"kind"`
	Tool      string  `json:"tool,omitempty"`
	Turn      int64   `json:"turn"`
	Tokens    int64   `json:"tokens"`
	Sends     int64   `json:"sends"`
	Estimated bool    `json:"estimated"`
	Cost      Dollars `json:"cost_usd"`
}

// BreakInfo is the calls whose cached prefix was lost, by cause.
type BreakInfo struct {
	Cause   string   `json:"cause"`
	Count   int64    `json:"count"`
	Unknown int64    `json:"unknown_penalty"`
	Penalty *Dollars `json:"penalty_usd"`
}

// BreakCallInfo is one of the dearest of them.
type BreakCallInfo struct {
	Run     string   `json:"run"`
	Call    string   `json:"call"`
	Cause   string   `json:"cause"`
	Tokens  int64    `json:"lost_tokens"`
	Penalty *Dollars `json:"penalty_usd"`
}

func contextReport(c *ContextReport, names *tracefmt.Names, money bool) *ContextInfo {
	ok := money && !c.Overflow()
	r := &ContextInfo{
		Growth: dollars(c.GrowthUSD(), ok), Factor: Fraction(c.Factor()), Resend: Fraction(c.ResendRatio()), Resent: dollars(c.ResentUSD, ok),
		HitRate: Fraction(c.HitRate()), Saving: dollars(c.SavingUSD, ok && c.SavingUnknown == 0), Peak: Fraction(c.PeakGrowth), Resets: c.Resets,
		MaxPrompt: c.MaxPrompt, Exponent: Fraction(c.Exponent), Exponents: c.Exponents, Threads: c.Threads, Turns: c.Turns, Unpriced: c.Unpriced,
		Input: dollars(c.InputUSD, ok), Flat: dollars(c.FlatUSD, ok), Other: dollars(c.OtherGrowthUSD, ok),
		Components: []PartInfo{}, Carry: []CarryInfo{}, Blocks: []BlockInfo{}, Breaks: []BreakInfo{}, Lost: []BreakCallInfo{}, ByTurn: turnReport(c),
	}
	if !ok {
		return r
	}
	for _, p := range c.Composition.Parts() {
		r.Components = append(r.Components, PartInfo{p.Name, Dollars(p.Amount)})
	}
	for _, s := range c.Carry.Ranked(names) {
		r.Carry = append(r.Carry, CarryInfo{s.Kind.String(), names.Name(s.Tool), s.Blocks, s.Estimated, s.Tokens, Dollars(s.USD)})
	}
	for _, b := range c.Carry.Top {
		r.Blocks = append(r.Blocks, BlockInfo{b.Run, b.Kind.String(), names.Name(b.Tool), int64(b.Turn), b.Tokens, int64(b.Sends), b.Estimated, Dollars(b.USD)})
	}
	for k, s := range c.Breaks.Sums {
		if s.Breaks > 0 {
			r.Breaks = append(r.Breaks, BreakInfo{BreakCause(k).String(), s.Breaks, s.Unknown, dollars(s.Penalty, s.Unknown < s.Breaks)})
		}
	}
	for _, b := range c.Breaks.Top {
		r.Lost = append(r.Lost, BreakCallInfo{b.Run, b.Call, b.Cause.String(), b.Lost, b.Penalty.dollars()})
	}
	return r
}
