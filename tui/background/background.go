// Package background tells lipgloss that the terminal's background is known. bubbletea asks lipgloss for it while packages are being
// initialised, and lipgloss would ask the terminal and wait, up to seconds, for an answer. Packages are initialised in the order of their
// paths once what they import is ready, so this one, which imports lipgloss alone, comes before bubbletea. The explorer chooses its colours
// itself; nothing depends on the answer.
package background

import "github.com/charmbracelet/lipgloss"

func init() { lipgloss.SetHasDarkBackground(true) }
