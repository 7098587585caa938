package tracefmt

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An ImportedPrices is a price book made from a public price file.
type ImportedPrices struct {
	Book    []byte // as ReadPrices reads it
	Kind    string // what the file is
	Rows    []ImportedRow
	LeftOut []LeftOutPrice // by name
	Ignored []IgnoredRate  // by name

	ignored map[string]int64
}

// An IgnoredRate is a rate that nothing in a trace's tokens is priced by: of images, of seconds of sound, of a faster service.
type IgnoredRate struct {
	Name   string
	Models int64 // that have it
}

// An ImportedRow is a model whose price was taken over.
type ImportedRow struct{ Provider, Model string }

// A LeftOutPrice is a model whose price was not, and why.
type LeftOutPrice struct{ Name, Why string }

// The form of a book that ReadPrices reads.
type (
	bookOut struct {
		AsOf      string        `json:"as_of"`
		Currency  string        `json:"currency"`
		Unit      string        `json:"unit"`
		Source    string        `json:"source"`
		Providers []providerOut `json:"providers"`
	}
	providerOut struct {
		ID            string     `json:"id"`
		ModelMatch    any        `json:"model_match,omitempty"`
		ProviderMatch any        `json:"provider_match,omitempty"`
		Models        []modelOut `json:"models"`
	}
	modelOut struct {
		ID     string           `json:"id"`
		Match  any              `json:"match,omitempty"`
		Prices []map[string]any `json:"prices"`
		Window json.Number      `json:"context_window,omitempty"`
	}
	rateOut struct {
		Base  json.Number `json:"base"`
		Above []aboveOut  `json:"above"`
	}
	aboveOut struct {
		Input json.Number `json:"input_tokens"`
		Rate  json.Number `json:"rate"`
	}
)

// ImportPrices reads LiteLLM's model map or the data of genai-prices. Every decimal is taken over exactly. asOf (a date) and source are what
// the book says of itself. A model whose price cannot be told is left out.
func ImportPrices(text []byte, asOf, source string) (*ImportedPrices, error) {
	in := &ImportedPrices{ignored: map[string]int64{}}
	var providers []providerOut
	var err error
	if head := bytes.TrimLeft(text, " \t\r\n"); len(head) > 0 && head[0] == '[' {
		in.Kind = "genai-prices data"
		providers, err = in.genai(text)
	} else {
		in.Kind = "LiteLLM's model map"
		providers, err = in.litellm(text)
	}
	if err != nil {
		return nil, err
	}
	out := bookOut{AsOf: asOf, Currency: "USD", Unit: "per 1,000,000 tokens", Source: source, Providers: []providerOut{}}
	for _, p := range providers {
		if p.Models = in.readable(p); len(p.Models) > 0 {
			out.Providers = append(out.Providers, p)
		}
	}
	slices.SortFunc(in.LeftOut, func(x, y LeftOutPrice) int { return cmp.Compare(x.Name, y.Name) })
	for _, name := range slices.Sorted(maps.Keys(in.ignored)) {
		in.Ignored = append(in.Ignored, IgnoredRate{name, in.ignored[name]})
	}
	if len(out.Providers) == 0 {
		return nil, errors.New("neither LiteLLM's model map nor genai-prices data: no price per token was found")
	}
	if in.Book, err = json.MarshalIndent(out, "", " "); err != nil {
		return nil, err
	}
	if _, err = ReadPrices(bytes.NewReader(in.Book)); err != nil {
		return nil, fmt.Errorf("the book made of it cannot be read: %w", err)
	}
	return in, nil
}

func (in *ImportedPrices) leaveOut(name, why string) {
	in.LeftOut = append(in.LeftOut, LeftOutPrice{name, why})
}

// readable are the models of a provider that a book may hold.
func (in *ImportedPrices) readable(p providerOut) (models []modelOut) {
	for _, m := range p.Models {
		alone, err := json.Marshal(bookOut{Currency: "USD", Unit: "per 1,000,000 tokens", Providers: []providerOut{{ID: p.ID, Models: []modelOut{m}}}})
		if err == nil {
			_, err = ReadPrices(bytes.NewReader(alone))
		}
		if err != nil {
			_, why, _ := strings.Cut(err.Error(), fmt.Sprintf("model %q: ", m.ID))
			in.leaveOut(p.ID+"/"+m.ID, cmp.Or(why, err.Error()))
			continue
		}
		models = append(models, m)
		in.Rows = append(in.Rows, ImportedRow{p.ID, m.ID})
	}
	return models
}

