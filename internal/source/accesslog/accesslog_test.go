package accesslog

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kulla-defence/kulla/internal/source/format"
	"github.com/kulla-defence/kulla/internal/source/formattest"
)

func TestLines(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a?b=c HTTP/1.0" 200 2326`:                                                                  `/webserver/ 2000-10-10T20:55:36Z c-ip="192.0.2.1" cs-username=null cs-method="GET" cs-uri-stem="/a" cs-uri-query="b=c" cs-uri-query="/a?b=c" cs-uri="/a?b=c" cs-version="HTTP/1.0" sc-status="200" sc-bytes="2326"`,
		`2001:db8::1 - frank smith [10/Oct/2000:13:55:36 +0000] "POST / HTTP/2.0" 304 - "-" "curl \"x\" \\ \x41\n\q"`:                                `/webserver/ 2000-10-10T13:55:36Z c-ip="2001:db8::1" cs-username="frank smith" cs-method="POST" cs-uri-stem="/" cs-uri-query="/" cs-uri="/" cs-version="HTTP/2.0" sc-status="304" sc-bytes=null cs-referer=null cs-user-agent="curl \"x\" \\ A\n\\q"`,
		`www.example.test:443 192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 1 "http://example.test/" "agent" 0.003 "198.51.100.7"`: `/webserver/ 2000-10-10T13:55:36Z on www.example.test c-ip="192.0.2.1" cs-username=null cs-method="GET" cs-uri-stem="/" cs-uri-query="/" cs-uri="/" cs-version="HTTP/1.1" sc-status="200" sc-bytes="1" cs-referer="http://example.test/" cs-user-agent="agent" cs-host="www.example.test" s-port="443" extra="0.003 \"198.51.100.7\""`,
		`client.example.test - - [10/Oct/2000:13:55:36 +0000] "\x16\x03\x01\x02" 400 226 "-" "-"`:                                                    `/webserver/ 2000-10-10T13:55:36Z c-ip="client.example.test" cs-username=null cs-uri="\x16\x03\x01\x02" sc-status="400" sc-bytes="226" cs-referer=null cs-user-agent=null`,
		`192.0.2.1 - - [10/Oct/2000:13:55:36] "-" 408 0`:                                                                                             `/webserver/ 2000-10-10T13:55:36Z (10/Oct/2000:13:55:36) c-ip="192.0.2.1" cs-username=null cs-uri="-" sc-status="408" sc-bytes="0"`,
		`192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] "GET /a b="c" d HTTP/1.1" 404 1 "x`:                                                              `/webserver/ 2000-10-10T13:55:36Z c-ip="192.0.2.1" cs-username=null cs-method="GET" cs-uri-stem="/a b=\"c\" d" cs-uri-query="/a b=\"c\" d" cs-uri="/a b=\"c\" d" cs-version="HTTP/1.1" sc-status="404" sc-bytes="1" cs-referer="x"`,
		`192.0.2.1 - - [31/Feb/2000:13:55:36 +0000] "GET /" 200 1`:                                                                                   `/webserver/ (31/Feb/2000:13:55:36 +0000) c-ip="192.0.2.1" cs-username=null cs-method="GET" cs-uri-stem="/" cs-uri-query="/" cs-uri="/" sc-status="200" sc-bytes="1"`,
		`[Wed Oct 11 14:32:52.123456 2000] [core:error] [pid 35708:tid 4328636416] [client 192.0.2.1:80] AH00037: [x] link`:                          `//apache 2000-10-11T14:32:52.123456Z (Wed Oct 11 14:32:52.123456 2000) module="core" level="error" pid="35708" c-ip="192.0.2.1" message="AH00037: [x] link"`,
		`[Sun Oct  1 14:32:52 2000] [error] [client 2001:db8::1] text`:                                                                               `//apache 2000-10-01T14:32:52Z (Sun Oct  1 14:32:52 2000) level="error" c-ip="2001:db8::1" message="text"`,
		`2024/05/01 10:00:00 [error] 29#30: *1 open() "/a" failed, client: 192.0.2.1, server: example.test, request: "GET /a HTTP/1.1"`:              `//nginx 2024-05-01T10:00:00Z (2024/05/01 10:00:00) level="error" pid="29" c-ip="192.0.2.1" message="*1 open() \"/a\" failed, client: 192.0.2.1, server: example.test, request: \"GET /a HTTP/1.1\""`,
	} {
		got := formattest.Read(t, Format(), []byte(text), 1000, format.Options{})
		if len(got.Events) != 1 || got.Events[0] != fmt.Sprintf("1@0+%d %s", len(text), want) {
			t.Errorf("%s\n got %q %q\nwant %q", text, got.Events, got.Problems, want)
		}
		if !recognise([]byte(text + "\n")) {
			t.Errorf("not recognised: %s", text)
		}
	}
}

