package tracefmt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// What can be wrong with a source; *SourceError wraps one of them.
var (
	ErrMissing  = errors.New("no such file")
	ErrEmpty    = errors.New("empty")
	ErrNotJSON  = errors.New("not JSON")
	ErrNoFormat = errors.New("no known trace format")
	ErrNoTraces = errors.New("no trace found")
)

// A SourceError says which source could not be read, why, and what to do next.
type SourceError struct {
	Path string
	Err  error  // one of the errors above, or what the system said
	Text string // for people, without the path
}

func (e *SourceError) Error() string { return e.Path + ": " + e.Text }
func (e *SourceError) Unwrap() error { return e.Err }

// Ignored is a file that a directory or glob holds but that is no trace.
type Ignored struct {
	Path   string
	Reason string
}

// Expand finds the trace files that the arguments name: files, directories (searched, hidden folders too; only files whose content is a
// trace count, the others are returned as ignored), globs, and "-" for standard input. Files named as such are not looked into. Each
// file comes once. What names nothing is an error; files then holds what the other arguments name.
func Expand(args []string) (files []string, ignored []Ignored, err error) {
	return ExpandMapped(args, nil)
}

// ExpandMapped is Expand beside a mapping, which may be nil: files of folders in which it finds calls are traces, too.
func ExpandMapped(args []string, m *Map) (files []string, ignored []Ignored, err error) {
	x := expansion{seen: map[string]bool{}, own: m}
	var errs []error
	for _, a := range args {
		errs = append(errs, x.arg(a))
	}
	return x.files, x.ignored, errors.Join(errs...)
}

type expansion struct {
	files   []string
	ignored []Ignored
	seen    map[string]bool
	own     *Map
}

func (x *expansion) arg(a string) error {
	if a == "-" {
		x.add(a)
		return nil
	}
	st, err := os.Stat(a)
	if err == nil && st.IsDir() {
		return x.dir(a)
	}
	if err == nil && st.Mode()&(fs.ModeDevice|fs.ModeSocket) != 0 && st.Mode()&fs.ModeNamedPipe == 0 {
		return &SourceError{a, ErrNotJSON, "a device, not a file"}
	}
	if err == nil {
		x.add(a)
		return nil
	}
	if strings.ContainsAny(a, "*?[") {
		return x.glob(a)
	}
	return openError(a, err)
}

func (x *expansion) add(path string) {
	key := path
	if full, err := filepath.Abs(path); err == nil && path != "-" {
		key = full
	}
	if !x.seen[key] {
		x.seen[key] = true
		x.files = append(x.files, path)
	}
}

func (x *expansion) glob(pattern string) error {
	found, err := filepath.Glob(pattern)
	if err != nil {
		return &SourceError{pattern, ErrMissing, "not a pattern: " + err.Error()}
	}
	n := len(x.files)
	var errs []error
	for _, path := range found {
		st, err := os.Stat(path)
		switch {
		case err == nil && st.IsDir():
			errs = append(errs, x.dir(path))
		case err == nil && !st.Mode().IsRegular():
			x.ignored = append(x.ignored, Ignored{path, "not a regular file"})
		default:
			x.look(path)
		}
	}
	if len(found) > 0 && len(x.files) > n {
		return nil
	}
	if len(found) == 0 {
		return &SourceError{pattern, ErrMissing, "no file matches the pattern"}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return x.nothing(pattern, len(found))
}

// look adds path if its content is a trace.
func (x *expansion) look(path string) {
	x.looked(path, x.detect(path))
}

// detect says why path is no trace. One that only the mapping reads must hold calls for it.
func (x *expansion) detect(path string) error {
	r, err := OpenReader(path, ReadOptions{Map: x.own})
	if err != nil {
		return err
	}
	if r.Format() == FormatMapped && !r.fits {
		err = &SourceError{path, ErrNoFormat, "no call where the mapping looks for it"}
	}
	return errors.Join(err, r.Close())
}

// lookAll adds those of the paths whose content is a trace. Trees hold hundreds of files, and nothing is shown before all are looked at:
// all cores look.
func (x *expansion) lookAll(paths []string) {
	errs := make([]error, len(paths))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(paths)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(paths)); i = next.Add(1) - 1 {
				errs[i] = x.detect(paths[i])
			}
		})
	}
	wg.Wait()
	for i, path := range paths {
		x.looked(path, errs[i])
	}
}

// looked takes a path in, or says why not.
func (x *expansion) looked(path string, err error) {
	if err != nil {
		reason := err.Error()
		var se *SourceError
		if errors.As(err, &se) {
			reason = se.Text
		}
		x.ignored = append(x.ignored, Ignored{path, reason})
		return
	}
	x.add(path)
}

// dir searches a directory. Version control and package folders hold no traces of their own.
func (x *expansion) dir(root string) error {
	n := len(x.files)
	known := len(x.seen)
	var found []string
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			x.ignored = append(x.ignored, Ignored{path, "cannot be read: " + err.Error()})
			if e != nil && e.IsDir() {
				return fs.SkipDir
			}
		case e.IsDir() && path != root && slices.Contains([]string{".git", ".hg", ".svn", "node_modules"}, e.Name()):
			return fs.SkipDir
		case e.Type()&fs.ModeSymlink != 0:
			if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() {
				found = append(found, path)
			}
		case e.Type().IsRegular():
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		return openError(root, err)
	}
	x.lookAll(found)
	if len(x.files) == n && len(x.seen) == known && !x.holds(root) {
		return x.nothing(root, len(found))
	}
	return nil
}

// holds tells whether a file of the folder was named before.
func (x *expansion) holds(root string) bool {
	full, err := filepath.Abs(root)
	for path := range x.seen {
		if err == nil && strings.HasPrefix(path, full+string(filepath.Separator)) {
			return true
		}
	}
	return false
}

// nothing says what was looked at in vain.
func (x *expansion) nothing(root string, seen int) error {
	if seen == 0 {
		return &SourceError{root, ErrNoTraces, "no file in it"}
	}
	text := fmt.Sprintf("none of its %d files is a trace that costscope reads", seen)
	if n := len(x.ignored); n > 0 {
		last := x.ignored[n-1]
		text += fmt.Sprintf(" (%s: %s)", filepath.Base(last.Path), last.Reason)
	}
	return &SourceError{root, ErrNoTraces, text}
}
