package click

import (
	"context"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"costscope/analyze"
	"costscope/store"
	"costscope/store/storetest"
	"costscope/tracefmt"
)

// Random traces of each shape: an engine answers what every store answers.
func TestAnswersAreThoseOfTheReference(t *testing.T) {
	for n, shape := range []func(r *rand.Rand, runs int) storetest.Trace{storetest.Random, storetest.Claude, storetest.OTLP} {
		needEngine(t)
		r := rand.New(rand.NewPCG(uint64(n), 7))
		files := shape(r, 10).Files(t, r, 3)
		ref := store.NewMem(store.Options{})
		if err := ref.Load(t.Context(), files, nil, nil); err != nil {
			t.Fatal(err)
		}
		onEngines(t, "cs_test_answers", func(t *testing.T, c *Client) {
			storetest.Same(t, "the engine", pushedStore{pushAll(t, c, files), ref}, ref)
		})
	}
}

// pushAll opens an engine into which files were pushed, twice: the second time nothing is left to write.
func pushAll(t *testing.T, c *Client, files []string) *Store {
	b, err := store.Open(store.Options{Path: filepath.Join(t.TempDir(), "s.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.Load(t.Context(), files, nil, nil); err != nil {
		t.Fatal(err)
	}
	for again := range 2 {
		if p, err := c.Push(t.Context(), b, analyze.Config{}, nil); err != nil || !p.Agree() || (p.Runs == 0) != (again == 1) {
			t.Fatalf("push %d: %+v %v", again, p, err)
		}
	}
	s, err := Open(t.Context(), c, analyze.Config{}, tracefmt.BuiltinPrices())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A pushedStore is an engine with what an engine does not do itself.
type pushedStore struct {
	*Store
	local
}

type local interface {
	Load(ctx context.Context, files []string, stdin io.Reader, progress func(analyze.Status)) error
	Marks(ctx context.Context) (analyze.Marks, error)
	SetMarks(ctx context.Context, change func(*analyze.Marks)) error
}
