package analyze

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"time"

	"costscope/tracefmt"
)

// Focus collects what the FinOps FOCUS columns tell: a row for each day, provider, model or tool, workflow, agent and kind of token. The
// billed costs of the rows add up to the total of the same query exactly.
type Focus struct {
	names  *tracefmt.Names
	m      *Matcher
	days   dayClock
	source func(uint32) string
	rows   map[focusKey]*focusRow
	zone   *time.Location
	wraps  int32
	total  tracefmt.USD
}

// The kinds of what was consumed beside the classes of tokens in a bill.
const (
	focusCall = "call" // nothing that is counted in tokens
	focusRest = "rest" // what a run cost beyond its calls
)

type focusKey struct {
	day                             int32
	provider, what, workflow, agent tracefmt.Sym
	class                           string
	model                           bool // what is a model; else a tool or a step
	known                           bool // what it cost
	listed                          bool // the price book has a price for it
}

// A focusRow adds up charges.
type focusRow struct {
	quantity     int64
	billed, list tracefmt.USD
	rate         tracefmt.USD // pico-dollars per million; of all charges, or -1 where they differ
	recorded     int64        // charges whose cost the trace states
	charges      int64
}

// NewFocus returns an empty collector of what q is about.
func NewFocus(q Query, names *tracefmt.Names, cfg Config, sourceName func(uint32) string) *Focus {
	zone := cfg.TZ
	if zone == nil {
		zone = time.UTC
	}
	return &Focus{names: names, m: q.Compile(names, cfg), days: newDayClock(cfg.TZ), source: sourceName, rows: map[focusKey]*focusRow{}, zone: zone}
}

// Add counts the calls of a run in.
func (x *Focus) Add(run *tracefmt.Run) {
	x.m.Enter(run, x.source)
	for i := range run.Calls {
		c := &run.Calls[i]
		if contributes(c) && x.m.Match(run, i, x.m.sourceOf(c, x.source)) {
			x.call(keyOf(run, c, &x.days), c)
		}
	}
}

// call divides what a call cost by what it consumed.
func (x *Focus) call(k CellKey, c *tracefmt.Call) {
	key := focusKey{day: k.Day, provider: k.Provider, what: c.Model, workflow: k.Workflow, agent: k.Agent, model: true, known: known(c) || unbilled(c)}
	if c.Model == 0 {
		key.what, key.model = cmp.Or(c.Tool, c.Step), false
	}
	if known(c) {
		x.wraps += plus((*int64)(&x.total), int64(c.Cost))
	}
	for _, charge := range focusCharges(c) {
		key.class, key.listed = charge.Class, charge.listed
		row := x.rows[key]
		if row == nil {
			row = &focusRow{rate: charge.PerMillion}
			x.rows[key] = row
		}
		row.charges++
		row.recorded += int64(b2i(c.State == tracefmt.CostRecorded))
		if row.rate != charge.PerMillion {
			row.rate = -1
		}
		x.wraps += plus(&row.quantity, charge.quantity) + plus((*int64)(&row.billed), int64(charge.billed)) + plus((*int64)(&row.list), int64(charge.Cost))
	}
}

// A focusCharge is a part of what a call cost: at the list price, and as it counts.
type focusCharge struct {
	tracefmt.Charge
	quantity int64
	billed   tracefmt.USD
	listed   bool
}

// focusCharges are the parts of a call's cost. They add up to it.
func focusCharges(c *tracefmt.Call) []focusCharge {
	start := int64(0)
	if c.Has&tracefmt.HasStart != 0 {
		start = c.Start
	}
	var list []focusCharge
	if c.HasComputed {
		for _, charge := range c.Price.CallCharges(c.Usage, start, c.Flags) {
			list = append(list, focusCharge{charge, max(charge.Tokens, int64(b2i(charge.Tokens == 0))), charge.Cost, true})
		}
	}
	if len(list) == 0 {
		list = unlistedCharges(c)
	}
	if len(list) == 0 {
		class := focusCall
		if !c.IsCall {
			class = focusRest
		}
		list = []focusCharge{{Charge: tracefmt.Charge{Class: class}, quantity: int64(b2i(c.IsCall))}}
	}
	if !known(c) { // the price book may know what the one cost that counts does not tell
		for i := range list {
			list[i].billed = 0
		}
		return list
	}
	divide(c.Cost, list)
	return list
}

