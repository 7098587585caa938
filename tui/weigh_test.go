package tui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"costscope/analyze"
)

// heavy is a source that reading the runs of takes long, and that fails when told so.
type heavy struct {
	*fake
	much  *analyze.Weight // of questions about the runs themselves
	sums  *analyze.Weight // of others
	fails error
	moved int64 // by how much the questions that begin at from begin later
	from  int64
}

func (h *heavy) Weigh(ctx context.Context, q analyze.Query, whole bool) (*analyze.Weight, error) {
	if whole {
		return h.much, ctx.Err()
	}
	return h.sums, ctx.Err()
}

func (h *heavy) Since(since int64) int64 {
	if since == h.from {
		return since + h.moved
	}
	return since
}

func (h *heavy) Digest(ctx context.Context, q analyze.Query, progress func(done, of int64)) (*analyze.Digest, error) {
	if h.fails != nil {
		return nil, h.fails
	}
	return h.fake.Digest(ctx, q, progress)
}

func (h *heavy) Rollup(ctx context.Context, q analyze.Query) (*analyze.Table, error) {
	if h.fails != nil {
		return nil, h.fails
	}
	return h.fake.Rollup(ctx, q)
}

// digests is how many questions about the runs themselves were asked.
func (h *heavy) digests() (n int) {
	for _, q := range h.asked {
		if strings.HasPrefix(q, "digest") {
			n++
		}
	}
	return n
}

func newHeavy() *heavy {
	return &heavy{fake: newFake(fakeShape{7, 40}), much: &analyze.Weight{Rows: 3_204_117, Bytes: 1_900_000_000, Takes: 80 * time.Second}}
}

func TestMuchIsReadOnlyWhenAPersonAgrees(t *testing.T) {
	h := newHeavy()
	s := play(t, h, 120, 40).press("2")
	s.sees("◌ this reads 3,204,117 rows, about 1.9 GB, and takes about 1m20s · o reads them · t narrows the time")
	if s.golden("much-to-read"); h.digests() != 0 {
		t.Error("it was read without asking")
	}
	s.press("o").sees("what do failures cost?")
	if s.press("3", "4"); h.digests() != 1 {
		t.Error("the same runs were read again, or not at all:", h.digests())
	}
	s.press("j").sees("◌ this reads")
	s.press("z").sees("enter reads them")
	s.press("enter").sees("who spends, and on what role?")
	if h.digests() != 2 {
		t.Error(h.digests())
	}
}

func TestWhatIfAsksBeforeItReads(t *testing.T) {
	h := newHeavy()
	s := play(t, h, 120, 40).press("w").sees("◌ this reads 3,204,117 rows", "enter reads them")
	s.press("enter").sees("together").seesNot("◌ this reads")
}

// Sums over very many rows wait, too; who agreed to them agreed to those of their parts.
func TestTablesOverVeryMuchWait(t *testing.T) {
	h := newHeavy()
	h.sums = &analyze.Weight{Rows: 60_000_000}
	s := play(t, h, 100, 30).sees("◌ this adds up 60,000,000 rows · enter adds them up · t narrows the time")
	s.press("enter").sees("support-bot", "Σ 3 rows", "cost per run").seesNot("adds up")
	s.press("j", "i").seesNot("adds up").sees("width is cost")
}

// What a person agreed to was about the data as they were.
func TestAgreementEndsWithTheData(t *testing.T) {
	h := newHeavy()
	s := play(t, h, 120, 40).press("2", "o").sees("what do failures cost?")
	s.now = s.now.Add(time.Minute)
	s.send(changedMsg{})
	if s.sees("what do failures cost?", "◌ there is more by now: this reads 3,204,117 rows", "as of 12:00:00, 1m00s ago · o reads it"); h.digests() != 1 {
		t.Error("it was read again without asking")
	}
	s.press("o").seesNot("there is more by now")
}

func TestLastGoodAnswerStays(t *testing.T) {
	for _, name := range []string{"aged-table", "aged-table-colour"} {
		h := newHeavy()
		h.much = nil
		s := play(t, h, 120, 40, func(o *Options) {
			if name == "aged-table-colour" {
				coloured(o)
			}
		})
		h.fails = errors.New("clickhouse://db/agents cannot be reached: connection refused")
		s.now = s.now.Add(40 * time.Second)
		s.press("R").sees("✗ clickhouse://db/agents cannot be reached", "as of 12:00:00, 40 s ago · R asks again", "support-bot", "Σ 3 rows")
		s.golden(name).fits(name)
		s.now = s.now.Add(30 * time.Second)
		s.send(beatMsg{})
		s.sees("1m10s ago")
		h.fails = nil
		s.press("R").seesNot("as of 12:00:00").sees("Σ 3 rows")
	}
}

// A lens keeps what it said of the same row; of another row it has nothing to keep.
func TestLensKeepsWhatItSaidOfThisRow(t *testing.T) {
	h := newHeavy()
	h.much = nil
	s := play(t, h, 120, 40).press("2").sees("what do failures cost?").press("z")
	h.fails = errors.New("connection refused")
	s.press("R").sees("what do failures cost?", "✗ connection refused", "as of 12:00:00, just now")
	s.press("esc", "j").sees("✗ connection refused · R asks again")
	if s.a.aging(); strings.Contains(s.screen(), "checkout · what do failures cost?") {
		t.Error("an answer about another row is shown:", s.screen())
	}
}

func TestFirstFailureSaysWhatToDo(t *testing.T) {
	h := newHeavy()
	h.fails = errors.New("connection refused")
	s := play(t, h, 80, 24).sees("✗ connection refused · R asks again")
	h.fails = nil
	s.press("R").sees("support-bot")
}

// A time range that moves along says what it is called, and where it begins now.
func TestWindowMovesAlong(t *testing.T) {
	h := newHeavy()
	first, _, _, _ := h.Span(t.Context())
	h.from, h.moved = first, int64(time.Hour)
	s := play(t, h, 140, 30, func(o *Options) { o.Query.Since, o.Window = first, "last 24h" })
	s.sees("last 24h, " + time.Unix(0, first).UTC().Add(time.Hour).Format("2006-01-02 15:04"))
}

func TestSizes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 45_000: "45 kB", 1_900_000_000: "1.9 GB", 7_000_000_000_000: "7.0 TB"} {
		if got := sizeText(n); got != want {
			t.Errorf("%d: %s, not %s", n, got, want)
		}
	}
}
