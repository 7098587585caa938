package tracefmt

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// How a mapping begins: with the keys of the first values of a source.

// A keyPath is a scalar that values hold, by its path.
type keyPath struct {
	path string // as in a mapping
	key  string // its last name
	kind byte   // first byte of its value: " t f n - or a digit; [ for an array of scalars
}

// keyDepth bounds how deep keys are looked for, keyCount how many are kept.
const (
	keyDepth = 6
	keyCount = 300
)

// keyPaths collects the paths of values.
type keyPaths struct {
	list []keyPath
	seen map[string]int
}

// add takes in the scalars of the value that s comes to.
func (k *keyPaths) add(s *scanner, path, key string, depth int) {
	switch c := s.kind(); {
	case c == '{' && depth < keyDepth:
		for s.object(); s.next(); {
			key := string(s.key())
			k.add(s, joinPath(path, key), key, depth+1)
		}
	case c == '[' && depth < keyDepth && path != "":
		for s.array(); s.next(); {
			if s.kind() == '{' {
				k.add(s, path+"[]", key, depth+1)
				continue
			}
			k.put(path, key, '[')
			s.skip()
		}
	default:
		k.put(path, key, c)
		s.skip()
	}
}

func (k *keyPaths) put(path, key string, kind byte) {
	if path == "" || kind == 0 || len(path) > 200 {
		return
	}
	if i, ok := k.seen[path]; ok {
		if k.list[i].kind == 'n' {
			k.list[i].kind = kind
		}
		return
	}
	if len(k.list) < keyCount {
		k.seen[path] = len(k.list)
		k.list = append(k.list, keyPath{path, key, kind})
	}
}

