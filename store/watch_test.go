package store

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"costscope/tracefmt"
)

// TestNewFolders: files in folders that come later, nested ones at once, and in one that was removed and made again, are noticed long
// before the search that makes up for lost notices.
func TestNewFolders(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(Options{Path: filepath.Join(t.TempDir(), "s.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	of := Following{
		Files:   func() []string { files, _, _ := tracefmt.Expand([]string{dir}); return files },
		Folders: func() []string { return foldersOf(dir) },
	}
	end := make(chan error, 1)
	caught := make(chan bool)
	of.Caught = func() { close(caught) }
	ctx, stop := context.WithCancel(t.Context())
	go func() { end <- s.Follow(ctx, of) }()
	<-caught
	want := 0
	for _, sub := range []string{"a", "b/c/d", "a/x", "a"} {
		if sub == "a" && want > 0 {
			os.RemoveAll(filepath.Join(dir, "a"))
		}
		at := filepath.Join(dir, sub)
		if err := os.MkdirAll(at, 0o700); err != nil {
			t.Fatal(err)
		}
		want++
		id := string(rune('0' + want))
		if err := os.WriteFile(filepath.Join(at, "t"+id+".jsonl"), []byte(chat("r"+id, "c")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		calls := int64(0)
		for until := time.Now().Add(searchSafe / 2); time.Now().Before(until) && calls < int64(want); time.Sleep(20 * time.Millisecond) {
			calls = 0
			for _, src := range s.Status().Sources {
				calls += src.Calls
			}
		}
		if calls != int64(want) {
			t.Fatalf("%s: %d calls, want %d", sub, calls, want)
		}
	}
	stop()
	if err := <-end; err != nil {
		t.Error(err)
	}
}

// foldersOf are the folders in and below dir.
func foldersOf(dir string) (list []string) {
	_ = filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			list = append(list, path)
		}
		return nil
	})
	return list
}

// TestBlindWatcherPolls: where folders cannot be watched, files are looked at often.
func TestBlindWatcherPolls(t *testing.T) {
	w := newWatcher()
	defer w.close()
	if w.add([]string{t.TempDir()}); w.interval() != pollSafe && !remote(t.TempDir()) {
		t.Error("a folder of this machine is polled")
	}
	if w.add([]string{filepath.Join(t.TempDir(), "none")}); w.interval() != pollBlind || w.search() != searchBlind {
		t.Error("a folder that cannot be watched is not polled")
	}
}
