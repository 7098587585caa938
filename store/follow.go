package store

import (
	"cmp"
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
	// Folders lists the folders to watch for files that come later, beside the folders of Files; nil for none. It is asked with Files.
	Folders func() []string
	// Caught is called once, when everything that was there at the start is stored; nil for none.
	Caught func()
}

const (
	roundTime = 150 * time.Millisecond // between two looks at files that change all the time
	saveTime  = time.Minute            // between two writes of the sums
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
	f := newFollower(s, of, newWatcher())
	defer f.watch.close()
	for first := true; ; first = false {
		if err := f.round(ctx); err != nil {
			return err
		}
		if first {
			if err := s.findFlying(ctx); err != nil {
				return err
			}
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

func newFollower(s *Bolt, of Following, w *watcher) *follower {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live, s.loading, s.done, s.todo, s.err, s.notes, s.facts = true, true, 0, 0, nil, nil, liveFacts{}
	s.bump()
	return &follower{s: s, of: of, watch: w, saved: time.Now(), stale: true}
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
		if err := f.replaced(path); err != nil {
			return err
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

// replaced deals with a path whose file is no longer the one that was read. A document is read anew, a log goes on under its new name.
func (f *follower) replaced(path string) error {
	id, src := f.s.source(path)
	if src.Document || src.Short {
		if err := f.open(); err != nil {
			return err
		}
		return f.in.again(id)
	}
	since := src.ModTime
	moved, err := f.s.retire(path, nil)
	moved = append(moved, f.s.missedRotations(path, since)...)
	for _, to := range moved {
		if !slices.Contains(f.files, to) {
			f.moved, f.files = append(f.moved, to), append(f.files, to)
		}
	}
	return err
}

// open makes what reads, once.
func (f *follower) open() (err error) {
	if f.in == nil {
		f.in, err = f.s.newIngest()
	}
	return err
}

// compareLive fills the plan, or names the path whose file is no longer the one that was read.
func (s *Bolt) compareLive(files []string, p *plan) (replaced string) {
	known, origin := s.byPath(), ""
	read := slices.DeleteFunc(slices.Clone(files), func(path string) bool {
		now, err := look(path)
		if err != nil || origin != "" {
			return errors.Is(err, fs.ErrNotExist)
		}
		if id, old := known[path]; old {
			return s.waits(s.sources[id], now)
		}
		var copied bool
		origin, copied = s.origin(path, now, known)
		return copied
	})
	if origin != "" {
		return origin
	}
	made, replaced := s.compare(read)
	if replaced == "" {
		*p = *made
	}
	return replaced
}

// waits says that a changed file is to be left alone: a document that is just being written anew, and packed data behind whole packed
// data, which cannot be gone on with.
func (s *Bolt) waits(src *sourceState, now fileState) bool {
	switch {
	case src.Document && src.Offset > 0 && now.size == 0:
		return true
	case src.Packed == "" || src.Short || src.Inode != now.inode || now.size <= src.Size:
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if src.Note != appended {
		src.Note = appended
		s.bump()
	}
	return true
}

const appended = "packed data was appended, which cannot be followed: not counted until the file is opened anew"

// take stores what the feeds hold.
func (f *follower) take(ctx context.Context, p *plan) (err error) {
	if err = f.open(); err != nil {
		return err
	}
	in := f.in
	in.verdicts, in.judged = nil, 0
	clear(in.at)
	err = in.complete(context.WithoutCancel(ctx), in.readPlan(func(feeds []*feed) error { return in.pipe.run(ctx, feeds, in.take) }, p))
	f.s.mu.Lock()
	f.s.heard = f.s.opt.Now()
	f.s.mu.Unlock()
	return err
}

// expand lists the files anew where that may bring others.
func (f *follower) expand() {
	if !f.stale && time.Since(f.expanded) < f.watch.search() {
		return
	}
	f.expanded, f.stale = time.Now(), false
	for more := f.of.Folders != nil; more; { // a folder is watched before it is listed, or what comes in between would go unnoticed
		more = f.watch.add(f.of.Folders())
	}
	f.files = append(f.of.Files(), f.moved...)
	var dirs []string
	for _, path := range f.files {
		dirs = append(dirs, filepath.Dir(path))
	}
	f.watch.add(dirs)
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
	if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
		f.watch.removed(e.Name)
	}
}

// retire makes the source at path one that is read no more: its file was moved away, cut or replaced. What was read of it stays. Where
// the file was only moved within its folder, the source goes on under the new name, so that what was appended before the move is read;
// where that name was another source's, whose file was moved on, that one goes first. busy are the paths whose sources are about to go.
func (s *Bolt) retire(path string, busy []string) (moved []string, err error) {
	id, src := s.source(path)
	if src == nil {
		return nil, nil
	}
	busy = append(busy, path)
	to := s.movedTo(path, src, busy)
	if _, other := s.source(to); to != "" && other != nil && !slices.Contains(busy, to) {
		if moved, err = s.retire(to, busy); err != nil {
			return moved, err
		}
	}
	s.mu.Lock()
	if to != "" {
		src.Path, src.Name, src.Done = to, cmp.Or(src.Name, path), false
		moved = append(moved, to)
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
func (s *Bolt) movedTo(path string, src *sourceState, busy []string) (copied string) {
	list, err := os.ReadDir(filepath.Dir(path))
	if err != nil || src.Offset == 0 && !src.Copy {
		return ""
	}
	for _, e := range list {
		at := filepath.Join(filepath.Dir(path), e.Name())
		now, err := look(at)
		if at == path || !e.Type().IsRegular() || err != nil {
			continue
		}
		_, other := s.source(at)
		switch {
		case now.inode == src.Inode && src.Inode != 0 && src.isAt(at, now):
			if other == nil || slices.Contains(busy, at) || !other.unchanged(now) && !other.continues(at, now) {
				return at
			}
		case other == nil && src.Head|src.Tail != 0 && strings.HasPrefix(e.Name(), filepath.Base(path)) && src.continues(at, now):
			copied = at
		}
	}
	return copied
}

// isAt says that the file with the source's own number is still its file: a number may be used again.
func (s *sourceState) isAt(path string, now fileState) bool {
	if s.Packed != "" {
		return now.size == s.Size && now.mtime == s.ModTime
	}
	return s.Head|s.Tail == 0 && now.size >= s.Offset || s.continues(path, now)
}
