package click

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Rows is an answer: tab-separated text under two lines of names and types.
type Rows struct {
	Names, Types []string
	rest         []byte
	fields       [][]byte
	err          error
}

func newRows(body []byte) (*Rows, error) {
	if len(body) > 0 && body[len(body)-1] != '\n' {
		return nil, errors.New("the engine's answer ends in the middle of a row: a proxy may have cut it")
	}
	r := &Rows{rest: body}
	for _, to := range [...]*[]string{&r.Names, &r.Types} {
		line, ok := r.line()
		if !ok {
			return nil, errors.New("the engine's answer has no head: something else than ClickHouse may have answered")
		}
		for _, f := range bytes.Split(line, []byte{'\t'}) {
			*to = append(*to, unescape(f))
		}
	}
	if len(r.Names) != len(r.Types) {
		return nil, errors.New("the answer is not a table: something else than ClickHouse may have answered")
	}
	return r, nil
}

func (r *Rows) line() ([]byte, bool) {
	if len(r.rest) == 0 {
		return nil, false
	}
	line, rest, _ := bytes.Cut(r.rest, []byte{'\n'})
	r.rest = rest
	return line, true
}

// Next goes to the next row.
func (r *Rows) Next() bool {
	line, ok := r.line()
	if !ok || r.err != nil {
		return false
	}
	r.fields = r.fields[:0]
	for more := true; more; {
		var f []byte
		f, line, more = bytes.Cut(line, []byte{'\t'})
		r.fields = append(r.fields, f)
	}
	if len(r.fields) != len(r.Names) {
		r.err = fmt.Errorf("the engine's answer has a row of %d fields under %d names", len(r.fields), len(r.Names))
		return false
	}
	return true
}

// Text is a field of the row.
func (r *Rows) Text(i int) string { return unescape(r.fields[i]) }

// Int is a field of the row that is a whole number.
func (r *Rows) Int(i int) int64 {
	v, err := strconv.ParseInt(string(r.fields[i]), 10, 64)
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("the engine's answer has %q for the number %s", clip(string(r.fields[i])), r.Names[i])
	}
	return v
}

func clip(s string) string { return s[:min(len(s), 40)] }

// Err is what was wrong with the answer, once Next says false.
func (r *Rows) Err() error { return r.err }

var unescaped = map[byte]byte{'b': '\b', 'f': '\f', 'r': '\r', 'n': '\n', 't': '\t', '0': 0}

// unescape takes the backslashes back.
func unescape(f []byte) string {
	if bytes.IndexByte(f, '\\') < 0 {
		return string(f)
	}
	out := make([]byte, 0, len(f))
	for i := 0; i < len(f); i++ {
		c := f[i]
		if c == '\\' && i+1 < len(f) {
			i++
			c = f[i]
			if u, ok := unescaped[c]; ok {
				c = u
			}
		}
		out = append(out, c)
	}
	return string(out)
}

var quoter = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`)

// quote writes a text as a literal of SQL.
func quote(s string) string { return "'" + quoter.Replace(s) + "'" }

// identifier writes a name of a database, a table or a column in SQL.
func identifier(s string) string {
	return "`" + strings.ReplaceAll(quoter.Replace(s), "`", "\\`") + "`"
}