// joinPath adds a name to a path.
func joinPath(path, name string) string {
	name = strings.NewReplacer(`\`, `\\`, ".", `\.`).Replace(name)
	if path == "" {
		return name
	}
	return path + "." + name
}

// keysOf finds the keys of the first values of head.
func keysOf(head []byte, f findings) []keyPath {
	k := keyPaths{seen: map[string]int{}}
	eachHead(head, f, func(v []byte) {
		var s scanner
		s.reset(v)
		k.add(&s, "", "", 0)
	})
	return k.list
}

// eachHead calls do with the first values of head, the rows of a table as objects.
func eachHead(head []byte, f findings, do func(v []byte)) {
	head = bytes.TrimPrefix(head, bom)
	n := 0
	if f.csv == nil {
		headEach(head, f.framed, func(v []byte, _ bool) bool {
			do(v)
			n++
			return n < headValues
		})
		return
	}
	var t csvState
	cut := csvFramer{}
	for ; n <= headValues; n++ {
		from, to, ok := cut.next(head)
		if !ok {
			from, to, ok = cut.last(head)
		}
		if !ok {
			return
		}
		if n > 0 {
			do(t.row(string(f.csv), head[from:to]))
		}
	}
}

// shownKeys are the keys of a source for a message: at most n, the outer ones first, without what acts on a terminal.
func shownKeys(keys []keyPath, n int) string {
	keys = slices.Clone(keys)
	slices.SortStableFunc(keys, func(a, b keyPath) int { return strings.Count(a.path, ".") - strings.Count(b.path, ".") })
	var names []string
	for _, k := range keys {
		if strings.Count(k.path, ".") < 3 && len(k.path) <= 60 && len(names) < n {
			names = append(names, plainText(k.path))
		}
	}
	text := strings.Join(names, ", ")
	if more := len(keys) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// plainText shows control characters as U+FFFD.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if r != ' ' && !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// StartMap writes the beginning of a mapping for the source at path: fields that its keys look like, and the other keys as comments.
func StartMap(path string, stdin io.Reader) ([]byte, error) {
	src, err := openSource(path, stdin)
	if err != nil {
		return nil, err
	}
	defer src.close()
	r := Reader{src: src}
	head, f, err := r.head()
	if err != nil {
		return nil, err
	}
	keys := keysOf(head, f)
	if len(keys) == 0 {
		return nil, refuse(path, head, f)
	}
	return startMap(path, keys), nil
}

// A mapGuess is a key that looks like a field.
type mapGuess struct {
	rank int // of its name among those of the field: 0 is the best
	deep int
	spec string
}

// startMap writes a mapping of guesses.
func startMap(path string, keys []keyPath) []byte {
	records, rest := commonArray(keys)
	best, used := map[string]mapGuess{}, map[string]string{}
	for _, k := range rest {
		name, g := guessField(k)
		if was, ok := best[name]; name == "" || ok && (was.rank < g.rank || was.rank == g.rank && was.deep <= g.deep) {
			continue
		}
		best[name], used[name] = g, k.path
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# How to read %s: which path holds which field. Check the guesses, then use it with --map.\n", plainText(path))
	if records != "" {
		fmt.Fprintf(&b, "records: %s\n", quoteYAML(records))
	}
	if _, ok := best["cache_read_tokens"]; ok {
		b.WriteString("# input_includes_cache: true    # false: cached tokens are beside the input\n")
	}
	b.WriteString("fields:\n")
	for i := range mapFields {
		if g, ok := best[mapFields[i].name]; ok {
			fmt.Fprintf(&b, "  %s: %s\n", mapFields[i].name, g.spec)
		}
	}
	writeEssentials(&b, best)
	writeUnused(&b, rest, used)
	return b.Bytes()
}

// writeEssentials names what no call should lack and no key looks like.
func writeEssentials(b *bytes.Buffer, best map[string]mapGuess) {
	for _, name := range []string{"run", "id", "model", "start", "input_tokens", "output_tokens", "cost"} {
		if _, ok := best[name]; !ok {
			fmt.Fprintf(b, "  # %s:\n", name)
		}
	}
}

// writeUnused lists the keys that look like no field.
func writeUnused(b *bytes.Buffer, keys []keyPath, used map[string]string) {
	taken := map[string]bool{}
	for _, p := range used {
		taken[p] = true
	}
	title := "# other keys:\n"
	for _, k := range keys {
		if !taken[k.path] {
			fmt.Fprintf(b, "%s#   %s  (%s)\n", title, plainText(quoteYAML(k.path)), valueWord(k.kind))
			title = ""
		}
	}
}

func valueWord(c byte) string {
	switch c {
	case '"':
		return "text"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	case '[':
		return "list"
	}
	return "number"
}

// quoteYAML writes text as one YAML value.
func quoteYAML(s string) string {
	n := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		n.Style = yaml.DoubleQuotedStyle
	}
	b, err := yaml.Marshal(&n)
	if err != nil {
		return fmt.Sprintf("%q", s)
	}
	return strings.TrimSuffix(string(b), "\n")
}

// commonArray finds the array of objects that holds what looks like usage, and gives the paths as seen from its elements.
func commonArray(keys []keyPath) (records string, rest []keyPath) {
	votes := map[string]int{}
	for _, k := range keys {
		name, _ := guessField(k)
		if i := strings.LastIndex(k.path, "[]."); i > 0 && (strings.HasSuffix(name, "_tokens") || name == "cost" || name == "model") {
			votes[k.path[:i]]++
		} else if strings.HasSuffix(name, "_tokens") {
			return "", keys
		}
	}
	for path, n := range votes {
		if n > votes[records] || n == votes[records] && path < records {
			records = path
		}
	}
	if records == "" {
		return "", keys
	}
	for _, k := range keys {
		inner, ok := strings.CutPrefix(k.path, records+"[].")
		switch {
		case ok:
			k.path = inner
		case strings.Contains(k.path, "[]"):
			continue
		default:
			k.path = "$." + k.path
		}
		rest = append(rest, k)
	}
	return records, rest
}

// guessField finds the field that a key looks like, by its own name or together with the one before it.
func guessField(k keyPath) (field string, g mapGuess) {
	if k.kind == '[' {
		return "", g
	}
	for _, name := range guessNames(k) {
		c := columns[name]
		if c == nil {
			continue
		}
		group := columnGroups[c.group[0]].field
		if field = mapNameOf(group); field == "" {
			continue
		}
		f := mapFieldOf(field)
		if strings.HasPrefix(k.path, "$.") && !f.whole || !k.fits(f) {
			continue
		}
		return field, mapGuess{int(c.rank[0]), strings.Count(k.path, "."), guessSpec(group, k.path)}
	}
	return "", mapGuess{}
}

// guessNames are the names that a key may be known by: with the one before it, as a count where that says so, and by itself.
func guessNames(k keyPath) []string {
	own := string(squeezeName(nil, []byte(k.key)))
	parts := strings.Split(strings.TrimSuffix(k.path, k.key), ".")
	if len(parts) < 2 {
		return []string{own}
	}
	before := string(squeezeName(nil, []byte(parts[len(parts)-2])))
	names := []string{before + own, own}
	if strings.Contains(before, "usage") || strings.Contains(before, "token") {
		names = append(names, own+"tokens")
	}
	return names
}

// fits tells whether the key's values may be those of the field.
func (k *keyPath) fits(f *mapField) bool {
	switch f.kind {
	case mapCount, mapMoney, mapSpan:
		return k.kind != 't' && k.kind != 'f'
	}
	return true
}

// guessSpec is what stands behind the field's name.
func guessSpec(group, path string) string {
	path = quoteYAML(path)
	flow := path
	if strings.ContainsAny(path, ",[]{}") && path[0] != '"' && path[0] != '\'' {
		flow = "'" + path + "'"
	}
	switch group {
	case "duration_ms", "duration":
		return "{path: " + flow + ", unit: ms}"
	case "duration_s":
		return "{path: " + flow + ", unit: s}"
	case "cost_cents":
		return "{path: " + flow + ", unit: cents}"
	case "success":
		return "{path: " + flow + `, values: {"true": ok, "false": error}}`
	case "failed":
		return "{path: " + flow + `, values: {"true": error, "false": ok}}`
	}
	return path
}
