package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// burst is n lines of calls of runs that go side by side and end after some forty calls each.
func burst(r *rand.Rand, from, n int) []byte {
	var b strings.Builder
	for i := from; i < from+n; i++ {
		run := i/800*20 + r.IntN(20)
		fmt.Fprintf(&b, `{"trace_id":"trace-%08x-%04x","span_id":"span-%012x","operation":"chat","workflow":"w%d","agent":"a%d","model":"gpt-5-mini","start":%d,"duration_ms":%d,"input_tokens":%d,"output_tokens":%d}`+"\n",
			run*7919, run, i, run%3, i%7, 1_770_000_000_000+i*50, 5+i%900, 100+r.IntN(9000), r.IntN(900))
	}
	return []byte(b.String())
}

// TestFollowedStoreStaysSmall: a store that takes thousands of small commits is hardly larger than one that was loaded at once.
func TestFollowedStoreStaysSmall(t *testing.T) {
	const rounds, lines = 500, 100
	r := rand.New(rand.NewPCG(3, 3))
	x := tailFile(t, t.TempDir(), "t.jsonl", Options{})
	for n := range rounds {
		x.grow(burst(r, n*lines, lines))
	}
	once := filepath.Join(t.TempDir(), "once.db")
	s, err := Open(Options{Path: once})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.db.NoSync = true
	if err := s.Load(context.Background(), []string{x.path}, nil, nil); err != nil {
		t.Fatal(err)
	}
	same(t, "followed", told(t, x.f.s), told(t, s))
	size := func(path string) int64 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	followed, loaded := size(x.f.s.Path()), size(once)
	t.Logf("%d calls: %d bytes followed, %d loaded", rounds*lines, followed, loaded)
	if followed > 2*loaded+1<<20 {
		t.Errorf("%d bytes, want at most twice the %d of a load", followed, loaded)
	}
}
