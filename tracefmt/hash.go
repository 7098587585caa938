package tracefmt

import (
	"encoding/binary"
	"math/bits"
)

// Hashes of what a trace states. Stores keep them: they are the same in every process and must never change. 0 stands for no text.
// They are not safe against those who look for collisions.

// Odd numbers without a pattern.
const (
	hashA = 0x9E3779B97F4A7C15
	hashB = 0xD6E8FEB86659FD93
)

// textHash is the fingerprint of a text, which may be long: sixteen bytes a step.
func textHash(b []byte) uint64 {
	if len(b) == 0 {
		return 0
	}
	h := uint64(len(b))
	for ; len(b) >= 16; b = b[16:] {
		h = mix(h^binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])^h>>32)
	}
	var rest [16]byte
	copy(rest[:], b)
	h = mix(h^binary.LittleEndian.Uint64(rest[:]), binary.LittleEndian.Uint64(rest[8:])^h>>32)
	return max(mix(h, 0), 1)
}

// lineHash stands for the id of a line. Every line has two of them and they are short, for which this is twice as fast as textHash.
func lineHash(id []byte) uint64 {
	if len(id) == 0 {
		return 0
	}
	h := uint64(len(id)) * hashA
	for ; len(id) >= 8; id = id[8:] {
		hi, lo := bits.Mul64(h^binary.LittleEndian.Uint64(id), hashB)
		h = hi ^ lo + hashA
	}
	for _, c := range id {
		h = (h ^ uint64(c)) * 0x100000001B3
	}
	h ^= h >> 29
	h *= hashA
	return max(h^h>>32, 1)
}

// mix folds the product of a and b, neither of which stays itself.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^hashA, b^hashB)
	return hi ^ lo
}
