package tracefmt

import (
	"regexp"
	"strings"
)

// A priceQuery is a model as a trace names it, with everything the search needs that does not depend on a book.
type priceQuery struct {
	provider   string // in lower case
	name       string // in lower case
	tries      []try
	selfHosted bool // a runtime on own machines serves it: nobody's list price applies
	bedrock    bool // the name is written as Amazon Bedrock writes it
}

// A try is a form of the name to look up.
type try struct {
	name  string
	cut   string   // what was cut away, for people
	hints []string // path segments before the name: they may name a provider
}

// selfHosted are runtimes and publishers of weights for them, without separators. A model they serve has no list price, although
// others sell one of that name.
var selfHosted = map[string]bool{"ollama": true, "ollamachat": true, "lmstudio": true, "lmstudiocommunity": true, "llamacpp": true,
	"llamafile": true, "vllm": true, "hostedvllm": true, "sglang": true, "tgi": true, "textgenerationinference": true, "localai": true,
	"local": true, "localhost": true, "mlx": true, "mlxcommunity": true, "unsloth": true, "thebloke": true, "koboldcpp": true, "gpt4all": true,
	"xinference": true, "triton": true}

func newPriceQuery(provider, model string) *priceQuery {
	q := &priceQuery{provider: fold(provider), name: fold(model)}
	q.selfHosted = selfHosted[squeeze(q.provider)]
	paths := pathForms(q.name)
	for _, p := range paths {
		q.bedrock = q.bedrock || bedrockName.MatchString(p.name)
		for _, h := range p.hints {
			q.selfHosted = q.selfHosted || selfHosted[squeeze(h)]
		}
	}
	q.tries = append(q.tries, paths...)
	for _, p := range paths {
		q.tries = appendCuts(q.tries, p)
	}
	return q
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// squeeze leaves only letters and digits of a lower-cased name: "together_ai", "Together AI" and "together-ai" are one.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127 {
			return r
		}
		return -1
	}, s)
}

// pathForms returns the name and what is left after cutting path segments from the left: openrouter/anthropic/x, anthropic/x, x. Of a
// long path only the ends are tried.
func pathForms(name string) []try {
	forms := []try{{name: name}}
	segments := strings.Split(name, "/")
	for i := 1; i < len(segments); i++ {
		if segments[i] == "" || i > 3 && i < len(segments)-1 {
			continue
		}
		forms = append(forms, try{
			name:  strings.Join(segments[i:], "/"),
			cut:   strings.Join(segments[:i], "/") + "/",
			hints: segments[:i],
		})
	}
	return forms
}

// nameCuts are what may be cut off a model's name without making it another model's, in order; each goes on from the one before.
var nameCuts = []*regexp.Regexp{
	regexp.MustCompile(`^(?:us|us-gov|eu|apac|au|jp|in|ca|global)\.`), // where a Bedrock profile runs
	regexp.MustCompile(`^(?:` + bedrockVendors + `)\.`),               // who made a model on Bedrock
	regexp.MustCompile(`-v\d+:\d+$`),                                  // its version there
	regexp.MustCompile(`@[\w.-]+$`),                                   // a version on Vertex AI
	regexp.MustCompile(`\[\w+\]$`),                                    // a client's mark, as [1m]
	regexp.MustCompile(`-(?:20\d\d-[01]\d-[0-3]\d|20\d\d[01]\d[0-3]\d)$`),
}

const bedrockVendors = `ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai|qwen|stability|twelvelabs|writer|xai|zai`

var bedrockName = regexp.MustCompile(`^(?:(?:us|us-gov|eu|apac|au|jp|in|ca|global)\.)?(?:` + bedrockVendors + `)\.`)

func appendCuts(tries []try, t try) []try {
	for _, c := range nameCuts {
		at := c.FindStringIndex(t.name)
		if at == nil || at[1]-at[0] == len(t.name) {
			continue
		}
		cut := t.name[at[0]:at[1]]
		if t.cut != "" {
			cut = t.cut + " and " + cut
		}
		t = try{name: t.name[:at[0]] + t.name[at[1]:], cut: cut, hints: t.hints}
		tries = append(tries, t)
	}
	return tries
}

