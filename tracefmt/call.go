package tracefmt

import "strings"

// Kind is what a call is (OpenTelemetry GenAI operation names, folded).
type Kind uint8

const (
	KindUnknown   Kind = iota // not stated; Assemble reads it as KindChain
	KindLLM                   // chat, text_completion, generate_content
	KindEmbedding             // embeddings
	KindTool                  // execute_tool
	KindRetriever             // retrieval
	KindReranker
	KindAgent // invoke_agent, create_agent, plan
	KindChain // invoke_workflow, tasks, plain spans
	KindGuardrail
	KindEvaluator
	KindHuman // human_review: a step done by a person
	KindRun   // not a call: facts about the run (outcome, score, defaults for its calls)
	KindMark  // not a call: an event between calls (a prompt, a compaction, a failed try of the client); see Event
	kindCount
)

var kindNames = [...]string{"unknown", "llm", "embedding", "tool", "retriever", "reranker", "agent", "chain", "guardrail", "evaluator", "human", "run", "mark"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// ParseKind returns the kind of that name, KindUnknown when there is none.
func ParseKind(s string) Kind {
	for k, n := range kindNames {
		if n == s {
			return Kind(k)
		}
	}
	return KindUnknown
}

// IsModel says that a model did the work: its tokens are priced.
func (k Kind) IsModel() bool { return k == KindLLM || k == KindEmbedding || k == KindReranker }

// Encloses says that a call of this kind is made of the calls below it: its own usage repeats theirs.
func (k Kind) Encloses() bool {
	switch k {
	case KindUnknown, KindAgent, KindChain, KindGuardrail, KindEvaluator:
		return true
	}
	return false
}

// Status is how a call ended.
type Status uint8

const (
	StatusUnset      Status = iota // ended, nothing said: shown as ok, unknown for success rates
	StatusOK                       //
	StatusError                    // failed; Record.Error says how
	StatusUnfinished               // no end is known
)

var statusNames = [...]string{"unset", "ok", "error", "unfinished"}

func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "unset"
}

// Outcome is how a run ended for the one who wanted it.
type Outcome uint8

const (
	OutcomeUnknown  Outcome = iota
	OutcomeSuccess          //
	OutcomeFailure          //
	OutcomeInFlight         // a call of the run is unfinished and nothing says how the run ended
)

var outcomeNames = [...]string{"unknown", "success", "failure", "in_flight"}

func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return "unknown"
}

// outcomeWords are the words for a verdict, in any case.
var outcomeWords = map[string]Outcome{
	"success": OutcomeSuccess, "succeeded": OutcomeSuccess, "pass": OutcomeSuccess, "passed": OutcomeSuccess, "true": OutcomeSuccess, "yes": OutcomeSuccess,
	"correct": OutcomeSuccess, "resolved": OutcomeSuccess, "ok": OutcomeSuccess,
	"escalated": OutcomeFailure, // to a person: the workflow did not do it (analysis-spec H)
	"failure":   OutcomeFailure, "failed": OutcomeFailure, "fail": OutcomeFailure, "false": OutcomeFailure, "no": OutcomeFailure,
	"incorrect": OutcomeFailure, "unresolved": OutcomeFailure, "error": OutcomeFailure,
}

func outcomeWord(v []byte) Outcome {
	if o, ok := outcomeWords[string(v)]; ok {
		return o
	}
	return outcomeWords[strings.ToLower(string(v))]
}

// RetryKind is why a call was made again (analysis-spec B.1).
type RetryKind uint8

const (
	RetryNone RetryKind = iota
	RetryPlain
	RetryPrompt
	RetryFallback
	RetryTool
)

var retryNames = [...]string{"", "plain_retry", "prompt_adjustment", "fallback_model", "tool_reinvocation"}

func (k RetryKind) String() string {
	if int(k) < len(retryNames) {
		return retryNames[k]
	}
	return ""
}

// ParseRetryKind reads a retry kind; "retry" is costscope JSONL's word for plain_retry.
func ParseRetryKind(s string) RetryKind {
	if s == "retry" {
		return RetryPlain
	}
	for k, n := range retryNames {
		if n == s {
			return RetryKind(k)
		}
	}
	return RetryNone
}

