package tracefmt

import (
	"errors"
	"fmt"
)

// A Format is one kind of trace. Values of a source go to decode one by one; what it emits depends on the value, the source's path and
// what head says of the source's beginning alone, so that values may be decoded in any order and by any number of workers.
type Format struct {
	Name   string
	Title  string // for people
	Can    Facts  // what it tells of its calls
	Partly Facts  // what it tells of some of them
	Note   string // what else one should know of its numbers

	sniff  func(v *peek) bool
	decode func(d *Decoder, value []byte) error
	// join settles, for all records of a run that this format is among, what takes more than one of its values. It may change records,
	// which are Assemble's, and gives the same in any order of them; nil: each value says all that it can.
	join func(a *Assembler, recs []Record) []Record
	// head takes out of the beginning of a source what its later values do not repeat, such as the id of the session; it becomes
	// Decoder.Head. ok is false when it must see more of the source.
	head func(b []byte) (head string, ok bool)
	// section says that a line begins a new value, which goes on to the next such line; nil: a value is a line or a JSON value.
	section func(line []byte) bool
}

// Facts are kinds of what a trace can tell.
type Facts uint8

const (
	TellsUsage Facts = 1 << iota
	TellsCost
	TellsRetries
	TellsAgents
	TellsOutcomes
	TellsText // prompts and answers
)

// FactNames are the words for Facts, in the order of their bits.
var FactNames = [...]string{"usage", "cost", "retries", "agents", "outcomes", "text"}

// Tells is one word per fact: "yes", "some" (of the calls, or of the versions) or "-".
func (f *Format) Tells() (words [len(FactNames)]string) {
	for i := range words {
		words[i] = "-"
		if f.Partly>>i&1 != 0 {
			words[i] = "some"
		}
		if f.Can>>i&1 != 0 {
			words[i] = "yes"
		}
	}
	return words
}

// The numbers of the formats in Formats; stores keep them, so they are only ever appended to.
const (
	FormatNone uint8 = iota
	FormatCostscope
	FormatClaude
	FormatOTLP
	FormatAnthropic
	FormatOpenAI
	FormatCodex
	FormatCopilot
	FormatClaudeStream
	FormatPi
	FormatGeminiCLI
	FormatQwen
	FormatGemini
	FormatOpenCode
	FormatCline
	FormatAider
	FormatAiderChat
	FormatAiderBench
	FormatOpenHands
	FormatOpenHandsLog
	FormatOpenHandsIndex
	FormatSWEAgent
	FormatMiniSWE
	FormatMoatless
	FormatAutoCodeRover
	FormatTau
	FormatTau2
	FormatTerminalBench
	FormatHAL
	FormatLangfuse
	FormatLangSmith
	FormatLiteLLM
	FormatOpenAIAgents
	FormatAnyAgent
	FormatMLflow
	FormatWeave
	FormatHelicone
	FormatOpenRouter
	FormatBedrock
	FormatCloudflare
	FormatKong
	FormatPortkey
	FormatOpenAIUsage
	FormatCrewAI
	FormatAutoGen
	FormatFlat
	FormatMapped
	FormatOutcomes
)

// Formats is every kind of trace that costscope reads; index 0 is none.
var Formats = []Format{
	FormatNone:           {Name: "unknown"},
	FormatCostscope:      costscopeFormat,
	FormatClaude:         claudeFormat,
	FormatOTLP:           otlpFormat,
	FormatAnthropic:      anthropicFormat,
	FormatOpenAI:         openAIFormat,
	FormatCodex:          codexFormat,
	FormatCopilot:        copilotFormat,
	FormatClaudeStream:   claudeStreamFormat,
	FormatPi:             piFormat,
	FormatGeminiCLI:      geminiCLIFormat,
	FormatQwen:           qwenFormat,
	FormatGemini:         geminiFormat,
	FormatOpenCode:       openCodeFormat,
	FormatCline:          clineFormat,
	FormatAider:          aiderFormat,
	FormatAiderChat:      aiderChatFormat,
	FormatAiderBench:     aiderBenchFormat,
	FormatOpenHands:      openHandsFormat,
	FormatOpenHandsLog:   openHandsLogFormat,
	FormatOpenHandsIndex: openHandsIndexFormat,
	FormatSWEAgent:       sweAgentFormat,
	FormatMiniSWE:        miniSWEFormat,
	FormatMoatless:       moatlessFormat,
	FormatAutoCodeRover:  autoCodeRoverFormat,
	FormatTau:            tauFormat,
	FormatTau2:           tau2Format,
	FormatTerminalBench:  terminalBenchFormat,
	FormatHAL:            halFormat,
	FormatLangfuse:       langfuseFormat,
	FormatLangSmith:      langSmithFormat,
	FormatLiteLLM:        liteLLMFormat,
	FormatOpenAIAgents:   openAIAgentsFormat,
	FormatAnyAgent:       anyAgentFormat,
	FormatMLflow:         mlflowFormat,
	FormatWeave:          weaveFormat,
	FormatHelicone:       heliconeFormat,
	FormatOpenRouter:     openRouterFormat,
	FormatBedrock:        bedrockFormat,
	FormatCloudflare:     cloudflareFormat,
	FormatKong:           kongFormat,
	FormatPortkey:        portkeyFormat,
	FormatOpenAIUsage:    openAIUsageFormat,
	FormatCrewAI:         crewAIFormat,
	FormatAutoGen:        autoGenFormat,
	FormatFlat:           flatFormat,
	FormatMapped:         mappedFormat,
	FormatOutcomes:       outcomesFormat,
}

