package analyze

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"costscope/tracefmt"
)

// A Report is what `costscope report` says, in the shape of its JSON. The text and markdown forms are drawn from the same value. What is
// not known is nil, never 0.
type Report struct {
	Version      string         `json:"version"`
	Prices       PriceInfo      `json:"prices"`
	Sources      []SourceInfo   `json:"sources"`
	Skipped      []SkipInfo     `json:"skipped"`
	Warnings     []string       `json:"warnings"`
	Query        *QueryInfo     `json:"query,omitempty"`
	Totals       Totals         `json:"totals"`
	By           []string       `json:"by"`
	Rows         []ReportRow    `json:"rows"`
	Retries      *RetryReport   `json:"retries"`
	Distribution *Distribution  `json:"distribution,omitempty"`
	Outcomes     *OutcomeReport `json:"outcomes"`

	Tries      []TryInfo           `json:"attempts,omitempty"`
	TryCaps    []TryCapInfo        `json:"attempt_caps,omitempty"`
	Chains     []ChainInfo         `json:"worst_chains,omitempty"`
	Loops      *LoopInfo           `json:"loops,omitempty"`
	Redundant  *CountInfo          `json:"redundant,omitempty"`
	Warned     *WarnedInfo         `json:"post_warning,omitempty"`
	Context    *ContextInfo        `json:"context,omitempty"`
	Multiplier *MultiplierReport   `json:"multiplier,omitempty"`
	Quality    *SpendQualityReport `json:"spend_quality,omitempty"`
	Agents     []AgentInfo         `json:"agents,omitempty"`
	Delegation []NodeInfo          `json:"delegation,omitempty"` // who works for whom; own costs add up to the total
	Load       *LoadInfo           `json:"load,omitempty"`
	Accuracy   *AccuracyInfo       `json:"accuracy,omitempty"`
	Flows      []FlowInfo          `json:"flows,omitempty"`
	Caps       []CapInfo           `json:"budget_caps,omitempty"`
	Drift      []Drift             `json:"drift,omitempty"`
	Flags      []FlagInfo          `json:"flags,omitempty"`

	tz       *time.Location
	deep     *Analysis // nil: nothing of the above
	spread   RunSpread
	outcomes Outcomes
	total    Row
	skips    int64
	queryOf  string
	warnings []string // of the store; those about prices are notes of their own in the text
	lacks    Status   // what the table that the calls stand in does not record
}

// ReportInput is what a report is made of. Table must be the answer to Query, and Runs what each of its runs costs within it.
type ReportInput struct {
	Version     string // of the program
	Status      Status
	Query       Query
	Table       *Table
	Runs        []RunCost
	Deep        *Analysis      // of the same scope; nil leaves it out
	First, Last int64          // earliest start and latest end of the calls, UTC nanoseconds; 0 = unknown
	TZ          *time.Location // for times; nil is UTC
}

type PriceInfo struct {
	AsOf     *string        `json:"as_of"`
	Source   *string        `json:"source"`
	Version  *string        `json:"version"` // tells books apart
	Repriced *RepricingInfo `json:"repriced,omitempty"`
}

// RepricingInfo is a Repricing in JSON.
type RepricingInfo struct {
	AsOf *string `json:"was_as_of"`
	From *string `json:"was_source"`
	Was  Dollars `json:"was_usd"`
	Now  Dollars `json:"now_usd"`

	text string
}

// NewPriceInfo names the price book in force.
func NewPriceInfo(st *Status) PriceInfo {
	p := PriceInfo{AsOf: textOrNil(st.PricesAsOf), Source: textOrNil(st.PriceBook), Version: textOrNil(st.PriceHash)}
	if r := st.Repricing; r != nil {
		p.Repriced = &RepricingInfo{textOrNil(r.AsOf), textOrNil(r.Source), Dollars(r.Was), Dollars(r.Now), r.Text(st.PricesAsOf)}
	}
	return p
}

type SourceInfo struct {
	Path       string       `json:"path"`
	Format     string       `json:"format"`
	Bytes      int64        `json:"bytes"`
	Records    int64        `json:"records"`
	Calls      int64        `json:"calls"`
	Skipped    int64        `json:"skipped"`
	Duplicates int64        `json:"duplicates"`
	Note       string       `json:"note,omitempty"`
	Caveats    []CaveatInfo `json:"caveats,omitempty"`
}