// decode reads JSON and keeps numbers as written.
func decode(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(to)
}

// litellmRates are the rates of LiteLLM's map by the rates of ours.
var litellmRates = map[string]string{"input_cost_per_token": "input", "output_cost_per_token": "output", "cache_read_input_token_cost": "cache_read",
	"cache_creation_input_token_cost": "cache_write", "cache_creation_input_token_cost_above_1hr": "cache_write_1h", "output_cost_per_reasoning_token": "reasoning"}

// litellmModes are the modes in which text goes in by tokens, and text or numbers come out.
var litellmModes = map[string]bool{"": true, "chat": true, "completion": true, "responses": true, "embedding": true, "rerank": true}

// ignoreOf counts the rates of a model that are not taken over.
func (in *ImportedPrices) ignoreOf(m map[string]any) {
	for key, v := range m {
		if n, ok := v.(json.Number); !ok || !strings.Contains(key, "cost") || litellmClass(key) != "" || strings.Trim(string(n), "0.") == "" {
			continue
		}
		in.ignored[key]++
	}
}

// litellmClass is the rate of ours that a member states, at whatever size; "" for none.
func litellmClass(key string) string {
	if at := litellmStep.FindStringSubmatch(key); at != nil {
		key = at[1]
	}
	return litellmRates[key]
}

// litellmStep is how the map writes that a rate holds above so many thousand input tokens.
var litellmStep = regexp.MustCompile(`^(.+)_above_(\d{1,6})k_tokens$`)

// litellm reads LiteLLM's map: model names, some behind "provider/", with rates in USD per token.
func (in *ImportedPrices) litellm(text []byte) ([]providerOut, error) {
	var all map[string]map[string]any
	if err := decode(text, &all); err != nil {
		return nil, fmt.Errorf("no model map: %w", err)
	}
	found := map[string]*providerOut{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		m := all[name]
		seller, _ := m["litellm_provider"].(string)
		if name == "sample_spec" {
			continue
		}
		prices, why := litellmPrices(m)
		switch mode, _ := m["mode"].(string); {
		case why != "":
		case seller == "":
			why = "no litellm_provider"
		case !litellmModes[mode]:
			why = "mode " + quoteShort([]byte(mode)) + ": its tokens are not those of text"
		case selfHosted[squeeze(fold(seller))]:
			why = "self-hosted: no list price"
		}
		in.ignoreOf(m)
		if why != "" {
			in.leaveOut(name, why)
			continue
		}
		p := found[seller]
		if p == nil {
			p = &providerOut{ID: seller}
			found[seller] = p
		}
		p.litellmModel(name, m, prices)
	}
	var list []providerOut
	for _, id := range slices.Sorted(maps.Keys(found)) {
		list = append(list, *found[id])
	}
	return list, nil
}

// litellmModel adds a model. A name without a provider before it stands for that provider's model also where a trace names none.
func (p *providerOut) litellmModel(name string, m map[string]any, prices map[string]any) {
	x := modelOut{ID: name, Prices: []map[string]any{prices}}
	if w, ok := m["max_input_tokens"].(json.Number); ok {
		if n, err := w.Int64(); err == nil && n > 0 {
			x.Window = w
		}
	}
	if _, short, behind := strings.Cut(name, "/"); behind {
		x.Match = map[string]any{"equals": short}
	} else {
		any, _ := p.ModelMatch.(map[string][]map[string]string)
		if any == nil {
			any = map[string][]map[string]string{}
			p.ModelMatch = any
		}
		any["any"] = append(any["any"], map[string]string{"equals": name})
	}
	p.Models = append(p.Models, x)
}

