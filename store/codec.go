package store

import (
	"encoding/binary"
	"errors"
	"math"
	"unsafe"

	"costscope/tracefmt"
)

// A part is some records of one run as bytes. Records are written as differences to the one before: most fields of an agent's calls repeat.
//
//	part   = run id, link to the run's part before, record count, records
//	record = mask of what follows, id, times, place in the source, the fields of the mask
//
// The mask's low bits are the fields that change most, so that it is short.
const (
	mInput = 1 << iota
	mCacheRead
	mCacheWrite
	mOutput
	mCost
	mParentPrev // Parent is the record before
	mAgent
	mHas // the last of the first two mask bytes
	mStatus
	mModel
	mAttempt
	mKind
	mFlags
	mSource
	mParent // Parent is written
	mStep
	mName
	mTool
	mRequestModel
	mCacheWrite1h
	mReasoning
	mUnattributed
	mWorkflow
	mProvider
	mFormat
	mInstance
	mRole
	mError
	mTags
	mFeature
	mVersion
	mUser
	mSession
	mService
	mTier
	mEvent
	mRetryOf
	mRetryKind
	mOutcome
	mSample
	mScore
	mLine
	mFingerprints
	mContext
	mExtra
)

// partRef is where a part stands. Length 0 is none.
type partRef struct{ seg, off, length uint32 }

// errCorrupt is what decoding says of bytes that encoding does not write.
var errCorrupt = errors.New("not a part of a run")

// symBits are the bits of a record's names, in the order in which Record declares them; symsOf views those as an array.
var symBits = [...]uint64{mName, mWorkflow, mFeature, mVersion, mAgent, mInstance, mRole, mStep, mTool, mProvider, mModel, mRequestModel, mUser,
	mSession, mService, mError, mTags, mTier}

const allSyms = mName | mWorkflow | mFeature | mVersion | mAgent | mInstance | mRole | mStep | mTool | mProvider | mModel | mRequestModel | mUser |
	mSession | mService | mError | mTags | mTier

type symArray [len(symBits)]tracefmt.Sym

// The names must stand side by side: this fails to compile when they do not.
const _ = uint(unsafe.Sizeof(symArray{}) - (unsafe.Offsetof(tracefmt.Record{}.Tier) + 4 - unsafe.Offsetof(tracefmt.Record{}.Name)))
const _ = uint(unsafe.Offsetof(tracefmt.Record{}.Tier) + 4 - unsafe.Offsetof(tracefmt.Record{}.Name) - unsafe.Sizeof(symArray{}))

func symsOf(r *tracefmt.Record) *symArray { return (*symArray)(unsafe.Pointer(&r.Name)) }

// countBits are the bits of the token counts, in the order in which Usage declares them.
var countBits = [...]uint64{mInput, mCacheRead, mCacheWrite, mCacheWrite1h, mOutput, mReasoning, mUnattributed}

type countArray [len(countBits)]int64

const _ = uint(unsafe.Sizeof(countArray{}) - unsafe.Sizeof(tracefmt.Usage{}))
const _ = uint(unsafe.Sizeof(tracefmt.Usage{}) - unsafe.Sizeof(countArray{}))

func countsOf(u *tracefmt.Usage) *countArray { return (*countArray)(unsafe.Pointer(u)) }

// appendPart appends the records, all of one run, as a part.
func appendPart(b []byte, run string, before partRef, recs []tracefmt.Record) []byte {
	b = appendText(b, run)
	b = binary.AppendUvarint(b, uint64(before.length))
	if before.length > 0 {
		b = binary.AppendUvarint(b, uint64(before.seg))
		b = binary.AppendUvarint(b, uint64(before.off))
	}
	b = binary.AppendUvarint(b, uint64(len(recs)))
	prev := &tracefmt.Record{}
	for i := range recs {
		b = appendRecord(b, &recs[i], prev)
		prev = &recs[i]
	}
	return b
}

// changed is the mask of what appendRecord has to write for r after prev.
func changed(r, prev *tracefmt.Record) (m uint64) {
	for i, n := range countsOf(&r.Usage) {
		m |= when(n != 0, countBits[i])
	}
	if now, was := symsOf(r), symsOf(prev); *now != *was {
		for i := range now {
			m |= when(now[i] != was[i], symBits[i])
		}
	}
	m |= when(r.Recorded != 0, mCost) | when(r.Has != prev.Has, mHas) | when(r.Status != prev.Status, mStatus)
	m |= when(r.Attempt != prev.Attempt, mAttempt) | when(r.Kind != prev.Kind, mKind) | when(r.Flags != prev.Flags, mFlags)
	m |= when(r.Src.Source != prev.Src.Source, mSource) | when(r.Format != prev.Format, mFormat) | when(r.Event != prev.Event, mEvent)
	m |= when(r.RetryOf != "", mRetryOf) | when(r.RetryKind != 0 || r.Confidence != 0, mRetryKind) | when(r.Outcome != prev.Outcome, mOutcome)
	m |= when(r.SampleIndex != 0, mSample) | when(r.Score != 0, mScore) | when(r.LineID|r.LineParent != 0, mLine)
	m |= when(r.Fingerprints != [4]uint64{}, mFingerprints) | when(r.Context != nil, mContext) | when(r.Extra != nil, mExtra)
	switch r.Parent {
	case prev.Parent:
	case prev.ID:
		m |= mParentPrev
	default:
		m |= mParent
	}
	return m
}