// CaveatInfo is why the numbers of some calls of a source are less certain than they look.
type CaveatInfo struct {
	Calls int64  `json:"calls"`
	Why   string `json:"why"`
}

type SkipInfo struct {
	Path   string `json:"path"`
	Line   int64  `json:"line"`
	Reason string `json:"reason"`
}

// QueryInfo is the narrowing of a report that does not show everything.
type QueryInfo struct {
	Where []string `json:"where,omitempty"`
	Since *string  `json:"since,omitempty"`
	Until *string  `json:"until,omitempty"`
}

type Totals struct {
	Cost            *Dollars `json:"cost_usd"`
	CostPico        *string  `json:"cost_pico"`
	Recorded        *Dollars `json:"recorded_usd"`
	Computed        *Dollars `json:"computed_usd"`
	Estimated       *Dollars `json:"estimated_usd"`
	Mismatches      int64    `json:"price_mismatches"`
	Runs            int64    `json:"runs"`
	Workflows       int64    `json:"workflows"`
	Agents          int64    `json:"agents"`
	Threads         *int64   `json:"threads"`
	Calls           int64    `json:"calls"`
	LLM             int64    `json:"llm_calls"`
	Tools           int64    `json:"tool_calls"`
	Human           int64    `json:"human_calls"`
	Other           int64    `json:"other_calls"`
	Failed          int64    `json:"failed_calls"`
	Unpriced        int64    `json:"unpriced_calls"`
	UnpricedTokens  int64    `json:"unpriced_tokens"`
	UnpricedModels  []string `json:"unpriced_models"`
	NoUsage         int64    `json:"calls_without_usage"`
	Unbilled        int64    `json:"unbilled_calls"` // failed calls without usage: they cost nothing
	Input           *int64   `json:"input_tokens"`
	CacheRead       *int64   `json:"cache_read_tokens"`
	CacheWrite      *int64   `json:"cache_write_tokens"`
	CacheWrite1h    *int64   `json:"cache_write_1h_tokens"`
	Output          *int64   `json:"output_tokens"`
	Reasoning       *int64   `json:"reasoning_tokens"`
	Unattributed    *int64   `json:"unattributed_tokens"`
	First           *string  `json:"first"`
	Last            *string  `json:"last"`
	LowerBound      bool     `json:"lower_bound"` // some costs are not known: cost_usd is at least
	unpriced        []Unpriced
	firstNS, lastNS int64
}

type ReportRow struct {
	Path           []string `json:"path"`
	Cost           *Dollars `json:"cost_usd"`
	Own            *Dollars `json:"own_usd"`
	Share          Fraction `json:"share"`
	Calls          int64    `json:"calls"`
	Runs           int64    `json:"runs"`
	Failed         int64    `json:"failed_calls"`
	RetryRatio     Fraction `json:"retry_ratio"`
	Wasted         *Dollars `json:"wasted_usd"`
	P50            *Dollars `json:"p50_usd"`
	P95            *Dollars `json:"p95_usd"`
	P99            *Dollars `json:"p99_usd"`
	Max            *Dollars `json:"max_usd"`
	Top1           Fraction `json:"top_1pct_share"`
	Input          *int64   `json:"input_tokens"`
	CacheRead      *int64   `json:"cache_read_tokens"`
	CacheWrite     *int64   `json:"cache_write_tokens"`
	Output         *int64   `json:"output_tokens"`
	CostPerSuccess *Dollars `json:"cost_per_success_usd"`
	Unpriced       int64    `json:"unpriced_calls"`
	NoUsage        int64    `json:"calls_without_usage"`
	LowerBound     bool     `json:"lower_bound"`
	LLM            int64    `json:"llm_calls"`
	Tools          int64    `json:"tool_calls"`
	Success        *int64   `json:"success_runs"`
	Failure        *int64   `json:"failure_runs"`
	Unknown        int64    `json:"unknown_runs"`
	InFlight       int64    `json:"in_flight_runs"`
}

