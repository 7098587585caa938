//go:build !unix

package main

import (
	"os"
	"syscall"
)

// ignored are signals for what the write that met it reports as an error.
var ignored = []os.Signal{syscall.SIGPIPE}
