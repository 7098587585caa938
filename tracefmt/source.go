package tracefmt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

var (
	magicGzip = []byte{0x1f, 0x8b}
	magicZstd = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// maxWindow bounds what a zstd frame may ask for.
const maxWindow = 128 << 20

// A source is the decompressed bytes of a file or of standard input.
type source struct {
	path  string
	file  *os.File  // nil for standard input
	place io.Seeker // of what raw reads
	raw   counter   // the stored bytes
	in    io.Reader
	zstd  *zstd.Decoder
	kind  string // "gzip", "zstd" or ""
	size  int64
	warn  string
	at    int64 // offset of the next byte of in
}

// counter counts what is read through it.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// openSource opens path and looks at its first bytes.
func openSource(path string, stdin io.Reader) (*source, error) {
	return openSourceUntil(path, stdin, 0)
}

// openSourceUntil takes a file to end at an offset; 0: where it ends.
func openSourceUntil(path string, stdin io.Reader, until int64) (*source, error) {
	s := &source{path: path, size: -1}
	if path == "-" {
		if stdin == nil {
			stdin = os.Stdin
		}
		s.raw.r = stdin
		return s, s.unpack()
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, openError(path, err)
	}
	st, err := f.Stat()
	if err == nil && st.IsDir() {
		err = errors.New("a directory, not a file")
	}
	if err != nil {
		f.Close()
		return nil, openError(path, err)
	}
	s.file, s.raw.r, s.place = f, f, f
	if st.Mode().IsRegular() {
		s.size = st.Size()
		if until > 0 && until < s.size {
			part := io.NewSectionReader(f, 0, until)
			s.size, s.raw.r, s.place = until, part, part
		}
	}
	if err := s.unpack(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func openError(path string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return &SourceError{path, ErrMissing, "no such file; name a trace file, a directory or a pattern in quotes, or - for standard input"}
	}
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return &SourceError{path, err, "cannot be read: " + err.Error()}
}

// unpack puts a decompressor between the stored and the read bytes where the first bytes ask for one.
func (s *source) unpack() error {
	var head [4]byte
	n, err := io.ReadFull(&s.raw, head[:])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return openError(s.path, err)
	}
	stored := io.MultiReader(bytes.NewReader(head[:n]), &s.raw)
	switch {
	case n >= 2 && bytes.HasPrefix(head[:n], magicGzip):
		s.kind = "gzip"
		if s.in, err = gzip.NewReader(stored); err != nil {
			return &SourceError{s.path, ErrNotJSON, "a damaged gzip file: " + err.Error()}
		}
	case n == 4 && bytes.HasPrefix(head[:], magicZstd):
		s.kind = "zstd"
		s.zstd, err = zstd.NewReader(stored, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return &SourceError{s.path, ErrNotJSON, "a damaged zstd file: " + err.Error()}
		}
		s.in = s.zstd
	default:
		s.in = stored
	}
	return nil
}

func (s *source) close() error {
	if s.zstd != nil {
		s.zstd.Close()
	}
	if s.file != nil {
		return s.file.Close()
	}
	return nil
}

// Read reads decompressed bytes. A compressed source that is cut off or damaged ends there, with a warning.
func (s *source) Read(b []byte) (int, error) {
	n, err := s.in.Read(b)
	s.at += int64(n)
	if err == nil || err == io.EOF {
		return n, err
	}
	if s.kind == "" {
		return n, fmt.Errorf("%s: reading at byte %d: %w", s.path, s.at, err)
	}
	s.warn = fmt.Sprintf("the %s data ends after %d bytes (%s): what was read until there counts", s.kind, s.at, unpackReason(err))
	return n, io.EOF
}

func unpackReason(err error) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "cut off"
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, zstd.ErrMagicMismatch):
		return "something else follows"
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return "its window is larger than 128 MiB"
	}
	return err.Error()
}

// unread puts back the bytes that were read until now; end tells that there are no others.
func (s *source) unread(b []byte, end bool) {
	if s.at = 0; end {
		s.in = bytes.NewReader(b)
		return
	}
	s.in = io.MultiReader(bytes.NewReader(b), s.in)
}

// seek moves to an offset of the decompressed bytes, which lies ahead for everything but plain files.
func (s *source) seek(to int64) error {
	if s.at == to {
		return nil
	}
	if s.kind == "" && s.size >= 0 {
		if _, err := s.place.Seek(to, io.SeekStart); err != nil {
			return openError(s.path, err)
		}
		s.in, s.at, s.raw.n = &s.raw, to, to
		return nil
	}
	if to < s.at {
		return &SourceError{s.path, io.ErrNoProgress, "cannot be read again from an earlier place"}
	}
	_, err := io.CopyN(io.Discard, struct{ io.Reader }{s}, to-s.at)
	if err == io.EOF {
		return &SourceError{s.path, io.ErrUnexpectedEOF, "is shorter than it was: it must be read anew"}
	}
	return err
}

// ReadAt returns the bytes of a record in the source at path, which may be compressed.
func ReadAt(path string, src SourceRef) ([]byte, error) {
	if src.Length < 0 || src.Length > maxValue {
		return nil, fmt.Errorf("%s: no record of %d bytes", path, src.Length)
	}
	s, err := openSource(path, nil)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if err := s.seek(src.Offset); err != nil {
		return nil, err
	}
	b := make([]byte, src.Length)
	if n, err := io.ReadFull(s, b); err != nil {
		return b[:n], &SourceError{path, io.ErrUnexpectedEOF, "is shorter than it was when it was read"}
	}
	return b, nil
}

// LinesAt returns the line numbers, from 1, of ascending offsets in the source at path, in one pass.
func LinesAt(path string, offsets []int64) ([]int64, error) {
	s, err := openSource(path, nil)
	if err != nil {
		return nil, err
	}
	defer s.close()
	lines := make([]int64, 0, len(offsets))
	buf := make([]byte, 256<<10)
	line := int64(1)
	for len(lines) < len(offsets) {
		n, err := s.Read(buf)
		b := buf[:n]
		for len(lines) < len(offsets) && offsets[len(lines)] < s.at {
			k := max(0, offsets[len(lines)]-(s.at-int64(len(b))))
			line += int64(bytes.Count(b[:k], newline))
			b = b[k:]
			lines = append(lines, line)
		}
		line += int64(bytes.Count(b, newline))
		if err == io.EOF {
			break
		}
		if err != nil {
			return lines, err
		}
	}
	for len(lines) < len(offsets) {
		lines = append(lines, line)
	}
	return lines, nil
}

var newline = []byte{'\n'}
