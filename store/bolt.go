package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"costscope/analyze"
	"costscope/tracefmt"
)

// Options say how a store is opened.
type Options struct {
	Path    string              // of Bolt's file
	Prices  *tracefmt.PriceBook // nil: the built-in book
	Mode    tracefmt.CostMode   // which cost counts
	TZ      *time.Location      // of days; nil: UTC
	Workers int                 // 0: one per core
	Format  uint8               // of all sources; FormatNone: detect
	// Outcomes are sources that hold verdicts and nothing else, for runs wherever these lie.
	Outcomes []string
	until    map[string]int64         // files to read as if they ended there
	names    map[string]string        // of files that were first read under another path
	PerRun   tracefmt.USD             // runs that come to cost more while they are followed are told by Status; 0: none
	Show     func(path string) string // how a source is named to people; nil: by its path
	Now      func() time.Time         // tells which runs are in flight; nil: time.Now
	// Map reads what no format knows; nil: the mapping that the store was last loaded with, if any.
	Map *tracefmt.Map
}

func (o *Options) fill() {
	if o.Prices == nil {
		o.Prices = tracefmt.BuiltinPrices()
	}
	if o.TZ == nil {
		o.TZ = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// formatFor is the format that the source at path is read as.
func (o *Options) formatFor(path string) uint8 {
	if slices.Contains(o.Outcomes, path) {
		return tracefmt.FormatOutcomes
	}
	return o.Format
}

func (o *Options) show(path string) string {
	if o.Show == nil {
		return path
	}
	return o.Show(path)
}

// Errors on which a caller may act.
var (
	ErrInUse   = errors.New("the store is in use")
	ErrNewer   = errors.New("the store was written by a newer costscope")
	ErrOlder   = errors.New("the store was written by an older costscope")
	ErrCorrupt = errors.New("the store is damaged")
	ErrNoStore = errors.New("the file is there, and is no store")
)

// Bolt is the store on disk. One process writes it at a time; its methods may be called from several goroutines, Load from one.
type Bolt struct {
	db    *bbolt.DB
	opt   Options
	names *tracefmt.Names

	mu        sync.RWMutex // guards what follows
	sums      *sums
	meta      metaState
	sources   []*sourceState // by number
	verdicts  verdicts
	before    pricedWith         // what the sums were made with when the store was opened
	sumsOf    uint64             // commit that they were of
	repricing *analyze.Repricing // what the book at hand made of them; nil: they were its own
	saved     uint64             // commit that the stored sums belong to
	stale     bool               // sums do not belong to the calls: they are to be worked out anew, and not to be stored
	named     int                // names stored
	version   uint64             // grows with every change that a screen would show
	loading   bool
	live      bool      // Follow is at work
	heard     time.Time // when Follow last read something new
	done      int64
	todo      int64
	err       error
	facts     liveFacts // of single runs, while live
	notes     []string
	order     orderCache
	changed   chan struct{}
}

// Open opens the store at o.Path, making it if need be. The error wraps ErrInUse, ErrNewer or ErrCorrupt where one of them is the cause.
func Open(o Options) (*Bolt, error) {
	o.fill()
	if err := os.MkdirAll(filepath.Dir(o.Path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the store: %w; use --store FILE to put it elsewhere", err)
	}
	db, err := openFile(o.Path)
	if err != nil {
		return nil, err
	}
	s := &Bolt{db: db, opt: o, names: tracefmt.NewNames(), changed: make(chan struct{}, 1)}
	s.sums = newSums(s.config())
	if err = s.whole(); err == nil {
		err = s.restore()
	}
	if err != nil {
		db.Close()
		return nil, s.advise(err)
	}
	os.WriteFile(pidFile(o.Path), []byte(strconv.Itoa(os.Getpid())), 0o600) // only to name who holds it
	return s, nil
}

func openFile(path string) (db *bbolt.DB, err error) {
	defer damaged(path, &err)()
	if !mayBeStore(path) {
		return nil, fmt.Errorf("%s: %w: choose another file with --store, or move this one away", path, ErrNoStore)
	}
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 200 * time.Millisecond, FreelistType: bbolt.FreelistMapType, PageSize: pageSize})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		who := ""
		if pid, err := os.ReadFile(pidFile(path)); err == nil {
			who = " (pid " + strings.TrimSpace(string(pid)) + ")"
		}
		return nil, fmt.Errorf("%s is open in another costscope%s; close it or use --store other.db: %w", path, who, ErrInUse)
	case err != nil && strings.Contains(err.Error(), "file size too small"), errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return nil, corrupt(path, err)
	case err != nil:
		return nil, fmt.Errorf("open the store %s: %w; use --store to put it elsewhere", path, err)
	}
	return db, nil
}

