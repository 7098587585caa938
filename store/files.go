package store

import (
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
	_, ok := s.continued(path, now)
	return ok
}

// continued is continues with the mark of what was read.
func (s *sourceState) continued(path string, now fileState) (m mark, ok bool) {
	if s.Offset == 0 {
		return m, true
	}
	if s.Packed != "" || now.size < s.Offset {
		return m, false
	}
	m, err := markOf(path, s.Offset)
	head, tail, _ := m.at(s.Offset)
	return m, err == nil && head == s.Head && tail == s.Tail
}

// print notes what tells the file that was read from another one. A file that is gone by now, or another one stands in its place, leaves
// none: it is not gone on with.
func (s *sourceState) print() {
	s.Head, s.Tail = 0, 0
	if s.Packed != "" {
		return
	}
	if s.next.marked && s.next.offset == s.Offset {
		s.Head, s.Tail = s.next.head, s.next.tail
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
	m, err := markOf(path, offset)
	if err != nil {
		return 0, 0, err
	}
	head, tail, _ = m.at(offset)
	return head, tail, nil
}

// A mark is the first bytes of a file and the last ones before offset, as they were read: the file itself may be another one by the time
// that its fingerprints are stored.
type mark struct {
	offset      int64
	first, last []byte
	lost        bool // bytes were passed over
}

// markOf reads the mark of a file; a file that is shorter than offset is an error.
func markOf(path string, offset int64) (m mark, err error) {
	f, err := os.Open(path)
	if err != nil {
		return m, err
	}
	defer f.Close()
	n := min(offset, fingerprintSize)
	m = mark{offset: offset, first: make([]byte, n), last: make([]byte, n)}
	if _, err = f.ReadAt(m.first, 0); err != nil {
		return m, err
	}
	_, err = f.ReadAt(m.last, offset-n)
	return m, err
}

// take moves the mark to the end of a chunk.
func (m *mark) take(c *tracefmt.Chunk) {
	if m.offset == 0 && c.Offset == int64(len(byteOrderMark)) {
		m.first, m.last, m.offset = []byte(byteOrderMark), []byte(byteOrderMark), c.Offset
	}
	if m.lost = m.lost || c.Offset != m.offset; m.lost {
		return
	}
	m.offset += int64(len(c.Data))
	if n := fingerprintSize - len(m.first); n > 0 {
		m.first = append(m.first[:len(m.first):len(m.first)], c.Data[:min(n, len(c.Data))]...)
	}
	if keep := fingerprintSize - len(c.Data); keep <= 0 {
		m.last = append([]byte(nil), c.Data[-keep:]...)
	} else {
		m.last = append(append([]byte(nil), m.last[max(0, len(m.last)-keep):]...), c.Data...)
	}
}

const byteOrderMark = "\xEF\xBB\xBF"

// at is the fingerprints for an offset, where that is where the mark is.
func (m *mark) at(offset int64) (head, tail uint64, ok bool) {
	if m.lost || m.offset != offset {
		return 0, 0, false
	}
	return hashText(string(m.first)), hashText(string(m.last)), true
}

func formatOf(name string) uint8 {
	f, _ := tracefmt.FormatByName(name)
	return f
}
