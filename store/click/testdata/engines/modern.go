package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"
)

// startModern starts this program anew as a server of the library: what goes wrong in there ends that process only.
func startModern(dir, lib string) (*engine, error) {
	if lib == "" {
		return nil, errors.New("the library of today's engine is not installed")
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, "modern")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	s, err := startServer(dir, ports[0], self, "-lib", lib, "-serve", "127.0.0.1:"+strconv.Itoa(ports[0]), filepath.Join(dir, "data"))
	if err != nil {
		return nil, err
	}
	return &engine{env: []string{address("COSTSCOPE_TEST_CLICKHOUSE_MODERN", ports[0])}, servers: []*server{s}}, nil
}

// A connection is a session of the library: its settings and its current database are its own.
type connection *uintptr

// The functions of the library that are used.
var (
	libConnect func(argc int32, argv **byte) connection
	libClose   func(c connection)
	libQuery   func(c uintptr, query *byte, size uintptr, format string, formatSize uintptr) (result uintptr)
	libError   func(result uintptr) string
	libBuffer  func(result uintptr) *byte
	libLength  func(result uintptr) uintptr
	libRows    func(result uintptr) uint64
	libBytes   func(result uintptr) uint64
	libFree    func(result uintptr)
	libSignals func(on bool)
)

// loadLibrary finds the functions. The library leaves the signals to the runtime of Go.
func loadLibrary(path string) error {
	lib, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return err
	}
	for name, f := range map[string]any{"connect": &libConnect, "close_conn": &libClose, "query_n": &libQuery, "result_error": &libError, "result_buffer": &libBuffer,
		"result_length": &libLength, "result_rows_read": &libRows, "result_bytes_read": &libBytes, "destroy_query_result": &libFree, "set_signal_handlers_enabled": &libSignals} {
		purego.RegisterLibFunc(f, lib, "chdb_"+name)
	}
	libSignals(false)
	return nil
}

func connect(data string) (connection, error) {
	name, path := []byte("engines\x00"), []byte("--path="+data+"\x00")
	args := []*byte{&name[0], &path[0]}
	c := libConnect(int32(len(args)), &args[0])
	if c == nil {
		return nil, errors.New("the library does not open " + data)
	}
	return c, nil
}

// An answer is what a query gave.
type answer struct {
	text        []byte
	rows, bytes uint64 // that were read for it
}

// query fails with the engine's own text.
func query(c connection, sql []byte, format string) (a answer, err error) {
	if len(sql) == 0 {
		return a, errors.New("Code: 62. DB::Exception: Empty query. (SYNTAX_ERROR)")
	}
	r := libQuery(*c, &sql[0], uintptr(len(sql)), format, uintptr(len(format)))
	defer libFree(r)
	if text := libError(r); text != "" {
		return a, errors.New(text)
	}
	a.text = append(a.text, unsafe.Slice(libBuffer(r), libLength(r))...)
	a.rows, a.bytes = libRows(r), libBytes(r)
	return a, nil
}

// modern answers the part of ClickHouse's HTTP interface that costscope uses. It knows no accounts, and no query by its id.
type modern struct {
	data string
	turn chan struct{} // one question at a time: the memory of the machine is that of the tests, too
}

func serveModern(lib, data, addr string) error {
	if err := loadLibrary(lib); err != nil {
		return err
	}
	if _, err := connect(data); err != nil { // stays open: the engine would end with its last connection
		return err
	}
	return http.ListenAndServe(addr, &modern{data: data, turn: make(chan struct{}, 1)})
}

func (m *modern) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ping" {
		io.WriteString(w, "Ok.\n")
		return
	}
	sql, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	v := r.URL.Query()
	if q := v.Get("query"); q != "" {
		sql = append([]byte(q+"\n"), sql...)
	}
	a, err := m.answer(r.Context(), v, sql)
	if err != nil {
		code, status := statusOf(err.Error())
		w.Header().Set("X-ClickHouse-Exception-Code", code)
		http.Error(w, err.Error(), status)
		return
	}
	w.Header().Set("X-ClickHouse-Summary", fmt.Sprintf(`{"read_rows":"%d","read_bytes":"%d"}`, a.rows, a.bytes))
	w.Write(a.text)
}

// answer asks in a session of its own, unless nobody waits for it any more when its turn comes.
func (m *modern) answer(ctx context.Context, v url.Values, sql []byte) (a answer, err error) {
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return a, ctx.Err()
	}
	c, err := connect(m.data)
	if err != nil {
		return a, err
	}
	defer libClose(c)
	for _, first := range preparation(v) {
		if _, err := query(c, []byte(first), "Null"); err != nil {
			return a, err
		}
	}
	format := v.Get("default_format")
	if format == "" {
		format = "TabSeparated"
	}
	return query(c, sql, format)
}

// notSettings are the parameters of a request that say other things.
var notSettings = map[string]bool{"query": true, "database": true, "default_format": true, "user": true, "password": true, "query_id": true,
	"session_id": true, "wait_end_of_query": true}

var quoter = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "`", "\\`")

// preparation is what a server does with the parameters of a request before its query.
func preparation(v url.Values) (list []string) {
	if d := v.Get("database"); d != "" {
		list = append(list, "USE `"+quoter.Replace(d)+"`")
	}
	var set []string
	for name := range v {
		if !notSettings[name] {
			set = append(set, "`"+quoter.Replace(name)+"` = '"+quoter.Replace(v.Get(name))+"'")
		}
	}
	if len(set) > 0 {
		list = append(list, "SET "+strings.Join(set, ", "))
	}
	return list
}

// statuses are those of a server for the errors that have one of their own.
var statuses = map[string]int{"62": http.StatusBadRequest, "46": http.StatusNotFound, "47": http.StatusNotFound, "60": http.StatusNotFound, "81": http.StatusNotFound,
	"115": http.StatusNotFound, "159": http.StatusRequestTimeout}

var codeOf = regexp.MustCompile(`^Code: (\d+)`)

func statusOf(text string) (code string, status int) {
	status = http.StatusInternalServerError
	m := codeOf.FindStringSubmatch(text)
	if m == nil {
		return "0", status
	}
	if s, ok := statuses[m[1]]; ok {
		status = s
	}
	return m[1], status
}