// pageSize is that of new stores.
const pageSize = 4096

// mayBeStore tells a store, also a damaged one, from a file of somebody else's, which nobody should be told to remove: a store begins with
// two pages whose heads are known, and with a zero.
func mayBeStore(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return true // whoever opens it finds out why
	}
	f, err := os.Open(path)
	if err != nil {
		return true
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, pageSize+20))
	if err != nil {
		return true
	}
	magic := func(at int) bool {
		return len(b) >= at+20 && binary.LittleEndian.Uint32(b[at+16:]) == 0xED0CDAED
	}
	return magic(0) || magic(pageSize) || !slices.ContainsFunc(b[:min(8, len(b))], func(c byte) bool { return c != 0 })
}

func corrupt(path string, err error) error {
	return fmt.Errorf("%s: %w (%v); remove it and load the traces again", path, ErrCorrupt, err)
}

func pidFile(path string) string { return path + ".pid" }

// config names the settings that sums depend on.
func (s *Bolt) config() analyze.Config { return analyze.Config{Mode: s.opt.Mode, TZ: s.opt.TZ} }

func (s *Bolt) configText() string {
	return fmt.Sprintf("v%d %s %016x %s", formatVersion, s.opt.Mode, zoneHash(s.opt.TZ), s.opt.Prices.Hash())
}

// zoneHash tells time zones apart by what they do, not by their names: "Local" is another zone on another machine.
func zoneHash(tz *time.Location) uint64 {
	var b []byte
	for at := int64(0); at < 1<<31; at += 14 * 24 * 3600 {
		_, offset := time.Unix(at, 0).In(tz).Zone()
		b = binary.AppendVarint(b, int64(offset))
	}
	return hashText(string(b))
}

// makeBuckets makes what a new file lacks. A file that has all is not written to: that would cost a wait for the disk.
func (s *Bolt) makeBuckets() error {
	all := [][]byte{bucketMeta, bucketNames, bucketSource, bucketSeg, bucketRow, bucketVerdict, bucketMarks}
	missing := false
	err := s.view(func(tx *bbolt.Tx) error {
		missing = slices.ContainsFunc(all, func(b []byte) bool { return tx.Bucket(b) == nil })
		return nil
	})
	if err != nil || !missing {
		return err
	}
	return s.update(func(tx *bbolt.Tx) error {
		for _, b := range all {
			if _, err := tx.CreateBucketIfNotExists(b); err != nil {
				return err
			}
		}
		return nil
	})
}

