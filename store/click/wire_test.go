//go:build unix

package click

import (
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// answering is a client of something that answers every question in one way.
func answering(t *testing.T, answer http.HandlerFunc) *Client {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sql, _ := io.ReadAll(r.Body); !strings.HasPrefix(string(sql), "KILL") {
			answer(w, r)
		}
	}))
	t.Cleanup(s.Close)
	at, err := ParseAddress(Scheme+strings.TrimPrefix(s.URL, "http://")+"/db", false, env(EnvUser, "viewer", EnvPassword, secret))
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(at, &http.Transport{})
	t.Cleanup(c.Close)
	return c
}

const goodAnswer = "q_n\nInt64\n5\n"

func TestAnswersThatAreNotTheEngines(t *testing.T) {
	for _, x := range [...]struct {
		name   string
		answer http.HandlerFunc
		words  []string
	}{
		{"a page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html><body>\nsign in\n</body></html>\n") }, []string{"something else than ClickHouse answers"}},
		{"a page with a status", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>no</html>", http.StatusNotFound) }, []string{"something else than ClickHouse", "404"}},
		{"nothing", func(http.ResponseWriter, *http.Request) {}, []string{"something else than ClickHouse"}},
		{"JSON", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{\"ok\": true}\n") }, []string{"something else than ClickHouse"}},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example.com/?query=SELECT+1", http.StatusMovedPermanently)
		}, []string{"leads elsewhere", "https://other.example.com", "301"}},
		{"a gateway", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, []string{"a proxy in front of the engine does not reach it", "502"}},
		{"a guard", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, []string{"a proxy in front of the engine refuses", "403"}},
		{"brotli", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			fmt.Fprint(w, goodAnswer)
		}, []string{"something else than ClickHouse"}},
		{"half a row", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "q_n\nInt64\n5\n1234") }, []string{"ends in the middle of a row"}},
		{"a reset", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, goodAnswer)
			w.(http.Flusher).Flush()
			conn, _, _ := w.(http.Hijacker).Hijack()
			_ = conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}, []string{"broke off", "nothing of it is shown", "ask again"}},
		{"a hang-up", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
		}, []string{"cannot be reached", "it hung up"}},
		{"a late error", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, goodAnswer+"Code: 32, e.displayText() = DB::Exception: Attempt to read after eof, e.what() = DB::Exception\n")
		}, []string{"a shard went away", "(code 32)"}},
		{"far too much", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "q_n\nInt64\n")
			for range 4 << 20 {
				if _, err := io.WriteString(w, "5\n"); err != nil {
					return
				}
			}
		}, []string{"broke off after 1 MB", "ask for less"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := answering(t, x.answer)
			c.most = 1 << 20
			r, err := c.Query(t.Context(), "SELECT 5 AS q_n")
			says(t, err, append(x.words, c.at.Host)...)
			if r != nil {
				t.Error("there is an answer")
			}
			says(t, c.hello(t.Context()), c.at.Host)
		})
	}
}

func TestAnswersThatAreCompressed(t *testing.T) {
	c := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		fmt.Fprint(z, goodAnswer)
	})
	r, err := c.Query(t.Context(), "SELECT 5 AS q_n")
	if err != nil || !r.Next() || r.Int(0) != 5 {
		t.Error(r, err)
	}
}

