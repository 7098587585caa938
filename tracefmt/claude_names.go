package tracefmt

import "bytes"

// maxClaudeError bounds an error's text in bytes.
const maxClaudeError = 80

// claudeError names an error without what differs from time to time: text ends before a JSON object or a line end.
func (d *Decoder) claudeError(v []byte) Sym {
	if i := bytes.IndexAny(v, "{\n\\"); i >= 0 {
		v = v[:i]
	}
	if len(v) > maxClaudeError {
		v = v[:maxClaudeError]
	}
	return d.sym(bytes.ToValidUTF8(bytes.TrimSpace(v), nil))
}

// claudeSym gives the name that raw text stands for.
func (d *Decoder) claudeSym(raw []byte) Sym {
	if bytes.IndexByte(raw, '\\') >= 0 {
		d.scan2.buf = unescape(d.scan2.buf[:0], raw)
		raw = d.scan2.buf
	}
	return d.sym(raw)
}

// claudeTags are the line's branch, client version and folder. Lines mostly repeat those of the line before.
func (d *Decoder) claudeTags(l *claudeLine) Sym {
	t := &d.claude.tags
	if t.set && bytes.Equal(t.version, l.version) && bytes.Equal(t.branch, l.branch) && bytes.Equal(t.cwd, l.cwd) {
		return t.sym
	}
	t.set = true
	t.version, t.branch, t.cwd = append(t.version[:0], l.version...), append(t.branch[:0], l.branch...), append(t.cwd[:0], l.cwd...)
	t.understated = claudeUnderstates(text(l.version))
	t.tags.reset()
	for _, tag := range [...]struct {
		name  string
		value []byte
	}{{"branch", l.branch}, {"client", l.version}, {"cwd", l.cwd}} {
		if len(tag.value) > 0 {
			t.buf = unescape(t.buf[:0], tag.value)
			t.tags.add([]byte(tag.name), t.buf)
		}
	}
	t.sym = d.tags(&t.tags)
	return t.sym
}

// claudeUnderstates says that a client's version recorded output tokens while the answer still streamed: 2.1.12 to 2.1.49.
func claudeUnderstates(version string) bool {
	patch, ok := bytes.CutPrefix([]byte(version), []byte("2.1."))
	if !ok {
		return false
	}
	n, ok := parseInt(patch)
	return ok && n >= 12 && n <= 49
}

// claudeProject names the project. In .claude/projects/NAME/ it is the folder that NAME is made of, where cwd is within that folder.
// Elsewhere cwd is all there is, and it may move about during a session: it serves only where the run has nothing better, so that the
// first one names the whole run. Of folders the last part is the name; those that share it are told apart by their tag cwd.
func (d *Decoder) claudeProject(cwd []byte) (workflow, guess Sym) {
	f := &d.claude.project
	if f.set && f.path == d.Path && bytes.Equal(f.cwd, cwd) {
		return f.workflow, f.guess
	}
	f.set, f.path, f.cwd = true, d.Path, append(f.cwd[:0], cwd...)
	dir := unescape(nil, cwd)
	for i, c := range dir {
		if c == '\\' {
			dir[i] = '/'
		}
	}
	folder := projectFolder(d.Path)
	f.workflow, f.guess = d.sym(projectName(dir, folder)), 0
	if len(folder) == 0 {
		f.workflow, f.guess = 0, f.workflow
	}
	return f.workflow, f.guess
}

// projectFolder is NAME of a path …/projects/NAME/…; "" when there is none.
func projectFolder(path string) []byte {
	const mark = "/projects/"
	p := bytes.ReplaceAll([]byte(path), []byte{'\\'}, []byte{'/'})
	i := bytes.LastIndex(p, []byte(mark))
	if i < 0 {
		return nil
	}
	folder, _, ok := bytes.Cut(p[i+len(mark):], []byte{'/'})
	if !ok {
		return nil
	}
	return folder
}

func projectName(dir, folder []byte) []byte {
	dir = bytes.TrimRight(dir, "/")
	for at := dir; len(at) > 0; at = at[:max(bytes.LastIndexByte(at, '/'), 0)] {
		if sameFolder(at, folder) {
			return lastPart(at)
		}
	}
	if len(dir) > 0 {
		return lastPart(dir)
	}
	return folder
}

// sameFolder says that dir, with everything but letters and digits replaced by '-', is the project folder's name.
func sameFolder(dir, folder []byte) bool {
	if len(dir) != len(folder) {
		return false
	}
	for i, c := range dir {
		plain := c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
		if plain && c != folder[i] || !plain && folder[i] != '-' && c != folder[i] {
			return false
		}
	}
	return true
}

func lastPart(dir []byte) []byte { return dir[bytes.LastIndexByte(dir, '/')+1:] }

// claudeRun keeps a session's id as a run and as a name. Lines mostly repeat that of the line before.
func (d *Decoder) claudeRun(id []byte) (string, Sym) {
	c := &d.claude.run
	if len(id) == 0 {
		run := claudeSession(d.Path)
		return run, d.sym([]byte(run))
	}
	if c.id != text(id) {
		c.id, c.sym = d.text(id), d.sym(id)
	}
	return c.id, c.sym
}

// claudeSession is the session that a file belongs to, for lines that do not name it.
func claudeSession(path string) string {
	p := bytes.ReplaceAll([]byte(path), []byte{'\\'}, []byte{'/'})
	dir, base := p[:max(bytes.LastIndexByte(p, '/'), 0)], lastPart(p)
	if bytes.HasPrefix(base, []byte("agent-")) && bytes.Equal(lastPart(dir), []byte("subagents")) {
		return string(lastPart(dir[:max(bytes.LastIndexByte(dir, '/'), 0)]))
	}
	name, _, _ := bytes.Cut(base, []byte(".jsonl"))
	return string(name)
}

// claudeAgentID is the agent's id, for old lines that of the file agent-ID.jsonl.
func claudeAgentID(id []byte, path string) []byte {
	if len(id) > 0 {
		return id
	}
	p := bytes.ReplaceAll([]byte(path), []byte{'\\'}, []byte{'/'})
	if name, ok := bytes.CutPrefix(lastPart(p), []byte("agent-")); ok {
		name, _, _ = bytes.Cut(name, []byte(".jsonl"))
		return name
	}
	return claudeSidechain
}
