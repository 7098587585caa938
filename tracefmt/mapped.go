package tracefmt

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
)

// Values of any other shape are read by a mapping of the person's own, see Map.

var mappedFormat = Format{Name: "mapped", Title: "any other JSON lines, JSON document or CSV, by a mapping (--map FILE)",
	Partly: TellsUsage | TellsCost | TellsRetries | TellsAgents | TellsOutcomes,
	Note:   "tells what the mapping names; `costscope formats --map-for FILE` begins one",
	sniff:  func(*peek) bool { return false }, // what is read by a mapping is for the mapping to say
	decode: decodeMapped}

// mappedState is what the decoder of mapped values keeps.
type mappedState struct {
	rank  [maxMapRules]uint8 // how good the path was that gave each rule of the record at hand its value; 0: none did
	met   MapRules           // conditions that hold
	from  int                // where the record begins
	found MapRules           // of all values since the batch began

	whole mappedWhole // what the value says of all of its records
}

// mappedWhole is what a document says of all records in it.
type mappedWhole struct {
	record Record
	rank   [maxMapRules]uint8
	met    MapRules
	facts  RunFacts
	tags   tagSet
}

// MapRules is a set of rules of a Map.
type MapRules [maxMapRules / 64]uint64

func (s *MapRules) set(n int)      { s[n>>6] |= 1 << (n & 63) }
func (s *MapRules) has(n int) bool { return s[n>>6]>>(n&63)&1 != 0 }

// Add puts the rules of o in.
func (s *MapRules) Add(o MapRules) {
	for i := range s {
		s[i] |= o[i]
	}
}

var errNoMap = errors.New("read by a mapping, which is not there: --map FILE")

func decodeMapped(d *Decoder, value []byte) error {
	m := d.Map
	if m == nil {
		return errNoMap
	}
	if m.records == nil {
		return m.row.decode(d, value)
	}
	w := &d.mapped.whole
	d.mapped.rank, d.mapped.met = [maxMapRules]uint8{}, MapRules{}
	w.record = Record{}
	d.flatStart()
	d.scan.reset(value)
	if err := d.walk(m.whole, &w.record); err != nil {
		return err
	}
	w.rank, w.met, w.facts = d.mapped.rank, d.mapped.met, d.flat.facts
	w.tags.copy(&d.flat.tags)
	return d.decodeShape(m.records, value)
}

// copy makes t the same set as o.
func (t *tagSet) copy(o *tagSet) {
	t.text, t.spans = append(t.text[:0], o.text...), append(t.spans[:0], o.spans...)
}

// begin gives a record what its document says of all.
func (m *Map) begin(d *Decoder, r *Record) {
	st := &d.mapped
	gateBegin(d, r)
	st.from = d.scan.at
	if m.records == nil {
		st.rank, st.met = [maxMapRules]uint8{}, MapRules{}
		return
	}
	w := &st.whole
	format, src := r.Format, r.Src
	*r = w.record
	r.Format, r.Src = format, src
	st.rank, st.met, d.flat.facts = w.rank, w.met, w.facts
	d.flat.tags.copy(&w.tags)
}

const (
	errWhere = skipError("left out by the mapping's where")
	errBare  = skipError("no tokens, no cost and no model where the mapping looks for them")
)

// finish settles a record.
func (m *Map) finish(d *Decoder, r *Record) error {
	st, f := &d.mapped, &d.flat
	for _, n := range m.where {
		if !st.met.has(n) {
			return errWhere
		}
	}
	for i := range m.constants {
		if c := &m.constants[i]; st.rank[c.rule] == 0 {
			if err := d.within(c.json, func() error { return c.read(d, r) }); err != nil {
				return err
			}
		}
	}
	if f.override != KindUnknown {
		r.Kind = f.override
	}
	if r.Has&(HasUsage|HasCost) == 0 && r.Kind == KindUnknown && r.Model == 0 && r.RequestModel == 0 {
		return errBare
	}
	m.identify(d, r)
	if r.Kind = d.rowKind(r); r.Kind != KindTool && r.Tool != 0 { // what the answer asked for
		f.tags.add([]byte("tool"), []byte(d.names.all.Name(r.Tool)))
		r.Tool = 0
	}
	d.gateClose(r, m.habit(d, r))
	return nil
}

// identify settles the ids: a record without one is known by what it says, and, where it has no time either, by its place.
func (m *Map) identify(d *Decoder, r *Record) {
	from := min(d.mapped.from, d.scan.at)
	if r.ID == "" {
		place := []byte(nil)
		if r.Has&HasStart == 0 {
			place = numberText(d.src.Offset + int64(from))
		}
		r.ID = valueID("row-", d.scan.b[from:d.scan.at], place)
	}
	if isGlobalID(r.ID) {
		r.Flags |= FlagGlobal
	}
	r.Run = cmp.Or(r.Run, r.ID)
}

// habit is what the mapping says that the counts leave out; what it does not say is guessed as for rows under usual names.
func (m *Map) habit(d *Decoder, r *Record) (c convention) {
	switch {
	case !m.saysCache:
		c = d.rowHabit(r)
	case m.cacheBeside:
		c = cacheBeside
	}
	if c &^= reasonKept | reasonBeside; m.reasonBeside {
		return c | reasonBeside
	}
	return c | reasonKept
}

