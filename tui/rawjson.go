package tui

import (
	"bytes"
	"encoding/json"
	"strings"
)

// What is shown of a record at most.
const (
	maxRawBytes = 1 << 20
	maxRawLines = 5000
	maxRawWidth = 4000
)

// prettyJSON lays a record out in lines that are fit for a terminal. What is not JSON is shown as it is. Long records and lines are cut,
// and say so.
func prettyJSON(raw []byte) []string {
	note := ""
	if len(raw) > maxRawBytes {
		note = "… " + count(int64(len(raw)-maxRawBytes)) + " more bytes"
		raw = raw[:maxRawBytes]
	}
	var b bytes.Buffer
	if note != "" || json.Indent(&b, raw, "", "  ") != nil {
		b.Reset()
		b.Write(raw)
	}
	lines := strings.Split(strings.TrimRight(b.String(), "\r\n"), "\n")
	if len(lines) > maxRawLines {
		note = "… " + count(int64(len(lines)-maxRawLines)) + " more lines"
		lines = lines[:maxRawLines]
	}
	for i, l := range lines {
		if len(l) > maxRawWidth {
			l = strings.ToValidUTF8(l[:maxRawWidth], "") + "… " + count(int64(len(l)-maxRawWidth)) + " more bytes"
		}
		lines[i] = clean(strings.ReplaceAll(l, "\t", "  "))
	}
	if note != "" {
		lines = append(lines, note)
	}
	return lines
}

// drawJSON colours one line of laid-out JSON: names, text, everything else.
func drawJSON(out *pen, l string) {
	body := strings.TrimLeft(l, " ")
	out.put(roleText, l[:len(l)-len(body)])
	if strings.HasPrefix(body, "\"") {
		if end := stringEnd(body); end > 0 && strings.HasPrefix(body[end:], ":") {
			out.put(roleField, body[:end]).put(roleDim, ":")
			body = body[end+1:]
		}
	}
	switch v := strings.TrimLeft(body, " "); {
	case v == "":
		out.put(roleText, body)
	case v[0] == '"':
		out.put(roleString, body)
	case strings.ContainsRune("-0123456789tfn", rune(v[0])):
		out.put(roleNumber, body)
	default:
		out.put(roleDim, body)
	}
}

// stringEnd is the place after the closing quote of the string that s begins with; 0 for none.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}