type RetryReport struct {
	Operations        int64            `json:"operations"`
	Attempts          int64            `json:"attempts"`
	Chains            int64            `json:"chains"`
	ByKind            map[string]int64 `json:"by_kind"`
	CallAmplification Fraction         `json:"call_amplification"`
	CostAmplification Fraction         `json:"cost_amplification"`
	RetryRatio        Fraction         `json:"retry_ratio"`
	RetryCost         *Dollars         `json:"retry_cost_usd"`
	Wasted            *Dollars         `json:"wasted_usd"`
	WasteShare        Fraction         `json:"waste_share"`
	RescueRate        Fraction         `json:"rescue_rate"`
	CostPerRescue     *Dollars         `json:"cost_per_rescue_usd"`
	LowerBound        bool             `json:"lower_bound"` // some model calls tell too little to see whether they repeat another
	ByConfidence      map[string]int64 `json:"by_confidence"`
	Hedges            *CountInfo       `json:"hedges,omitempty"` // sent twice at the same time, one was dropped: superseded, but no retry
	Resamples         *CountInfo       `json:"resamples,omitempty"`
	Regenerates       *CountInfo       `json:"user_regenerates,omitempty"`
	ArgsChanged       int64            `json:"args_changed,omitempty"`
	LostTries         int64            `json:"lost_tries"` // further attempts of which only numbers or notes tell: no calls, no cost
	blind             int64
	wasInferred       bool // of the runs: nothing records attempts
}

type Distribution struct {
	Unit           string   `json:"unit"`
	N              int      `json:"n"`
	Mean           *Dollars `json:"mean_usd"`
	Median         *Dollars `json:"median_usd"`
	P90            *Dollars `json:"p90_usd"`
	P95            *Dollars `json:"p95_usd"`
	P99            *Dollars `json:"p99_usd"`
	Max            *Dollars `json:"max_usd"`
	MeanWithoutTop *Dollars `json:"mean_without_top_usd"`
	Gini           Fraction `json:"gini"`
	Top1           Fraction `json:"top_1pct_share"`
	Top5           Fraction `json:"top_5pct_share"`
	Top10          Fraction `json:"top_10pct_share"`
	K80            *int     `json:"k80"`
	EffectiveN     Fraction `json:"effective_n"`
	TailIndex      Fraction `json:"tail_index"`
	Capped         bool     `json:"capped"`
	Incomplete     int64    `json:"incomplete"` // of the n, runs with a call of unknown cost: theirs is a lower bound
	Unknown        int64    `json:"unknown"`    // runs of which no cost is known: left out
}

type OutcomeReport struct {
	Success      int64       `json:"success"`
	Failure      int64       `json:"failure"`
	Unknown      int64       `json:"unknown"`
	InFlight     int64       `json:"in_flight"`
	PerSuccess   *Dollars    `json:"cost_per_success_usd"`
	Low          *Dollars    `json:"low_usd"`
	High         *Dollars    `json:"high_usd"`
	Bounds       []*Dollars  `json:"bounds_usd"`
	AtLeast      *Dollars    `json:"at_least_usd,omitempty"`
	FailureRatio Fraction    `json:"failure_cost_ratio"`
	OverTasks    bool        `json:"interval_over_tasks,omitempty"` // tasks were drawn, not runs
	Indicative   bool        `json:"indicative_only"`               // fewer than ten successes
	Tasks        int64       `json:"tasks,omitempty"`
	Solved       int64       `json:"tasks_solved,omitempty"`
	PerTask      *Dollars    `json:"cost_per_task_solved_usd,omitempty"`
	Values       []ValueInfo `json:"values"`
	InFlightUSD  *Dollars    `json:"in_flight_usd"`
}

// Dollars is an amount as a JSON number with all its decimals.
type Dollars tracefmt.USD

// MarshalJSON writes the exact amount in dollars.
func (d Dollars) MarshalJSON() ([]byte, error) { return tracefmt.USD(d).Append(nil), nil }

// UnmarshalJSON reads what MarshalJSON wrote.
func (d *Dollars) UnmarshalJSON(b []byte) error {
	v, err := tracefmt.ParseUSD(b)
	*d = Dollars(v)
	return err
}

// Fraction is a ratio; NaN and infinities are null in JSON.
type Fraction float64

// MarshalJSON writes the shortest number that reads back the same.
func (f Fraction) MarshalJSON() ([]byte, error) {
	v := float64(f)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, v, 'g', -1, 64), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (f *Fraction) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*f = Fraction(math.NaN())
		return nil
	}
	v, err := strconv.ParseFloat(string(b), 64)
	*f = Fraction(v)
	return err
}

