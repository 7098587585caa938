package store

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"

	"go.etcd.io/bbolt"
)

// bbolt checks its header only. What we store is sealed: its checksum stands behind it, so that a flipped byte is damage, not another sum.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const sealSize = 4

// seal appends the checksum of b[from:].
func seal(b []byte, from int) []byte {
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[from:], castagnoli))
}

// unseal takes the checksum off and checks it.
func unseal(b []byte) ([]byte, error) {
	n := len(b) - sealSize
	if n < 0 || binary.LittleEndian.Uint32(b[n:]) != crc32.Checksum(b[:n], castagnoli) {
		return nil, errCorrupt
	}
	return b[:n], nil
}

// unsealJSON reads a sealed JSON value.
func unsealJSON(b []byte, to any) error {
	v, err := unseal(b)
	if err != nil {
		return err
	}
	return json.Unmarshal(v, to)
}

// putSealed stores v, which must have room for the checksum or may be moved.
func putSealed(b *bbolt.Bucket, key, v []byte) error { return b.Put(key, seal(v, 0)) }

// getSealed returns a stored value; nil where there is none.
func getSealed(b *bbolt.Bucket, key []byte) ([]byte, error) {
	v := b.Get(key)
	if v == nil {
		return nil, nil
	}
	return unseal(v)
}