// unlistedCharges are the tokens of a call without a price; what each part cost is guessed at the usual ratio of the rates.
func unlistedCharges(c *tracefmt.Call) (list []focusCharge) {
	p := promptOf(c)
	output := int64(0)
	if c.Has&tracefmt.HasOutput != 0 && c.Kind.IsModel() {
		output = c.Usage.Output
	}
	for _, part := range [...]struct {
		class string
		n     int64
		usd   tracefmt.USD
	}{{"input", p.fresh, p.freshUSD}, {"cache read", p.read, p.readUSD}, {"cache write", p.write, p.writeUSD}, {"output", output, p.output}} {
		if part.n > 0 {
			list = append(list, focusCharge{Charge: tracefmt.Charge{Class: part.class}, quantity: part.n, billed: part.usd})
		}
	}
	return list
}

// divide makes the billed parts add up to the cost, in the proportion that they have.
func divide(cost tracefmt.USD, list []focusCharge) {
	parts := make([]Part, len(list))
	for i := range list {
		parts[i] = Part{Name: list[i].Class, Weight: int64(list[i].billed)}
	}
	Split(cost, parts)
	for i := range list {
		list[i].billed = parts[i].Amount
	}
}

// errFocusOverflow is the end of sums that are too large.
var errFocusOverflow = errors.New("the sums exceed what costscope can hold (9.2 million USD)")

// WriteCSV writes the columns, the days in order.
func (x *Focus) WriteCSV(w io.Writer, names *Redactor) error {
	if x.wraps != 0 {
		return errFocusOverflow
	}
	sum := tracefmt.USD(0)
	var lines []focusLine
	for k, r := range x.rows {
		sum += r.billed
		lines = append(lines, x.line(k, r, nil))
	}
	if sum != x.total {
		return errors.New("the rows do not add up to the total: this is a mistake of costscope")
	}
	slices.SortFunc(lines, focusLine.compare)
	for i := range lines { // in this order: pseudonyms are numbered as they come
		lines[i] = x.line(lines[i].focusKey, &lines[i].focusRow, names)
	}
	slices.SortFunc(lines, focusLine.compare)
	out := csv.NewWriter(w)
	out.UseCRLF = true
	head := make([]string, len(focusColumns))
	for i, c := range focusColumns {
		head[i] = c.name
	}
	if err := out.Write(head); err != nil {
		return err
	}
	for i := range lines {
		for k, c := range focusColumns {
			head[k] = c.text(&lines[i])
		}
		if err := out.Write(head); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// A focusLine is a row with its names.
type focusLine struct {
	focusKey
	focusRow
	providerName, whatName, workflowName, agentName string
	begin, end, month, monthEnd                     string
	tags                                            string
}

// compare puts lines in their order, whichever order they come in.
func (a focusLine) compare(b focusLine) int {
	return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.providerName, b.providerName), cmp.Compare(a.whatName, b.whatName),
		cmp.Compare(a.workflowName, b.workflowName), cmp.Compare(a.agentName, b.agentName), cmp.Compare(a.class, b.class),
		cmp.Compare(b2i(b.model), b2i(a.model)), cmp.Compare(b2i(b.known), b2i(a.known)), cmp.Compare(b2i(b.listed), b2i(a.listed)), cmp.Compare(a.billed, b.billed),
		cmp.Compare(a.quantity, b.quantity))
}

// line is a row with its names as they may be shown.
func (x *Focus) line(k focusKey, r *focusRow, names *Redactor) focusLine {
	l := focusLine{focusKey: k, focusRow: *r,
		providerName: csvText(names.Name(Dimension{Dim: DimProvider}, x.names.Name(k.provider))),
		workflowName: csvText(names.Name(Dimension{Dim: DimWorkflow}, x.names.Name(k.workflow))),
		agentName:    csvText(names.Name(Dimension{Dim: DimAgent}, x.names.Name(k.agent)))}
	if what := x.names.Name(k.what); k.model {
		l.whatName = csvText(names.Name(Dimension{Dim: DimModel}, what))
	} else {
		l.whatName = csvText(names.Any(what))
	}
	if k.day != NoDay {
		day := time.Unix(int64(k.day)*86400, 0).UTC()
		at := func(y int, m time.Month, d int) string {
			return time.Date(y, m, d, 0, 0, 0, 0, x.zone).UTC().Format(time.RFC3339)
		}
		l.begin, l.end = at(day.Date()), at(day.Year(), day.Month(), day.Day()+1)
		l.month, l.monthEnd = at(day.Year(), day.Month(), 1), at(day.Year(), day.Month()+1, 1)
	}
	tags := map[string]string{"costscope/kind": k.class, "costscope/cost": l.basis()}
	for name, v := range map[string]string{"workflow": l.workflowName, "agent": l.agentName} {
		if v != "" {
			tags["costscope/"+name] = v
		}
	}
	text, _ := json.Marshal(tags) // of strings: it cannot fail, and sorts the keys
	l.tags = string(text)
	return l
}

