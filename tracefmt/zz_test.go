package tracefmt

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestZZ(t *testing.T) {
	b, names, r := readAll(t, shared(t, "traces", "outcomes", "swebench-gemini3pro", "calls.jsonl"), ReadOptions{})
	fmt.Println("==", Formats[r.Format()].Name, "values", b.Values, "bad", b.Bad, "skip", b.Skipped, "warn", b.Warnings)
	for i := range b.Records[:3] {
		c := &b.Records[i]
		fmt.Printf("%s", AppendCall(nil, names, &Call{Record: c, Kind: c.Kind}, Origin{}))
	}
	var n, nocost int
	var u Usage
	var cost USD
	bad := 0
	for _, c := range b.Records {
		n++
		if c.Has&HasCost == 0 {
			nocost++
		}
		u.Input += c.Usage.Input
		u.CacheRead += c.Usage.CacheRead
		u.Output += c.Usage.Output
		u.Reasoning += c.Usage.Reasoning
		cost += c.Recorded
		if c.Flags&FlagOutputBad != 0 {
			bad++
		}
	}
	fmt.Println(n, nocost, u, cost, bad, names.Len())
	filepath.WalkDir(shared(t)+"/", func(p string, e fs.DirEntry, err error) error {
		if e.IsDir() {
			return nil
		}
		data, _ := os.ReadFile(p)
		if len(data) > 5e6 {
			data = data[:5e6]
		}
		got := map[string]int{}
		see := func(v []byte) {
			pk, ok := peekAt(v)
			if !ok {
				return
			}
			for i := int(FormatHelicone); i <= int(FormatFlat); i++ {
				if Formats[i].sniff(&pk) {
					got[Formats[i].Name]++
				}
			}
			k := 0
			for i := 1; i < len(Formats); i++ {
				if Formats[i].sniff(&pk) {
					k++
				}
			}
			if k > 1 {
				got["MULTI"]++
			}
		}
		headEach(data, framed(data), func(v []byte, w bool) bool { see(v); return true })
		if h, ok := csvHead(data); ok && !bytes.HasPrefix(data, []byte("{")) {
			var ts csvState
			f := csvFramer{}
			for {
				from, to, ok := f.next(data)
				if !ok {
					break
				}
				see(ts.row(string(h), data[from:to]))
			}
		}
		pk := peek{raw: data}
		if len(data) > 0 && data[0] != '{' && data[0] != '[' {
			for i := 1; i < len(Formats); i++ {
				if Formats[i].sniff(&pk) {
					got["RAW "+Formats[i].Name]++
				}
			}
		}
		if len(got) > 0 {
			rel, _ := filepath.Rel(shared(t), p)
			fmt.Println(rel, got)
		}
		return nil
	})
}
