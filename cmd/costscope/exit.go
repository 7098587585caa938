package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"unicode"
)

// Exit codes (2 belongs to the gates; for 1 see exitFails).
const (
	exitDone        = 0
	exitFails       = 1   // a gate that does not hold
	exitTooLittle   = 2   // a gate that lacks the data to tell
	exitNothing     = 3   // nothing could be read, or the result not be written
	exitUsage       = 4   // wrong usage
	exitInterrupted = 130 // interrupted; what was loaded is kept
)

// A failure is an error with its exit code and, where there is one, a hint on what to do next.
type failure struct {
	code int
	err  error
	hint string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// wrongUsage is a mistake on the command line; hint says how it goes right.
func wrongUsage(hint, format string, args ...any) error {
	return &failure{exitUsage, fmt.Errorf(format, args...), hint}
}

// nothingRead is the end of a command that found no call to work on.
func nothingRead(hint, format string, args ...any) error {
	return &failure{exitNothing, fmt.Errorf(format, args...), hint}
}

// isClosedPipe tells that whoever read our output has gone: no error, just the end.
func isClosedPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }

// printable makes text that may stem from a trace or a file name safe for a terminal: control characters other than line breaks
// are shown as U+FFFD.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) || r == ' ' {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}
