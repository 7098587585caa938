package tracefmt

import "testing"

// gatewayRow is a made-up format: two levels, an array, JSON as text, tags.
var gatewayRow = row{
	shape: shapeOf(fields{
		"id":                   idTo(func(r *Record) *string { return &r.ID }),
		"call.model":           to("model"),
		"call.usage.in":        to("input_tokens"),
		"call.usage.out":       to("output_tokens"),
		"call.cost":            to("cost_usd"),
		"meta.user":            to("user_id"),
		"meta.*":               tagsTo,
		"tries[].code":         httpTo,
		`a\.b`:                 to("agent"),
		"call.usage.total_all": to("total_tokens"),
	}),
	finish: func(d *Decoder, r *Record) error {
		if r.ID == "" {
			return errDrop
		}
		r.Run, r.Kind = r.ID, KindLLM
		d.flatClose(r, 0)
		return nil
	},
}

func TestShapeReadsPaths(t *testing.T) {
	names := NewNames()
	d := NewDecoder(names, nil)
	err := gatewayRow.decode(d, []byte(`{"id":"x","call":"{\"model\":\"m\",\"usage\":{\"in\":\"12\",\"out\":3,\"total_all\":15}}","meta":{"user":"u","feature_x":"y","deep":{"z":1}},"tries":[{"code":429},{"code":"503"}],"a.b":"agent 7","other":[1,2,{"q":null}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r := &d.Out[0]
	if r.ID != "x" || names.Name(r.Model) != "m" || r.Usage.Input != 12 || r.Usage.Output != 3 || r.Status != StatusError {
		t.Errorf("got %+v", r)
	}
	if names.Name(r.User) != "u" || names.Name(r.Tags) != "feature_x=y" || names.Name(r.Agent) != "agent 7" {
		t.Errorf("names %q %q %q", names.Name(r.User), names.Name(r.Tags), names.Name(r.Agent))
	}
}

func TestShapeElementsFailAlone(t *testing.T) {
	var warned []string
	d := NewDecoder(NewNames(), func(w Warning) { warned = append(warned, w.Text) })
	sh := shapeOf(fields{"data": records(&gatewayRow)})
	err := d.decodeShape(sh, []byte(`{"data":[{"id":"1","call":{"usage":{"in":-4,"out":1}},"meta":{"user":"u"}},{"call":{}},7,{"id":"2","call":{"usage":{"in":5}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Out) != 1 || d.Out[0].ID != "2" || d.Out[0].Usage.Input != 5 {
		t.Errorf("got %d records: %+v", len(d.Out), d.Out)
	}
	if len(warned) != 1 || warned[0] != "left out: "+errCount.Error() {
		t.Errorf("warned %q", warned)
	}
}

func TestCSVRowsAreObjects(t *testing.T) {
	var s csvState
	got := string(s.row("id,name,usage,note", []byte(`1,"a ""b""","{""in"": 3}",`)))
	if want := `{"id":"1","name":"a \"b\"","usage":{"in": 3},"note":null}`; got != want {
		t.Errorf("got %s", got)
	}
	got = string(s.row("a;b", []byte("x;\"line 1\nline 2\"")))
	if want := `{"a":"x","b":"line 1\u000aline 2"}`; got != want {
		t.Errorf("got %s", got)
	}
}

func TestCSVFramesQuotedLineEnds(t *testing.T) {
	f := csvFramer{}
	b := []byte("a,b\r\n1,\"x\ny\"\n\n2,z")
	var rows []string
	for {
		from, to, ok := f.next(b)
		if !ok {
			break
		}
		rows = append(rows, string(b[from:to]))
	}
	if from, to, ok := f.last(b); ok {
		rows = append(rows, string(b[from:to]))
	}
	if len(rows) != 3 || rows[0] != "a,b\r" || rows[1] != "1,\"x\ny\"" || rows[2] != "2,z" {
		t.Errorf("rows %q", rows)
	}
}
