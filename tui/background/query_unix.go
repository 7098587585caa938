//go:build unix

package background

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// Ask asks the terminal for its background. Every terminal answers the second question (what are you?), so that one which does not know
// the first costs no wait; one that answers nothing costs at most the given time. ok is false where the answer is not known.
func Ask(in, out *os.File, wait time.Duration) (dark, ok bool) {
	fd := int(in.Fd())
	if !term.IsTerminal(fd) || !term.IsTerminal(int(out.Fd())) {
		return false, false
	}
	old, err := term.MakeRaw(fd)
	if err != nil {
		return false, false
	}
	defer func() { _ = term.Restore(fd, old) }()
	if _, err := out.WriteString("\x1b]11;?\x1b\\\x1b[c"); err != nil {
		return false, false
	}
	return Dark(answer(fd, time.Now().Add(wait)))
}

// answer reads until the terminal has answered what it is, or the time is over.
func answer(fd int, until time.Time) []byte {
	var got []byte
	buf := make([]byte, 256)
	for {
		left := time.Until(until).Milliseconds()
		if left <= 0 {
			return got
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(left))
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return got
		}
		if n, err = unix.Read(fd, buf); err != nil || n == 0 {
			return got
		}
		got = append(got, buf[:n]...)
		if i := bytes.Index(got, []byte("\x1b[?")); i >= 0 && bytes.IndexByte(got[i:], 'c') >= 0 {
			return got
		}
	}
}

// Dark reads an answer such as "\x1b]11;rgb:1e1e/2020/2424\x07".
func Dark(b []byte) (dark, ok bool) {
	_, rest, found := strings.Cut(string(b), "\x1b]11;rgb:")
	if !found {
		return false, false
	}
	parts := strings.SplitN(rest, "/", 3)
	if len(parts) < 3 {
		return false, false
	}
	weights, light := [...]float64{0.299, 0.587, 0.114}, 0.0
	for i, p := range parts {
		if end := strings.IndexFunc(p, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) }); end >= 0 {
			p = p[:end]
		}
		v, err := strconv.ParseUint(p, 16, 32)
		if err != nil || len(p) > 4 {
			return false, false
		}
		light += weights[i] * float64(v) / float64(uint64(1)<<(4*len(p))-1)
	}
	return light < 0.5, true
}
