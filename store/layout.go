package store

import (
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"

	"costscope/analyze"
	"costscope/tracefmt"
)

// The buckets of Bolt's file. formatVersion changes whenever an older program could not read it right.
const formatVersion = 6

var (
	bucketMeta   = []byte("meta")   // "state" -> metaState, "sums" -> sumsState
	bucketNames  = []byte("names")  // first Sym of the block -> texts
	bucketSource = []byte("source") // number -> sourceState
	bucketSeg    = []byte("seg")    // sequence -> parts, one after the other
	bucketRow    = []byte("row")    // block number -> rowsPerBlock run rows

	bucketVerdict = []byte("verdict") // source, offset, hash of the key -> a part with one record
)

// metaState is what the file says of itself.
type metaState struct {
	Version int    `json:"version"`
	Commit  uint64 `json:"commit"` // transactions that stored records
	Rows    uint32 `json:"rows"`   // run rows given, gone ones included
	Seg     uint32 `json:"seg"`    // next segment
}

// sumsState says which contents and which settings the stored sums belong to.
type sumsState struct {
	Commit uint64 `json:"commit"`
	Config string `json:"config"`
	pricedWith
}

// sourceState is what was read of a source.
type sourceState struct {
	Path     string `json:"path"`
	Name     string `json:"name,omitempty"` // the path that it was first read as, where that was another one: ids may be made of it
	Format   string `json:"format"`
	Packed   string `json:"packed,omitempty"` // gzip or zstd
	Size     int64  `json:"size"`             // of the file, when last read
	ModTime  int64  `json:"mtime"`
	Inode    uint64 `json:"inode"`
	Offset   int64  `json:"offset"` // read up to here, after decompression
	Line     int64  `json:"line"`   // the line there
	Tail     uint64 `json:"tail"`   // hash of the bytes before Offset: tells grown from replaced
	Head     uint64 `json:"head"`   // hash of the first bytes
	Done     bool   `json:"done"`   // read to its end
	Pending  int64  `json:"pending,omitempty"`
	Note     string `json:"note,omitempty"`
	Global   bool   `json:"global,omitempty"`  // some of its ids are unique over the whole store
	Retired  bool   `json:"retired,omitempty"` // its file was moved away, cut or replaced while it was followed
	Document bool   `json:"document,omitempty"`
	Copy     bool   `json:"copy,omitempty"`   // a packed copy of what was read: not read
	Manner   uint64 `json:"manner,omitempty"` // hash of how its beginning said that it is to be read
	Short    bool   `json:"short,omitempty"`  // packed data that ended in the middle

	// Loose is what was counted before the last value, which may still grow: it is read again from Offset on. nil: all values are whole.
	Loose *counts `json:"loose,omitempty"`

	counts

	Map   string            `json:"map,omitempty"`  // hash of the mapping at hand when it was read
	Found tracefmt.MapRules `json:"found,omitzero"` // rules of the mapping that found something

	next chunkEnd // read up to here, not stored yet
}

// counts is what was met in a source.
type counts struct {
	Records  int64              `json:"records"`            // stated records, repeats included
	Verdicts int64              `json:"verdicts,omitempty"` // of these, verdicts on runs
	BadCount int64              `json:"bad,omitempty"`
	Bad      []tracefmt.BadLine `json:"bad_lines,omitempty"` // the first of them
	Warnings map[string]int64   `json:"warnings,omitempty"`
}

func (c *counts) clone() *counts {
	n := *c
	n.Bad, n.Warnings = slices.Clone(c.Bad), maps.Clone(c.Warnings)
	return &n
}

// A runRow is a run in fixed width, so that opening a store costs nothing per run.
type runRow struct {
	hash     uint64 // of the run's id
	last     partRef
	cost     tracefmt.USD
	first    int64 // earliest start, noTime when no call has one
	end      int64 // latest end
	calls    uint32
	workflow tracefmt.Sym
	outcome  tracefmt.Outcome
	gone     bool // the run's records moved to another run

	incomplete bool // the cost of some call is not known
	mixed      bool // some call belongs to another workflow than the run
}

const (
	rowSize      = 8 + 12 + 8 + 8 + 8 + 4 + 4 + 2
	rowsPerBlock = 256
	noTime       = int64(-1) << 63
)

func putRow(b []byte, r *runRow) {
	le := binary.LittleEndian
	le.PutUint64(b, r.hash)
	le.PutUint32(b[8:], r.last.seg)
	le.PutUint32(b[12:], r.last.off)
	le.PutUint32(b[16:], r.last.length)
	le.PutUint64(b[20:], uint64(r.cost))
	le.PutUint64(b[28:], uint64(r.first))
	le.PutUint64(b[36:], uint64(r.end))
	le.PutUint32(b[44:], r.calls)
	le.PutUint32(b[48:], uint32(r.workflow))
	b[52] = byte(r.outcome)
	b[53] = 0
	if r.gone {
		b[53] = 1
	}
	if r.incomplete {
		b[53] |= 2
	}
	if r.mixed {
		b[53] |= 4
	}
}

func getRow(b []byte) (r runRow) {
	le := binary.LittleEndian
	r.hash = le.Uint64(b)
	r.last = partRef{le.Uint32(b[8:]), le.Uint32(b[12:]), le.Uint32(b[16:])}
	r.cost = tracefmt.USD(le.Uint64(b[20:]))
	r.first, r.end = int64(le.Uint64(b[28:])), int64(le.Uint64(b[36:]))
	r.calls, r.workflow = le.Uint32(b[44:]), tracefmt.Sym(le.Uint32(b[48:]))
	r.outcome, r.gone = tracefmt.Outcome(b[52]), b[53]&1 != 0
	r.incomplete, r.mixed = b[53]&2 != 0, b[53]&4 != 0
	return r
}

// rowOf is the row of a run as it stands; whole matches all calls.
func rowOf(hash uint64, last partRef, run *tracefmt.Run, whole *analyze.Matcher) runRow {
	rc, _ := whole.RunCost(run, nil)
	r := runRow{hash: hash, last: last, first: noTime, end: noTime, workflow: run.Workflow, outcome: run.Outcome, cost: rc.Cost, incomplete: rc.Incomplete}
	for i := range run.Calls {
		c := &run.Calls[i]
		if c.IsCall {
			r.calls++
		}
		r.mixed = r.mixed || c.Workflow != run.Workflow
		if c.Has&tracefmt.HasStart != 0 && (r.first == noTime || c.Start < r.first) {
			r.first = c.Start
		}
		if c.Has&tracefmt.HasEnd != 0 && c.End > r.end {
			r.end = c.End
		}
	}
	return r
}

func key32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // these types always marshal
	}
	return b
}