func when(is bool, bit uint64) uint64 {
	if is {
		return bit
	}
	return 0
}

func appendRecord(b []byte, r, prev *tracefmt.Record) []byte {
	m := changed(r, prev)
	b = binary.AppendUvarint(b, m)
	b = appendID(b, r.ID, prev.ID)
	b = appendScaled(b, r.Start-prev.Start)
	b = appendScaled(b, r.End-r.Start)
	b = binary.AppendVarint(b, r.Src.Offset-prev.Src.Offset)
	b = binary.AppendUvarint(b, uint64(r.Src.Length))
	for _, n := range countsOf(&r.Usage) {
		if n != 0 {
			b = binary.AppendVarint(b, n)
		}
	}
	if m&allSyms != 0 {
		for i, y := range symsOf(r) {
			if m&symBits[i] != 0 {
				b = binary.AppendUvarint(b, uint64(y))
			}
		}
	}
	if m&mCost != 0 {
		b = appendScaled(b, int64(r.Recorded))
	}
	if m&mHas != 0 {
		b = binary.AppendUvarint(b, uint64(r.Has))
	}
	if m&mStatus != 0 {
		b = append(b, byte(r.Status))
	}
	if m&mAttempt != 0 {
		b = binary.AppendVarint(b, int64(r.Attempt))
	}
	if m&mKind != 0 {
		b = append(b, byte(r.Kind))
	}
	if m&mFlags != 0 {
		b = binary.AppendUvarint(b, uint64(r.Flags))
	}
	if m&mSource != 0 {
		b = binary.AppendUvarint(b, uint64(r.Src.Source))
	}
	if m&mParent != 0 {
		b = appendID(b, r.Parent, prev.Parent)
	}
	if m>>24 == 0 {
		return b
	}
	return appendRare(b, r, m)
}

// appendRare writes the fields that few records have.
func appendRare(b []byte, r *tracefmt.Record, m uint64) []byte {
	if m&mFormat != 0 {
		b = append(b, r.Format)
	}
	if m&mEvent != 0 {
		b = append(b, byte(r.Event))
	}
	if m&mRetryOf != 0 {
		b = appendText(b, r.RetryOf)
	}
	if m&mRetryKind != 0 {
		b = append(b, byte(r.RetryKind)|byte(r.Confidence)<<4)
	}
	if m&mOutcome != 0 {
		b = append(b, byte(r.Outcome))
	}
	if m&mSample != 0 {
		b = binary.AppendVarint(b, int64(r.SampleIndex))
	}
	if m&mScore != 0 {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(r.Score))
	}
	if m&mLine != 0 {
		b = binary.LittleEndian.AppendUint64(b, r.LineID)
		b = binary.LittleEndian.AppendUint64(b, r.LineParent)
	}
	if m&mFingerprints != 0 {
		for _, f := range r.Fingerprints {
			b = binary.LittleEndian.AppendUint64(b, f)
		}
	}
	if m&mContext != 0 {
		for _, n := range r.Context {
			b = binary.AppendVarint(b, n)
		}
	}
	if m&mExtra != 0 {
		b = appendFacts(b, r.Extra)
	}
	return b
}

// The parts of RunFacts that are there.
const (
	fLists = 1 << iota
	fValue
	fTask
	fLast
)

