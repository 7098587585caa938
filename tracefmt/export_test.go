package tracefmt

import (
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// readExports reads files of the shared folder as one load, each repeated so many times.
func readExports(t testing.TB, times int, files ...string) (*Names, []Record) {
	t.Helper()
	names := NewNames()
	var recs []Record
	for n := range times {
		for i, f := range files {
			path := shared(t, "traces", f)
			r, err := OpenReader(path, ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { r.Close() })
			d := NewDecoder(names, nil)
			d.Path = path
			var b Batch
			var c Chunk
			for {
				if err := r.Next(&c); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				d.DecodeChunk(&c, &b)
			}
			if b.BadCount != 0 || len(b.Skipped) != 0 || len(b.Warnings) != 0 {
				t.Fatalf("%s: bad %v, skipped %v, warnings %v", f, b.Bad, b.Skipped, b.Warnings)
			}
			for k := range b.Records {
				b.Records[k].Src.Source = uint32(n*len(files) + i)
			}
			recs = append(recs, b.Records...)
		}
	}
	return names, recs
}

// byRun groups records.
func byRun(recs []Record) map[string][]Record {
	runs := map[string][]Record{}
	for _, r := range recs {
		runs[r.Run] = append(runs[r.Run], r)
	}
	return runs
}

// assembleAll assembles the runs of recs with the built-in prices.
func assembleAll(names *Names, recs []Record) map[string]*Run {
	runs := map[string]*Run{}
	for id, rs := range byRun(recs) {
		a := &Assembler{Names: names, Book: BuiltinPrices()}
		runs[id] = a.Assemble(a.Merge(slices.Clone(rs)))
	}
	return runs
}

// naive is what adding up every row comes to: input, output and stated cost.
func naive(recs []Record) (in, out int64, cost USD) {
	for _, r := range recs {
		in, out, cost = in+r.Usage.Input, out+r.Usage.Output, cost+r.Recorded
	}
	return in, out, cost
}

// exportRow is a row of the right values: files that are loaded together, and what they come to.
type exportRow struct {
	files []string
	want  sums
	naive string // stated cost, added up over all rows
}

func checkExports(t *testing.T, rows []exportRow) {
	t.Helper()
	for _, e := range rows {
		t.Run(e.files[0], func(t *testing.T) {
			names, recs := readExports(t, 1, e.files...)
			if got := sumUp(names, byRun(recs)); got != e.want {
				t.Errorf("\n got %+v\nwant %+v", got, e.want)
			}
			if _, _, cost := naive(recs); e.naive != "" && cost.String() != e.naive {
				t.Errorf("every row added up: %s, want %s", cost, e.naive)
			}
			_, twice := readExports(t, 2, e.files...)
			rand.New(rand.NewPCG(1, 9)).Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
			want := e.want
			want.spans = 0
			got := sumUp(names, byRun(twice))
			got.spans = 0
			if got != want {
				t.Errorf("twice and shuffled:\n got %+v\nwant %+v", got, want)
			}
		})
	}
}

// sameRecords compares what two files gave, places aside.
func sameRecords(t *testing.T, names *Names, got, want []Record) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i := range got {
		x, y := got[i], want[i]
		x.Src, y.Src = SourceRef{}, SourceRef{}
		if !reflect.DeepEqual(x, y) {
			t.Fatalf("record %d:\n got %+v\nwant %+v\ntags %q, %q; errors %q, %q", i, x, y, names.Name(x.Tags), names.Name(y.Tags), names.Name(x.Error), names.Name(y.Error))
		}
	}
}
