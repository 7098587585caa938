package tui

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestExportAsksBeforeItOverwrites(t *testing.T) {
	var jobs []ExportJob
	var p *player
	var during string // what is seen while it is written
	p = play(t, newFake(fakeShape{runs: 20, seed: 1}), 120, 30, func(o *Options) {
		o.Export = func(_ context.Context, j ExportJob) (Exported, error) {
			jobs = append(jobs, j)
			j.Progress(1, 3)
			during = p.screen()
			switch {
			case j.File == "nosuch/r.md":
				return Exported{}, errors.New("nosuch/r.md cannot be written: no such file or directory")
			case !j.Overwrite:
				return Exported{}, ErrExists
			}
			return Exported{File: j.File, Paths: 3, Others: 2, Pictures: 7, ByHand: true}, nil
		}
	})
	p.press("e")
	p.sees("export to: costscope-report.md")
	p.press("enter")
	if !strings.Contains(during, "writing costscope-report.md … path 2 of 3 · esc stops") {
		t.Errorf("while it is written:\n%s", during)
	}
	p.sees("it is there already · enter overwrites it, or type another name")
	p.press("enter")
	p.sees("wrote costscope-report.md · 3 paths flagged by hand ⚑, 2 more summed · 7 pictures")
	if len(jobs) != 2 || !jobs[1].Overwrite || len(jobs[1].Query.By) != 3 {
		t.Errorf("jobs %+v", jobs)
	}
	p.press("e")
	for range len("costscope-report.md") {
		p.press("backspace")
	}
	p.press("n", "o", "s", "u", "c", "h", "/", "r", ".", "m", "d", "enter")
	p.sees("cannot be written: no such file or directory", "nosuch/r.md")
	p.press("esc")
	p.press("e", "esc")
	if len(jobs) != 3 {
		t.Errorf("%d jobs", len(jobs))
	}
}

func TestNothingCanBeExportedWithoutAnExporter(t *testing.T) {
	p := play(t, newFake(fakeShape{runs: 2, seed: 1}), 100, 24)
	p.press("e")
	p.sees("nothing can be written from here")
}
