package tracefmt

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// maxKeptBook bounds what unpacking makes of a kept book.
const maxKeptBook = 256 << 20

// Pack is the book as bytes to keep: whoever has them can say later what it priced a call at.
func (b *PriceBook) Pack() ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	for _, k := range b.list() {
		head := binary.AppendUvarint([]byte{0}, uint64(len(k.data)))
		if k.own {
			head[0] = 1
		}
		if _, err := z.Write(append(head, k.data...)); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return out.Bytes(), err
}

// UnpackPrices is the book that Pack made bytes of.
func UnpackPrices(packed []byte) (*PriceBook, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("the kept price book: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(z, maxKeptBook))
	if err != nil {
		return nil, fmt.Errorf("the kept price book: %w", err)
	}
	all := &PriceBook{}
	for len(data) > 0 {
		n, w := binary.Uvarint(data[1:])
		if w <= 0 || n > uint64(len(data)-1-w) {
			return nil, errors.New("the kept price book is cut off")
		}
		k := &book{data: data[1+w : 1+w+int(n)], own: data[0] == 1}
		k.once.Do(func() { err = k.parse() })
		if err != nil {
			return nil, fmt.Errorf("the kept price book: %w", err)
		}
		all.books = append(all.books, k)
		data = data[1+w+int(n):]
	}
	return all, nil
}