// Readable lists the formats that have a reader.
func Readable() []Format {
	var list []Format
	for _, f := range Formats {
		if f.decode != nil {
			list = append(list, f)
		}
	}
	return list
}

// FormatByName returns the number of the format called name.
func FormatByName(name string) (uint8, bool) {
	for i, f := range Formats {
		if f.decode != nil && f.Name == name {
			return uint8(i), true
		}
	}
	return 0, false
}

// A Decoder turns values into records. It belongs to one worker.
type Decoder struct {
	Path   string // of the source, for formats that name things by folder
	Head   string // what Format.head says of the source; of CSV its header row
	Map    *Map   // how to read values of the format mapped
	Format uint8
	Out    []Record // what was read; the caller takes it and sets it anew

	names    nameCache
	scan     scanner
	scan2    scanner   // for JSON text inside JSON
	outer    []scanner // shapes: those of the values around a JSON text
	depth    int       // of outer that is in use
	arena    []byte
	src      SourceRef
	otlp     otlpState
	claude   claudeState
	stream   streamState
	codex    codexState
	copilot  copilotState
	chunk    chunkState
	csv      csvState
	flat     flatState
	recent   [recentIDs]string
	warn     func(Warning)
	openCode openCodeState
	cline    clineState
	export   exportState
	lite     liteState
	agents   agentsState
	mlflow   mlflowState
	weave    weaveState
	hal      halState
	gate     gateState
	mapped   mappedState
}

// A Warning is about a value that was read but looks odd; equal warnings of a source are counted, not repeated.
type Warning struct {
	Text string
	Src  SourceRef
}

// NewDecoder returns a decoder that gives its names to n. warn may be nil.
func NewDecoder(n *Names, warn func(Warning)) *Decoder {
	return &Decoder{names: nameCache{all: n}, warn: warn}
}

// Decode reads one value. Either all of its records are appended to Out, or an error says why none is.
func (d *Decoder) Decode(value []byte, src SourceRef) (err error) {
	n := len(d.Out)
	d.src = src
	err = Formats[d.Format].decode(d, value)
	if err == nil {
		return nil
	}
	clear(d.Out[n:])
	d.Out = d.Out[:n]
	return err
}

// add appends an empty record of the current value and returns it; the pointer holds until the next call.
func (d *Decoder) add() *Record {
	n := len(d.Out)
	if n < cap(d.Out) { // a record is large: clear it in place
		d.Out = d.Out[:n+1]
		d.Out[n] = Record{}
	} else {
		d.Out = append(d.Out, Record{})
	}
	r := &d.Out[n]
	r.Format, r.Src = d.Format, d.src
	return r
}

func (d *Decoder) warnf(format string, args ...any) {
	if d.warn != nil {
		d.warn(Warning{fmt.Sprintf(format, args...), d.src})
	}
}

// arenaSize is how much id text is allocated at a time.
const arenaSize = 64 << 10

// recentIDs is how many ids a decoder remembers, so that the id of a run, or of a parent, is kept once for many calls.
const recentIDs = 1024

// text keeps a copy of b as a string. Many ids share one allocation.
func (d *Decoder) text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	slot := &d.recent[idSlotOf(b)]
	if *slot != string(b) {
		*slot = d.keep(b)
	}
	return *slot
}

// idSlotOf spreads ids over the remembered ones by their last bytes, which differ most.
func idSlotOf(b []byte) uint32 {
	h := uint32(len(b))
	for _, c := range b[max(0, len(b)-12):] {
		h = h*0x01000193 ^ uint32(c)
	}
	return (h ^ h>>15) % recentIDs
}

// keep copies b into the arena.
func (d *Decoder) keep(b []byte) string {
	if len(d.arena)+len(b) > cap(d.arena) {
		d.arena = make([]byte, 0, max(arenaSize, len(b)))
	}
	n := len(d.arena)
	d.arena = append(d.arena, b...)
	return text(d.arena[n:len(d.arena):len(d.arena)])
}

// errCount refuses a count that is negative, fractional or larger than int64 can add up.
var errCount = errors.New("a token count must be a whole number from 0 to 10^15")

// maxCount bounds one count, so that sums over 9,000 such calls still fit.
const maxCount = 1e15

// count reads a token count; null and absent leave it unknown.
func (d *Decoder) count(s *scanner, r *Record, to *int64, has Fields) error {
	v := s.num()
	if v == nil {
		return s.err
	}
	n, ok := parseInt(v)
	if !ok || n < 0 || n > maxCount {
		return errCount
	}
	*to = n
	r.Has |= has
	return nil
}
