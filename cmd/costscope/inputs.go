package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"costscope/tracefmt"
)

// inputs is what the TRACE arguments name.
type inputs struct {
	args     []string
	files    []string           // trace files to read, with full paths
	verdicts []string           // --outcomes: files that are read for nothing else; of these, too, the full paths in the end
	typed    map[string]string  // the same as the person typed them
	missing  []string           // what is wrong with arguments that name nothing
	ignored  []tracefmt.Ignored // files of directories and globs that are no traces
	store    string             // a store written by load, which is opened without its sources
	stdin    string             // that of files which is a copy of standard input
	own      *tracefmt.Map      // reads what no format knows
	follow   bool               // the files may grow, and may not be there yet
	awaited  []string           // those of files that are not there yet
}

// find finds the files that the arguments name. A copy of standard input lives until the end of the program, or beside the store
// that was asked for, which needs it to show raw records.
func (a *app) find(in *inputs, store string) error {
	if in.store = firstStore(in.args); in.store != "" {
		return in.onlyStore(store)
	}
	files, ignored, err := tracefmt.ExpandMapped(in.args, in.own)
	in.ignored, in.missing = ignored, reasons(err)
	for _, f := range files {
		file := f
		if f == "-" || isPipe(f) {
			if file, err = a.copyPipe(f, store, len(in.files), in.follow); err != nil {
				return err
			}
			in.stdin = file
		}
		in.add(file, f)
	}
	if in.follow {
		in.await()
	}
	if len(in.files) == 0 && (!in.follow || len(in.folders()) == 0) {
		return in.nothing(nil)
	}
	return in.findVerdicts()
}

// findVerdicts adds the files of --outcomes.
func (in *inputs) findVerdicts() error {
	for i, f := range in.verdicts {
		if info, err := os.Stat(f); err != nil || !info.Mode().IsRegular() {
			return wrongUsage("name a file with outcomes by run or task, for instance lines of {\"run_id\": ..., \"success\": true}", "--outcomes %s: no such file", f)
		}
		in.add(f, f)
		in.verdicts[i], _ = filepath.Abs(f)
	}
	return nil
}

// firstStore returns the first argument that names a store.
func firstStore(args []string) string {
	for _, arg := range args {
		if isStore(arg) {
			return arg
		}
	}
	return ""
}

// onlyStore checks that a store stands alone.
func (in *inputs) onlyStore(flag string) error {
	if len(in.args) > 1 {
		return wrongUsage("to add traces to it: costscope load TRACE... --store "+in.store,
			"%s is a store, which is opened by itself", in.store)
	}
	if len(in.verdicts) > 0 {
		return wrongUsage("to add them: costscope load TRACE... --outcomes FILE --store "+in.store,
			"%s is a store, which is opened without other files", in.store)
	}
	if in.own != nil {
		return wrongUsage("to read traces by it: costscope load TRACE... --map FILE --store "+in.store,
			"%s is a store, which keeps the mapping that it was loaded with", in.store)
	}
	if flag != "" && !sameFile(flag, in.store) {
		return wrongUsage("", "%s is a store already; --store %s has no meaning", in.store, flag)
	}
	return nil
}

// nothing is the failure of a command that found no call; tried adds what the store says about the files it read.
func (in *inputs) nothing(tried []string) error {
	lines := append(slices.Clone(in.missing), tried...)
	for i, g := range in.ignored {
		if i == 5 {
			lines = append(lines, fmt.Sprintf("and %d more", len(in.ignored)-i))
			break
		}
		lines = append(lines, g.Path+": "+g.Reason)
	}
	var b strings.Builder
	start := ""
	for _, l := range lines {
		if strings.HasSuffix(l, tracefmt.StartHint) {
			start = "\n" + tracefmt.StartHint
		}
		l, _, _ = strings.Cut(l, "; `costscope formats`") // said once, at the end
		b.WriteString("  " + l + "\n")
	}
	return nothingRead(b.String()+"what can be read: costscope formats"+start, "no call could be read from %s", strings.Join(in.args, " "))
}

