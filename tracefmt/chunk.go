package tracefmt

import (
	"bytes"
	"errors"
)

// BadLine is a value that could not be read.
type BadLine struct {
	Line   int64 // from 1
	Offset int64
	Reason string
}

// Tally counts equal texts: warnings, and reasons why values were skipped.
type Tally struct {
	Text  string
	Count int64
	Line  int64     // of the first, from 1
	Src   SourceRef // of the first
}

// A Batch is what chunks decode to. Reset empties it, keeping its memory.
type Batch struct {
	Records  []Record
	Lines    int64     // line ends seen
	Values   int64     // values seen, bad and skipped ones included
	BadCount int64     // values that could not be read
	Bad      []BadLine // the first 100 of them
	Skipped  []Tally   // values that are none of the format's, by reason
	Warnings []Tally   // values that were read but look odd, by text
	Found    MapRules  // of values that are read by a mapping: which of its rules found something
}

// maxBad and maxTallies bound what a batch remembers one by one.
const (
	maxBad     = 100
	maxTallies = 100
)

// Reset empties b and keeps its memory.
func (b *Batch) Reset() {
	clear(b.Records)
	*b = Batch{Records: b.Records[:0], Bad: b.Bad[:0], Skipped: b.Skipped[:0], Warnings: b.Warnings[:0]}
}

func (b *Batch) addBad(bad BadLine) {
	b.BadCount++
	if len(b.Bad) < maxBad {
		b.Bad = append(b.Bad, bad)
	}
}

// tally counts text in list; past maxTallies different texts the last one stands for the others.
func tally(list []Tally, text string, line int64, src SourceRef) []Tally {
	for i := range list {
		if list[i].Text == text {
			list[i].Count++
			return list
		}
	}
	if len(list) == maxTallies {
		text = "others"
	}
	if len(list) > maxTallies {
		list[maxTallies].Count++
		return list
	}
	return append(list, Tally{text, 1, line, src})
}

// skipError is a value that is sound but holds nothing for the format: counted by its reason, not a bad line.
type skipError string

func (e skipError) Error() string { return string(e) }

// chunkState is what DecodeChunk keeps between values.
type chunkState struct {
	batch *Batch
	line  int64 // of the current value, from 1
	tally func(Warning)
	scan  scanner
}

// DecodeChunk appends what the values of c state to b. Bad values are counted, located and skipped. Warnings go to b.
func (d *Decoder) DecodeChunk(c *Chunk, b *Batch) {
	st := &d.chunk
	st.batch = b
	if st.tally == nil {
		st.tally = func(w Warning) { st.batch.Warnings = tally(st.batch.Warnings, w.Text, st.line, w.Src) }
	}
	warn, out := d.warn, d.Out
	d.warn, d.Out, d.Format = st.tally, b.Records, c.Format
	for _, bad := range c.Bad {
		b.Values++
		b.addBad(bad)
	}
	d.Head = c.Head
	d.mapped.found = MapRules{}
	switch {
	case c.Values == nil:
		d.lines(c)
	case c.CSV:
		d.spans(c, d.row)
	case Formats[c.Format].section != nil:
		d.spans(c, d.one)
	default:
		d.spans(c, d.values)
	}
	b.Found.Add(d.mapped.found)
	b.Records, d.Out, d.warn, st.batch = d.Out, out, warn, nil
}

// spans gives the values of c to decode, each with its place.
func (d *Decoder) spans(c *Chunk, decode func(v []byte, at SourceRef)) {
	for _, v := range c.Values {
		d.chunk.line = c.Line + int64(v.Line) + 1
		decode(c.Data[v.From:v.To], SourceRef{c.Source, c.Offset + int64(v.From), int64(v.To - v.From)})
	}
	d.chunk.batch.Lines += int64(bytes.Count(c.Data, newline))
}

// row decodes a row of a table. One that repeats the header holds nothing.
func (d *Decoder) row(v []byte, at SourceRef) {
	v = bytes.TrimRight(v, "\r")
	if string(bytes.TrimPrefix(v, bom)) == d.Head {
		return
	}
	at.Length = int64(len(v))
	d.one(d.csv.row(d.Head, v), at)
}

// one decodes a value that nothing follows.
func (d *Decoder) one(v []byte, at SourceRef) {
	d.chunk.batch.Values++
	if err := d.Decode(v, at); err != nil {
		d.refuse(v, at, err)
	}
}