// NewReport puts a report together.
func NewReport(in ReportInput) *Report {
	total := in.Table.Total
	r := &Report{
		Version: in.Version, Prices: NewPriceInfo(&in.Status),
		Sources: []SourceInfo{}, Skipped: []SkipInfo{}, Warnings: []string{}, Rows: make([]ReportRow, 0, len(in.Table.Rows)), By: []string{},
		spread: NewRunSpread(in.Runs), outcomes: NewOutcomes(in.Runs), total: total, skips: in.Status.SkipCount, queryOf: in.Query.narrowing(),
	}
	for _, s := range in.Status.Sources {
		info := SourceInfo{s.Path, s.Format, s.Bytes, s.Records, s.Calls, s.Skipped, s.Duplicates, s.Note, nil}
		for _, c := range s.Caveats {
			info.Caveats = append(info.Caveats, CaveatInfo{c.Calls, c.Kind.String()})
		}
		r.Sources = append(r.Sources, info)
	}
	for _, s := range in.Status.Skips {
		r.Skipped = append(r.Skipped, SkipInfo(s))
	}
	for _, d := range in.Table.By {
		r.By = append(r.By, d.String())
	}
	for i := range in.Table.Rows {
		r.Rows = append(r.Rows, reportRow(&in.Table.Rows[i], &total))
		r.Rows[i].leaveOpen(&in.Table.Rows[i], &in.Status)
	}
	r.Query = in.queryInfo()
	r.Totals = in.totals()
	r.Retries = retryReport(&total)
	if len(in.Runs) > 0 && total.CostKnown() {
		r.Distribution = r.spread.distribution()
	}
	r.Outcomes = r.outcomes.report(total.CostKnown())
	r.warnings = append(slices.Clip(in.Status.Warnings), ownWarnings(&total.Summary)...)
	r.Warnings = append(append(r.Warnings, r.warnings...), priceWarning(in.Table)...)
	r.Warnings = append(r.Warnings, toldBySource(in.Status.Sources)...)
	r.warnings = append(r.warnings, toldBySource(in.Status.Sources)...)
	if in.Deep != nil {
		r.analysed(in.Deep, total.CostKnown(), in.TZ)
	}
	r.leaveOpen(&in.Status)
	return r
}

// ownWarnings are what the numbers themselves give reason to say.
func ownWarnings(s *Summary) []string {
	var w []string
	if s.Overflow() {
		w = append(w, "the sums exceed what costscope can hold (9.2 million USD): totals are not shown")
	}
	if s.Mismatches > 0 {
		w = append(w, fmt.Sprintf("%s where the recorded and the computed cost differ by more than 1%%", plural(s.Mismatches, "call")))
	}
	return w
}

// priceWarning names the models without a price.
func priceWarning(t *Table) []string {
	if t.Total.Unpriced == 0 {
		return nil
	}
	names := make([]string, 0, len(t.Unpriced))
	for _, u := range t.Unpriced {
		names = append(names, u.Model)
	}
	return []string{fmt.Sprintf("no price for %s (%s, %s tokens): their cost is unknown and in no total; --prices adds a price",
		strings.Join(firstN(names, 5), ", "), plural(t.Total.Unpriced, "call"), Count(t.Total.UnpricedTokens))}
}

// firstN shortens a list and says by how much.
func firstN(names []string, n int) []string {
	if len(names) <= n {
		return names
	}
	return append(append([]string(nil), names[:n]...), fmt.Sprintf("and %d more", len(names)-n))
}

// plural is "1 call", "2 calls".
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}

func textOrNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// CostKnown says that the sum of costs means something: the cost of some call is known, or there is no call. Calls that state no cost
// and have no tokens to price, as most tools, cost something that nobody knows.
func (s *Summary) CostKnown() bool {
	return !s.Overflow() && (s.Costs.N() > 0 || s.Calls == 0)
}

// Incomplete says that some costs are not known, so that sums are lower bounds.
func (s *Summary) Incomplete() bool { return s.Unpriced+s.NoUsage-s.Unbilled > 0 }

func dollars(v tracefmt.USD, known bool) *Dollars {
	if !known {
		return nil
	}
	d := Dollars(v)
	return &d
}

func (a Amount) dollars() *Dollars { return dollars(a.USD, a.Known) }

