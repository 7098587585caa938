// Engines runs a command with the engines that costscope is tested on, and stops them when it ends: two shards of clickhouse-server, and
// the ClickHouse of today as a library behind a small HTTP server. The command finds them by its environment. What cannot be started is
// named on stderr, and the command runs without it.
//
//	engines [-lib libchdb.so] COMMAND ARG...
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

// The main thread starts the engines: they end with it, even when it is killed.
func init() { runtime.LockOSThread() }

func main() {
	lib := flag.String("lib", "", "the library of today's engine; none without it")
	serve := flag.String("serve", "", "serve the library on this `ADDRESS`, with its data in the folder that follows, instead of running a command")
	flag.Parse()
	if *serve != "" {
		fail(serveModern(*lib, flag.Arg(0), *serve))
	}
	code, err := run(*lib, flag.Args())
	if err != nil {
		fail(err)
	}
	os.Exit(code)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "engines:", err)
	os.Exit(1)
}

// run gives the exit code of the command.
func run(lib string, command []string) (int, error) {
	if len(command) == 0 {
		return 0, errors.New("usage: engines [-lib libchdb.so] COMMAND ARG...")
	}
	dir, err := os.MkdirTemp("", "engines-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	env := os.Environ()
	for _, start := range [...]func() (*engine, error){
		func() (*engine, error) { return startShards(dir) },
		func() (*engine, error) { return startModern(dir, lib) },
	} {
		e, err := start()
		if err != nil {
			fmt.Fprintln(os.Stderr, "SKIP engine tests:", err)
			continue
		}
		defer e.stop()
		env = append(env, e.env...)
	}
	return runCommand(command, env)
}

// runCommand hands a request to end on to the command: the engines end after it. An interrupt of the terminal reaches it by itself.
func runCommand(command, env []string) (int, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	go func() {
		for s := range signals {
			if s == syscall.SIGTERM {
				_ = cmd.Process.Signal(s) // it may have ended
			}
		}
	}()
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, err
}
