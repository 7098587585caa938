package store_test

import (
	"path/filepath"
	"testing"

	"costscope/store"
	"costscope/store/storetest"
)

// open opens a store in a folder of its own.
func open(t *testing.T) store.Store {
	t.Helper()
	s, err := store.Open(store.Options{Path: filepath.Join(t.TempDir(), "s.db")})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBoltDoesWhatEveryStoreMust(t *testing.T) { storetest.Run(t, open) }