func number[T any](v T, known bool) *T {
	if !known {
		return nil
	}
	return &v
}

// usageKnown says that the sums of tokens mean something.
func usageKnown(s *Summary) bool { return !s.Overflow() && (s.NoUsage == 0 || s.Input+s.Output > 0) }

func (in *ReportInput) queryInfo() *QueryInfo {
	q := &in.Query
	if len(q.Where) == 0 && q.Since == 0 && q.Until == 0 {
		return nil
	}
	info := &QueryInfo{Since: in.moment(q.Since), Until: in.moment(q.Until)}
	for _, p := range q.Where {
		info.Where = append(info.Where, p.String())
	}
	return info
}

// narrowing is the query without its grouping, for people.
func (q Query) narrowing() string {
	q.By = nil
	return q.String()
}

// moment writes a time; nil for unknown.
func (in *ReportInput) moment(ns int64) *string {
	if ns == 0 {
		return nil
	}
	tz := in.TZ
	if tz == nil {
		tz = time.UTC
	}
	return textOrNil(time.Unix(0, ns).In(tz).Format(time.RFC3339Nano))
}

func (in *ReportInput) totals() Totals {
	s := &in.Table.Total.Summary
	t := Totals{
		Mismatches: s.Mismatches, Runs: in.Table.Total.Runs, Workflows: in.Table.Workflows, Agents: in.Table.Agents,
		Threads: number(in.Table.Threads, in.Table.Threads >= 0), Calls: s.Calls, LLM: s.LLM, Tools: s.Tools, Human: s.Human, Other: s.Other,
		Failed: s.Failed, Unpriced: s.Unpriced, UnpricedTokens: s.UnpricedTokens, UnpricedModels: []string{}, NoUsage: s.NoUsage, Unbilled: s.Unbilled,
		First: in.moment(in.First), Last: in.moment(in.Last), LowerBound: s.Incomplete(), unpriced: in.Table.Unpriced,
		firstNS: in.First, lastNS: in.Last,
	}
	money, usage := s.CostKnown(), usageKnown(s)
	t.Cost, t.Recorded, t.Computed, t.Estimated = dollars(s.Cost, money), dollars(s.Recorded, money), dollars(s.Computed, money), dollars(s.Estimated, money)
	if money {
		t.CostPico = textOrNil(strconv.FormatInt(int64(s.Cost), 10))
	}
	t.Input, t.CacheRead, t.CacheWrite = number(s.Input, usage), number(s.CacheRead, usage), number(s.CacheWrite, usage)
	t.CacheWrite1h, t.Output, t.Reasoning = number(s.CacheWrite1h, usage), number(s.Output, usage), number(s.Reasoning, usage)
	t.Unattributed = number(s.Unattributed, usage)
	for _, u := range in.Table.Unpriced {
		t.UnpricedModels = append(t.UnpricedModels, u.Model)
	}
	return t
}

// Quantile of the costs of single calls: within 0.8 %, bounded by the dearest.
func (s *Summary) Quantile(num, den int64) Amount {
	return Amount{tracefmt.USD(s.Costs.Percentile(num, den, int64(s.Max))), s.Costs.N() > 0 && !s.Overflow()}
}

// TopShare is the part of the cost that the dearest num/den of the calls make up; NaN when there is no cost.
func (s *Summary) TopShare(num, den int64) float64 {
	if s.Costs.N() <= 0 || s.Overflow() {
		return math.NaN()
	}
	return s.Costs.TopShare(rankOf(num, den, s.Costs.N()))
}

// RetryRatio is the number of further attempts for each operation; NaN without operations.
func (s *Summary) RetryRatio() float64 { return ratio(s.Retries, s.Operations()) }

// WasteShare is the part of the cost that went into attempts that were not accepted; NaN without cost.
func (s *Summary) WasteShare() float64 { return ratio(int64(s.Wasted), int64(s.Cost)) }