// within lets read read the value b by d.scan.
func (d *Decoder) within(b []byte, read func() error) error {
	for len(d.outer) <= d.depth {
		d.outer = append(d.outer, scanner{})
	}
	d.scan, d.outer[d.depth] = d.outer[d.depth], d.scan
	d.depth++
	d.scan.reset(b)
	err := read()
	d.depth--
	d.scan, d.outer[d.depth] = d.outer[d.depth], d.scan
	return err
}

// A mapRead reads the values of one path for one rule.
type mapRead struct {
	rule  int
	rank  uint8 // of the path among those of the rule: 1 is the best
	field *mapField
	sum   bool
	words map[string][]byte // what stands for what, as JSON
	read  flatReader
}

// into is the reader of the path.
func (p *mapRead) into(d *Decoder, r *Record) error {
	st, s := &d.mapped, &d.scan
	st.found.set(p.rule)
	was, k := st.rank[p.rule], s.kind()
	switch {
	case was != 0 && (was < p.rank || was == p.rank && !p.sum), k == 'n', s.begins(`""`), (k == '{' || k == '[') && !p.field.deep:
		s.skip()
		return nil
	}
	st.rank[p.rule] = p.rank
	if err := p.value(d, r, was == p.rank); err != nil {
		return fmt.Errorf("%s: %w", p.field.name, err)
	}
	return nil
}

// value reads the value to come, or what it stands for. more says that another value of a sum was read before.
func (p *mapRead) value(d *Decoder, r *Record, more bool) error {
	if p.words != nil && d.scan.kind() != '{' && d.scan.kind() != '[' {
		from := d.scan.at
		if json, ok := p.words[string(d.scan.str())]; ok {
			return d.within(json, func() error { return p.read(d, r) })
		}
		d.scan.at = from
	}
	if !more {
		return p.read(d, r)
	}
	var next Record
	if err := p.read(d, &next); err != nil {
		return err
	}
	return addCounts(r, &next)
}

var errSum = errors.New("a sum too large to count")

// addCounts adds the counts and the cost of o, which are few.
func addCounts(r, o *Record) error {
	to, of := &r.Usage, &o.Usage
	for _, n := range [...]struct{ to, of *int64 }{
		{&to.Input, &of.Input}, {&to.CacheRead, &of.CacheRead}, {&to.CacheWrite, &of.CacheWrite}, {&to.CacheWrite1h, &of.CacheWrite1h},
		{&to.Output, &of.Output}, {&to.Reasoning, &of.Reasoning}, {(*int64)(&r.Recorded), (*int64)(&o.Recorded)},
	} {
		sum, ok := USD(*n.to).Add(USD(*n.of))
		if !ok {
			return errSum
		}
		*n.to = int64(sum)
	}
	r.Has |= o.Has
	return nil
}

// mapCost reads an amount of money in units of 10^-(12-scale) dollars, perhaps behind a dollar sign.
func mapCost(scale int) flatReader {
	return func(d *Decoder, r *Record) error {
		v := bytes.TrimPrefix(bytes.TrimSpace(d.scan.str()), []byte("$"))
		if usd, ok := shortUSD(v); ok && scale == 12 && numberOK(v) {
			r.Recorded, r.Has = usd, r.Has|HasCost
			return nil
		}
		n, ok := parseDecimal(v, scale)
		if !ok || n < 0 {
			d.warnf("cost: %s is no amount of money: read as not stated", quoteShort(v))
			return nil
		}
		r.Recorded, r.Has = USD(n), r.Has|HasCost
		return nil
	}
}

// mapTime reads a time as a number of units of 10^scale nanoseconds since 1970; text that is no number is read as any time is.
func mapTime(field func(*Record) *int64, has Fields, scale int) flatReader {
	return func(d *Decoder, r *Record) error {
		b := d.scan.str()
		ns, ok := parseDecimal(b, scale)
		if !numberOK(b) {
			ns, ok = readTime(b)
		}
		if !ok || ns < minTime || ns > maxTime {
			d.warnf("%s is no time in these units: the call is kept without it", quoteShort(b))
			return nil
		}
		*field(r) = ns
		r.Has |= has
		return nil
	}
}

// mapDuration reads a number of units of 10^scale nanoseconds.
func mapDuration(scale int) flatReader {
	return func(d *Decoder, _ *Record) error {
		b := d.scan.str()
		ns, ok := parseDecimal(b, scale)
		if !ok || ns < 0 || ns > maxDuration {
			d.warnf("duration: %s is none: the call is kept without it", quoteShort(b))
			return nil
		}
		d.flat.duration, d.flat.timed = ns, true
		return nil
	}
}

// mapCondition is one condition of the mapping's where.
func mapCondition(rule int, wanted map[string]bool) flatReader {
	return func(d *Decoder, _ *Record) error {
		d.mapped.found.set(rule)
		if b := d.scan.str(); b != nil && wanted[string(b)] {
			d.mapped.met.set(rule)
		}
		return nil
	}
}

// mapRecords reads the records that stand at a path, also where they are JSON as text.
func mapRecords(rule int, w *row) flatReader {
	read := records(w)
	return func(d *Decoder, r *Record) error {
		d.mapped.found.set(rule)
		if d.scan.kind() == '"' {
			return d.withinText(func() error { return read(d, r) })
		}
		return read(d, r)
	}
}