// leftOut is what a person may take to be in the numbers and is not: arguments that name nothing, and files of folders that look like
// traces but cannot be read.
func (in *inputs) leftOut() []string {
	out := slices.Clone(in.missing)
	var alike []tracefmt.Ignored
	for _, g := range in.ignored {
		if strings.HasPrefix(g.Reason, "looks like") {
			alike = append(alike, g)
		}
	}
	if len(alike) > 0 {
		why, _, _ := strings.Cut(alike[0].Reason, ";")
		text := alike[0].Path + ": " + why
		if n := len(alike) - 1; n > 0 {
			text += fmt.Sprintf(", and %d more such", n)
		}
		out = append(out, text)
	}
	return out
}

// shown is a source as the person typed it; standard input is "-".
func (in *inputs) shown(path string) string {
	if t, ok := in.typed[path]; ok {
		return t
	}
	return path
}

// add takes a file in by its full path, by which the store knows it from wherever it is opened.
func (in *inputs) add(file, typed string) {
	abs, err := filepath.Abs(file)
	if err != nil {
		abs = file
	}
	if in.typed == nil {
		in.typed = map[string]string{}
	}
	if _, twice := in.typed[abs]; !twice {
		in.files = append(in.files, abs)
	}
	in.typed[abs] = typed
}

// reasons splits joined errors into their texts.
func reasons(err error) []string {
	if err == nil {
		return nil
	}
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) {
		return []string{err.Error()}
	}
	var out []string
	for _, e := range many.Unwrap() {
		out = append(out, reasons(e)...)
	}
	return out
}

// storeMagic is what a store, which is a bbolt file, begins with behind its page header.
var storeMagic = []byte{0xED, 0xDA, 0x0C, 0xED}

func isStore(path string) bool {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() { // what a pipe holds can be read only once
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [20]byte
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return false
	}
	return bytes.Equal(head[16:20], storeMagic)
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// isPipe tells that a path can be read once only, as standard input.
func isPipe(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

// copyPipe copies standard input or a pipe into a file, since raw records are read again from where they stand. n is the number of the
// file among those of the command.
func (a *app) copyPipe(name, store string, n int, follow bool) (string, error) {
	path := store + ".stdin"
	if n > 0 {
		path += strconv.Itoa(n)
	}
	if store == "" {
		dir, err := a.tempDir()
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, "stdin")
	}
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	from := a.in
	if name != "-" {
		from = &pipe{path: name}
	} else if terminalOf(a.in) != nil {
		fmt.Fprintln(a.err, "costscope: reading standard input; end it with ctrl+d")
	}
	if follow {
		go func() { // the copy is what is followed
			_ = copyUntil(a.ctx, f, from)
			f.Close()
		}()
		return path, nil
	}
	err = copyUntil(a.ctx, f, from)
	return path, errors.Join(err, f.Close())
}

// A pipe is opened when it is first read: that waits for the one who writes it.
type pipe struct {
	path string
	file *os.File
}

func (p *pipe) Read(b []byte) (n int, err error) {
	if p.file == nil {
		if p.file, err = os.Open(p.path); err != nil {
			return 0, err
		}
	}
	if n, err = p.file.Read(b); err != nil {
		p.file.Close()
	}
	return n, err
}

// copyUntil copies, and gives up waiting when ctx ends.
func copyUntil(ctx context.Context, to io.Writer, from io.Reader) error {
	done := make(chan error, 1)
	go func() {
		_, err := io.Copy(to, from)
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tempDir is a folder that goes when the program ends.
func (a *app) tempDir() (string, error) {
	dir, err := os.MkdirTemp("", "costscope-")
	if err != nil {
		return "", err
	}
	a.later(func() { os.RemoveAll(dir) })
	return dir, nil
}
