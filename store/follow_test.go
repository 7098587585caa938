package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/store"
	"costscope/store/storetest"
)

// A followed is a store that follows one file.
type followed struct {
	t    *testing.T
	s    *store.Bolt
	path string
	stop func()
	end  chan error
}

func follow(t *testing.T) *followed {
	dir := t.TempDir()
	f := &followed{t: t, path: filepath.Join(dir, "t.jsonl"), end: make(chan error, 1)}
	var err error
	if f.s, err = store.Open(store.Options{Path: filepath.Join(t.TempDir(), "s.db")}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	caught := make(chan bool)
	go func() {
		f.end <- f.s.Follow(ctx, store.Following{Files: func() []string { return []string{f.path} }, Folders: func() []string { return []string{dir} }, Caught: func() { close(caught) }})
	}()
	<-caught
	return f
}

// await waits until the store has read so many bytes of the file as it stands.
func (f *followed) await(bytes int64) {
	f.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		read := int64(0)
		for _, src := range f.s.Status().Sources {
			read += src.Bytes
		}
		if read >= bytes {
			return
		}
	}
	f.t.Fatalf("%d bytes are not read after 20 seconds: %+v", bytes, f.s.Status().Sources)
}

func (f *followed) close() {
	f.t.Helper()
	f.stop()
	if err := <-f.end; err != nil {
		f.t.Error(err)
	}
	if err := f.s.Close(); err != nil {
		f.t.Error(err)
	}
}

// TestFollowRotation is a writer at about 1,000 lines a second whose file is rotated in each of the ways that are in use. Every line counts
// once. Lines that are gone before anyone could read them cannot: the ways that destroy them wait for the reader.
func TestFollowRotation(t *testing.T) {
	open := func(path string) *os.File {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for name, rotate := range map[string]func(f *followed, w *os.File, n int, written int64) *os.File{
		"rename": func(f *followed, w *os.File, n int, _ int64) *os.File {
			os.Rename(f.path, fmt.Sprintf("%s.%d", f.path, n))
			return open(f.path)
		},
		"copy and truncate": func(f *followed, w *os.File, n int, written int64) *os.File {
			data, _ := os.ReadFile(f.path)
			os.WriteFile(fmt.Sprintf("%s.%d", f.path, n), data, 0o600)
			w.Truncate(0)
			return w
		},
		"replace": func(f *followed, w *os.File, n int, written int64) *os.File {
			f.await(written)
			open(f.path + ".new").Close()
			os.Rename(f.path+".new", f.path)
			return open(f.path)
		},
		"delete and recreate": func(f *followed, w *os.File, n int, written int64) *os.File {
			f.await(written)
			os.Remove(f.path)
			time.Sleep(100 * time.Millisecond)
			return open(f.path)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := follow(t)
			lines := storetest.Random(rand.New(rand.NewPCG(7, 7)), 150).Lines
			w, written := open(f.path), int64(0)
			for i, l := range lines {
				half := len(l) / 2
				w.WriteString(l[:half])
				if i%10 == 0 {
					time.Sleep(10 * time.Millisecond)
				}
				w.WriteString(l[half:] + "\n")
				written += int64(len(l)) + 1
				if i%(len(lines)/3) == len(lines)/4 {
					w = rotate(f, w, i, written)
				}
			}
			f.await(written)
			f.close()
			whole := filepath.Join(t.TempDir(), "all.jsonl")
			ref := store.NewMem(store.Options{})
			if err := os.WriteFile(whole, []byte(joined(lines)), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := ref.Load(context.Background(), []string{whole}, nil, nil); err != nil {
				t.Fatal(err)
			}
			again, err := store.Open(store.Options{Path: f.s.Path()})
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			want, got := tableOf(t, ref), tableOf(t, again)
			if got != want {
				t.Errorf("followed:\n%s\nat once:\n%s", got, want)
			}
		})
	}
}

func joined(lines []string) (all string) {
	for _, l := range lines {
		all += l + "\n"
	}
	return all
}

// tableOf is what a store says by workflow, agent and step.
func tableOf(t *testing.T, s store.Store) (text string) {
	t.Helper()
	table, err := s.Rollup(context.Background(), analyze.Query{By: analyze.DefaultBy()})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range append(table.Rows, table.Total) {
		text += fmt.Sprintln(r.Path, r.Calls, r.Runs, r.Cost, r.Failed, r.Input, r.Output, r.Success, r.Failure, r.Unknown)
	}
	return text
}
