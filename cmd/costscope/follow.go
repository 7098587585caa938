package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"costscope/store"
	"costscope/tracefmt"
)

const tailLong = `Explore a live trace: what is appended shows within a second, new files of a folder join, and a
file that is rotated away keeps what was read of it. The same as open --follow.`

// await takes in files that are named but not there yet: they are read when they come.
func (in *inputs) await() {
	for _, arg := range in.args {
		if arg == "-" || strings.ContainsAny(arg, "*?[") {
			continue
		}
		info, err := os.Stat(arg)
		if err == nil && info.IsDir() || err != nil && !errors.Is(err, os.ErrNotExist) {
			continue
		}
		if dir, err := os.Stat(filepath.Dir(arg)); err == nil && dir.IsDir() {
			in.add(arg, arg)
		}
	}
	for _, file := range in.files {
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			in.awaited = append(in.awaited, file)
		}
	}
	in.missing = slices.DeleteFunc(in.missing, func(string) bool { return len(in.files) > 0 })
}

// folders are the folders that the arguments name, with all below them, and those of patterns: files may come there.
func (in *inputs) folders() (list []string) {
	for _, arg := range in.args {
		if strings.ContainsAny(arg, "*?[") {
			arg = filepath.Dir(arg)
		}
		if info, err := os.Stat(arg); err != nil || !info.IsDir() {
			continue
		}
		_ = filepath.WalkDir(arg, func(path string, e os.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				if abs, err := filepath.Abs(path); err == nil {
					list = append(list, abs)
				}
			}
			return nil // what cannot be read is found by the search for traces, which says so
		})
	}
	return list
}

// again searches for the files as they are now.
func (in *inputs) again() []string {
	files, _, _ := tracefmt.Expand(slices.DeleteFunc(slices.Clone(in.args), func(arg string) bool { return arg == "-" || isPipe(arg) }))
	all := slices.Clone(in.files)
	for _, f := range files {
		if abs, err := filepath.Abs(f); err == nil && !slices.Contains(all, abs) {
			all = append(all, abs)
		}
	}
	return all
}

// follow reads the job's sources until ctx ends.
func (s *openedStore) follow(ctx context.Context, j *job, caught func()) error {
	return s.Follow(ctx, store.Following{Files: j.inputs.again, Folders: j.inputs.folders, Caught: caught})
}

// awaits says which files are waited for: a name may be mistyped.
func (a *app) awaits(j *job) {
	if j.quiet {
		return
	}
	for _, file := range j.inputs.awaited {
		fmt.Fprintf(a.err, "costscope: %s is not there yet; waiting for it\n", printable(j.inputs.shown(file)))
	}
}

// readOnUntilEnd follows without a screen. The interrupt that ends it is no failure: the results are printed after it.
func (a *app) readOnUntilEnd(j *job, s *openedStore) error {
	a.awaits(j)
	err := s.follow(a.ctx, j, func() {
		if !j.quiet {
			fmt.Fprintf(a.err, "costscope: %s read; going on until ctrl+c\n", count(countCalls(s.Status()), "call"))
		}
	})
	a.ctx = context.WithoutCancel(a.ctx)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	a.notes(j, s.Status())
	return nil
}