// Confidence is how sure a retry link is. 0 is a link that the trace states without saying how sure it is.
type Confidence uint8

const (
	ConfidenceExplicit Confidence = iota + 1 // the trace states it
	ConfidenceHigh                           // the same request, or the same arguments after a failure
	ConfidenceMedium                         // the same question or tool after a failure
	ConfidenceLow                            // only sizes and order speak for it
)

var confidenceNames = [...]string{"", "explicit", "high", "medium", "low"}

func (c Confidence) String() string {
	if int(c) < len(confidenceNames) {
		return confidenceNames[c]
	}
	return ""
}

// ParseConfidence returns the confidence of that name; 0 when there is none.
func ParseConfidence(s string) Confidence {
	for c, n := range confidenceNames {
		if n == s {
			return Confidence(c)
		}
	}
	return 0
}

// Event is what a KindMark record tells.
type Event uint8

const (
	EventNone         Event = iota
	EventPrompt             // a person's turn, or a tool's result that a call may name as its parent
	EventAPIError           // a try that the client repeated by itself; Attempt is its number
	EventCompact            // the context was compacted
	EventMicroCompact       // old tool results were cleared
	EventFallback           // the client changed the model
	EventAgentResult        // a subagent's last answer: Usage is that of its last call (Claude Code toolUseResult)
	EventCounter            // a reading of a running total: Usage is the total, Extra.Last what the latest call used (Codex token_count)
	EventModel              // Model is that of the calls that follow
	EventAbort              // a person stopped the turn
)

// Fields says which optional facts a record states. A count whose bit is not set is unknown.
type Fields uint32

const (
	HasInput Fields = 1 << iota
	HasCacheRead
	HasCacheWrite
	HasCacheWrite1h
	HasOutput
	HasReasoning
	HasUnattributed
	HasCost    // Recorded is what the trace states
	HasStart   //
	HasEnd     //
	HasScore   //
	HasSample  // SampleIndex is stated
	HasOutcome // Outcome is stated (KindRun records, or a call that carries its run's outcome)
)

// HasUsage is set when any token count is stated.
const HasUsage = HasInput | HasCacheRead | HasCacheWrite | HasOutput | HasReasoning

// Flags are yes-or-no facts of a record.
type Flags uint32

const (
	FlagGlobal          Flags = 1 << iota // ID is unique over the whole store, not just within the run (Claude Code message ids)
	FlagSnapshot                          // one of several lines of one streamed answer: the usage of the latest counts
	FlagPlaceholder                       // a placeholder of the real record: never a call by itself
	FlagSubagentFile                      // read from a subagent's own file
	FlagProgress                          // a subagent's call repeated in its parent's log
	FlagAggregate                         // a parent's sum: never counted
	FlagOutputBad                         // the call succeeded but its answer was not usable (output_ok: false)
	FlagGatewayHit                        // answered from a gateway's cache: the tokens were not consumed
	FlagReadOnly                          // the tool changes nothing
	FlagWriteSplitGuess                   // cache writes without their split: five-minute writes assumed
	FlagCacheBeside                       // the stated input excluded the cached part: it was added
	FlagCacheOver                         // more cached than input although the format's input includes it
	FlagZeroCost                          // a stated cost of 0 beside tokens: read as unknown
	FlagBatch                             // billed at the batch rate
	FlagIteration                         // an earlier attempt inside one answer (usage.iterations)
	FlagUnderstated                       // the recorded tokens are known to be a lower bound
	FlagInherited                         // copied from the session that this one branched off: it counts there where that is read, too
	FlagTotal                             // no call: what calls of the run (those of its model and agent, where it names them) used and cost in all
	FlagCostSpread                        // Recorded is the call's share of a cost that the trace states for the run
	FlagReasonTwice                       // the stated cost charges reasoning twice; as a reader sets it: may do so
	FlagCovered                           // its usage or cost is unknown, but part of a stated total of the run
	FlagRest                              // no call: what the run used and cost beyond its calls' own numbers
	FlagVerdict                           // a verdict from a file of its own: Run is the key it was given for, a run's id or a task's
	FlagNear                              // the verdict holds only for traces in its own folder or below
	FlagSeveral                           // several calls in one: what each of them used was lost
	FlagAsked                             // a mark: a person spoke; a call: a person asked for it, so it is no attempt of an earlier one
)

