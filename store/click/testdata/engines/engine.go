package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// patience is how long an engine may take until it answers: half a second on a free machine.
const patience = 30 * time.Second

// An engine is servers that run.
type engine struct {
	env     []string // how the tests find it
	servers []*server
}

func (e *engine) stop() {
	for _, s := range e.servers {
		s.stop()
	}
}

// A server is a process that answers HTTP on loopback.
type server struct {
	cmd  *exec.Cmd
	gone chan struct{} // closed when the process has ended
}

// startServer starts a process in a folder of its own and waits until it answers on a port.
func startServer(dir string, port int, command ...string) (*server, error) {
	log := filepath.Join(dir, "out")
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	s := &server{cmd: exec.Command(command[0], command[1:]...), gone: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = out, out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL} // an interrupt of the terminal is not for it
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(s.gone)
		_ = s.cmd.Wait() // it ends by a signal
	}()
	if !s.answers(port) {
		s.stop()
		text, _ := os.ReadFile(log)
		return nil, fmt.Errorf("%s does not answer on port %d: %.1000s", filepath.Base(command[0]), port, text)
	}
	return s, nil
}

// answers waits for the server.
func (s *server) answers(port int) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		select {
		case <-s.gone:
			return false
		case <-time.After(50 * time.Millisecond):
		}
		if resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/ping", port)); err == nil {
			resp.Body.Close()
			return true
		}
	}
	return false
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill() // nobody needs its data any more
	<-s.gone
}

// freePorts are ports of loopback that nobody listens on.
func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // not before all are found: they differ
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// address is an engine's as costscope takes it, under the name of a variable.
func address(variable string, port int) string {
	return fmt.Sprintf("%s=clickhouse://127.0.0.1:%d/default", variable, port)
}
