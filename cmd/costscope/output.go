package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// write lets fill write a command's result to standard output or, for -o FILE, to a file that appears only when it is complete.
func (a *app) write(path string, fill func(io.Writer) error) error {
	if path == "" || path == "-" {
		return buffered(a.out, fill)
	}
	return unwritten(path, writeFile(path, fill))
}

// writeFile writes through links; devices and pipes are written to, files are replaced.
func writeFile(path string, fill func(io.Writer) error) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return writeInto(path, fill)
	}
	mode := os.FileMode(0)
	if err == nil {
		mode = info.Mode().Perm()
	}
	return replace(path, mode, fill)
}

func buffered(w io.Writer, fill func(io.Writer) error) error {
	b := bufio.NewWriterSize(w, 64<<10)
	if err := fill(b); err != nil {
		b.Flush()
		return err
	}
	return b.Flush()
}

// writeInto writes to a device or pipe, which cannot be replaced.
func writeInto(path string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(buffered(f, fill), f.Close())
}

// replace writes beside path and renames at the end. Mode 0 is that of a new file, as the user's mask has it.
func replace(path string, mode os.FileMode, fill func(io.Writer) error) (err error) {
	f, err := createBeside(path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = buffered(f, fill); err != nil {
		return err
	}
	if mode != 0 {
		err = f.Chmod(mode)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// besidePrefix begins the names of files that are not complete yet.
const besidePrefix = ".costscope-"

// unwritten says why the file or folder at path could not be written, without the names of our temporary files, and what to do. Errors
// about other files stay as they are.
func unwritten(path string, err error) error {
	var why error
	var at *fs.PathError
	var move *os.LinkError
	switch {
	case errors.As(err, &move):
		why = move.Err
	case errors.As(err, &at) && (strings.HasPrefix(filepath.Base(at.Path), besidePrefix) || at.Path == path || filepath.Dir(at.Path) == filepath.Clean(path)):
		why = at.Err
	default:
		return err
	}
	hint := "choose a folder that exists, may be written to and has room"
	if errors.Is(why, syscall.EISDIR) {
		hint = "name a file in it"
	}
	return &failure{exitNothing, fmt.Errorf("%s cannot be written: %w", path, why), hint}
}

// createBeside makes a new file in the folder of path, with the permissions that the user's mask leaves.
func createBeside(path string) (f *os.File, err error) {
	for n := range 100 {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf("%s%d-%d", besidePrefix, os.Getpid(), n))
		if f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); !errors.Is(err, os.ErrExist) {
			return f, err
		}
	}
	return nil, err
}

// terminalOf returns the terminal behind a stream, nil when there is none.
func terminalOf(stream any) *os.File {
	f, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return f
}
