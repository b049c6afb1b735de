package rulepull

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// An archive that has arrived.
type archive struct {
	file   *os.File
	size   int64
	sha256 string
	from   string
	// temporary says that the file is ours.
	temporary bool
}

func (a *archive) remove() {
	a.file.Close()
	if a.temporary {
		os.Remove(a.file.Name())
	}
}

// obtain opens the file, or fetches what the address names into a temporary
// one.
func obtain(ctx context.Context, options *Options) (*archive, error) {
	if !strings.Contains(options.From, "://") {
		return openFile(options)
	}
	address, err := url.Parse(options.From)
	if err != nil {
		// The error names the address, which may hold a password.
		return nil, errors.New("the address cannot be read")
	}
	if err := checkScheme(address, options.InsecureHTTP); err != nil {
		return nil, err
	}
	return fetch(ctx, address, options)
}

func openFile(options *Options) (*archive, error) {
	info, err := os.Stat(options.From)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a file", ErrArchive, options.From)
	}
	file, err := os.Open(options.From)
	if err != nil {
		return nil, err
	}
	a := &archive{file: file, from: options.From}
	if err := a.measure(io.Discard, file, options.Limits.Archive); err != nil {
		a.remove()
		return nil, err
	}
	return a, nil
}

// measure copies a stream, counts its bytes and hashes them.
func (a *archive) measure(to io.Writer, from io.Reader, limit int64) error {
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(hash, to), io.LimitReader(from, limit+1))
	if err != nil {
		return err
	}
	if size > limit {
		return fmt.Errorf("%w: it is larger than %d bytes", ErrArchive, limit)
	}
	a.size, a.sha256 = size, hex.EncodeToString(hash.Sum(nil))
	return nil
}

func checkScheme(address *url.URL, insecure bool) error {
	switch {
	case address.Scheme == "https", address.Scheme == "http" && insecure:
		return nil
	case address.Scheme == "http":
		return fmt.Errorf("%w: %s", ErrPlain, address.Redacted())
	}
	return fmt.Errorf("addresses begin with https, not %q", address.Scheme)
}

func fetch(ctx context.Context, address *url.URL, options *Options) (*archive, error) {
	ctx, cancel := context.WithTimeout(ctx, options.Limits.Time)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, errors.New("the address cannot be read")
	}
	request.Header.Set("User-Agent", "kulla")
	// So that the hash is that of the bytes that come.
	request.Header.Set("Accept-Encoding", "identity")
	client, err := newClient(options)
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", response.Request.URL.Redacted(), response.Status)
	}
	return store(response, options)
}

// store keeps the body in a temporary file.
func store(response *http.Response, options *Options) (*archive, error) {
	limit := options.Limits.Archive
	if response.ContentLength > limit {
		return nil, fmt.Errorf("%w: it is larger than %d bytes", ErrArchive, limit)
	}
	file, err := os.CreateTemp(options.TempDir, "kulla-rules-")
	if err != nil {
		return nil, err
	}
	a := &archive{file: file, from: response.Request.URL.Redacted(), temporary: true}
	if err := a.measure(file, response.Body, limit); err != nil {
		a.remove()
		return nil, err
	}
	return a, nil
}

// maxRedirects is how often a server may name another address: releases are
// answered with one or two.
const maxRedirects = 5

func newClient(options *Options) (*http.Client, error) {
	transport := options.Transport
	if transport == nil {
		own, err := newTransport(options.Proxy)
		if err != nil {
			return nil, err
		}
		transport = own
	}
	return &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, before []*http.Request) error {
		if len(before) > maxRedirects {
			return fmt.Errorf("more than %d redirections", maxRedirects)
		}
		return checkScheme(next.URL, options.InsecureHTTP)
	}}, nil
}

// newTransport bounds every step.
func newTransport(proxy string) (*http.Transport, error) {
	transport := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   30 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:     true,
	}
	if proxy == "" {
		return transport, nil
	}
	address, err := url.Parse(proxy)
	if err != nil || address.Host == "" {
		return nil, errors.New("the address of the proxy cannot be read; it looks like http://proxy.example.test:3128")
	}
	transport.Proxy = http.ProxyURL(address)
	return transport, nil
}
