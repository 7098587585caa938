package tui

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// An asker is whatever waits for answers: each question has a number, and only the answer to the last one counts.
type asker struct {
	seq    uint64
	busy   bool
	cancel context.CancelFunc
	slow   time.Duration // what an answer takes, as far as is known
	asked  time.Time
	err    error     // of the last question
	good   time.Time // when the answer that is shown came; zero where it is of another question, or there is none
}

// The cursor must rest before a lens asks: as long as an answer takes, within limits, so that moving on is never slowed by questions that
// the next key makes void.
const (
	pause     = 60 * time.Millisecond
	pauseMost = 300 * time.Millisecond
)

func (k *asker) pause() time.Duration { return min(max(pause, k.slow), pauseMost) }

// A reply is the answer to a question that a screen asked.
type reply struct {
	to   *asker
	seq  uint64
	ans  any
	err  error
	took time.Duration
	at   time.Time // when it was taken in
}

// due tells a screen that its pause is over and the question should be asked now.
type due struct {
	to  *asker
	seq uint64
}

// ask runs f, which must only use copies, on another goroutine. An earlier question is cancelled.
func (k *asker) ask(f func(context.Context) (any, error)) tea.Cmd {
	k.leave()
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel, k.busy, k.asked = cancel, true, time.Now()
	seq := k.seq
	return func() tea.Msg {
		start := time.Now()
		ans, err := f(ctx)
		return reply{to: k, seq: seq, ans: ans, err: err, took: time.Since(start)}
	}
}

// later asks for a due message after a pause. A new question or pause makes it void.
func (k *asker) later(a *App, pause time.Duration) tea.Cmd {
	k.leave()
	k.busy = true
	return a.wait(pause, due{to: k, seq: k.seq})
}

// isDue says that d ends the pause that was asked for last.
func (k *asker) isDue(d due) bool { return d.to == k && d.seq == k.seq }

// after gives msg back when d has passed.
func after(d time.Duration, msg tea.Msg) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return msg })
}

// leave forgets and cancels what was asked.
func (k *asker) leave() {
	k.seq++
	k.busy = false
	if k.cancel != nil {
		k.slow = max(k.slow, 2*time.Since(k.asked)) // it takes longer than that
		k.cancel()
		k.cancel = nil
	}
}

// failed says that the last question failed, and nothing is left to show.
func (k *asker) failed() bool { return k.err != nil && !k.busy && k.good.IsZero() }

// took says whether r answers the last question.
func (k *asker) took(r reply) bool {
	if r.to != k || r.seq != k.seq {
		return false
	}
	k.busy, k.slow = false, r.took
	if k.err = r.err; r.err == nil {
		k.good = r.at
	}
	if k.cancel != nil {
		k.cancel()
		k.cancel = nil
	}
	return true
}
