package click

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"runtime"
	"strings"
)

// Scheme begins every address of an engine.
const Scheme = "clickhouse://"

// The environment names who asks: a user and a password, or a file that holds both, each on a line of its own.
const (
	EnvUser        = "COSTSCOPE_CLICKHOUSE_USER"
	EnvPassword    = "COSTSCOPE_CLICKHOUSE_PASSWORD"
	EnvCredentials = "COSTSCOPE_CLICKHOUSE_CREDENTIALS"
)

// An Address says where an engine is and what is read there. The password is in no text that it prints.
type Address struct {
	Host     string // with its port
	TLS      bool
	CA       string // file of the certificates to trust besides the system's; "" for none
	Database string
	Table    string // "" for the tables that the profile names
	Profile  string // "" to detect

	user     string
	password func() string // no text, so that nothing that prints what holds an address prints it
}

// String is the address as people may see it.
func (a *Address) String() string { return Scheme + a.Host + "/" + a.Database }

// account is who asks, as people know it.
func (a *Address) account() string {
	if a.user == "" {
		return "default"
	}
	return a.user
}

// IsAddress says that a TRACE argument names an engine.
func IsAddress(s string) bool { return strings.HasPrefix(s, Scheme) }

var errPasswordInURL = errors.New("a user or a password in the address would end up in logs: set " + EnvUser + " and " + EnvPassword +
	", or name a file with both in " + EnvCredentials)

// ParseAddress reads clickhouse://HOST[:PORT]/DATABASE?table=T&profile=P&secure=1&ca=FILE. Beyond loopback the connection is encrypted;
// plain allows it not to be.
func ParseAddress(s string, plain bool, getenv func(string) string) (*Address, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("the address of the engine is not a URL: %w", withoutURL(err))
	}
	if u.User != nil {
		return nil, errPasswordInURL
	}
	a := &Address{Database: strings.Trim(u.Path, "/")}
	if a.Database == "" {
		a.Database = "default"
	}
	secure := ""
	for k, v := range u.Query() {
		to, ok := map[string]*string{"table": &a.Table, "profile": &a.Profile, "ca": &a.CA, "secure": &secure}[k]
		if !ok {
			return nil, fmt.Errorf("the address of the engine has %q, which is none of table, profile, secure, ca", k)
		}
		*to = v[len(v)-1]
	}
	if a.TLS, err = encrypted(u.Hostname(), secure, plain); err != nil {
		return nil, err
	}
	if u.Hostname() == "" {
		return nil, errors.New("the address of the engine names no host: " + Scheme + "HOST:PORT/DATABASE")
	}
	a.Host = net.JoinHostPort(u.Hostname(), portOf(u.Port(), a.TLS))
	return a, a.credentials(getenv)
}

// withoutURL drops the address from an error about it: it may hold what must not be shown.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

func encrypted(host, secure string, plain bool) (bool, error) {
	switch secure {
	case "1", "true":
		return true, nil
	case "", "0", "false":
	default:
		return false, fmt.Errorf("secure=%s is neither 0 nor 1", secure)
	}
	if loopback(host) {
		return false, nil
	}
	if secure == "" {
		return !plain, nil
	}
	if plain {
		return false, nil
	}
	return false, errors.New("secure=0 sends the password and the answers readable through the network: --plain-http allows that")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func portOf(port string, tls bool) string {
	switch {
	case port != "":
		return port
	case tls:
		return "8443"
	}
	return "8123"
}

// credentials finds out who asks.
func (a *Address) credentials(getenv func(string) string) error {
	a.user, a.password = getenv(EnvUser), hidden(getenv(EnvPassword))
	if a.password() != "" {
		a.user = a.account()
	}
	file := getenv(EnvCredentials)
	if a.user != "" || file == "" {
		return nil
	}
	text, err := readSecret(file)
	if err != nil {
		return fmt.Errorf("%s: %w", EnvCredentials, err)
	}
	lines := strings.SplitN(strings.TrimRight(text, "\r\n"), "\n", 2)
	if len(lines) != 2 {
		return fmt.Errorf("%s: %s must hold two lines: the user and the password", EnvCredentials, file)
	}
	a.user, a.password = strings.TrimSpace(lines[0]), hidden(strings.TrimRight(lines[1], "\r\n"))
	return nil
}

func hidden(s string) func() string { return func() string { return s } }

// maxSecret is more than any user and password take.
const maxSecret = 64 << 10

// readSecret reads a file that only its owner may read. A link counts by what it leads to.
func readSecret(file string) (string, error) {
	st, err := os.Stat(file) // before it is opened: opening a pipe waits for its writer
	if err != nil {
		return "", err
	}
	if !st.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if st, err = f.Stat(); err != nil {
		return "", err
	}
	if st.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" { // where the bits say nothing
		return "", fmt.Errorf("%s can be read by others: chmod 600 it", file)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecret))
	return string(text), err
}
