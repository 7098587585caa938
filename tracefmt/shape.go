package tracefmt

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
)

// A shape is a table of JSON paths and what reads the values that stand there, for formats that are mostly a matter of names. A path is
// member names joined by dots; a name that holds a dot itself is written with "\." for it. "name[]" goes through the elements of an
// array, "*" stands for every member that the table does not name. Text that holds a JSON object or array is looked into like the object
// itself. What no path leads to is skipped.
type shape struct {
	members map[string]*shape
	each    *shape // elements of an array
	rest    *shape // other members
	read    flatReader
}

// fields is a table for shapeOf.
type fields map[string]flatReader

// shapeOf makes a shape of tables; later ones go before earlier ones.
func shapeOf(tables ...fields) *shape {
	root := &shape{}
	for _, t := range tables {
		for path, read := range t {
			root.at(path).read = read
		}
	}
	return root
}

// at finds the place of a path, making it.
func (n *shape) at(path string) *shape {
	for path != "" {
		var name string
		name, path = cutPath(path)
		name, array := strings.CutSuffix(name, "[]")
		if name != "" {
			n = n.member(name)
		}
		if array {
			if n.each == nil {
				n.each = &shape{}
			}
			n = n.each
		}
	}
	return n
}

func (n *shape) member(name string) *shape {
	if name == "*" {
		if n.rest == nil {
			n.rest = &shape{}
		}
		return n.rest
	}
	if n.members == nil {
		n.members = map[string]*shape{}
	}
	m := n.members[name]
	if m == nil {
		m = &shape{}
		n.members[name] = m
	}
	return m
}

// cutPath cuts the first name off a path.
func cutPath(path string) (name, rest string) {
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '\\' && i+1 < len(path):
			path = path[:i] + path[i+1:] // the next byte is taken as it is
		case path[i] == '.':
			return path[:i], path[i+1:]
		}
	}
	return path, ""
}

// inside tells whether paths lead into values of the shape.
func (n *shape) inside() bool { return n.members != nil || n.rest != nil || n.each != nil }

// walk reads the next value of d.scan into r.
func (d *Decoder) walk(n *shape, r *Record) error {
	s := &d.scan
	k := s.kind()
	switch {
	case k == '{' && (n.members != nil || n.rest != nil):
		return d.walkObject(n, r)
	case k == '[' && n.each != nil:
		for s.array(); s.next(); {
			if err := d.walk(n.each, r); err != nil {
				return err
			}
		}
	case k == '"' && n.inside() && d.textHolds(n):
		return d.walkText(n, r)
	case n.read != nil:
		return n.read(d, r)
	default:
		s.skip()
	}
	return nil
}

func (d *Decoder) walkObject(n *shape, r *Record) error {
	s := &d.scan
	for s.object(); s.next(); {
		m := n.members[string(s.key())]
		if m == nil {
			m = n.rest
		}
		if m == nil {
			s.skip()
			continue
		}
		if err := d.walk(m, r); err != nil && s.err == nil {
			return err
		}
	}
	return nil
}

// textHolds tells whether the text to come looks like what the paths lead into.
func (d *Decoder) textHolds(n *shape) bool {
	t := bytes.TrimLeft(d.scan.b[min(d.scan.at+1, len(d.scan.b)):], " \n\t\r")
	return len(t) > 0 && (t[0] == '{' && (n.members != nil || n.rest != nil) || t[0] == '[' && n.each != nil || t[0] == '\\')
}

// maxTextDepth bounds JSON text inside JSON text.
const maxTextDepth = 8

// walkText reads JSON that stands as text; text that is none is read as text.
func (d *Decoder) walkText(n *shape, r *Record) error {
	return d.withinText(func() error { return d.walk(n, r) })
}

// withinText lets read read the JSON that the text to come holds, by d.scan; text that is no JSON is passed over.
func (d *Decoder) withinText(read func() error) error {
	b := d.scan.str()
	if d.depth >= maxTextDepth || !wholeValue(b) {
		return nil
	}
	return d.within(b, read)
}

// A row is a format whose values, or parts of them, each give one record.
type row struct {
	shape  *shape
	begin  func(d *Decoder, r *Record)       // before the value is read; may be nil
	finish func(d *Decoder, r *Record) error // after it; nil keeps the record as it is
}

// decode reads value as one record.
func (w *row) decode(d *Decoder, value []byte) error {
	d.scan.reset(value)
	if err := d.record(w); err != nil {
		return err
	}
	return d.scan.err
}

// decodeShape reads value by a shape whose readers add the records themselves (see records).
func (d *Decoder) decodeShape(n *shape, value []byte) error {
	d.scan.reset(value)
	if err := d.walk(n, nil); err != nil {
		return err
	}
	return d.scan.err
}

// records reads each element of an array, or each object, as a record of its own, for use in a shape. Elements that are no objects are
// skipped.
func records(w *row) flatReader {
	return func(d *Decoder, _ *Record) error {
		s := &d.scan
		if s.kind() != '[' {
			d.element(w)
			return nil
		}
		for s.array(); s.next(); {
			d.element(w)
		}
		return nil
	}
}

