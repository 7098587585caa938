package tracefmt

import (
	"io"
)

// Options say how a source is read.
type ReadOptions struct {
	Offset int64     // of the first byte to give out, after decompression: what Rest returned for an earlier reader
	Line   int64     // number of line ends before Offset
	Format uint8     // FormatNone: detect
	Source uint32    // number of the source, for the SourceRefs
	Stdin  io.Reader // what path "-" reads
}

// A Reader cuts one source into chunks of whole values, from an offset on. It is for one goroutine; chunks may be decoded by others.
type Reader struct{}

// OpenReader opens a trace file, or standard input for "-". It fails with a *SourceError when the source is missing, empty, binary or
// no trace; see ErrEmpty, ErrNotJSON and ErrNoFormat.
func OpenReader(path string, o ReadOptions) (*Reader, error) { return nil, ErrNoFormat }

// Format is the source's format: the one asked for, else the detected one.
func (r *Reader) Format() uint8 { return FormatNone }

// Compressed is "gzip", "zstd" or "".
func (r *Reader) Compressed() string { return "" }

// Size is the length of the source in bytes as it is stored (compressed); -1 when it is not known (standard input).
func (r *Reader) Size() int64 { return -1 }

// Done is how many bytes of Size were read.
func (r *Reader) Done() int64 { return 0 }

// Warnings are oddities of the source as a whole, such as a gzip file that ends early. Ask after io.EOF.
func (r *Reader) Warnings() []string { return nil }

// Next fills c with the next run of whole values. It returns io.EOF when no whole value is left; what is left then is told by Rest.
// c.Data is overwritten by the next call with the same c; as many chunks as there are workers may be in use.
func (r *Reader) Next(c *Chunk) error { return io.EOF }

// Rest tells, after io.EOF, the offset up to which whole values were given out, the number of line ends before it, and the bytes of an
// incomplete last value behind it. A later reader may start there.
func (r *Reader) Rest() (offset, line, pending int64) { return 0, 0, 0 }

// Close closes the source.
func (r *Reader) Close() error { return nil }

// A Chunk is a run of whole values of one source.
type Chunk struct {
	Data   []byte
	Source uint32
	Format uint8
	Offset int64     // of Data in the source, after decompression
	Line   int64     // number of line ends before Data
	Values []Span    // where the values stand; nil: one value per line
	Bad    []BadLine // values that the reader itself refused: too long
}

// Span is the value Data[From:To]; Line is the number of line ends before it within Data.
type Span struct{ From, To, Line int }

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
	Line  int64     // of the first
	Src   SourceRef // of the first
}

// A Batch is what chunks decode to. Zero it with Reset to use its memory again.
type Batch struct {
	Records  []Record
	Lines    int64     // line ends seen
	Values   int64     // values seen, bad and skipped ones included
	BadCount int64     // values that could not be read
	Bad      []BadLine // the first maxBad of them
	Skipped  []Tally   // values that are none of the format's: counted by reason
	Warnings []Tally   // values that were read but look odd: counted by text
}

// Reset empties b and keeps its memory.
func (b *Batch) Reset() {}

// DecodeChunk appends what the values of c state to b. Bad values are counted, located and skipped.
func (d *Decoder) DecodeChunk(c *Chunk, b *Batch) {}

// ReadAt returns the bytes of a record in the source at path, which may be compressed.
func ReadAt(path string, src SourceRef) ([]byte, error) { return nil, nil }

// LinesAt returns the line numbers, from 1, of ascending offsets in the source at path, in one pass.
func LinesAt(path string, offsets []int64) ([]int64, error) { return nil, nil }
