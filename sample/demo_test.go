package sample

import (
	"bytes"
	"compress/gzip"
	"flag"
	"io"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write demo.jsonl.gz anew")

func TestDemoIsCurrent(t *testing.T) {
	trace, _ := generate(t, DemoName, DemoSeed, 0)
	if *update {
		writeDemo(t, trace)
	}
	z, err := gzip.NewReader(bytes.NewReader(Demo()))
	if *update || err != nil {
		t.Skip("written; run again to compare")
	}
	shipped, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(trace, shipped) {
		t.Error("demo.jsonl.gz is not what Generate writes; go generate ./sample")
	}
	if len(Demo()) > 2<<20 {
		t.Errorf("demo.jsonl.gz has %d bytes, more than 2 MB", len(Demo()))
	}
}

func writeDemo(t *testing.T, trace []byte) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(trace); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("demo.jsonl.gz", b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", b.Len())
}
