package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"go.etcd.io/bbolt"
)

// Following says what Follow reads.
type Following struct {
	// Files lists the sources as of now. It is asked again when something new may be there; it may take its time.
	Files func() []string
	// Folders are watched for files that come later, beside the folders of Files.
	Folders []string
	// Caught is called once, when everything that was there at the start is stored; nil for none.
	Caught func()
}

const (
	roundTime  = 150 * time.Millisecond // between two looks at files that change all the time
	expandTime = 10 * time.Second       // between two searches for new files without a notice
	saveTime   = time.Minute            // between two writes of the sums
)

// Follow loads the sources and goes on with what is appended to them until ctx ends, which is no error. A file that is moved away, cut or
// replaced meanwhile keeps what was read of it; what stands in its place is read as a source of its own. A value without its end waits.
func (s *Bolt) Follow(ctx context.Context, of Following) error {
	err := s.follow(ctx, of)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	if err == nil {
		err = s.exactMax(context.WithoutCancel(ctx))
	}
	if e := s.saveSums(); err == nil {
		err = e
	}
	s.mu.Lock()
	s.live = false
	s.mu.Unlock()
	s.ended(err)
	return err
}

// A follower is one Follow at work.
type follower struct {
	s        *Bolt
	of       Following
	in       *ingest
	watch    *watcher
	files    []string
	moved    []string // files that were moved away: the writer may go on with them for a while
	expanded time.Time
	saved    time.Time
	stale    bool // the list of files may have changed
}

func (s *Bolt) follow(ctx context.Context, of Following) error {
	if err := s.resum(ctx); err != nil {
		return err
	}
	f := &follower{s: s, of: of, watch: newWatcher(), saved: time.Now(), stale: true}
	defer f.watch.close()
	s.mu.Lock()
	s.live, s.loading, s.done, s.todo, s.err, s.notes = true, true, 0, 0, nil, nil
	s.bump()
	s.mu.Unlock()
	for first := true; ; first = false {
		if err := f.round(ctx); err != nil {
			return err
		}
		if first {
			s.caughtUp()
			if of.Caught != nil {
				of.Caught()
			}
		}
		if err := f.wait(ctx); err != nil {
			return err
		}
	}
}

// caughtUp tells that everything that was there at the start is read.
func (s *Bolt) caughtUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loading = false
	s.bump()
}

// round reads what is new.
func (f *follower) round(ctx context.Context) error {
	f.expand()
	p := &plan{}
	for path := f.s.compareLive(f.files, p); path != ""; path = f.s.compareLive(f.files, p) {
		moved, err := f.s.retire(path)
		if err != nil {
			return err
		}
		if moved != "" && !slices.Contains(f.files, moved) {
			f.moved, f.files = append(f.moved, moved), append(f.files, moved)
		}
	}
	f.s.mu.Lock()
	f.s.todo = f.s.done + p.size
	f.s.mu.Unlock()
	if len(p.feeds) > 0 {
		if err := f.take(ctx, p); err != nil {
			return err
		}
	}
	if time.Since(f.saved) > saveTime {
		f.saved = time.Now()
		return f.s.saveSums()
	}
	return nil
}

// compareLive fills the plan, or names the path whose file is no longer the one that was read.
func (s *Bolt) compareLive(files []string, p *plan) (replaced string) {
	made, replaced := s.compare(slices.DeleteFunc(slices.Clone(files), func(path string) bool {
		_, err := os.Stat(path)
		return errors.Is(err, fs.ErrNotExist)
	}))
	if replaced == "" {
		*p = *made
	}
	return replaced
}

// take stores what the feeds hold.
func (f *follower) take(ctx context.Context, p *plan) (err error) {
	if f.in == nil {
		if f.in, err = f.s.newIngest(); err != nil {
			return err
		}
	}
	in := f.in
	in.verdicts, in.judged = nil, 0
	clear(in.at)
	err = in.pipe.run(ctx, p.feeds, in.take)
	if err == nil || errors.Is(err, context.Canceled) {
		if e := in.commit(); e != nil {
			err = e
		}
	}
	if e := f.s.judge(context.WithoutCancel(ctx), in.verdicts[:in.judged]); err == nil {
		err = e
	}
	f.s.mu.Lock()
	f.s.heard = time.Now()
	f.s.mu.Unlock()
	return err
}

// expand lists the files anew where that may bring others.
func (f *follower) expand() {
	if !f.stale && time.Since(f.expanded) < expandTime {
		return
	}
	f.files, f.expanded, f.stale = append(f.of.Files(), f.moved...), time.Now(), false
	f.watch.add(f.files)
	for _, dir := range f.of.Folders {
		f.watch.add([]string{filepath.Join(dir, "x")})
	}
}

// wait returns when there may be something to read.
func (f *follower) wait(ctx context.Context) error {
	timer := time.NewTimer(f.watch.interval())
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	case e := <-f.watch.events():
		f.note(e)
	case <-f.watch.errors():
		f.stale = true // notices were lost
	}
	pause := time.NewTimer(roundTime)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pause.C:
			return nil
		case e := <-f.watch.events():
			f.note(e)
		case <-f.watch.errors():
			f.stale = true
		}
	}
}

// note sees whether an event may bring another file.
func (f *follower) note(e fsnotify.Event) {
	if e.Has(fsnotify.Create) || e.Has(fsnotify.Rename) {
		f.stale = true
	}
}

// retire makes the source at path one that is read no more: its file was moved away, cut or replaced. What was read of it stays. Where
// the file was only moved within its folder, the source goes on under the new name, so that what was appended before the move is read.
func (s *Bolt) retire(path string) (moved string, err error) {
	id, src := s.source(path)
	if src == nil {
		return "", nil
	}
	moved = s.movedTo(path, src)
	s.mu.Lock()
	if moved != "" {
		src.Path, src.Done = moved, false
	} else {
		src.Retired = true
	}
	s.mu.Unlock()
	err = s.update(func(tx *bbolt.Tx) error { return putSealed(tx.Bucket(bucketSource), key32(id), mustJSON(*src)) })
	if err != nil {
		err = storeError(s.opt.Path, err)
	}
	return moved, err
}

// wasFollowed says that some source cannot be read again: its file was rotated away.
func (s *Bolt) wasFollowed() bool {
	return slices.ContainsFunc(s.sources, func(src *sourceState) bool { return src.Retired })
}

// retired says that the file of a source is not there any more, whatever stands at its path.
func (s *Bolt) retired(source uint32) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return int(source) < len(s.sources) && s.sources[source].Retired
}

// movedTo finds the file that a source was read from in the same folder, or a copy of it that was made before it was cut; "" where there is
// none.
func (s *Bolt) movedTo(path string, src *sourceState) (copied string) {
	list, err := os.ReadDir(filepath.Dir(path))
	if err != nil || src.Offset == 0 {
		return ""
	}
	for _, e := range list {
		at := filepath.Join(filepath.Dir(path), e.Name())
		now, err := look(at)
		if at == path || !e.Type().IsRegular() || err != nil {
			continue
		}
		if _, other := s.source(at); other != nil {
			continue
		}
		marked := src.Head|src.Tail != 0
		switch {
		case now.inode == src.Inode && src.Inode != 0 && (!marked && now.size >= src.Offset || src.continues(at, now)):
			return at
		case marked && strings.HasPrefix(e.Name(), filepath.Base(path)) && src.continues(at, now):
			copied = at
		}
	}
	return copied
}
