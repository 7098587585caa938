package store

import (
	"io"
	"os"

	"costscope/tracefmt"
)

// fileState is what a file looks like from outside.
type fileState struct {
	size, mtime int64
	inode       uint64
}

func look(path string) (fileState, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return fileState{}, err
	}
	return fileState{fi.Size(), fi.ModTime().UnixNano(), inode(fi)}, nil
}

// unchanged says that the file is as it was when it was last read to its end.
func (s *sourceState) unchanged(now fileState) bool {
	return s.Done && s.Size == now.size && s.ModTime == now.mtime && s.Inode == now.inode
}

// continues says that the file still begins with the bytes that were read, so that reading can go on at the offset. A packed file that
// changed is read anew: nothing can be appended to what is already unpacked.
func (s *sourceState) continues(path string, now fileState) bool {
	if s.Offset == 0 {
		return true
	}
	if s.Packed != "" || now.size < s.Offset {
		return false
	}
	head, tail, err := fingerprints(path, s.Offset)
	return err == nil && head == s.Head && tail == s.Tail
}

// print notes what tells the file that was read from another one. A file that is gone by now, or another one stands in its place, leaves
// none: it is not gone on with.
func (s *sourceState) print() {
	s.Head, s.Tail = 0, 0
	if s.Packed != "" {
		return
	}
	if now, err := look(s.Path); err == nil && (now.inode == s.Inode || s.Inode == 0) {
		s.Head, s.Tail, _ = fingerprints(s.Path, s.Offset)
	}
}

// fingerprintSize is how many bytes at either end tell a grown file from another one.
const fingerprintSize = 4096

// fingerprints hashes the first bytes of a file and those before offset.
func fingerprints(path string, offset int64) (head, tail uint64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	n := min(offset, fingerprintSize)
	b := make([]byte, n)
	if _, err = f.ReadAt(b, 0); err != nil && err != io.EOF {
		return 0, 0, err
	}
	head = hashText(string(b))
	if _, err = f.ReadAt(b, offset-n); err != nil && err != io.EOF {
		return 0, 0, err
	}
	return head, hashText(string(b)), nil
}

func formatOf(name string) uint8 {
	f, _ := tracefmt.FormatByName(name)
	return f
}
