package analyze

import (
	"encoding/json"
	"io"
)

// WriteJSON writes the report as one JSON object (contract, section 2).
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
