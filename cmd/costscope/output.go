package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/term"
)

// write lets fill write a command's result to standard output or, for -o FILE, to a file that appears only when it is complete.
func (a *app) write(path string, fill func(io.Writer) error) error {
	if path == "" || path == "-" {
		return buffered(a.out, fill)
	}
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

// createBeside makes a new file in the folder of path, with the permissions that the user's mask leaves.
func createBeside(path string) (f *os.File, err error) {
	for n := range 100 {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".costscope-%d-%d", os.Getpid(), n))
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
