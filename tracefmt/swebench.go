package tracefmt

import (
	"fmt"
	"strings"
)

// What the logs of coding agents and their benchmarks have in common: one document per run, which mostly has no id of its own.

// A docID is made of what a document says: the same for every copy of it, another for another run.
type docID uint64

func (h *docID) add(b []byte) { h.fold(textHash(b)) }

// fold adds a hash.
func (h *docID) fold(x uint64) { *h = docID(mix(uint64(*h)^x, 0)) }

func (h docID) String() string { return fmt.Sprintf("%012x", uint64(h)>>16) }

// runOf is the id of a run of task: other runs of the same task have another content.
func (h docID) runOf(task string) string { return task + "#" + h.String() }

// fileEndings are cut off the name of a file to get at the name of what it is about.
var fileEndings = [...]string{".gz", ".zst", ".json", ".jsonl", ".traj"}

// pathNames returns the name of a file without its endings, that of its folder and that of the folder above; "" for what is not there.
func pathNames(path string) (base, folder, above string) {
	parts := strings.FieldsFunc(path, func(c rune) bool { return c == '/' || c == '\\' })
	name := func(fromEnd int) string {
		if i := len(parts) - fromEnd; i >= 0 && i < len(parts) && parts[i] != "." && parts[i] != ".." {
			return parts[i]
		}
		return ""
	}
	base = name(1)
	for _, end := range fileEndings {
		base = strings.TrimSuffix(base, end)
	}
	return base, name(2), name(3)
}

// uniqueID tells whether an id looks as if no other answer had it: it holds a long random part. Servers that count, or that give no ids,
// are not believed.
func uniqueID(id string) bool {
	all, digits, part := 0, 0, 0 // letters and digits, digits, length of the current part
	kinds := 0                   // of the current part: 1 lower case, 2 upper case, 4 digits
	long := false
	for i := 0; i < len(id); i++ {
		switch c := id[i]; {
		case isDigit(c):
			digits++
			kinds |= 4
		case c >= 'A' && c <= 'Z':
			kinds |= 2
		case c >= 'a' && c <= 'z':
			kinds |= 1
		default:
			part, kinds = 0, 0
			continue
		}
		all++
		part++
		long = long || part >= 12 && kinds > 2 && kinds != 4
	}
	return long || digits >= 3 && all >= 16 || digits >= 13
}

// answerID names a call by the id of its answer, where that is one, else by its number in the document.
func answerID(r *Record, id string, number int) {
	if uniqueID(id) {
		r.ID = id
		r.Flags |= FlagGlobal
		return
	}
	r.ID = fmt.Sprintf("call-%d", number)
}

// docUSD reads an amount of money; ok is false where none is stated, and for negative ones.
func (d *Decoder) docUSD() (USD, bool) {
	v := d.scan.num()
	if v == nil {
		return 0, false
	}
	usd, err := ParseUSD(v)
	if err != nil || usd < 0 {
		d.warnf("a cost that is negative or too large: read as not stated")
		return 0, false
	}
	return usd, true
}

// docCost reads the cost of r.
func (d *Decoder) docCost(r *Record) {
	if usd, ok := d.docUSD(); ok {
		r.Recorded = usd
		r.Has |= HasCost
	}
}

// docCount reads a count of tokens. One that is no count is unknown: the rest of the document still holds.
func (d *Decoder) docCount(r *Record, to *int64, has Fields) {
	if err := d.count(&d.scan, r, to, has); err != nil && d.scan.err == nil {
		d.warnf("a count left out: %v", err)
	}
}

// docSeconds reads a duration in seconds as nanoseconds; ok is false for none.
func (d *Decoder) docSeconds() (int64, bool) {
	v := d.scan.num()
	if v == nil {
		return 0, false
	}
	ns, ok := parseDecimal(v, 9)
	return ns, ok && ns >= 0 && ns <= maxDuration
}

// docRun adds the record of the run itself.
func (d *Decoder) docRun(run, task string) *Record {
	r := d.add()
	r.Run, r.Kind = run, KindRun
	if task != "" {
		r.Extra = &RunFacts{Task: task}
	}
	return r
}

// docTags gives r the tags of pairs of key and value; empty values are left out.
func (d *Decoder) docTags(r *Record, pairs ...string) {
	t := &d.flat.tags
	t.reset()
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			t.add([]byte(pairs[i]), []byte(pairs[i+1]))
		}
	}
	r.Tags = d.tags(t)
}

// setRun gives the records from n on to a run.
func (d *Decoder) setRun(n int, run string) {
	for i := n; i < len(d.Out); i++ {
		d.Out[i].Run = run
	}
}

// slack is how far sums of costs that a tool added up as floats may be off.
const slack = Dollar / 1e6

// sumOf adds up what the model calls from record n on state; all says that each states a cost.
func (d *Decoder) sumOf(n int) (cost USD, input int64, all bool) {
	all = true
	for i := n; i < len(d.Out); i++ {
		r := &d.Out[i]
		if r.Kind != KindLLM {
			continue
		}
		all = all && r.Has&HasCost != 0
		cost, _ = cost.Add(r.Recorded)
		input += r.Usage.Input
	}
	return cost, input, all
}

// verdictTo reads a verdict: true, false or a word for it.
func (d *Decoder) verdictTo(r *Record) {
	if o := outcomeWord(d.scan.str()); o != OutcomeUnknown {
		r.Outcome = o
		r.Has |= HasOutcome
	}
}
