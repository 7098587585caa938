//go:build !unix

package background

import (
	"os"
	"time"
)

// Ask knows of no way to ask here.
func Ask(in, out *os.File, wait time.Duration) (dark, ok bool) { return false, false }
