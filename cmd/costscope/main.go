// Command costscope shows where the money of agent runs goes. The subcommands are the table in root.go; backend.go is the only file
// that names the store and the explorer.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes one command line and returns its exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	defer func() {
		if p := recover(); p != nil { // a crash must not look like a gate's answer (1 or 2)
			fmt.Fprintf(stderr, "costscope: internal error: %v\n%s", p, debug.Stack())
			code = exitNothing
		}
	}()
	signal.Ignore(ignored...)
	ctx, stop := interruptible(context.Background())
	defer stop()
	a := &app{ctx: ctx, in: stdin, out: stdout, err: stderr, getenv: os.Getenv, now: time.Now}
	defer a.cleanup()
	return a.report(a.execute(args))
}

// interruptible returns a context that ends at the first interrupt; a second one ends the program at once.
func interruptible(parent context.Context) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// app is what one command line has to do with the world.
type app struct {
	ctx      context.Context
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	now      func() time.Time
	undo     []func() // temporary files to remove
}

// later registers what is done before the program ends, last registered first.
func (a *app) later(f func()) { a.undo = append(a.undo, f) }

func (a *app) cleanup() {
	for i := len(a.undo) - 1; i >= 0; i-- {
		a.undo[i]()
	}
	a.undo = nil
}

// report says what went wrong and returns the exit code for it.
func (a *app) report(err error) int {
	var f *failure
	switch {
	case err == nil, isClosedPipe(err):
		return exitDone
	case errors.As(err, &f):
	case a.ctx.Err() != nil && errors.Is(err, context.Canceled):
		f = &failure{exitInterrupted, errors.New("interrupted"), ""}
	default:
		f = &failure{exitNothing, err, ""}
	}
	fmt.Fprintln(a.err, "costscope: "+printable(f.Error()))
	if f.hint != "" {
		fmt.Fprintln(a.err, printable(f.hint))
	}
	return f.code
}
