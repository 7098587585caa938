package tracefmt

import "maps"

// Readers for shapes of formats that state one fact under several names.

// mostOf reads a count that may stand in several places: the largest of them counts, for where one is not known it is written as 0.
// They are never added.
func mostOf(field func(*Usage) *int64, has Fields) flatReader {
	return func(d *Decoder, r *Record) error {
		var n int64
		is := Record{}
		if err := d.flatCount(&is, &n, has); err != nil {
			return err
		}
		if is.Has != 0 && (r.Has&has == 0 || n > *field(&r.Usage)) {
			*field(&r.Usage) = n
			r.Has |= has
		}
		return nil
	}
}

// mostTotal reads the sum of all tokens, which may stand in several places.
func mostTotal(d *Decoder, r *Record) error {
	was := d.flat.total
	if err := d.flatTotal(r); err != nil {
		return err
	}
	d.flat.total = max(d.flat.total, was)
	return nil
}

// usageMembers are the members of a provider's usage object under all names that are in use.
var usageMembers = fields{
	"prompt_tokens":     mostOf(inputOf, HasInput),
	"input_tokens":      mostOf(inputOf, HasInput),
	"completion_tokens": mostOf(outputOf, HasOutput),
	"output_tokens":     mostOf(outputOf, HasOutput),
	"total_tokens":      mostTotal,

	"cached_input_tokens":                        mostOf(readOf, HasCacheRead),
	"cache_read_input_tokens":                    mostOf(readOf, HasCacheRead),
	"prompt_tokens_details.cached_tokens":        mostOf(readOf, HasCacheRead),
	"input_tokens_details.cached_tokens":         mostOf(readOf, HasCacheRead),
	"cache_write_input_tokens":                   mostOf(writeOf, HasCacheWrite),
	"cache_creation_input_tokens":                mostOf(writeOf, HasCacheWrite),
	"prompt_tokens_details.cache_write_tokens":   mostOf(writeOf, HasCacheWrite),
	"input_tokens_details.cache_write_tokens":    mostOf(writeOf, HasCacheWrite),
	"cache_creation.ephemeral_1h_input_tokens":   mostOf(write1hOf, HasCacheWrite1h),
	"reasoning_tokens":                           mostOf(reasoningOf, HasReasoning),
	"completion_tokens_details.reasoning_tokens": mostOf(reasoningOf, HasReasoning),
	"output_tokens_details.reasoning_tokens":     mostOf(reasoningOf, HasReasoning),

	"prompt_tokens_details.cache_creation_tokens":                                  mostOf(writeOf, HasCacheWrite),
	"prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens": mostOf(write1hOf, HasCacheWrite1h),
	"service_tier": symTo(func(r *Record) *Sym { return &r.Tier }),
}

func inputOf(u *Usage) *int64     { return &u.Input }
func outputOf(u *Usage) *int64    { return &u.Output }
func readOf(u *Usage) *int64      { return &u.CacheRead }
func writeOf(u *Usage) *int64     { return &u.CacheWrite }
func write1hOf(u *Usage) *int64   { return &u.CacheWrite1h }
func reasoningOf(u *Usage) *int64 { return &u.Reasoning }

// under is the table t for an object that stands at a path.
func under(path string, t fields) fields {
	f := make(fields, len(t))
	for name, read := range t {
		f[path+"."+name] = read
	}
	return f
}

// join is one table of several; later ones go before earlier ones.
func join(tables ...fields) fields {
	f := fields{}
	for _, t := range tables {
		maps.Copy(f, t)
	}
	return f
}

// utcTo reads a time; without a zone it is UTC.
func utcTo(field func(*Record) *int64, has Fields) flatReader {
	return func(d *Decoder, r *Record) error {
		if ns, ok := readTime(d.scan.str()); ok {
			*field(r) = ns
			r.Has |= has
		}
		return nil
	}
}

func startOf(r *Record) *int64 { return &r.Start }
func endOf(r *Record) *int64   { return &r.End }

// unlessNone leaves null, empty text and "None", as Python writes it, unread.
func unlessNone(read flatReader) flatReader {
	return func(d *Decoder, r *Record) error {
		s := &d.scan
		if k := s.kind(); k == 'n' || k == '"' && (s.begins(`""`) || s.begins(`"None"`)) {
			s.skip()
			return nil
		}
		return read(d, r)
	}
}

// begins tells whether the value to come begins with text.
func (s *scanner) begins(text string) bool {
	return len(s.b)-s.at >= len(text) && string(s.b[s.at:s.at+len(text)]) == text
}

// firstElement looks at the first element of an array, or the first member of an object, that is a member of a value.
func firstElement(v *peek, member string) (first peek, ok bool) {
	var s scanner
	s.reset(v.raw)
	for s.object(); s.next(); {
		c := s.kind()
		if string(s.key()) != member || c != '[' && c != '{' {
			s.skip()
			continue
		}
		if s.open(c); !s.next() {
			return first, false
		}
		s.kind()
		return peekAt(s.b[s.at:])
	}
	return first, false
}

// beginsWith tells whether the first member of the object b is called key.
func beginsWith(b []byte, key string) bool {
	var s scanner
	s.reset(b)
	s.object()
	return s.next() && string(s.key()) == key
}