// restore reads everything but the calls.
func (s *Bolt) restore() error {
	if err := s.makeBuckets(); err != nil {
		return err
	}
	return s.view(func(tx *bbolt.Tx) error {
		if v := tx.Bucket(bucketMeta).Get([]byte("state")); v != nil {
			if err := unsealJSON(v, &s.meta); err != nil {
				return corrupt(s.opt.Path, err)
			}
		}
		if s.meta.Version > formatVersion {
			return fmt.Errorf("%w: update costscope, or use --store other.db", ErrNewer)
		}
		if s.meta.Version != 0 && s.meta.Version < formatVersion {
			return fmt.Errorf("%w: remove it and load the traces again, or use --store other.db", ErrOlder)
		}
		s.meta.Version = formatVersion
		if err := s.restoreNames(tx); err != nil {
			return err
		}
		err := tx.Bucket(bucketSource).ForEach(func(k, v []byte) error {
			var src sourceState
			if err := unsealJSON(v, &src); err != nil {
				return corrupt(s.opt.Path, err)
			}
			s.sources = append(s.sources, &src)
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.restoreMap(tx); err != nil {
			return err
		}
		if err := s.restoreVerdicts(tx); err != nil {
			return err
		}
		return s.restoreSums(tx)
	})
}

func (s *Bolt) restoreNames(tx *bbolt.Tx) error {
	return tx.Bucket(bucketNames).ForEach(func(_, v []byte) error {
		v, err := unseal(v)
		if err != nil {
			return corrupt(s.opt.Path, err)
		}
		for len(v) > 0 {
			n, w := binary.Uvarint(v)
			if w <= 0 || n > uint64(len(v)-w) {
				return corrupt(s.opt.Path, errors.New("names"))
			}
			s.names.Sym(string(v[w : w+int(n)]))
			v = v[w+int(n):]
		}
		s.named = s.names.Len()
		return nil
	})
}

// restoreSums takes the stored sums where they belong to the stored calls and the settings at hand; else they are worked out anew.
func (s *Bolt) restoreSums(tx *bbolt.Tx) error {
	var of sumsState
	if v := tx.Bucket(bucketMeta).Get([]byte("sums")); v != nil {
		_ = unsealJSON(v, &of) // damaged: worked out anew
	}
	s.before, s.sumsOf = of.pricedWith, of.Commit
	if of.Commit == s.meta.Commit && of.Config == s.configText() {
		b, err := getSealed(tx.Bucket(bucketMeta), []byte("sums of runs"))
		if err == nil {
			err = s.sums.decode(b, s.config())
		}
		if err == nil {
			s.saved = s.meta.Commit
			return nil
		}
		s.sums = newSums(s.config())
	}
	s.saved, s.stale = 0, s.meta.Rows > 0
	return nil
}

// Path is where the store is kept.
func (s *Bolt) Path() string { return s.opt.Path }

// Close ends the store. Sums that were not stored yet are.
func (s *Bolt) Close() error {
	err := s.saveSums()
	if e := s.db.Close(); err == nil {
		err = e
	}
	os.Remove(pidFile(s.opt.Path))
	return err
}

// saveSums stores the sums, so that the next open need not read the calls.
func (s *Bolt) saveSums() error {
	s.mu.RLock()
	fresh := s.saved == s.meta.Commit || s.stale
	of := sumsState{s.meta.Commit, s.configText(), s.pricedNow()}
	var b []byte
	if !fresh {
		b = s.sums.append(nil)
	}
	s.mu.RUnlock()
	if fresh {
		return nil
	}
	err := s.update(func(tx *bbolt.Tx) error {
		m := tx.Bucket(bucketMeta)
		if err := putSealed(m, []byte("sums of runs"), b); err != nil {
			return err
		}
		if err := s.keepBook(m, &of.pricedWith); err != nil {
			return err
		}
		return putSealed(m, []byte("sums"), mustJSON(of))
	})
	if err == nil {
		s.mu.Lock()
		s.saved, s.before = of.Commit, of.pricedWith
		s.mu.Unlock()
	}
	return err
}

// DefaultPath is where the store of these sources is kept: one file per set, under the user's cache folder. A store of an older version
// has another name and is not in the way.
func DefaultPath(files []string) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w; use --store FILE", err)
	}
	var all strings.Builder
	for _, f := range files {
		if abs, err := filepath.Abs(f); err == nil {
			f = abs
		}
		all.WriteString(f + "\x00")
	}
	name := "traces"
	if len(files) > 0 {
		name = strings.TrimSuffix(filepath.Base(files[0]), filepath.Ext(files[0]))
	}
	return filepath.Join(dir, "costscope", fmt.Sprintf("%.40s-%016x-v%d.db", name, hashText(all.String()), formatVersion)), nil
}

// Changed is signalled after each change that a screen would show; several changes may share one signal.
func (s *Bolt) Changed() <-chan struct{} { return s.changed }

func (s *Bolt) bump() {
	s.version++
	select {
	case s.changed <- struct{}{}:
	default:
	}
}
