package tracefmt

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// topKeys lists the top-level keys of the object b, in order, as the strict library reads them; ok is false when b is not one object.
func topKeys(b []byte) (keys []string, ok bool) {
	d := jsontext.NewDecoder(bytes.NewReader(b), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if d.PeekKind() != '{' {
		return nil, false
	}
	for {
		tok, err := d.ReadToken()
		if err != nil {
			return nil, false
		}
		if d.StackDepth() == 0 {
			break
		}
		if kind, n := d.StackIndex(1); d.StackDepth() == 1 && kind == '{' && n%2 == 1 && tok.Kind() == '"' {
			keys = append(keys, tok.String())
		}
	}
	_, err := d.ReadToken()
	return keys, err == io.EOF
}

// FuzzScanner checks that the scanner walks every value that a strict reader accepts, finds the same keys, and never panics.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":1}`, ` { "a" : [1,2,{"b":"]}"}] , "c\n":null,"d":"\\\"" } `, `{"a":"\ud83d\ude00","b":-1.5e+3,"":{}}`, `{"a":{"b":[[[]]]},"a":true}`, `[1]`, `{"a":1}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, ok := topKeys(b)
		var s scanner
		for _, read := range []func(){s.skip, func() { s.str() }, func() { s.num() }, func() { s.raw() }} {
			var got []string
			s.reset(b)
			for s.object(); s.next(); {
				got = append(got, string(unescape(nil, s.key())))
				read()
			}
			done := s.done()
			if ok && (!done || !slices.Equal(validUTF8(got), validUTF8(keys))) {
				t.Fatalf("%q: keys %q, want %q; error %v", b, got, keys, s.err)
			}
		}
		s.reset(b)
		if s.skip(); ok && !s.done() {
			t.Fatalf("%q: not skipped: %v", b, s.err)
		}
	})
}

// validUTF8 writes each run of bytes that are no UTF-8 as one U+FFFD: how many there are depends on the reader.
func validUTF8(keys []string) []string {
	out := make([]string, 0, len(keys))
	for _, k := range keys {
		k = strings.ToValidUTF8(k, "\ufffd")
		for strings.Contains(k, "\ufffd\ufffd") {
			k = strings.ReplaceAll(k, "\ufffd\ufffd", "\ufffd")
		}
		out = append(out, k)
	}
	return out
}

// FuzzCostscope feeds the decoder anything: it never panics, and what it accepts can be priced and written.
func FuzzCostscope(f *testing.F) {
	data, err := os.ReadFile(filepath.Join("testdata", "costscope", "all-fields.jsonl"))
	if err != nil {
		f.Fatal(err)
	}
	for _, l := range bytes.Split(data, newline) {
		f.Add(l)
	}
	f.Add([]byte(line("a")))
	f.Fuzz(func(t *testing.T, b []byte) {
		names := NewNames()
		d := NewDecoder(names, func(Warning) {})
		d.Format = FormatCostscope
		err := d.Decode(b, SourceRef{})
		warm := NewDecoder(names, func(Warning) {}) // what it learned from other lines must not show
		warm.Format = FormatCostscope
		for _, l := range bytes.Split(data, newline) {
			warm.Decode(l, SourceRef{})
		}
		warm.Out = nil
		if errWarm := warm.Decode(b, SourceRef{}); (err == nil) != (errWarm == nil) {
			t.Fatalf("%q: %v, after other lines %v", b, err, errWarm)
		}
		if err != nil {
			return
		}
		if !reflect.DeepEqual(d.Out, warm.Out) {
			t.Fatalf("%q: %+v, after other lines %+v", b, d.Out, warm.Out)
		}
		for i := range d.Out {
			r := &d.Out[i]
			u := r.Usage
			if u.Uncached() < 0 || u.CacheWrite1h > u.CacheWrite || u.Input < 0 || u.Output < 0 || r.State(HasStart|HasEnd) && r.End < r.Start || r.Recorded < 0 {
				t.Fatalf("%s: %+v", b, r)
			}
			if r.Kind == KindRun || r.Kind == KindMark {
				continue
			}
			out := AppendCall(nil, names, &Call{Record: r, Kind: r.Kind}, Origin{})
			if !wholeValue(bytes.TrimSpace(out)) || bytes.Count(out, newline) != 1 {
				t.Fatalf("written as %q", out)
			}
		}
		checkSource(t, FormatCostscope, b)
	})
}

// FuzzReader cuts any text into chunks of any size: no panic, the same records, and what is given out and what is pending adds up.
func FuzzReader(f *testing.F) {
	f.Add([]byte(line("a")+"\n"+line("b")+"\n"), uint8(3))
	f.Add([]byte("["+line("a")+",\n"+line("b")+"]"), uint8(20))
	f.Add([]byte("{\n\"a\":1}\n"+line("b")+line("c")[:30]+line("d")+"\n\x00\n"), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, chunk uint8) {
		path := filepath.Join(t.TempDir(), "t")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		o := ReadOptions{Format: FormatCostscope}
		r, err := OpenReader(path, o)
		if err != nil {
			return
		}
		r.Close()
		whole, _, first := readAll(t, path, o)
		o.chunk = int(chunk) + 1
		parts, _, second := readAll(t, path, o)
		if !reflect.DeepEqual(whole.Records, parts.Records) || whole.BadCount != parts.BadCount || whole.Values != parts.Values || whole.Lines != parts.Lines {
			t.Fatalf("%q: chunks of %d: %+v, want %+v", text, o.chunk, parts, whole)
		}
		a, l, p := first.Rest()
		if a2, l2, p2 := second.Rest(); a != a2 || l != l2 || p != p2 || a > int64(len(text)) {
			t.Fatalf("%q: rest %d %d %d, want %d %d %d", text, a2, l2, p2, a, l, p)
		}
		for _, rec := range whole.Records {
			if raw, err := ReadAt(path, rec.Src); err != nil || len(raw) == 0 || raw[0] != '{' {
				t.Fatalf("%q: record at %+v is %q (%v)", text, rec.Src, raw, err)
			}
		}
	})
}
