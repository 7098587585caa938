package analyze

import (
	"bufio"
	"io"
	"strings"
)

// WriteMarkdown writes the report as markdown, with the content of WriteText.
func (r *Report) WriteMarkdown(w io.Writer) error {
	p := r.page()
	return p.writeMarkdown(w)
}

func (p *page) writeMarkdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	b.WriteString("# " + p.title + "\n\n" + escape(p.under) + "\n\n")
	b.WriteString("| | |\n|---|---|\n")
	for _, f := range p.facts {
		name := f[0]
		if name != "" {
			name = "**" + name + "** "
		}
		b.WriteString("| " + name + "| " + escape(f[1]) + " |\n")
	}
	if len(p.drawn) > 0 {
		b.WriteString("\n```text\n" + strings.Join(p.drawn, "\n") + "\n```\n")
	}
	for _, g := range p.grids {
		b.WriteString("\n## " + escape(g.title) + "\n\n")
		g.writeMarkdown(b)
	}
	if len(p.notes) > 0 {
		b.WriteString("\n")
	}
	for _, n := range p.notes {
		b.WriteString("- " + escape(n) + "\n")
	}
	return b.Flush()
}

func (g *grid) writeMarkdown(b *bufio.Writer) {
	b.WriteString("| " + strings.Join(g.head, " | ") + " |\n|---")
	for k := range g.head[1:] {
		b.WriteString("|---")
		if !g.left && k+1 >= g.text {
			b.WriteString(":")
		}
	}
	b.WriteString("|\n")
	for i, row := range g.rows {
		indent := ""
		if g.depth != nil {
			indent = strings.Repeat("&nbsp;&nbsp;", g.depth[i])
		}
		b.WriteString("| " + indent)
		for k, c := range row {
			if k > 0 {
				b.WriteString(" | ")
			}
			b.WriteString(escape(c))
		}
		b.WriteString(" |\n")
	}
	if g.more != "" {
		b.WriteString("\n" + g.more + "\n")
	}
}

var markdownEscapes = strings.NewReplacer(
	`\`, `\\`, "|", `\|`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "#", `\#`, "~", `\~`,
	"://", `:\//`, "www.", `www\.`, "@", `\@`, // no link out of an address
)

// escape makes text stand for itself in markdown.
func escape(s string) string { return markdownEscapes.Replace(s) }