// SourceRef is where a record stands: the bytes [Offset, Offset+Length) of a source (after decompression).
type SourceRef struct {
	Source uint32 // number of the source in its store
	Offset int64
	Length int64
}

// Usage are the token counts of a call. Which are known is in Record.Has.
type Usage struct {
	Input        int64 // all input, cache reads and writes included
	CacheRead    int64 // part of Input
	CacheWrite   int64 // part of Input
	CacheWrite1h int64 // part of CacheWrite: written for one hour
	Output       int64 // all output, reasoning included
	Reasoning    int64 // part of Output
	Unattributed int64 // stated total minus input minus output, when positive
}

// Record is what one value of a trace states about one call, run or event, in the normal form. Names are exact, not yet inherited:
// Workflow is set only where the value itself says it.
type Record struct {
	Run    string // the run's id (trace id, session id)
	ID     string // unique within the run (within the store with FlagGlobal)
	Parent string // ID of the call that this one is part of, or that led to it
	Format uint8  // index in Formats
	Kind   Kind
	Status Status
	Event  Event
	Has    Fields
	Flags  Flags

	Name         Sym // the value's own name (a span's name)
	Workflow     Sym
	Feature      Sym
	Version      Sym // of the workflow
	Agent        Sym
	Instance     Sym // agent instance, where stated
	Role         Sym // planner, executor, validator, monitor
	Step         Sym
	Tool         Sym
	Provider     Sym
	Model        Sym // the model that answered
	RequestModel Sym // the model asked for
	User         Sym
	Session      Sym
	Service      Sym   // resource service.name: the last resort for a workflow
	Error        Sym   // error type or message
	Tags         Sym   // a set of tags as text, see TagPairs
	Tier         Sym   // service tier
	Start, End   int64 // UTC nanoseconds; see HasStart, HasEnd
	Usage        Usage
	Recorded     USD   // the cost that the trace states; see HasCost
	Attempt      int32 // 1 = first; 0 = not stated
	RetryOf      string
	RetryKind    RetryKind
	Confidence   Confidence // of the retry link, where the trace was written with inferred ones
	Outcome      Outcome
	SampleIndex  int32
	Score        float64
	LineID       uint64               // hash of the line's own id, where calls name lines as parents (Claude Code uuid)
	LineParent   uint64               // hash of the id of the line before
	Fingerprints [4]uint64            // prompt, tail, args, result (analysis-spec 0); 0 = unknown
	Context      *[ContextParts]int64 // tokens per part of the prompt; nil = unknown
	Extra        *RunFacts            // KindRun: values and named scores
	Src          SourceRef
}

// ContextParts is the number of parts that a prompt is split into, in the order of ContextNames.
const ContextParts = 8

// ContextNames are the parts of a prompt (formats-otel 5.1).
var ContextNames = [ContextParts]string{"instructions", "history", "guardrails", "tools", "logs", "memory", "user", "other"}

// Value is what a run was worth, in a unit of its own.
type Value struct {
	Unit   string
	Amount float64
}

// RunFacts are facts of a run that few runs have.
type RunFacts struct {
	Values   []Value
	ValueUSD *float64
	Scores   []Value // named scores, not averaged
	Task     string
	Last     *Usage // EventCounter: what the latest call used
}

// State tells whether all of the bits f are set.
func (r *Record) State(f Fields) bool { return r.Has&f == f }

// inOrder lets a call that by its clocks ended before it began end at once.
func (r *Record) inOrder() {
	if r.State(HasStart|HasEnd) && r.End < r.Start {
		r.End = r.Start
	}
}

// Uncached is the part of the input that was neither read from nor written to a cache.
func (u *Usage) Uncached() int64 { return u.Input - u.CacheRead - u.CacheWrite }
