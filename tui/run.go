package tui

import (
	"context"
	"errors"
	"os"
	"time"

	"costscope/tui/background"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"
)

// framesPerSecond is how often the screen may change: a key is on screen in less than 9 ms.
const framesPerSecond = 120

// framesFollowing is the same for a trace that is followed, which stays on screen for days: each frame wakes the processor.
const framesFollowing = 24

// Run explores src until the person quits or ctx ends. The terminal is restored in any case, also after a panic. Signals are the
// caller's business: they end ctx.
func Run(ctx context.Context, src Source, o Options) error {
	fps := framesPerSecond
	if o.Following {
		fps = framesFollowing
	}
	opts := []tea.ProgramOption{tea.WithAltScreen(), tea.WithFPS(fps), tea.WithContext(ctx), tea.WithoutSignalHandler()}
	if o.In != nil {
		opts = append(opts, tea.WithInput(o.In))
	}
	if o.Out != nil {
		opts = append(opts, tea.WithOutput(o.Out))
	}
	if o.Mouse {
		opts = append(opts, tea.WithMouseCellMotion())
	}
	if o.Theme == "" || o.Theme == "auto" {
		o.Theme = askTheme(o)
	}
	_, err := tea.NewProgram(New(src, o), opts...).Run()
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return err
}

// askWait bounds how long the start waits for a terminal that answers nothing.
const askWait = 100 * time.Millisecond

// askTheme asks the terminal whether it is light, where that matters and an answer can be expected. Multiplexers do not pass it on.
func askTheme(o Options) string {
	if o.In != nil || o.Out != nil || env("TMUX") != "" || env("STY") != "" || env("COLORFGBG") != "" || profileOf(o) == termenv.Ascii {
		return "auto"
	}
	dark, ok := background.Ask(os.Stdin, os.Stdout, askWait)
	switch {
	case !ok:
		return "auto"
	case dark:
		return "dark"
	}
	return "light"
}