func (d *Decoder) lines(c *Chunk) {
	data, line := c.Data, c.Line
	for at := 0; at < len(data); {
		n := bytes.IndexByte(data[at:], '\n')
		next := at + n + 1
		if n < 0 {
			n, next = len(data)-at, len(data)
		} else {
			d.chunk.batch.Lines++
		}
		line++
		d.chunk.line = line
		d.values(data[at:at+n], SourceRef{c.Source, c.Offset + int64(at), 0})
		at = next
	}
}

// values decodes the values that stand in v: nearly always one. at is the place of v.
func (d *Decoder) values(v []byte, at SourceRef) {
	for {
		if n := len(v); n == 0 || v[0] != '{' || v[n-1] != '}' {
			t := bytes.TrimLeft(v, " \t\r\x00,")
			at.Offset += int64(len(v) - len(t))
			if v = bytes.TrimRight(t, blanks); len(v) == 0 {
				return
			}
		}
		if v[0] == '[' {
			d.elements(v, at)
			return
		}
		at.Length = int64(len(v))
		d.chunk.batch.Values++
		records := len(d.Out)
		var n int
		if err := d.Decode(v, at); err != nil {
			n = d.resume(v, at, err)
		} else if n = d.consumed(v); n < len(v) {
			for i := records; i < len(d.Out); i++ {
				d.Out[i].Src.Length = int64(n)
			}
		}
		if n == len(v) {
			return
		}
		v = v[n:]
		at.Offset += int64(n)
	}
}

// consumed is how much of v the decoder read. Decoders that stop early have read all.
func (d *Decoder) consumed(v []byte) int {
	s := &d.scan
	if s.err != nil || len(s.stack) > 0 || len(s.b) != len(v) || &s.b[0] != &v[0] || s.at == 0 || s.at >= len(v) {
		return len(v)
	}
	return s.at
}

// elements decodes the elements of an array that stands on one line.
func (d *Decoder) elements(v []byte, at SourceRef) {
	var f framer
	n := 0
	for ; ; n++ {
		from, to, ok := f.next(v)
		if !ok {
			break
		}
		d.values(v[from:to], SourceRef{at.Source, at.Offset + int64(from), 0})
	}
	if f.open() || n == 0 && !wholeValue(v) {
		d.chunk.batch.Values++
		d.refuse(v, at, errCut)
	}
}

// resume counts the value at the start of v, which err refused, and returns where the next one begins: behind it, or, where a cut
// object is followed by a whole one, at that one.
func (d *Decoder) resume(v []byte, at SourceRef, err error) int {
	s := &d.chunk.scan
	s.reset(v)
	s.skip()
	if v[0] == '{' && s.err == nil {
		d.refuse(v[:s.at], at, err)
		return s.at
	}
	d.refuse(v, at, err)
	return d.whole(v)
}

// tornTries bounds the search for a whole value behind a cut one.
const tornTries = 100

// whole returns where a whole value of the format begins behind a cut one; len(v) when there is none.
func (d *Decoder) whole(v []byte) int {
	if v[len(v)-1] != '}' {
		return len(v)
	}
	budget := 4*len(v) + 1<<20
	for from, n := 1, 0; n < tornTries && budget > 0; n++ {
		k := bytes.Index(v[from:], []byte(`{"`))
		if k < 0 {
			break
		}
		from += k
		s := &d.chunk.scan
		s.reset(v[from:])
		s.skip()
		budget -= s.at
		if s.done() {
			if p, ok := peekAt(v[from:]); ok && Formats[d.Format].sniff(&p) {
				return from
			}
		}
		from++
	}
	return len(v)
}

// refuse counts a value that was not read: skipped where it is sound but of no use, else bad.
func (d *Decoder) refuse(v []byte, at SourceRef, err error) {
	b := d.chunk.batch
	if other := d.other(v); other != FormatNone {
		b.Skipped = tally(b.Skipped, "a value of another format: "+Formats[other].Title, d.chunk.line, at)
		return
	}
	var skip skipError
	if errors.As(err, &skip) {
		b.Skipped = tally(b.Skipped, string(skip), d.chunk.line, at)
		return
	}
	if v[0] != '{' && !errors.Is(err, errCut) && Formats[d.Format].section == nil {
		err = errObject
	}
	b.addBad(BadLine{d.chunk.line, at.Offset, err.Error()})
}

var errObject = errors.New("not a JSON object")

// other is the format that v belongs to when it is not the source's own.
func (d *Decoder) other(v []byte) uint8 {
	if d.Format == FormatMapped { // the mapping decides
		return FormatNone
	}
	p, ok := peekAt(v)
	if !ok || Formats[d.Format].sniff != nil && Formats[d.Format].sniff(&p) {
		return FormatNone
	}
	return formatOf(&p)
}