// find looks the model up: for each form of its name in turn, first at the provider that the trace or the name's path names, then at
// the providers that answer for such names. A provider that is named and does not list the model, or a path that names nobody the
// book knows, makes the second step strict. The last resort is an exact id at another provider.
func (b *book) find(q *priceQuery) (*PriceRow, string) {
	named := b.sellers(q.provider)
	asked := named
	if q.bedrock { // whatever the client calls the provider, Bedrock bills it
		asked = append(b.sellers("bedrock"), named...)
	}
	for _, t := range q.tries {
		at := asked
		for _, h := range t.hints {
			at = append(at[:len(at):len(at)], b.sellers(h)...)
		}
		if row, how := first(at, t.name, false); row != nil {
			return row, t.explain(how)
		}
		if q.selfHosted && !b.own {
			continue
		}
		strict := len(named) > 0 || t.hints != nil && len(at) == 0
		if row, how := first(b.answering(t.name), t.name, strict); row != nil {
			return row, t.explain(how)
		}
		if !b.own {
			continue
		}
		if row, how := b.exact(t.name); row != nil {
			return row, t.explain(how)
		}
	}
	if len(asked) == 0 && !q.selfHosted {
		return b.exact(q.name)
	}
	return nil, ""
}

func (t *try) explain(how string) string {
	if t.cut == "" {
		return how
	}
	return how + " after cutting " + t.cut
}

func first(at []*provider, name string, strict bool) (*PriceRow, string) {
	for _, p := range at {
		if row, how := p.row(name, strict); row != nil {
			return row, how
		}
	}
	return nil, ""
}

// answering returns the providers that answer for a model's name when nothing names the provider. In a book of one's own one without
// conditions answers for all names.
func (b *book) answering(name string) (at []*provider) {
	for _, p := range b.providers {
		if p.byModel.match(name, false) != nil || b.own && p.byModel.op == "" && p.byName.op == "" {
			at = append(at, p)
		}
	}
	return at
}

// exact finds the row with that very id at whatever provider. Where a book has several, only those count that answer for models by name at
// all, and all that list it must charge the same: the trace does not say whose price it is, and a reseller's is not the maker's.
func (b *book) exact(name string) (*PriceRow, string) {
	var found *PriceRow
	for _, p := range b.providers {
		r := p.ids[name]
		switch {
		case r == nil || !b.own && p.byModel.op == "":
		case found == nil:
			found = r
		case !b.own && !samePrices(found, r):
			return nil, ""
		}
	}
	return found, "exact id"
}

func samePrices(a, b *PriceRow) bool {
	if len(a.sets) != len(b.sets) {
		return false
	}
	for i := range a.sets {
		if !a.sets[i].same(&b.sets[i]) {
			return false
		}
	}
	return true
}

func (s *priceSet) same(o *priceSet) bool {
	if s.from != o.from || s.dayFrom != o.dayFrom || s.dayTo != o.dayTo || s.den != o.den || s.fee != o.fee {
		return false
	}
	for c := range s.rates {
		x, y := &s.rates[c], &o.rates[c]
		if x.base != y.base || x.listed != y.listed || len(x.above) != len(y.above) {
			return false
		}
		for i := range x.above {
			if x.above[i] != y.above[i] {
				return false
			}
		}
	}
	return true
}

// sellers returns the providers that a name from a trace may mean, likeliest first: the one of that id ("x.ai" is x-ai), those whose
// rule asks for several words ("huggingface-groq" is not groq), those named by a part of it ("azure.ai.openai" is azure before
// openai), then all whose rule holds.
func (b *book) sellers(name string) []*provider {
	if name == "" {
		return nil
	}
	squeezed := squeeze(name)
	for _, p := range b.providers {
		if p.lower == name || squeezed != "" && p.squeezed == squeezed {
			return []*provider{p}
		}
	}
	var several, part, ruled []*provider
	parts := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("._-:/ ", r) })
	for _, word := range parts {
		for _, p := range b.providers {
			if p.lower == word {
				part = append(part, p)
			}
		}
	}
	for _, p := range b.providers {
		leaf := p.byName.match(name, false)
		if leaf == nil {
			continue
		}
		if leaf.op == "all" {
			several = append(several, p)
			continue
		}
		ruled = append(ruled, p)
	}
	return append(append(several, part...), ruled...)
}
