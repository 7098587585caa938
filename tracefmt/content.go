package tracefmt

import (
	"bytes"
	"strconv"
)

// plus adds the counts of v.
func (u *Usage) plus(v *Usage) {
	u.Input += v.Input
	u.CacheRead += v.CacheRead
	u.CacheWrite += v.CacheWrite
	u.CacheWrite1h += v.CacheWrite1h
	u.Output += v.Output
	u.Reasoning += v.Reasoning
	u.Unattributed += v.Unattributed
}

// contentID makes an id of what a value states; parts are told apart by their lengths, too.
func contentID(prefix string, parts ...[]byte) []byte {
	h := uint64(len(parts))
	for _, p := range parts {
		h = mix(h^textHash(p), uint64(len(p))+hashB)
	}
	return strconv.AppendUint(append([]byte(prefix), '-'), h, 36)
}

// firstPlain resolves the escapes of the first of the texts that is not empty.
func firstPlain(texts ...[]byte) []byte {
	for _, t := range texts {
		if len(t) > 0 {
			if bytes.IndexByte(t, '\\') < 0 {
				return t
			}
			return unescape(nil, t)
		}
	}
	return nil
}

// unredacted is text that says something; exports may be made with every text replaced.
func unredacted(text []byte) []byte {
	if bytes.HasPrefix(text, []byte("[redacted")) || string(text) == "REDACTED" {
		return nil
	}
	return text
}

// folderSym is the last part of a path that is written as JSON text.
func (d *Decoder) folderSym(raw []byte) Sym {
	path := bytes.TrimRight(bytes.ReplaceAll(firstPlain(unredacted(raw)), []byte{'\\'}, []byte{'/'}), "/")
	return d.sym(lastPart(path))
}

// numberText is n in decimal digits.
func numberText(n int64) []byte { return strconv.AppendInt(nil, n, 10) }

// momentary lets r end when it started, where that is known.
func (r *Record) momentary() {
	if r.Has&HasStart != 0 {
		r.End, r.Has = r.Start, r.Has|HasEnd
	}
}
