//go:build unix

package click

import (
	"context"
	"errors"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"
)

// says checks that an error has all of some words, and no secret.
func says(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Error("no error: it should say", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
	if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "SELECT ") {
		t.Errorf("%q shows what it must not", err)
	}
}

func TestShardsThatFail(t *testing.T) {
	p, src := filled(t)
	s := p.open(t, "viewer")
	if a, b := reportOf(t, src, src.Names()), reportOf(t, s, s.Names()); a != b {
		t.Fatal("the reports differ before anything fails")
	}

	t.Run("killed during a question", func(t *testing.T) {
		slow := p.open(t, "viewer")
		p.slow(t, slow)
		done := p.asking(t, t.Context(), slow)
		p[1].kill(t)
		says(t, <-done, p[0].host(), "a shard", "every server of the cluster", "nothing of the others' answers is shown")
	})
	t.Run("not running", func(t *testing.T) {
		table, err := s.Rollup(t.Context(), byWorkflow)
		says(t, err, p[0].host(), "a shard cannot be reached", "every server of the cluster")
		if table != nil {
			t.Error("there is an answer")
		}
		list, err := s.RunCosts(t.Context(), byWorkflow)
		says(t, err, "a shard cannot be reached")
		if list != nil {
			t.Error("there are runs")
		}
		_, err = Open(t.Context(), p.as(t, "viewer"), analyze.Config{}, tracefmt.BuiltinPrices())
		says(t, err, "a shard cannot be reached")
	})
	p[1].start(t)
	t.Run("back again", func(t *testing.T) {
		if a, b := reportOf(t, src, src.Names()), reportOf(t, s, s.Names()); a != b {
			t.Error("the reports differ")
		}
	})
	t.Run("frozen during a question", func(t *testing.T) {
		slow := p.open(t, "viewer")
		p.slow(t, slow)
		slow.c.budget = 4 * time.Second
		done := p.asking(t, t.Context(), slow)
		if err := p[1].cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		says(t, <-done, p[0].host(), "has not answered for 6s", "a shard may hang")
		if err := p[1].cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		eventually(t, "nothing of it runs on", func() bool { return p[0].alive(t) == "0" && p[1].alive(t) == "0" })
	})
	t.Run("no server at all", func(t *testing.T) {
		p[0].kill(t)
		_, err := s.Rollup(t.Context(), byWorkflow)
		says(t, err, p[0].host(), "cannot be reached", "see that the server runs")
		_, err = p.dial(t, "viewer", secret)
		says(t, err, p[0].host(), "cannot be reached", "see that the server runs")
	})
}

// gone checks that nothing of costscope runs on either server one second after it was left.
func (p pair) gone(t *testing.T, left time.Time) {
	t.Helper()
	time.Sleep(time.Until(left.Add(time.Second)))
	if a, b := p[0].alive(t), p[1].alive(t); a != "0" || b != "0" {
		t.Errorf("%s and %s queries are alive a second after they were left", a, b)
	}
}

func TestQuestionsThatAreLeftEndOnBothShards(t *testing.T) {
	p, _ := filled(t)
	for _, user := range [...]string{"", "viewer", "bound"} {
		t.Run("as "+user, func(t *testing.T) {
			s := p.open(t, user)
			p.slow(t, s)
			ctx, leave := context.WithCancel(t.Context())
			done := p.asking(t, ctx, s)
			left := time.Now()
			leave()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			p.gone(t, left)

			done = p.asking(t, t.Context(), s)
			left = time.Now()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			p.gone(t, left)
		})
	}
	t.Run("before they began", func(t *testing.T) {
		var people sync.WaitGroup
		for n := range 5 {
			s := p.open(t, "viewer")
			p.slow(t, s)
			people.Go(func() {
				for i := n; i < 20; i += 5 {
					ctx, leave := context.WithTimeout(t.Context(), time.Duration(i)*time.Millisecond)
					if _, err := s.Rollup(ctx, byWorkflow); err == nil {
						t.Error("there is an answer")
					}
					leave()
				}
			})
		}
		people.Wait()
		p.gone(t, time.Now())
	})
}

func TestAccountsThatAreRefused(t *testing.T) {
	p := twoShards(t)
	p.create(t, nil)
	_, err := p.dial(t, "viewer", "wrong-"+secret[:4])
	says(t, err, p[0].host(), "the password is wrong", EnvPassword)
	_, err = p.dial(t, "viewer", "")
	says(t, err, p[0].host(), "the password", EnvPassword)
	_, err = p.dial(t, "nobody", secret)
	says(t, err, p[0].host(), "the user is unknown", EnvUser)
	for _, user := range [...]string{"viewer", "bound"} {
		_, err = p.as(t, user).Push(t.Context(), trace(t, 1, 2), analyze.Config{}, nil)
		says(t, err, p[0].host(), "the account "+user+" may only read", "INSERT")
	}
	_, err = Open(t.Context(), p.as(t, "viewer"), analyze.Config{}, tracefmt.BuiltinPrices())
	if err != nil {
		t.Error(err)
	}
	p.each(t, "DROP TABLE costscope.costscope_calls")
	_, err = Open(t.Context(), p.as(t, "viewer"), analyze.Config{}, tracefmt.BuiltinPrices())
	says(t, err, p[0].host(), "no such table", "costscope engine ddl")
	p.each(t, "DROP DATABASE costscope")
	_, err = p.dial(t, "viewer", secret)
	says(t, err, p[0].host(), "no such database")
}
