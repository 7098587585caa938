package tracefmt

import (
	"bytes"
	"fmt"
	"io"
)

// ReadOptions say how a source is read.
type ReadOptions struct {
	Offset int64     // of the first byte to give out, after decompression: what Rest returned for an earlier reader
	Line   int64     // number of line ends before Offset
	Format uint8     // FormatNone: detect
	Source uint32    // number of the source, for the SourceRefs
	Stdin  io.Reader // what path "-" reads
	Map    *Map      // how to read what no format knows; may be nil

	chunk int // tests: bytes per chunk
	limit int // tests: largest value
}

const (
	chunkSize = 1 << 20
	maxValue  = 512 << 20 // longer values are passed over, so that one value cannot take all memory
)

// A Reader cuts one source into chunks of whole values, from an offset on. It is for one goroutine; chunks may be decoded by others.
type Reader struct {
	src    *source
	source uint32
	format uint8
	fact   string // Format.head's, or the header of a table
	csv    bool
	chunk  int
	limit  int
	own    *Map
	fits   bool // own finds calls in the source's beginning, or claims it

	carry             []byte // read, not given out
	at                int64  // offset of carry
	line              int64  // line ends before carry
	frame             cutter // over carry and what follows; nil: one value per line
	again, againLines int64  // bytes and line ends of the last value, which was given out and may still grow
	eof               bool
	over              *BadLine // the value that is being passed over
}

// OpenReader opens a trace file, or standard input for "-". It fails with a *SourceError when the source is missing, empty, binary or
// no trace; see ErrMissing, ErrEmpty, ErrNotJSON and ErrNoFormat.
func OpenReader(path string, o ReadOptions) (*Reader, error) {
	src, err := openSource(path, o.Stdin)
	if err != nil {
		return nil, err
	}
	r := &Reader{src: src, source: o.Source, format: o.Format, chunk: o.chunk, limit: o.limit, own: o.Map}
	if r.chunk == 0 {
		r.chunk = chunkSize
	}
	if r.limit == 0 {
		r.limit = maxValue
	}
	if err := r.start(o); err != nil {
		src.close()
		return nil, err
	}
	return r, nil
}

// start looks at the beginning of the source and moves to the place to read from.
func (r *Reader) start(o ReadOptions) error {
	head, f, err := r.head()
	if err != nil {
		return err
	}
	if r.format == FormatNone {
		r.format = f.format
	}
	if r.format == FormatNone || len(head) == 0 {
		if len(head) == 0 && r.src.warn != "" {
			return &SourceError{r.src.path, ErrNotJSON, r.src.warn}
		}
		return refuse(r.src.path, head, f)
	}
	if o.Offset == 0 && bytes.HasPrefix(head, bom) {
		o.Offset = int64(len(bom))
	}
	if head, err = r.look(head, f); err != nil {
		return err
	}
	r.at, r.line = o.Offset, o.Line
	if size := r.src.size - o.Offset; r.src.size >= 0 && r.src.kind == "" && size < int64(r.chunk) {
		r.chunk = int(max(size, 0)) + 512 // the first touch of memory is dear, and most files are small
	}
	r.src.unread(head, r.eof)
	r.eof = false
	return r.src.seek(o.Offset)
}

// head reads as much of the source as detection needs.
func (r *Reader) head() (head []byte, f findings, err error) {
	for size := headSize; ; size *= 16 {
		if head, err = r.more(head, size); err != nil {
			return nil, f, err
		}
		f = detect(head, r.own)
		r.fits = f.fits || f.claimed
		if r.eof || f.format != FormatNone || f.sure || len(head) >= headMax {
			break
		}
		if len(f.keys) == 0 && !bytes.HasPrefix(bytes.TrimLeft(head, blanks), []byte("{")) {
			break
		}
	}
	f.mapped()
	return head, f, nil
}

// look settles how the values of the source stand in it, and what its beginning says of them.
func (r *Reader) look(head []byte, f findings) ([]byte, error) {
	format := &Formats[r.format]
	switch {
	case format.section != nil:
		r.frame = &sectionFramer{begins: format.section}
	case f.csv != nil:
		r.csv, r.frame, r.fact = true, &csvFramer{}, string(f.csv)
		return head, nil
	case f.framed:
		r.frame = &framer{}
	}
	if format.head == nil {
		return head, nil
	}
	for size := 16 * headSize; ; size *= 16 {
		fact, ok := format.head(bytes.TrimPrefix(head, bom))
		if r.fact = fact; ok || r.eof || len(head) >= headMax || r.src.size < 0 && bytes.IndexByte(head, '\n') >= 0 {
			return head, nil
		}
		var err error
		if head, err = r.more(head, size); err != nil {
			return nil, err
		}
	}
}

