package analyze

import (
	"bytes"
	"encoding/json"
	"io"

	"costscope/tracefmt"
)

// WriteJSON writes the report as one JSON object (contract, section 2).
func (r *Report) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

// writeJSON writes a value as one JSON object, without what a terminal would act on.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(escaped(b.Bytes()))
	return err
}

// escaped escapes what a terminal would act on; in JSON that stands in strings only, but for the line ends.
func escaped(doc []byte) []byte {
	out := make([]byte, 0, len(doc))
	from := 0
	for i, r := range string(doc) {
		if r < 0x7f || !tracefmt.Acts(r) {
			continue
		}
		out = tracefmt.AppendEscape(append(out, doc[from:i]...), r)
		from = i + len(string(r))
	}
	return append(out, doc[from:]...)
}