// element reads one of several records of a value. What is wrong with it is a warning: the others count.
func (d *Decoder) element(w *row) {
	s := &d.scan
	depth := len(s.stack)
	err := d.record(w)
	if err == nil || s.err != nil {
		return
	}
	var drop skipError
	if !errors.As(err, &drop) {
		d.warnf("left out: %v", err)
	}
	for len(s.stack) > depth {
		for s.next() {
			s.skip()
		}
	}
}

// errDrop is what a row's finish returns for a value that gives no record; other skipErrors say why.
const errDrop = skipError("holds no call")

// record reads the next value as a record. A value that finish refuses is left out.
func (d *Decoder) record(w *row) error {
	if d.scan.kind() != '{' {
		d.scan.skip()
		return nil
	}
	n := len(d.Out)
	r := d.add()
	d.flatStart()
	if w.begin != nil {
		w.begin(d, r)
	}
	err := d.walkObject(w.shape, r)
	if err == nil && d.scan.err == nil && w.finish != nil {
		err = w.finish(d, &d.Out[n])
	}
	if err != nil && len(d.Out) > n {
		clear(d.Out[n:])
		d.Out = d.Out[:n]
	}
	return err
}

// flatStart forgets the facts of the value before.
func (d *Decoder) flatStart() {
	f := &d.flat
	f.kind, f.operation, f.override, f.total, f.timed = 'c', false, KindUnknown, noTotal, false
	f.said, f.stated, f.named, f.settled, f.word, f.status = StatusUnset, false, false, false, 0, 0
	f.facts = RunFacts{}
	f.tags.reset()
}

// flatClose settles what takes the whole value: tags and facts, the end, the status, and the usage under a habit of the format.
func (d *Decoder) flatClose(r *Record, habit convention) {
	f := &d.flat
	d.flatFacts(r)
	if f.status >= 400 && !f.stated {
		f.said, f.stated = StatusError, true
	}
	d.flatEnd(r)
	d.settleUsage(r, habit, f.total)
}

// flatFacts gives the record its tags and rare facts.
func (d *Decoder) flatFacts(r *Record) {
	f := &d.flat
	r.Tags = d.tags(&f.tags)
	if f.facts.Values != nil || f.facts.Scores != nil || f.facts.ValueUSD != nil || f.facts.Task != "" {
		facts := f.facts
		r.Extra = &facts
	}
}

// to reads a member of costscope JSONL by its name, for tables of other formats.
func to(name string) flatReader {
	read := flatMembers[name]
	if read == nil {
		panic("no member " + name)
	}
	return read
}

// idTo reads an id.
func idTo(field func(*Record) *string) flatReader {
	return func(d *Decoder, r *Record) error {
		if b := d.scan.str(); len(b) > 0 {
			*field(r) = d.text(b)
		}
		return nil
	}
}

// symTo reads a name that is kept as it is; where several members give it, the first that is not empty counts.
func symTo(field func(*Record) *Sym) flatReader {
	return func(d *Decoder, r *Record) error {
		f := field(r)
		*f = firstSym(*f, d.sym(d.scan.str()))
		return nil
	}
}

// nameTo reads a name to group by: ids in it are cut out.
func nameTo(field func(*Record) *Sym) flatReader {
	return func(d *Decoder, r *Record) error {
		f := field(r)
		*f = firstSym(*f, d.name(d.scan.str()))
		return nil
	}
}

// tagTo reads a scalar as the tag of that name.
func tagTo(key string) flatReader {
	return func(d *Decoder, _ *Record) error {
		d.addTag([]byte(key), &d.scan)
		return nil
	}
}

// tagsTo reads the scalar members that "*" stands for as tags under their own names.
func tagsTo(d *Decoder, _ *Record) error {
	d.addTag(d.scan.key(), &d.scan)
	return nil
}

// durationTo reads a number of units of so many nanoseconds.
func durationTo(unit int64) flatReader {
	return func(d *Decoder, _ *Record) error {
		f, ok := parseFloat(d.scan.num())
		if ns := f * float64(unit); ok && ns >= 0 && ns < float64(maxDuration) {
			d.flat.duration, d.flat.timed = int64(ns+0.5), true
		}
		return nil
	}
}

// httpTo reads an HTTP status; 400 and above is an error.
func httpTo(d *Decoder, _ *Record) error {
	if n, ok := parseInt(d.scan.num()); ok && n >= 0 && n < 1000 {
		d.flat.status = int(n)
	}
	return nil
}

// errorTo reads what went wrong: text, or an object with a type, a code or a message. null and empty text are no error.
func errorTo(d *Decoder, r *Record) error {
	d.rawError(r)
	return nil
}

// sourceName is the file's name without its folder and endings.
func (d *Decoder) sourceName() string {
	name, _, _ := strings.Cut(filepath.Base(d.Path), ".")
	return name
}