func appendFacts(b []byte, f *tracefmt.RunFacts) []byte {
	parts := when(len(f.Values)+len(f.Scores) > 0, fLists) | when(f.ValueUSD != nil, fValue) | when(f.Task != "", fTask) | when(f.Last != nil, fLast)
	b = append(b, byte(parts))
	if parts&fLists != 0 {
		for _, list := range [][]tracefmt.Value{f.Values, f.Scores} {
			b = binary.AppendUvarint(b, uint64(len(list)))
			for _, v := range list {
				b = appendText(b, v.Unit)
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Amount))
			}
		}
	}
	if f.ValueUSD != nil {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(*f.ValueUSD))
	}
	if f.Task != "" {
		b = appendText(b, f.Task)
	}
	if u := f.Last; u != nil {
		for _, v := range [...]int64{u.Input, u.CacheRead, u.CacheWrite, u.CacheWrite1h, u.Output, u.Reasoning, u.Unattributed} {
			b = binary.AppendUvarint(b, uint64(v))
		}
	}
	return b
}

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// appendScaled writes v in millionths where it is whole millions (milliseconds in nanoseconds, micro-dollars in pico-dollars).
func appendScaled(b []byte, v int64) []byte {
	unit := uint64(1)
	if v%1e6 == 0 {
		v, unit = v/1e6, 0
	}
	if v > math.MaxInt64/4 || v < math.MinInt64/4 { // does not fit beside the unit bit: absurd times
		b = binary.AppendUvarint(b, 1<<63)
		return binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return binary.AppendUvarint(b, uint64(v<<1^v>>63)<<1|unit)
}

// appendID writes an id after the one before: what they share, then the rest, two hex digits a byte where it is all hex.
func appendID(b []byte, id, prev string) []byte {
	n := 0
	for n < len(id) && n < len(prev) && id[n] == prev[n] {
		n++
	}
	rest := id[n:]
	b = binary.AppendUvarint(b, uint64(n))
	if !allHex(rest) {
		b = binary.AppendUvarint(b, uint64(len(rest))<<1)
		return append(b, rest...)
	}
	b = binary.AppendUvarint(b, uint64(len(rest))<<1|1)
	for i := 0; i < len(rest); i += 2 {
		c := nibble(rest[i]) << 4
		if i+1 < len(rest) {
			c |= nibble(rest[i+1])
		}
		b = append(b, c)
	}
	return b
}

func allHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) > 1
}

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'a' + 10
}

// partReader decodes parts. The strings of what it returns live in one arena per part.
type partReader struct {
	b     []byte
	err   error
	arena []byte
}

