package sample

import "costscope/tracefmt"

// A model is one that the samples use, with its list price in pico-dollars per token. The built-in price book says the same; a test
// compares them.
type model struct {
	name, provider                      string
	input, read, write, write1h, output tracefmt.USD
	reasons                             bool // part of its output is reasoning
}

const perMillion tracefmt.USD = 1e6 // one dollar per million tokens

var (
	sonnet    = &model{"claude-sonnet-4-5", "anthropic", 3 * perMillion, perMillion * 3 / 10, perMillion * 15 / 4, 6 * perMillion, 15 * perMillion, false}
	haiku     = &model{"claude-haiku-4-5", "anthropic", perMillion, perMillion / 10, perMillion * 5 / 4, 2 * perMillion, 5 * perMillion, false}
	opus      = &model{"claude-opus-4-5", "anthropic", 5 * perMillion, perMillion / 2, perMillion * 25 / 4, 10 * perMillion, 25 * perMillion, false}
	gpt5      = &model{"gpt-5", "openai", perMillion * 5 / 4, perMillion / 8, perMillion * 5 / 4, perMillion * 5 / 4, 10 * perMillion, true}
	gpt5mini  = &model{"gpt-5-mini", "openai", perMillion / 4, perMillion / 40, perMillion / 4, perMillion / 4, 2 * perMillion, true}
	gpt41mini = &model{"gpt-4.1-mini", "openai", perMillion * 2 / 5, perMillion / 10, perMillion * 2 / 5, perMillion * 2 / 5, perMillion * 8 / 5, false}
	flash     = &model{"gemini-2.5-flash", "google", perMillion * 3 / 10, perMillion * 3 / 100, perMillion * 3 / 10, perMillion * 3 / 10, perMillion * 5 / 2, true}
	embedder  = &model{"text-embedding-3-small", "openai", perMillion / 50, perMillion / 50, perMillion / 50, perMillion / 50, 0, false}
	// house is the company's own model: no price book knows it.
	house = &model{name: "house-guard-7b", provider: "in-house"}
)

// priced is false for a model without a list price.
func (m *model) priced() bool { return m.input != 0 }

// cost is the list price of u. Prompts stay under 200,000 tokens, where no model of the table changes its price.
func (m *model) cost(u tracefmt.Usage) tracefmt.USD {
	return m.input*tracefmt.USD(u.Uncached()) + m.read*tracefmt.USD(u.CacheRead) + m.write*tracefmt.USD(u.CacheWrite-u.CacheWrite1h) +
		m.write1h*tracefmt.USD(u.CacheWrite1h) + m.output*tracefmt.USD(u.Output)
}

// fallbacks are the models that a call may be sent to when its own model has failed: mostly cheaper, sometimes dearer.
var fallbacks = map[*model][]*model{
	sonnet:   {haiku, gpt5, opus},
	haiku:    {gpt5mini, sonnet},
	gpt5:     {sonnet, gpt41mini},
	gpt5mini: {gpt41mini},
	opus:     {sonnet},
	flash:    {gpt5mini},
}
