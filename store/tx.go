package store

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"go.etcd.io/bbolt"
)

// view runs f in a transaction that reads. bbolt panics on some damaged pages, and a file that was cut faults where its end is missing:
// both come back as ErrCorrupt.
func (s *Bolt) view(f func(tx *bbolt.Tx) error) (err error) {
	defer s.damaged(&err)()
	return s.db.View(f)
}

// update runs f in a transaction that writes; damage is told as by view.
func (s *Bolt) update(f func(tx *bbolt.Tx) error) (err error) {
	defer s.damaged(&err)()
	return s.db.Update(f)
}

func (s *Bolt) damaged(err *error) func() { return damaged(s.opt.Path, err) }

// damaged prepares for damage in the file at path; what it returns is to be deferred and makes an error of it.
func damaged(path string, err *error) func() {
	before := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(before)
		if r := recover(); r != nil {
			*err = corrupt(path, fmt.Errorf("%v", r))
		} else if errors.Is(*err, errCorrupt) {
			*err = corrupt(path, *err)
		}
	}
}

// whole checks that the file has all pages that its header speaks of.
func (s *Bolt) whole() error {
	return s.view(func(tx *bbolt.Tx) error {
		info, err := os.Stat(s.opt.Path)
		if err == nil && info.Size() < tx.Size() {
			err = corrupt(s.opt.Path, fmt.Errorf("%d of %d bytes are there", info.Size(), tx.Size()))
		}
		return err
	})
}

// advise names the store, unless err does so already.
func (s *Bolt) advise(err error) error {
	if errors.Is(err, ErrCorrupt) {
		return err
	}
	return fmt.Errorf("open the store %s: %w", s.opt.Path, err)
}
