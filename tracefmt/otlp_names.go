package tracefmt

import (
	"bytes"
	"strings"
)

// spanWords are cut from the front and the end of a span's name: what remains names the agent, the workflow or the step.
var spanWords = struct{ front, end []string }{
	front: []string{"invoke_agent ", "invoke_workflow ", "create_agent ", "execute_tool ", "ai.toolCall ", "agent.", "agent "},
	end:   []string{".agent", ".workflow", ".task", ".tool", " agent"},
}

// cleanSpanName appends name without ids and without words that say only what kind of span it is; what would be left empty is kept.
func cleanSpanName(to, name []byte) []byte {
	from := len(to)
	to = cutIDs(to, name)
	if n := cutWords(to[from:]); len(n) > 0 {
		return append(to[:from], n...)
	}
	return append(to[:from], name...)
}

func cutWords(n []byte) []byte {
	for _, w := range spanWords.front {
		if len(n) > len(w) && string(n[:len(w)]) == w && string(n) != "agent run" {
			n = n[len(w):]
			break
		}
	}
	for _, w := range spanWords.end {
		if len(n) > len(w) && string(n[len(n)-len(w):]) == w {
			n = n[:len(n)-len(w)]
			break
		}
	}
	return bytes.TrimSpace(n)
}

// cutIDs appends name without UUIDs and long runs of hex digits, and without the separator before each.
func cutIDs(to, name []byte) []byte {
	if !hasID(name) {
		return append(to, name...)
	}
	from := len(to)
	for i := 0; i < len(name); {
		n := idLen(name[i:])
		if n == 0 || i > 0 && alnum(name[i-1]) {
			to = append(to, name[i])
			i++
			continue
		}
		to = append(to[:from], bytes.TrimRight(to[from:], ".-_:/# ")...)
		i += n
	}
	return to
}

// hasID tells whether b holds an id.
func hasID(b []byte) bool {
	if len(b) < minID {
		return false
	}
	for i := 0; i+minID <= len(b); i++ {
		if i > 0 && alnum(b[i-1]) {
			continue
		}
		if idLen(b[i:]) > 0 {
			return true
		}
	}
	return false
}

// minID is the least number of hex digits in a row that are read as an id.
const minID = 12

// idLen is the length of the id at the start of b, 0 when there is none: hex digits and dashes, at least minID digits, one decimal digit.
func idLen(b []byte) int {
	n, digits, decimal := 0, 0, 0
	for ; n < len(b); n++ {
		c := b[n]
		if c >= '0' && c <= '9' {
			decimal++
			digits++
		} else if c|0x20 >= 'a' && c|0x20 <= 'f' {
			digits++
		} else if c != '-' || digits == 0 {
			break
		}
	}
	if digits < minID || decimal == 0 || n < len(b) && alnum(b[n]) {
		return 0
	}
	return n
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// providerSuffixes are API names that some libraries put behind the provider's name (openai.chat).
var providerSuffixes = []string{".chat", ".responses", ".messages", ".completion", ".completions", ".embedding", ".generative-ai", ".image", ".speech", ".transcription"}

// providerAliases are other names of providers, in lower case.
var providerAliases = map[string]string{
	"az.ai.openai": "azure.ai.openai", "azure_openai": "azure.ai.openai", "azure-openai": "azure.ai.openai", "vertex_ai": "gcp.vertex_ai", "vertexai": "gcp.vertex_ai",
	"bedrock": "aws.bedrock", "amazon-bedrock": "aws.bedrock", "aws_bedrock": "aws.bedrock", "gemini": "gcp.gemini", "google.generative-ai": "gcp.gemini",
}

// providerName is the provider in lower case, without API names.
func providerName(v []byte) string {
	s := strings.ToLower(strings.TrimSpace(string(v)))
	if a, ok := providerAliases[s]; ok {
		return a
	}
	for _, x := range providerSuffixes {
		if t, ok := strings.CutSuffix(s, x); ok && t != "" {
			s = t
			break
		}
	}
	if a, ok := providerAliases[s]; ok {
		return a
	}
	return s
}