// more reads on until head has size bytes; from a pipe only until a known value is there, for the next may take its time.
func (r *Reader) more(head []byte, size int) ([]byte, error) {
	head = append(make([]byte, 0, size), head...)
	for len(head) < size && !r.eof {
		n, err := r.src.Read(head[len(head):size])
		head = head[:len(head)+n]
		if err == io.EOF {
			r.eof = true
		} else if err != nil {
			return nil, err
		}
		if r.src.size < 0 && bytes.IndexByte(head, '\n') >= 0 && (r.format != FormatNone || r.tells(head)) {
			break
		}
	}
	return head, nil
}

// tells tells whether the beginning of a source says how to read it.
func (r *Reader) tells(head []byte) bool {
	f := detect(head, r.own)
	return f.format != FormatNone || r.own != nil && f.sure
}

// Format is the source's format: the one asked for, else the detected one.
func (r *Reader) Format() uint8 { return r.format }

// Compressed is "gzip", "zstd" or "".
func (r *Reader) Compressed() string { return r.src.kind }

// Size is the length of the source in bytes as it is stored (compressed); -1 when it is not known (standard input).
func (r *Reader) Size() int64 { return r.src.size }

// Done is how many of the stored bytes were read.
func (r *Reader) Done() int64 { return r.src.raw.n }

// Warnings are oddities of the source as a whole, such as a gzip file that ends early. Ask after io.EOF.
func (r *Reader) Warnings() []string {
	if r.src.warn == "" {
		return nil
	}
	return []string{r.src.warn}
}

// Close closes the source.
func (r *Reader) Close() error { return r.src.close() }

// Rest tells, after io.EOF, the offset up to which whole values were given out, the number of line ends before it, and the bytes of an
// incomplete last value behind it. A later reader may start there.
func (r *Reader) Rest() (offset, line, pending int64) {
	if r.over != nil {
		return r.over.Offset, r.over.Line - 1, r.at - r.over.Offset
	}
	return r.at - r.again, r.line - r.againLines, int64(len(bytes.Trim(r.carry, blanks)))
}

// A Chunk is a run of whole values of one source.
type Chunk struct {
	Data   []byte
	Source uint32
	Format uint8
	Offset int64     // of Data in the source, after decompression
	Line   int64     // number of line ends before Data
	Head   string    // what the source's beginning says of all of its values
	CSV    bool      // the values are rows of a table, whose header is Head
	Values []Span    // where the values stand; nil: one value per line
	Bad    []BadLine // values that the reader itself refused: too long
}

// Span is the value Data[From:To]; Line is the number of line ends before it within Data.
type Span struct{ From, To, Line int }

// Next fills c with the next run of whole values. It returns io.EOF when no whole value is left; what is left then is told by Rest.
// c.Data is overwritten by the next call with the same c; as many chunks as there are workers may be in use.
func (r *Reader) Next(c *Chunk) error {
	*c = Chunk{Data: c.Data[:0], Source: r.source, Format: r.format, Head: r.fact, CSV: r.csv, Values: c.Values[:0], Bad: c.Bad[:0]}
	if cap(c.Data) < r.chunk || cap(c.Data) > 4*chunkSize && len(r.carry) <= chunkSize {
		c.Data = make([]byte, 0, r.chunk+r.chunk/16)
	}
	cut := r.cutLines
	if r.frame != nil {
		cut = r.cutValues
		if c.Values == nil {
			c.Values = []Span{}
		}
	} else {
		c.Values = nil
	}
	c.Data = append(c.Data, r.carry...)
	r.carry = r.carry[:0]
	from := 0 // what stands before it was looked at
	for {
		if err := r.fill(c, from); err != nil {
			r.carry = append(r.carry, c.Data...)
			return err
		}
		end, found := cut(c, from)
		if found {
			r.give(c, end)
			return nil
		}
		if r.eof {
			end = r.lastValue(c, end)
			r.give(c, end)
			if len(c.Bad)+len(c.Data) > 0 {
				return nil
			}
			return io.EOF
		}
		from = len(c.Data)
		if from-end >= r.limit {
			r.passOver(c, end)
			from = 0
		}
	}
}