// basis says where the cost comes from.
func (l *focusLine) basis() string {
	switch {
	case !l.known:
		return "unknown"
	case l.recorded == l.charges:
		return "recorded"
	case l.recorded == 0:
		return "computed"
	}
	return "recorded and computed"
}

func (l *focusLine) tokens() bool {
	return l.class != focusCall && l.class != focusRest && l.class != "request"
}

func (l *focusLine) unit() string {
	switch {
	case l.tokens():
		return "Tokens"
	case l.class == focusRest:
		return ""
	}
	return "Calls"
}

func (l *focusLine) amount(v tracefmt.USD, is bool) string {
	if !is {
		return ""
	}
	return string(v.Append(nil))
}

func (l *focusLine) billedText() string { return l.amount(l.billed, l.known) }
func (l *focusLine) listText() string   { return l.amount(l.list, l.listed) }

func (l *focusLine) quantityText() string {
	if l.class == focusRest {
		return ""
	}
	return strconv.FormatInt(l.quantity, 10)
}

// unitPrice is the list price of a unit; "" where rows of several prices are added up.
func (l *focusLine) unitPrice() string {
	return l.amount(l.rate/1e6, l.listed && l.tokens() && l.rate >= 0 && l.rate%1e6 == 0)
}

func (l *focusLine) sku(end string) string {
	if l.whatName == "" {
		return ""
	}
	return csvText(l.providerName + "/" + l.whatName + end)
}

func (l *focusLine) description() string {
	if l.class == focusRest {
		return "stated for the run beyond its calls"
	}
	what := cmp.Or(l.whatName, None)
	if l.tokens() {
		return l.class + " tokens of " + what
	}
	return l.class + "s of " + what
}

func (l *focusLine) service() string {
	if l.model {
		return cmp.Or(l.whatName, None)
	}
	return "Agent tools"
}

func (l *focusLine) category() string {
	if l.model {
		return "AI and Machine Learning"
	}
	return "Other"
}

func (l *focusLine) resource() string {
	if l.workflowName == "" && l.agentName == "" {
		return ""
	}
	return cmp.Or(l.workflowName, None) + "/" + cmp.Or(l.agentName, None)
}

// focusColumns are the columns of FOCUS 1.0 that hold for calls of models, by name. What a trace cannot tell, as the account, is empty.
var focusColumns = [...]struct {
	name string
	text func(*focusLine) string
}{
	{"BilledCost", (*focusLine).billedText},
	{"BillingAccountId", empty},
	{"BillingAccountName", empty},
	{"BillingCurrency", func(*focusLine) string { return "USD" }},
	{"BillingPeriodEnd", func(l *focusLine) string { return l.monthEnd }},
	{"BillingPeriodStart", func(l *focusLine) string { return l.month }},
	{"ChargeCategory", func(*focusLine) string { return "Usage" }},
	{"ChargeClass", empty},
	{"ChargeDescription", func(l *focusLine) string { return l.description() }},
	{"ChargeFrequency", func(*focusLine) string { return "Usage-Based" }},
	{"ChargePeriodEnd", func(l *focusLine) string { return l.end }},
	{"ChargePeriodStart", func(l *focusLine) string { return l.begin }},
	{"ConsumedQuantity", (*focusLine).quantityText},
	{"ConsumedUnit", (*focusLine).unit},
	{"ContractedCost", (*focusLine).listText},
	{"ContractedUnitPrice", (*focusLine).unitPrice},
	{"EffectiveCost", (*focusLine).billedText},
	{"InvoiceIssuerName", func(l *focusLine) string { return l.providerName }},
	{"ListCost", (*focusLine).listText},
	{"ListUnitPrice", (*focusLine).unitPrice},
	{"PricingCategory", func(*focusLine) string { return "Standard" }},
	{"PricingQuantity", (*focusLine).quantityText},
	{"PricingUnit", (*focusLine).unit},
	{"ProviderName", func(l *focusLine) string { return l.providerName }},
	{"PublisherName", func(l *focusLine) string { return l.providerName }},
	{"RegionId", empty},
	{"RegionName", empty},
	{"ResourceId", (*focusLine).resource},
	{"ResourceName", (*focusLine).resource},
	{"ResourceType", func(*focusLine) string { return "Agent" }},
	{"ServiceCategory", (*focusLine).category},
	{"ServiceName", (*focusLine).service},
	{"SkuId", func(l *focusLine) string { return l.sku("") }},
	{"SkuPriceId", func(l *focusLine) string {
		if !l.listed {
			return ""
		}
		return l.sku("/" + l.class)
	}},
	{"SubAccountId", empty},
	{"SubAccountName", empty},
	{"Tags", func(l *focusLine) string { return l.tags }},
}

func empty(*focusLine) string { return "" }
