package store

import (
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"costscope/analyze"
)

// Marks are a person's, not the trace's: no load touches them, and they are JSON, so that later versions read them too.

var (
	bucketMarks = []byte("marks") // keyMarks -> analyze.Marks
	keyMarks    = []byte("all")
)

// Marks is what a person left with the store.
func (s *Bolt) Marks(ctx context.Context) (m analyze.Marks, err error) {
	if err = ctx.Err(); err != nil {
		return m, err
	}
	err = s.view(func(tx *bbolt.Tx) error { return readMarks(tx, &m) })
	return m, s.marksError(err)
}

// SetMarks lets change see and change the marks, in one transaction. It waits for a commit that is going on, not for the load.
func (s *Bolt) SetMarks(ctx context.Context, change func(*analyze.Marks)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.marksError(s.update(func(tx *bbolt.Tx) error {
		var m analyze.Marks
		if err := readMarks(tx, &m); err != nil {
			return err
		}
		change(&m)
		return putSealed(tx.Bucket(bucketMarks), keyMarks, mustJSON(m))
	}))
}

func readMarks(tx *bbolt.Tx, m *analyze.Marks) error {
	v := tx.Bucket(bucketMarks).Get(keyMarks)
	if v == nil {
		return nil
	}
	return unsealJSON(v, m)
}

func (s *Bolt) marksError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("marks in the store %s: %w", s.opt.Path, err)
}

// Marks is what a person left with the store.
func (m *Mem) Marks(ctx context.Context) (analyze.Marks, error) {
	m.marking.Lock()
	defer m.marking.Unlock()
	return m.marks, ctx.Err()
}

// SetMarks lets change see and change the marks.
func (m *Mem) SetMarks(ctx context.Context, change func(*analyze.Marks)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.marking.Lock()
	defer m.marking.Unlock()
	change(&m.marks)
	return nil
}