// certificate writes cert.pem and key.pem for 127.0.0.1 into a folder.
func certificate(t *testing.T, dir string, ends time.Time) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "costscope test"}, NotBefore: time.Unix(1700000000, 0), NotAfter: ends,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	cert, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	files := [2]string{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	write(t, files[0], string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
	write(t, files[1], string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	pair, err := tls.LoadX509KeyPair(files[0], files[1])
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// secure dials with TLS.
func secure(t *testing.T, host, query string) (*Client, error) {
	at, err := ParseAddress(Scheme+host+"/default?secure=1"+query, false, env(EnvUser, "viewer", EnvPassword, secret))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Dial(t.Context(), at)
	if err == nil {
		t.Cleanup(c.Close)
	}
	return c, err
}

func TestCertificates(t *testing.T) {
	years := time.Now().AddDate(1, 0, 0)
	serve := func(ends time.Time) (host, ca string) {
		dir := t.TempDir()
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the password was sent") }))
		s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate(t, dir, ends)}}
		s.StartTLS()
		t.Cleanup(s.Close)
		return s.Listener.Addr().String(), "&ca=" + filepath.Join(dir, "cert.pem")
	}
	host, ca := serve(time.Unix(1710000000, 0))
	_, err := secure(t, host, ca)
	says(t, err, host, "certificate is out of date", "renewed")
	host, ca = serve(years)
	_, err = secure(t, host, "")
	says(t, err, host, "not trusted", "ca=FILE")
	_, err = secure(t, strings.Replace(host, "127.0.0.1", "localhost", 1), ca)
	says(t, err, "localhost", "another name")
	_, err = secure(t, host, "&ca="+filepath.Join(t.TempDir(), "none.pem"))
	says(t, err, "ca: ", "none.pem")
	key := strings.Replace(strings.TrimPrefix(ca, "&ca="), "cert.pem", "key.pem", 1)
	_, err = secure(t, host, "&ca="+key)
	says(t, err, "holds no certificate")

	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	_, err = secure(t, plain.Listener.Addr().String(), "")
	says(t, err, "nothing there speaks TLS", "secure=0")
}

func TestEncryptedEngine(t *testing.T) {
	p := twoShards(t, func(s *server) {
		s.tls = freePort(t)
		certificate(t, s.dir, time.Now().AddDate(1, 0, 0))
	})
	host := fmt.Sprintf("127.0.0.1:%d", p[0].tls)
	c, err := secure(t, host, "&ca="+filepath.Join(p[0].dir, "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := c.Query(t.Context(), "SELECT value AS q_value FROM system.settings WHERE name = 'readonly'"); err != nil || !r.Next() || r.Text(0) != "2" {
		t.Error(r, err)
	}
	_, err = secure(t, host, "")
	says(t, err, host, "not trusted", "ca=FILE")
	at, err := ParseAddress(Scheme+host, false, env(EnvUser, "viewer", EnvPassword, secret))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Dial(t.Context(), at)
	says(t, err, host, "secure=1")
}

// No way of printing what holds a password shows it.
func TestPasswordsAreNotPrinted(t *testing.T) {
	at, err := ParseAddress("clickhouse://localhost/db", false, env(EnvUser, "viewer", EnvPassword, secret))
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(at, &http.Transport{})
	defer c.Close()
	s := &Store{c: c}
	for _, verb := range [...]string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, x := range [...]any{at, *at, c, s, s.c.at, []any{at, *at}, map[string]Address{"a": *at}} {
			if text := fmt.Sprintf(verb, x); strings.Contains(text, secret) {
				t.Errorf("%s of %T shows it", verb, x)
			}
		}
	}
	if _, err := ParseAddress("clickhouse://viewer:"+secret+"@localhost/db", false, env()); err == nil || strings.Contains(err.Error(), secret) {
		t.Error(err)
	}
	if _, err := ParseAddress("clickhouse://viewer:"+secret+"@local host:x/db", false, env()); err == nil || strings.Contains(err.Error(), secret) {
		t.Error(err)
	}
	at.password = func() string { return secret + "\nX-Other: 1" }
	_, err = c.Query(t.Context(), "SELECT 1 AS q_n")
	says(t, err, "localhost")
}

func TestCredentialFilesThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	write(t, good, "viewer\n"+secret+"\n")
	link := filepath.Join(dir, "link")
	if err := os.Symlink(good, link); err != nil {
		t.Skip("SKIP: no links here:", err)
	}
	get := func(file string) error {
		_, err := ParseAddress("clickhouse://localhost", false, env(EnvCredentials, file))
		return err
	}
	if err := get(link); err != nil {
		t.Error("a link to a file of its owner is as good:", err)
	}
	for _, mode := range [...]os.FileMode{0o640, 0o604, 0o666} {
		if err := os.Chmod(good, mode); err != nil {
			t.Fatal(err)
		}
		says(t, get(good), "chmod 600", good)
		says(t, get(link), "chmod 600")
	}
	says(t, get(dir), EnvCredentials, "is no file")
	says(t, get(filepath.Join(dir, "none")), EnvCredentials, "none")
	one := filepath.Join(dir, "one")
	write(t, one, secret)
	says(t, get(one), EnvCredentials, "two lines")
}

// A server's own error texts do not carry the question to people.
func TestFailuresOfTheEngineAreShort(t *testing.T) {
	f := &Failure{Code: 9999, Text: firstLine("Code: 9999. DB::Exception: " + strings.Repeat("x", 5000)), at: "clickhouse://h/db"}
	if n := len(f.Error()); n > 400 {
		t.Error(n, "bytes")
	}
}