// litellmPrices are the rates of a model; why: there are none.
func litellmPrices(m map[string]any) (prices map[string]any, why string) {
	if tiers, ok := m["tiered_pricing"].([]any); ok && m["input_cost_per_token"] == nil {
		return litellmTiers(tiers)
	}
	bases, steps := map[string]json.Number{}, map[string][]aboveOut{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		n, ok := m[key].(json.Number)
		if !ok {
			continue
		}
		above := ""
		class := litellmClass(key)
		if at := litellmStep.FindStringSubmatch(key); at != nil {
			above = strings.TrimLeft(at[2], "0") + "000"
		}
		if class == "" {
			continue
		}
		rate, err := perMillion(n, 6)
		switch {
		case err != nil:
			return nil, key + ": " + err.Error()
		case above == "":
			bases[class] = rate
		default:
			steps[class] = append(steps[class], aboveOut{json.Number(above), rate})
		}
	}
	if len(bases["input"]) == 0 && len(bases["output"]) == 0 {
		return nil, "no price per token"
	}
	return joinRates(bases, steps)
}

// litellmTiers reads rates by ranges of input tokens: [0, 32000), [32000, 128000) and so on.
func litellmTiers(tiers []any) (map[string]any, string) {
	bases, steps := map[string]json.Number{}, map[string][]aboveOut{}
	for _, t := range tiers {
		tier, _ := t.(map[string]any)
		between, _ := tier["range"].([]any)
		if len(between) != 2 {
			return nil, "tiered_pricing without a range"
		}
		from, _ := between[0].(json.Number)
		start, err := perMillion(from, 0)
		for _, key := range slices.Sorted(maps.Keys(tier)) {
			class, n := litellmRates[key], json.Number("")
			if n, _ = tier[key].(json.Number); class == "" || err != nil {
				continue
			}
			var rate json.Number
			if rate, err = perMillion(n, 6); start == "0" {
				bases[class] = rate
			} else {
				steps[class] = append(steps[class], aboveOut{start, rate})
			}
		}
		if err != nil {
			return nil, "tiered_pricing: " + err.Error()
		}
	}
	if len(bases["input"]) == 0 {
		return nil, "tiered_pricing without a price from the first token"
	}
	return joinRates(bases, steps)
}

// joinRates puts the rates of a model together.
func joinRates(bases map[string]json.Number, steps map[string][]aboveOut) (map[string]any, string) {
	prices := map[string]any{}
	for class, base := range bases {
		slices.SortFunc(steps[class], func(x, y aboveOut) int {
			return cmp.Or(cmp.Compare(len(x.Input), len(y.Input)), cmp.Compare(x.Input, y.Input))
		})
		if prices[class] = base; len(steps[class]) > 0 {
			prices[class] = rateOut{base, steps[class]}
		}
	}
	for class := range steps {
		if prices[class] == nil {
			return nil, "a price of " + class + " above some size, none below"
		}
	}
	return prices, ""
}

// perMillion moves the point of a number by so many places, exactly.
func perMillion(n json.Number, places int) (json.Number, error) {
	if len(n) > 60 {
		return "", fmt.Errorf("%s is no price", quoteShort([]byte(n)))
	}
	if _, exp, ok := strings.Cut(strings.ToLower(string(n)), "e"); ok {
		if e, err := strconv.Atoi(exp); err != nil || e < -40 || e > 40 {
			return "", fmt.Errorf("%s is no price", quoteShort([]byte(n)))
		}
	}
	v, ok := new(big.Rat).SetString(string(n))
	if !ok {
		return "", fmt.Errorf("%s is no price", quoteShort([]byte(n)))
	}
	v.Mul(v, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)))
	text := v.FloatString(100)
	return json.Number(strings.TrimSuffix(strings.TrimRight(text, "0"), ".")), nil
}

// The form of the data of genai-prices: USD per million tokens.
type (
	genaiProvider struct {
		ID            string       `json:"id"`
		ModelMatch    any          `json:"model_match"`
		ProviderMatch any          `json:"provider_match"`
		Models        []genaiModel `json:"models"`
	}
	genaiModel struct {
		ID     string          `json:"id"`
		Match  any             `json:"match"`
		Window json.Number     `json:"context_window"`
		Prices json.RawMessage `json:"prices"`
	}
	genaiEntry struct {
		Constraint map[string]string `json:"constraint"`
		Prices     map[string]any    `json:"prices"`
	}
)

