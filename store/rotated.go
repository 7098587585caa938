package store

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"go.etcd.io/bbolt"

	"costscope/tracefmt"
)

// A folder that is followed shows what rotation makes of a log: the log under another name, copies of it, packed copies. None of these is
// news, though their paths are.

// origin looks at a path that is not known yet. It names the source whose file now stands there, if there is one, or says that the file is
// a copy of what is read elsewhere. Files that were there from the start are what they are.
func (s *Bolt) origin(path string, now fileState, known map[string]uint32) (moved string, copied bool) {
	for at, id := range known {
		src := s.sources[id]
		if now.inode == 0 || now.inode != src.Inode || src.Offset == 0 && !src.Copy || filepath.Dir(at) != filepath.Dir(path) || src.Document {
			continue
		}
		if there, err := look(at); (err != nil || there.inode != now.inode) && src.isAt(path, now) {
			return at, false
		}
	}
	s.mu.RLock()
	atStart := s.loading
	s.mu.RUnlock()
	if atStart {
		return "", false
	}
	for at, id := range known {
		src := s.sources[id]
		if src.Offset == 0 || src.Document || filepath.Dir(at) != filepath.Dir(path) || !strings.HasPrefix(filepath.Base(path), filepath.Base(at)) {
			continue
		}
		if there, err := look(at); err == nil && there.inode != now.inode && alike(at, path, min(there.size, now.size)) {
			return "", true // as long as the log is not cut; then the source goes on in the copy
		}
	}
	return "", s.packedCopy(path, now)
}

// missedRotations are files that stood at a path for so short a time that nobody looked at it: they have its name with a number or a date
// behind it, were written since the file before was last read, and are no copies.
func (s *Bolt) missedRotations(path string, since int64) (list []string) {
	entries, _ := os.ReadDir(filepath.Dir(path))
	known := s.byPath()
	for _, e := range entries {
		at := filepath.Join(filepath.Dir(path), e.Name())
		number, ours := strings.CutPrefix(e.Name(), filepath.Base(path))
		_, old := known[at]
		now, err := look(at)
		if !ours || number == "" || strings.Trim(number, ".-_T:0123456789") != "" || old || err != nil || !e.Type().IsRegular() || now.mtime < since || now.size == 0 {
			continue
		}
		if !s.copyOfAny(at, now) {
			list = append(list, at)
		}
	}
	return list
}

// copyOfAny says that a file begins like one that is read.
func (s *Bolt) copyOfAny(path string, now fileState) bool {
	for _, src := range s.sources {
		if there, err := look(src.Path); err == nil && src.Offset > 0 && src.Path != path && filepath.Dir(src.Path) == filepath.Dir(path) && alike(src.Path, path, min(there.size, now.size)) {
			return true
		}
	}
	return false
}

// alike says that two files begin with the same bytes, and hold the same before an offset.
func alike(a, b string, offset int64) bool {
	if offset == 0 {
		return false
	}
	x, err := markOf(a, offset)
	y, err2 := markOf(b, offset)
	return err == nil && err2 == nil && bytes.Equal(x.first, y.first) && bytes.Equal(x.last, y.last)
}

// packedCopy recognises the packed form of a log that was read, and notes the file as one that is not to be read.
func (s *Bolt) packedCopy(path string, now fileState) bool {
	var magic [4]byte
	if f, err := os.Open(path); err != nil {
		return false
	} else {
		f.ReadAt(magic[:], 0)
		f.Close()
	}
	if !bytes.HasPrefix(magic[:], []byte{0x1f, 0x8b}) && magic != [4]byte{0x28, 0xb5, 0x2f, 0xfd} {
		return false
	}
	begins, _ := tracefmt.ReadAt(path, tracefmt.SourceRef{Length: fingerprintSize})
	for _, src := range s.sources {
		n := min(src.Offset, fingerprintSize)
		if n == 0 || src.Packed != "" || src.Head == 0 || n > int64(len(begins)) || hashText(string(begins[:n])) != src.Head || filepath.Dir(src.Path) != filepath.Dir(path) {
			continue
		}
		id, copied := s.newSource(path)
		s.mu.Lock()
		copied.Copy, copied.Packed, copied.Done = true, "packed", true
		copied.Size, copied.ModTime, copied.Inode = now.size, now.mtime, now.inode
		copied.Note = "a packed copy of what was read as " + filepath.Base(src.Path)
		s.mu.Unlock()
		return s.update(func(tx *bbolt.Tx) error { return putSealed(tx.Bucket(bucketSource), key32(id), mustJSON(copied)) }) == nil
	}
	return false
}
