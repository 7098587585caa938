package tui

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// ErrExists is an export's refusal to overwrite what is there.
var ErrExists = errors.New("is there already")

// An ExportJob is what a person wants written to a file.
type ExportJob struct {
	Query     analyze.Query // of the scope; By are the levels in which the analysis looks for paths to flag
	File      string
	Overwrite bool
	Progress  func(done, of int) // of the paths; called from one goroutine
}

// Exported is what was written.
type Exported struct {
	File                    string
	Paths, Others, Pictures int    // in full; only summed
	ByHand                  bool   // the paths were flagged by a person
	Lacking                 string // why a picture is missing; "" for none
}

// reportFile is where an export goes if one does not say otherwise.
const reportFile = "costscope-report.md"

func cannotExport(a *App) string {
	if a.opt.Export == nil {
		return "nothing can be written from here"
	}
	if a.status.Loading && !a.opt.Following {
		return "still reading: what is exported now would be a part · wait until all is read"
	}
	return ""
}

// export asks for a file, and writes the flagged paths of the scope to it.
func (a *App) export() tea.Cmd {
	q := a.top().where().query
	q.By = a.opt.By
	a.over = exportPrompt(q, reportFile, "")
	return nil
}

// exportPrompt asks for the name of a file; there is the one that may be overwritten.
func exportPrompt(q analyze.Query, name, there string) *prompt {
	p := newPrompt("export to: ", name)
	p.hint = "markdown, pictures beside it · enter writes it · esc leaves"
	p.live = func(*App, string) tea.Cmd { return nil }
	p.stop = p.cancel
	p.done = func(a *App, text string) (string, tea.Cmd) {
		file := strings.TrimSpace(text)
		if file == "" {
			return "type the name of a file", nil
		}
		x := &exporting{job: ExportJob{Query: q, File: file, Overwrite: file == there}}
		a.over = x
		return "", x.start(a)
	}
	return p
}

// exporting takes the line of the keys while a report is made.
type exporting struct {
	asker
	job      ExportJob
	done, of atomic.Int64
}

func (x *exporting) start(a *App) tea.Cmd {
	do, job := a.opt.Export, x.job
	job.Progress = func(done, of int) {
		x.done.Store(int64(done))
		x.of.Store(int64(of))
	}
	return tea.Batch(x.ask(func(ctx context.Context) (any, error) { return do(ctx, job) }), a.wait(refreshEvery, analysingMsg{&x.asker}))
}

func (x *exporting) key(a *App, k string, _ []rune) tea.Cmd {
	switch k {
	case "esc":
		x.leave()
		a.over = nil
		return a.say("export stopped")
	case "ctrl+c", "Q":
		x.leave()
		a.over = nil
		return a.quit()
	}
	return nil
}

func (x *exporting) line(a *App, w int) []string {
	out := newPen(a.theme, w)
	text := " writing " + clean(x.job.File) + " …"
	if of := x.of.Load(); of > 0 {
		text += " path " + count(x.done.Load()+1) + " of " + count(of)
	}
	out.put(roleText, text).put(roleDim, " · esc stops").end()
	return out.list
}

// take says what was written, or asks again where that could not be.
func (x *exporting) take(a *App, r reply) {
	if !x.took(r) {
		return
	}
	a.over = nil
	switch ans, _ := r.ans.(Exported); {
	case errors.Is(r.err, ErrExists):
		p := exportPrompt(x.job.Query, x.job.File, x.job.File)
		p.err = "it is there already · enter overwrites it, or type another name"
		a.over = p
	case r.err != nil:
		p := exportPrompt(x.job.Query, x.job.File, "")
		p.err = r.err.Error()
		a.over = p
	default:
		a.say(ans.text())
	}
}

// text says what was written.
func (e *Exported) text() string {
	if e.Paths == 0 {
		return "wrote " + clean(e.File) + " · no path here is flagged, by hand or by the analysis: it holds the four answers"
	}
	how := "that the analysis flags"
	if e.ByHand {
		how = "flagged by hand ⚑"
	}
	s := "wrote " + clean(e.File) + " · " + count(int64(e.Paths)) + plural(e.Paths, " path ", " paths ") + how
	if e.Others > 0 {
		s += ", " + count(int64(e.Others)) + " more summed"
	}
	if e.Pictures > 0 {
		s += " · " + count(int64(e.Pictures)) + plural(e.Pictures, " picture", " pictures")
	}
	if e.Lacking != "" {
		s += " · a table instead of a picture: " + clean(e.Lacking)
	}
	return s
}