func (p *partReader) uvarint() uint64 {
	if len(p.b) > 0 && p.b[0] < 0x80 {
		v := p.b[0]
		p.b = p.b[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(p.b)
	if n <= 0 {
		p.fail()
		return 0
	}
	p.b = p.b[n:]
	return v
}

func (p *partReader) varint() int64 {
	u := p.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (p *partReader) fail() { p.err, p.b = errCorrupt, nil }

func (p *partReader) take(n uint64) []byte {
	if n > uint64(len(p.b)) {
		p.fail()
		return nil
	}
	v := p.b[:n]
	p.b = p.b[n:]
	return v
}

func (p *partReader) byte() byte {
	v := p.take(1)
	if v == nil {
		return 0
	}
	return v[0]
}

func (p *partReader) fixed() uint64 {
	v := p.take(8)
	if v == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(v)
}

func (p *partReader) text() string { return p.keep(p.take(p.uvarint())) }

// keep copies b into the arena.
func (p *partReader) keep(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(p.arena)+len(b) > cap(p.arena) {
		p.arena = make([]byte, 0, max(4<<10, len(b)))
	}
	n := len(p.arena)
	p.arena = append(p.arena, b...)
	return view(p.arena[n:])
}

func (p *partReader) scaled() int64 {
	u := p.uvarint()
	if u == 1<<63 {
		v := int64(p.fixed())
		return v
	}
	v := int64(u >> 2)
	if u>>1&1 != 0 {
		v = ^v
	}
	if u&1 == 0 {
		v *= 1e6
	}
	return v
}

func (p *partReader) id(prev string) string {
	shared := p.uvarint()
	n := p.uvarint()
	if shared > uint64(len(prev)) {
		p.fail()
		return ""
	}
	size := int(n >> 1)
	bytes := uint64(size)
	if n&1 != 0 {
		bytes = uint64(size+1) / 2
	}
	rest := p.take(bytes)
	if p.err != nil {
		return ""
	}
	if size == 0 && shared == uint64(len(prev)) {
		return prev
	}
	total := int(shared) + size
	if len(p.arena)+total > cap(p.arena) {
		p.arena = make([]byte, 0, max(4<<10, total))
	}
	at := len(p.arena)
	p.arena = append(p.arena, prev[:shared]...)
	if n&1 == 0 {
		p.arena = append(p.arena, rest...)
	} else {
		for i := 0; i < size; i++ {
			p.arena = append(p.arena, "0123456789abcdef"[rest[i/2]>>(4*(1-i&1))&15])
		}
	}
	return view(p.arena[at:])
}

// head reads what stands before the records.
func (p *partReader) head() (run string, before partRef, n int) {
	run = p.text()
	if before.length = uint32(p.uvarint()); before.length > 0 {
		before.seg, before.off = uint32(p.uvarint()), uint32(p.uvarint())
	}
	return run, before, int(min(p.uvarint(), uint64(len(p.b))))
}

// records appends the part's records to recs.
func (p *partReader) records(recs []tracefmt.Record, run string, n int) []tracefmt.Record {
	prev := &tracefmt.Record{}
	for range n {
		recs = append(recs, tracefmt.Record{Run: run})
		r := &recs[len(recs)-1]
		p.record(r, prev) // prev may stand in the array that recs outgrew: it is read only
		if p.err != nil {
			return recs[:len(recs)-1]
		}
		prev = r
	}
	return recs
}

func (p *partReader) record(r, prev *tracefmt.Record) {
	m := p.uvarint()
	r.ID = p.id(prev.ID)
	r.Start = prev.Start + p.scaled()
	r.End = r.Start + p.scaled()
	r.Src.Offset = prev.Src.Offset + p.varint()
	r.Src.Length = int64(p.uvarint())
	counts := countsOf(&r.Usage)
	for i := range counts {
		if m&countBits[i] != 0 {
			counts[i] = p.varint()
		}
	}
	syms := symsOf(r)
	*syms = *symsOf(prev)
	if m&allSyms != 0 {
		for i := range syms {
			if m&symBits[i] != 0 {
				syms[i] = tracefmt.Sym(p.uvarint())
			}
		}
	}
	r.Has, r.Status, r.Attempt, r.Kind, r.Flags, r.Src.Source = prev.Has, prev.Status, prev.Attempt, prev.Kind, prev.Flags, prev.Src.Source
	r.Parent, r.Format, r.Event, r.Outcome = prev.Parent, prev.Format, prev.Event, prev.Outcome
	if m&mCost != 0 {
		r.Recorded = tracefmt.USD(p.scaled())
	}
	if m&mHas != 0 {
		r.Has = tracefmt.Fields(p.uvarint())
	}
	if m&mStatus != 0 {
		r.Status = tracefmt.Status(p.byte())
	}
	if m&mAttempt != 0 {
		r.Attempt = int32(p.varint())
	}
	if m&mKind != 0 {
		r.Kind = tracefmt.Kind(p.byte())
	}
	if m&mFlags != 0 {
		r.Flags = tracefmt.Flags(p.uvarint())
	}
	if m&mSource != 0 {
		r.Src.Source = uint32(p.uvarint())
	}
	switch {
	case m&mParentPrev != 0:
		r.Parent = prev.ID
	case m&mParent != 0:
		r.Parent = p.id(prev.Parent)
	}
	if m>>24 != 0 {
		p.rare(r, m)
	}
}

func (p *partReader) rare(r *tracefmt.Record, m uint64) {
	if m&mFormat != 0 {
		r.Format = p.byte()
	}
	if m&mEvent != 0 {
		r.Event = tracefmt.Event(p.byte())
	}
	if m&mRetryOf != 0 {
		r.RetryOf = p.text()
	}
	if m&mRetryKind != 0 {
		both := p.byte()
		r.RetryKind, r.Confidence = tracefmt.RetryKind(both&15), tracefmt.Confidence(both>>4)
	}
	if m&mOutcome != 0 {
		r.Outcome = tracefmt.Outcome(p.byte())
	}
	if m&mSample != 0 {
		r.SampleIndex = int32(p.varint())
	}
	if m&mScore != 0 {
		r.Score = math.Float64frombits(p.fixed())
	}
	if m&mLine != 0 {
		r.LineID, r.LineParent = p.fixed(), p.fixed()
	}
	if m&mFingerprints != 0 {
		for i := range r.Fingerprints {
			r.Fingerprints[i] = p.fixed()
		}
	}
	if m&mContext != 0 {
		r.Context = new([tracefmt.ContextParts]int64)
		for i := range r.Context {
			r.Context[i] = p.varint()
		}
	}
	if m&mExtra != 0 {
		r.Extra = p.facts()
	}
}

func (p *partReader) facts() *tracefmt.RunFacts {
	f := &tracefmt.RunFacts{}
	parts := p.byte()
	if parts&fLists != 0 {
		for _, list := range []*[]tracefmt.Value{&f.Values, &f.Scores} {
			for n := p.uvarint(); n > 0 && p.err == nil; n-- {
				*list = append(*list, tracefmt.Value{Unit: string([]byte(p.text())), Amount: math.Float64frombits(p.fixed())})
			}
		}
	}
	if parts&fValue != 0 {
		usd := math.Float64frombits(p.fixed())
		f.ValueUSD = &usd
	}
	if parts&fTask != 0 {
		f.Task = string([]byte(p.text()))
	}
	if parts&fLast != 0 {
		u := &tracefmt.Usage{}
		for _, v := range [...]*int64{&u.Input, &u.CacheRead, &u.CacheWrite, &u.CacheWrite1h, &u.Output, &u.Reasoning, &u.Unattributed} {
			*v = int64(p.uvarint())
		}
		f.Last = u
	}
	return f
}
