package store

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// hashText is a stable 64-bit hash of s: it is kept on disk. Equal hashes are never taken for equal texts.
func hashText(s string) uint64 {
	const k0, k1 = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	h := uint64(len(b)) * k0
	for ; len(b) >= 8; b = b[8:] {
		hi, lo := bits.Mul64(h^binary.LittleEndian.Uint64(b), k1)
		h = hi ^ lo + k0
	}
	var tail uint64
	for i := len(b) - 1; i >= 0; i-- {
		tail = tail<<8 | uint64(b[i])
	}
	hi, lo := bits.Mul64(h^tail, k0|1)
	h = hi ^ lo
	h ^= h >> 29
	h *= k1
	return h ^ h>>32
}

// view is b as a string, without a copy; b must not change any more.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