// give settles that c ends at end; the rest is carried to the next chunk.
func (r *Reader) give(c *Chunk, end int) {
	r.carry = append(r.carry[:0], c.Data[end:]...)
	c.Data = c.Data[:end]
	c.Offset, c.Line = r.at, r.line
	r.at += int64(end)
	r.line += int64(bytes.Count(c.Data, newline))
	if r.frame != nil {
		r.frame.shift(end)
	}
}

// lastValue adds the value that the source's end ends.
func (r *Reader) lastValue(c *Chunk, end int) int {
	if r.frame == nil {
		return end
	}
	from, to, ok := r.frame.last(c.Data)
	if !ok {
		return end
	}
	lines := bytes.Count(c.Data[:from], newline)
	c.Values = append(c.Values, Span{from, to, lines})
	if _, grows := r.frame.(*sectionFramer); grows {
		r.again, r.againLines = int64(to-from), int64(bytes.Count(c.Data[from:to], newline))
	}
	return to
}

// fill reads on behind c.Data: up to the size of a chunk, or as much again as there is. From a pipe it takes what comes.
func (r *Reader) fill(c *Chunk, from int) error {
	want := r.chunk
	if from > 0 {
		want = min(2*from, max(r.limit, from+1))
	}
	if cap(c.Data) < want {
		c.Data = append(make([]byte, 0, want), c.Data...)
	}
	for len(c.Data) < want && !r.eof {
		n, err := r.src.Read(c.Data[len(c.Data):want])
		c.Data = c.Data[:len(c.Data)+n]
		if err == io.EOF {
			r.eof = true
		} else if err != nil {
			return err
		}
		if r.src.size < 0 && n > 0 {
			break
		}
	}
	return nil
}

// cutLines finds the end of the last whole line of c; behind the last line end of the source, that of the last value if it is whole.
func (r *Reader) cutLines(c *Chunk, from int) (end int, found bool) {
	if k := bytes.LastIndexByte(c.Data[from:], '\n'); k >= 0 {
		return from + k + 1, true
	}
	if !r.eof {
		return 0, false
	}
	last := bytes.TrimRight(c.Data, blanks)
	if wholeValue(bytes.TrimLeft(last, blanks)) {
		return len(last), true
	}
	return 0, false
}

// cutValues finds the whole values of c.
func (r *Reader) cutValues(c *Chunk, from int) (end int, found bool) {
	lines, seen := 0, 0
	if n := len(c.Values); n > 0 {
		lines, seen = c.Values[n-1].Line, c.Values[n-1].From
	}
	for {
		from, to, ok := r.frame.next(c.Data)
		if !ok {
			break
		}
		lines += bytes.Count(c.Data[seen:from], newline)
		seen, end = from, to
		c.Values = append(c.Values, Span{from, to, lines})
	}
	at, start := r.frame.place()
	if !r.frame.open() {
		return at, len(c.Values) > 0
	}
	return start, len(c.Values) > 0
}

// passOver drops a value that is too long, which begins at from, reading on to its end.
func (r *Reader) passOver(c *Chunk, from int) {
	line := r.line + int64(bytes.Count(c.Data[:from], newline))
	r.over = &BadLine{line + 1, r.at + int64(from), fmt.Sprintf("longer than %d MiB", r.limit>>20)}
	for {
		r.at += int64(len(c.Data))
		r.line += int64(bytes.Count(c.Data, newline))
		if r.frame != nil {
			at, _ := r.frame.place()
			r.frame.shift(at)
		}
		c.Data = c.Data[:0]
		if err := r.fill(c, 0); err != nil || len(c.Data) == 0 && r.eof {
			return
		}
		end, found := r.endOf(c.Data)
		if !found {
			continue
		}
		r.at += int64(end)
		r.line += int64(bytes.Count(c.Data[:end], newline))
		if r.frame != nil {
			r.frame.shift(end)
		}
		c.Data = append(c.Data[:0], c.Data[end:]...)
		c.Bad = append(c.Bad, *r.over)
		r.over = nil
		return
	}
}

// endOf finds the end of the value that is being passed over.
func (r *Reader) endOf(b []byte) (int, bool) {
	if r.frame != nil {
		_, to, ok := r.frame.next(b)
		return to, ok
	}
	k := bytes.IndexByte(b, '\n')
	return k + 1, k >= 0
}
