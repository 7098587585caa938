//go:build unix

package store

import (
	"os"
	"syscall"
)

// inode is the file's number on its disk: it changes when a file is replaced by another of the same name.
func inode(fi os.FileInfo) uint64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Ino)
	}
	return 0
}
