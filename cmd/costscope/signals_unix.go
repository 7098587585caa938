//go:build unix

package main

import (
	"os"
	"syscall"
)

// ignored are signals for what the write that met it reports as an error: a closed pipe, and a file larger than the system's limit.
var ignored = []os.Signal{syscall.SIGPIPE, syscall.SIGXFSZ}