// genaiRates are the rates there by ours; genaiOther are those for what no trace counts.
var (
	genaiRates = map[string]string{"input_mtok": "input", "output_mtok": "output", "cache_read_mtok": "cache_read", "cache_write_mtok": "cache_write",
		"requests_kcount": "per_1k_requests"}
	genaiOther = map[string]bool{"input_audio_mtok": true, "output_audio_mtok": true, "cache_audio_read_mtok": true, "web_searches_kcount": true}
	genaiWords = map[string]string{"starts_with": "prefix", "ends_with": "suffix", "contains": "contains", "equals": "equals", "regex": "regex", "or": "any", "and": "all"}
	genaiWhen  = map[string]string{"start_date": "from", "start_time": "utc_from", "end_time": "utc_to"}
)

func (in *ImportedPrices) genai(text []byte) (list []providerOut, err error) {
	var all []genaiProvider
	if err := decode(text, &all); err != nil {
		return nil, fmt.Errorf("no genai-prices data: %w", err)
	}
	for _, p := range all {
		out := providerOut{ID: p.ID}
		if out.ModelMatch, err = genaiMatch(p.ModelMatch); err == nil {
			out.ProviderMatch, err = genaiMatch(p.ProviderMatch)
		}
		if err != nil {
			in.leaveOut(p.ID, err.Error())
			continue
		}
		for _, m := range p.Models {
			x, err := m.out(in)
			if err != nil {
				in.leaveOut(p.ID+"/"+m.ID, err.Error())
				continue
			}
			out.Models = append(out.Models, x)
		}
		list = append(list, out)
	}
	return list, nil
}

// genaiMatch says in our words which names are meant.
func genaiMatch(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return v, nil
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			x, err := genaiMatch(e)
			if err != nil {
				return nil, err
			}
			out = append(out, x)
		}
		return out, nil
	case map[string]any:
		out := map[string]any{}
		for key, e := range v {
			x, err := genaiMatch(e)
			if err != nil || genaiWords[key] == "" {
				return nil, cmp.Or(err, fmt.Errorf("no way to match is called %s", quoteShort([]byte(key))))
			}
			out[genaiWords[key]] = x
		}
		return out, nil
	}
	return nil, fmt.Errorf("%v says no names", v)
}

func (m *genaiModel) out(in *ImportedPrices) (x modelOut, err error) {
	x = modelOut{ID: m.ID, Window: m.Window}
	if x.Match, err = genaiMatch(m.Match); err != nil {
		return x, err
	}
	var entries []genaiEntry
	if bytes.HasPrefix(m.Prices, []byte("[")) {
		err = decode(m.Prices, &entries)
	} else {
		entries = make([]genaiEntry, 1)
		err = decode(m.Prices, &entries[0].Prices)
	}
	other := map[string]bool{}
	for _, e := range entries {
		var set map[string]any
		if err == nil {
			set, err = e.out(other)
		}
		x.Prices = append(x.Prices, set)
	}
	for key := range other {
		in.ignored[key]++
	}
	return x, err
}

// out is a set of rates with its condition; other notes the rates that are not taken over.
func (e *genaiEntry) out(other map[string]bool) (map[string]any, error) {
	set := map[string]any{}
	for key, text := range e.Constraint {
		switch {
		case genaiWhen[key] != "":
			set[genaiWhen[key]] = text
		case key != "type":
			return nil, fmt.Errorf("no condition is called %s", quoteShort([]byte(key)))
		}
	}
	for key, v := range e.Prices {
		switch {
		case v == nil:
			continue
		case genaiOther[key]:
			other[key] = true
			continue
		case genaiRates[key] == "":
			return nil, fmt.Errorf("unknown rate %s", quoteShort([]byte(key)))
		}
		rate, err := genaiRate(v)
		if err != nil {
			return nil, err
		}
		set[genaiRates[key]] = rate
	}
	return set, nil
}

func genaiRate(v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		return perMillion(v, 0)
	case map[string]any:
		base, ok := v["base"].(json.Number)
		tiers, ok2 := v["tiers"].([]any)
		out := rateOut{}
		for _, t := range tiers {
			tier, _ := t.(map[string]any)
			start, okStart := tier["start"].(json.Number)
			price, okPrice := tier["price"].(json.Number)
			ok = ok && okStart && okPrice
			rate, err := perMillion(price, 0)
			ok = ok && err == nil
			out.Above = append(out.Above, aboveOut{start, rate})
		}
		rate, err := perMillion(base, 0)
		if out.Base = rate; ok && ok2 && err == nil {
			return out, nil
		}
	}
	return nil, errors.New("a rate that is neither a number nor tiers")
}
