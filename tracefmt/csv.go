package tracefmt

import (
	"bytes"
	"unicode/utf8"
)

// Tables of comma-separated values (RFC 4180, also with semicolons or tabs) are read as JSON: each row becomes an object with the
// columns as its keys. Cells that hold JSON objects or arrays keep them, empty cells are null, all others are text.

// A csvFramer finds the rows of a table: a line end inside quotes does not end one.
type csvFramer struct {
	at     int
	from   int
	quoted bool
}

func (f *csvFramer) next(b []byte) (from, to int, ok bool) {
	for f.at < len(b) {
		c := b[f.at]
		f.at++
		switch {
		case c == '"':
			f.quoted = !f.quoted // a doubled quote closes and opens again
		case c == '\n' && !f.quoted:
			from, to = max(f.from, 0), f.at-1
			f.from = f.at
			if from = skipBlank(b, from, to); from < to {
				return from, to, true
			}
		}
	}
	return f.from, f.at, false
}

func skipBlank(b []byte, from, to int) int {
	for from < to && (b[from] == '\r' || b[from] == '\n') {
		from++
	}
	return from
}

func (f *csvFramer) open() bool { return f.quoted || f.at > f.from }

func (f *csvFramer) shift(n int) { f.at, f.from = f.at-n, f.from-n }

func (f *csvFramer) place() (at, from int) { return f.at, f.from }

// last gives the row behind the last line end, at the end of the source: it is whole unless a quote is open.
func (f *csvFramer) last(b []byte) (from, to int, ok bool) {
	from = skipBlank(b, f.from, len(b))
	if f.quoted || len(bytes.Trim(b[from:], blanks)) == 0 {
		return from, from, false
	}
	f.at, f.from = len(b), len(b)
	return from, len(b), true
}

// csvComma is the separator of a table: the one that its header has most of.
func csvComma(header []byte) byte {
	best, most := byte(','), 0
	for _, c := range []byte(",;\t") {
		if n := bytes.Count(header, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// csvCell cuts the next cell off a row; its quotes are resolved in buf.
func csvCell(row []byte, comma byte, buf []byte) (cell, rest, buffer []byte, more bool) {
	if len(row) == 0 || row[0] != '"' {
		k := bytes.IndexByte(row, comma)
		if k < 0 {
			return bytes.TrimRight(row, "\r"), nil, buf, false
		}
		return row[:k], row[k+1:], buf, true
	}
	buf = buf[:0]
	i := 1
	for i < len(row) {
		k := bytes.IndexByte(row[i:], '"')
		if k < 0 {
			buf = append(buf, row[i:]...)
			i = len(row)
			break
		}
		buf = append(buf, row[i:i+k]...)
		i += k + 1
		if i >= len(row) || row[i] != '"' {
			break
		}
		buf = append(buf, '"')
		i++
	}
	k := bytes.IndexByte(row[i:], comma)
	if k < 0 {
		return buf, nil, buf, false
	}
	return buf, row[i+k+1:], buf, true
}

// csvNames are the columns of a table.
func csvNames(header []byte) (names [][]byte) {
	comma, more := csvComma(header), true
	for row := header; more; {
		var cell []byte
		cell, row, _, more = csvCell(row, comma, nil)
		names = append(names, bytes.TrimSpace(cell))
	}
	return names
}

// csvJSON appends a row as a JSON object to b. Cells beyond the header are dropped.
func csvJSON(b []byte, names [][]byte, comma byte, row []byte, buf *[]byte) []byte {
	sep, more := byte('{'), true
	for _, name := range names {
		if !more {
			break
		}
		var cell []byte
		cell, row, *buf, more = csvCell(row, comma, *buf)
		b = append(appendJSONText(append(b, sep), name), ':')
		b = appendCell(b, cell)
		sep = ','
	}
	if sep == '{' {
		b = append(b, '{')
	}
	return append(b, '}')
}

func appendCell(b, cell []byte) []byte {
	t := bytes.TrimSpace(cell)
	switch {
	case len(t) == 0 || string(t) == "null" || string(t) == `\N`:
		return append(b, "null"...)
	case (t[0] == '{' || t[0] == '[') && wholeValue(t):
		return append(b, t...)
	}
	return appendJSONText(b, cell)
}

// appendJSONText appends v as a JSON string.
func appendJSONText(b, v []byte) []byte {
	b = append(b, '"')
	for len(v) > 0 {
		c := v[0]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, n := utf8.DecodeRune(v)
			b = utf8.AppendRune(b, r)
			v = v[n:]
			continue
		}
		v = v[1:]
	}
	return append(b, '"')
}

// csvState is a table as a worker reads it.
type csvState struct {
	header string
	comma  byte
	names  [][]byte
	buf    []byte
	json   []byte
}

// row makes JSON of a row of the table with that header.
func (t *csvState) row(header string, row []byte) []byte {
	if t.header != header || t.names == nil {
		t.header, t.comma, t.names = header, csvComma([]byte(header)), csvNames([]byte(header))
	}
	t.json = csvJSON(t.json[:0], t.names, t.comma, row, &t.buf)
	return t.json
}

// csvHead takes the header off the beginning of a table; ok is false when b is none: fewer than two columns, or a column without a name
// or with text that no column is called.
func csvHead(b []byte) (header []byte, ok bool) {
	f := csvFramer{}
	from, to, ok := f.next(b)
	if !ok {
		if from, to, ok = f.last(b); !ok {
			return nil, false
		}
	}
	header = bytes.TrimRight(b[from:to], "\r")
	if bytes.ContainsAny(header[:1], "{[<#") {
		return nil, false
	}
	names := csvNames(header)
	for i, n := range names {
		if len(n) == 0 && i > 0 || // the first column may be that of row numbers, which has no name
			len(n) > 100 || bytes.ContainsAny(n, "{}\n") {
			return nil, false
		}
	}
	return header, len(names) > 1
}
