package click

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// A Failure is what the engine says went wrong.
type Failure struct {
	Code int // of the engine; 0 where it is not stated
	Text string
	at   string
}

const (
	askLess   = ": ask for less, t or --since sets a time range"
	otherUser = ": set " + EnvUser + " and " + EnvPassword
	shardGone = "; nothing of the others' answers is shown: see that every server of the cluster runs, and ask again"
)

// hints say what to do about the failures that people meet.
var hints = map[int]string{
	32: "a shard went away in the middle" + shardGone, 209: "a shard does not answer in time" + shardGone, 210: "a shard cannot be reached" + shardGone,
	279: "a shard cannot be reached" + shardGone, 198: "the cluster names a server that is not known" + shardGone,
	16: "the table lacks a column: see 'costscope engine ddl', or name the profile", 47: "the table lacks a column: see 'costscope engine ddl', or name the profile",
	60: "there is no such table: ?table= in the address names it, 'costscope engine ddl' prints what to create",
	81: "there is no such database: the address ends in its name", 115: "the engine does not know a setting: this version of it was not seen yet",
	158: "more rows would be read than the account may" + askLess, 307: "more bytes would be read than the account may" + askLess,
	159: "it took longer than allowed" + askLess, 160: "it would take longer than allowed" + askLess,
	164: "the account may not do that: push needs an account that may INSERT, everything else one that may SELECT",
	192: "the user is unknown" + otherUser, 193: "the password is wrong" + otherUser, 194: "the password is missing: set " + EnvPassword,
	195: "the account may not be used from this machine: its networks in the engine say from where", 291: "the account may not use that database",
	516: "user or password is wrong" + otherUser, 497: "the account lacks a grant: push needs INSERT, everything else SELECT, on the tables of 'costscope engine ddl'",
	201: "the account's quota is used up: wait for its next interval, or raise it", 202: "too many queries run there at once: ask again",
	241: "it took more memory than allowed" + askLess, 243: "the engine's disk is full", 252: "the engine cannot keep up with merging: push again later",
	394: "the query was stopped: ask again", 396: "the answer has too many rows" + askLess,
	452: "the account's profile forbids a setting without which the answer could be wrong: allow it, or set it in the profile",
}

func (f *Failure) Error() string {
	text := f.at + ": "
	if h := hints[f.Code]; h != "" {
		return text + h + " (code " + strconv.Itoa(f.Code) + ")"
	}
	return text + f.Text
}

var (
	codeOf = regexp.MustCompile(`Code: (\d+)`)
	// lateError is how an error ends that comes after the first rows. Rows may speak of errors, too, but do not end so.
	lateError = regexp.MustCompile(`Code: (\d+)[,.] [^\n]*DB::Exception[^\n]*(e\.what\(\) = DB::Exception|\(version [^\n]*\))\s*(\d+ \S+\s+__exception__\s*)?$`)
)

// longestError is how much of an answer's end an error may take.
const longestError = 16 << 10

// failure reads an answer that tells of an error: one with a status of its own, or one that broke off after its first rows. Only the
// engine's own errors have a code.
func failure(resp *http.Response, body []byte) *Failure {
	tail := body[max(0, len(body)-longestError):]
	if resp.StatusCode == http.StatusOK {
		if m := lateError.FindSubmatch(tail); m != nil {
			return engineError(m[1], m[0])
		}
		if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") || resp.Header.Get("Content-Encoding") != "" {
			return &Failure{Text: "something else than ClickHouse answers: name the address of its HTTP interface"}
		}
		return nil
	}
	if m := codeOf.FindSubmatchIndex(body); m != nil {
		return engineError(body[m[2]:m[3]], body[m[0]:])
	}
	return &Failure{Text: between(resp)}
}

func engineError(code, text []byte) *Failure {
	n, _ := strconv.Atoi(string(code))
	return &Failure{Code: n, Text: firstLine(string(text))}
}

// between says what an answer tells that is not the engine's.
func between(resp *http.Response) string {
	status := fmt.Sprintf(" (HTTP status %d)", resp.StatusCode)
	switch {
	case resp.StatusCode/100 == 3:
		return "the address leads elsewhere, where the password is not sent: name the engine itself" + elsewhere(resp) + status
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return "a proxy in front of the engine refuses the request: ask those who run it" + status
	case resp.StatusCode >= http.StatusBadGateway && resp.StatusCode <= http.StatusGatewayTimeout:
		return "a proxy in front of the engine does not reach it: ask again later" + status
	}
	return "something else than ClickHouse answers: name the address of its HTTP interface" + status
}

// elsewhere is where a redirect leads, without its query: that holds the question.
func elsewhere(resp *http.Response) string {
	u, err := resp.Location()
	if err != nil {
		return ""
	}
	return ", perhaps " + (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
}

// firstLine is enough of an engine's text to tell what happened, without the stack of calls that follows.
func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	if len(s) > 300 {
		s = s[:300] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// unreachable says why there is no answer, without the address that was called: it holds the question.
func (c *Client) unreachable(err error) error {
	err = withoutURL(err)
	return fmt.Errorf("%s cannot be reached: %w: %s", c.at, err, c.remedy(err))
}

// remedy is what to do where there is no answer.
func (c *Client) remedy(err error) string {
	var (
		untrusted *tls.CertificateVerificationError
		invalid   x509.CertificateInvalidError
		name      x509.HostnameError
		dns       *net.DNSError
		timeout   net.Error
		plain     tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate is out of date: have it renewed, or set this machine's clock"
	case errors.As(err, &name):
		return "its certificate is for another name: use that name in the address"
	case errors.As(err, &untrusted):
		return "its certificate is not trusted: ca=FILE in the address names one to trust"
	case errors.As(err, &plain), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return "nothing there speaks TLS: name the HTTPS port (8443), or secure=0"
	case errors.As(err, &dns):
		return "check the name of the host"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "see that the server runs, and that the port is that of its HTTP interface (8123, with TLS 8443)"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "see that the server runs, and that no firewall stands between"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.ErrUnexpectedEOF):
		return "it hung up: see that the server runs, that the port is that of its HTTP interface, and that the address has secure=1 where it speaks TLS"
	}
	return "see that the port is that of its HTTP interface, and secure=1 in the address where it speaks TLS"
}