func TestOtherLines(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "text", "a b c [10/Oct/2000:13:55:36 -0700]", `a - - [10/Oct/2000:13:55:36 -0700] "GET / 200`,
		`<34>Oct 11 22:14:15 web nginx: 192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326`,
		`Oct 11 22:14:15 web nginx: 192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326`,
		`Feb  6 12:14:14 lb haproxy[14389]: 192.0.2.1:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750`,
		"[1,2]", `[Wed Oct 11 14:32:52 2000]`, "2024/05/01 10:00:00 text", "2024-05-01 10:00:00 [error] 1#1: text",
	} {
		if recognise([]byte(text)) {
			t.Errorf("recognised: %s", text)
		}
	}
	got := formattest.Read(t, Format(), []byte("192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326\nbroken\n"), 1000, format.Options{})
	if want := []string{"line 2: line is neither of an access log nor of an error log"}; !slices.Equal(got.Problems, want) {
		t.Errorf("problems %q", got.Problems)
	}
}

// What a server's library writes into the error log has no time.
func TestErrorLogWithPlainLines(t *testing.T) {
	t.Parallel()
	log := "[Wed Oct 11 14:32:52 2000] [error] text\nhttpd: assertion failed\n"
	for _, piece := range []int{1, 1000} {
		got := formattest.Read(t, Format(), []byte(log), piece, format.Options{})
		if len(got.Events) != 2 || !strings.HasSuffix(got.Events[1], `//apache message="httpd: assertion failed"`) {
			t.Errorf("%q", got.Events)
		}
	}
}

// Every line of the public samples that is not empty is one event.
func TestSamples(t *testing.T) {
	t.Parallel()
	for pattern, refused := range map[string]int{"linux/apache_access.log": 0, "web/apache2-logs*": 0} {
		for name, log := range formattest.Samples(t, pattern) {
			want := 0
			for l := range bytes.Lines(log) {
				if len(bytes.TrimSpace(l)) > 0 {
					want++
				}
			}
			got := formattest.Read(t, Format(), log, 1<<20, format.Options{})
			if !recognise(log) || len(got.Events) != want || len(got.Problems) != refused {
				t.Errorf("%s: %d events of %d, %q", name, len(got.Events), want, got.Problems)
			}
			if split := formattest.Read(t, Format(), log, 64, format.Options{}); !slices.Equal(split.Events, got.Events) {
				t.Errorf("%s: other events when it is split", name)
			}
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte("www.example.test:443 192.0.2.1 - a [10/Oct/2000:13:55:36 -0700] \"GET /?a\\x HTTP/1.0\" 200 - \"\\\"\" \"\\x16\\\\\" 1\n"), uint8(9))
	f.Add([]byte("[Wed Oct 11 14:32:52.1 2000] [a:b] [pid 1] [client 1:1] x\n\ny"), uint8(1))
	f.Add([]byte("2024/05/01 10:00:00 [error] 29#30: *1 x, client: 1, b: c\nz"), uint8(3))
	formattest.FuzzSplit(f, Format, 1, formattest.EncodingShown)
}

func BenchmarkCombined(b *testing.B) {
	var log bytes.Buffer
	for i := 0; log.Len() < 1<<20; i++ {
		fmt.Fprintf(&log, "192.0.2.%d - - [10/Oct/2000:13:%02d:%02d +0200] \"GET /articles/%d/?page=%d HTTP/1.1\" 200 %d \"https://www.example.test/start\" \"Mozilla/5.0 (X11; Linux x86_64; rv:25.0) Gecko/20100101 Firefox/25.0\"\n", i%250, i/60%60, i%60, i, i%9, i)
	}
	formattest.Benchmark(b, Format(), log.Bytes())
}