func reportRow(r, total *Row) ReportRow {
	money, usage := r.CostKnown(), usageKnown(&r.Summary)
	some := money && r.Costs.N() > 0
	row := ReportRow{
		Path: r.Path, Cost: dollars(r.Cost, money), Own: dollars(r.Own, money), Share: Fraction(math.NaN()), Calls: r.Calls, Runs: r.Runs,
		Failed: r.Failed, RetryRatio: Fraction(r.RetryRatio()), Wasted: dollars(r.Wasted, money),
		P50: r.Quantile(1, 2).dollars(), P95: r.Quantile(95, 100).dollars(), P99: r.Quantile(99, 100).dollars(),
		Max: dollars(r.Max, some && !r.MaxStale), Top1: Fraction(r.TopShare(1, 100)),
		Input: number(r.Input, usage), CacheRead: number(r.CacheRead, usage), CacheWrite: number(r.CacheWrite, usage), Output: number(r.Output, usage),
		Unpriced: r.Unpriced, NoUsage: r.NoUsage, LowerBound: r.Incomplete(), LLM: r.LLM, Tools: r.Tools,
		Success: number(r.Success, true), Failure: number(r.Failure, true), Unknown: r.Unknown, InFlight: r.InFlight,
	}
	if money && total.CostKnown() {
		row.Share = Fraction(ratio(int64(r.Cost), int64(total.Cost)))
		row.CostPerSuccess = r.CostPerSuccess().dollars()
	}
	return row
}

func retryReport(r *Row) *RetryReport {
	s, money := &r.Summary, r.CostKnown()
	rep := &RetryReport{
		Operations: s.Operations(), Attempts: s.Calls, Chains: s.Chains, ByKind: map[string]int64{},
		CallAmplification: Fraction(ratio(s.Calls, s.Operations())), CostAmplification: Fraction(math.NaN()), RetryRatio: Fraction(s.RetryRatio()),
		RetryCost: dollars(s.RetryCost, money), Wasted: dollars(s.Wasted, money), WasteShare: Fraction(math.NaN()),
		RescueRate: Fraction(ratio(s.Rescued, s.Chains)), LowerBound: s.Blind > 0, ByConfidence: map[string]int64{}, LostTries: s.LostTries, blind: s.Blind,
	}
	for i, n := range s.RetryKinds {
		rep.ByKind[tracefmt.RetryKind(i+1).String()] = n
	}
	for i, n := range s.Confidences {
		rep.ByConfidence[tracefmt.Confidence(i+1).String()] = n
	}
	if money {
		rep.CostAmplification = Fraction(ratio(int64(s.Cost), int64(s.Cost-s.RetryCost)))
		rep.WasteShare = Fraction(s.WasteShare())
		rep.CostPerRescue = quotient(s.RetryCost, 1, s.Rescued).dollars()
	}
	return rep
}

func (s *RunSpread) distribution() *Distribution {
	some := s.N > 0
	ok := some && !s.Overflow
	d := &Distribution{
		Unit: "run", N: s.N, Mean: dollars(s.Mean, ok), Median: dollars(s.Median, some), P90: dollars(s.P90, some), P95: dollars(s.P95, some),
		P99: dollars(s.P99, some), Max: dollars(s.Max, some), MeanWithoutTop: dollars(s.MeanWithoutTop, ok && s.N > 1), Gini: Fraction(s.Gini),
		Top1: Fraction(s.Top1.Share), Top5: Fraction(s.Top5.Share), Top10: Fraction(s.Top10.Share), K80: number(s.K80, s.K80 > 0),
		EffectiveN: Fraction(s.EffectiveN), TailIndex: Fraction(s.Index), Capped: s.Capped, Incomplete: s.Partial, Unknown: s.Unknown,
	}
	if !ok {
		nan := Fraction(math.NaN())
		d.Top1, d.Top5, d.Top10 = nan, nan, nan
	}
	return d
}

func (o *Outcomes) report(money bool) *OutcomeReport {
	rep := &OutcomeReport{
		Success: o.Success, Failure: o.Failure, Unknown: o.Unknown, InFlight: o.InFlight, FailureRatio: Fraction(math.NaN()),
		Indicative: o.Success < indicativeBelow, Values: []ValueInfo{},
	}
	if !money {
		return rep
	}
	rep.PerSuccess, rep.AtLeast, rep.FailureRatio = o.PerSuccess.dollars(), o.AtLeast.dollars(), Fraction(o.FailureRatio)
	rep.InFlightUSD = dollars(o.InFlightUSD, true)
	if o.Low.Known {
		rep.Bounds = []*Dollars{o.Low.dollars(), o.High.dollars()}
	}
	return rep
}
