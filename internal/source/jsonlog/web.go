package jsonlog

import (
	"strings"

	"github.com/kulla-defence/kulla/internal/source/row"
)

// caddy is the access log of Caddy, with the names of the W3C that public rules
// use. https://caddyserver.com/docs/caddyfile/directives/log
var caddy = dialect{
	marks:  [][]string{{"request.method", "request.uri", "status", "ts"}, {"request.method", "request.uri", "status", "duration"}},
	source: row.LogSource{Category: "webserver", Service: "caddy"},
	names:  caddyNames,
	times:  []string{"ts"},
	uri:    "cs-uri",
}

var caddyColumns = map[string]string{
	"request.client_ip":   "c-ip",
	"request.remote_port": "c-port",
	"request.method":      "cs-method",
	"request.uri":         "cs-uri",
	"request.host":        "cs-host",
	"request.proto":       "cs-version",
	"user_id":             "cs-username",
	"status":              "sc-status",
	"size":                "sc-bytes",
	"bytes_read":          "cs-bytes",
	"duration":            "time-taken",
}

// caddyHeaders are the headers of a request, whose names are in the form of the
// request.
var caddyHeaders = map[string]string{
	"user-agent":   "cs-user-agent",
	"referer":      "cs-referer",
	"cookie":       "cs-cookie",
	"content-type": "cs-content-type",
}

// caddyNames falls back on the address of the other end where the client's is
// not stated, as before Caddy 2.7.
func caddyNames(paths []string) []string {
	names := renamed(caddyColumns)(paths)
	for i, path := range paths {
		if header, ok := strings.CutPrefix(path, "request.headers."); ok {
			if name, ok := caddyHeaders[strings.ToLower(header)]; ok {
				names[i] = name
			}
		}
		if path == "request.remote_ip" && !hasAll(paths, []string{"request.client_ip"}) {
			names[i] = "c-ip"
		}
	}
	return names
}
