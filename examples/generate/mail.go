package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// commaSeparated is a log of Exchange: comments that begin with #, a row of
// field names, times in UTC.
func commaSeparated(path, kind, fields string, hasHeaderRow bool) *textKind {
	return &textKind{path: path, stamp: "20060102", daily: true,
		begin: func(file *bytes.Buffer, _ *host, at time.Time) {
			if hasHeaderRow {
				fmt.Fprintf(file, "%s\r\n", fields)
			}
			fmt.Fprintf(file, "#Software: Microsoft Exchange Server\r\n#Version: 15.01.2242.010\r\n#Log-type: %s\r\n#Date: %s\r\n#Fields: %s\r\n",
				kind, at.Format("2006-01-02T15:04:05.000Z"), fields)
		},
		line: func(file *bytes.Buffer, _ *host, e entry) {
			fmt.Fprintf(file, "%s,%s\r\n", e.time.Format("2006-01-02T15:04:05.000Z"), strings.Join(e.fields, ","))
		},
	}
}

var (
	httpProxy = commaSeparated("Logging/HttpProxy/Ews/HttpProxy_%s-1.LOG", "HttpProxy Logs",
		"DateTime,RequestId,MajorVersion,UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,AnchorMailbox,UserAgent,ClientIpAddress,"+
			"ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,RequestBytes,ResponseBytes,TargetServer", true)
	ews = commaSeparated("Logging/Ews/Ews_%s-1.LOG", "Ews Logs",
		"DateTime,RequestId,MajorVersion,Action,IsAuthenticated,AuthenticatedUser,Organization,UserAgent,ClientIpAddress,ServerHostName,SoapAction,HttpStatus,RequestSize,"+
			"ResponseSize,ErrorCode,ImpersonatedUser,ProxyAsUser,ActAsUser", true)
	messageTracking = commaSeparated("TransportRoles/Logs/MessageTracking/MSGTRK%s-1.LOG", "Message Tracking Log",
		"date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,internal-message-id,message-id,network-message-id,"+
			"recipient-address,recipient-status,total-bytes,recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path,message-info,"+
			"directionality,original-client-ip", false)
)

// A call is one request to Exchange Web Services.
type call struct {
	action       string
	by           account
	impersonated string
	client       string
	agent        string
	// sent and received are bytes, by the server.
	sent, received int
}

// callsEWS records a call where Exchange does: in the web server's log, in that
// of the proxy and in that of the service.
func (h *host) callsEWS(t time.Time, c call) {
	id := fmt.Sprintf("%08x-6099-4c3d-9f00-%012x", h.random.Uint32(), h.random.Uint64()&0xffffffffffff)
	user := domain + `\` + c.by.name
	h.serves(t, request{method: "POST", path: "/EWS/Exchange.asmx", user: user, client: c.client, agent: strings.ReplaceAll(c.agent, " ", "+"),
		status: 200, sent: c.sent, received: c.received, taken: 700 * time.Millisecond})
	agent := strings.ReplaceAll(c.agent, "+", " ")
	server := h.name
	h.writeLine(httpProxy, t, id, "15", strings.ToLower(h.computer()), "/EWS/Exchange.asmx", "", "Negotiate", "True", user, "Smtp:"+c.impersonated, agent, c.client, server,
		"200", "200", "", "POST", strconv.Itoa(c.received), strconv.Itoa(c.sent), strings.ToLower(h.computer()))
	h.writeLine(ews, t, id, "15", c.action, "true", c.by.name+"@"+dnsDomain, "", agent, c.client, server, c.action, "200", strconv.Itoa(c.received),
		strconv.Itoa(c.sent), "", c.impersonated, "", c.impersonated)
}

func (h *host) ordinaryExchange(day time.Time) {
	h.ordinaryWindows(day)
	h.cmdlet(h.during(day), tierOne, "Get-Mailbox", `-ResultSize "Unlimited"`)
	h.cmdlet(h.during(day), tierOne, "Set-Mailbox", `-Identity "`+finance.name+`" -IssueWarningQuota "9.5 GB"`)
	h.cmdlet(h.during(day), account{"MAIL01$", 1101}, "Get-Recipient", `-ResultSize "1"`)
	for range 8 {
		t, who, client := h.during(day), someone(h), fmt.Sprintf("10.10.51.%d", 20+h.random.IntN(40))
		h.serves(t, request{method: "POST", path: "/mapi/emsmdb/", query: "useMailboxOfAuthenticatedUser=true", user: domain + `\` + who.name, client: client, agent: outlook, status: 200,
			sent: h.about(9_000), received: h.about(1_500), taken: 60 * time.Millisecond})
		h.callsEWS(t.Add(3*time.Second), call{action: "GetUserAvailability", by: who, client: client, agent: outlook, sent: h.about(4_000), received: h.about(2_200)})
		h.delivers(t.Add(9*time.Second), who.name+"@"+dnsDomain, "office@partner.example.test", "Agenda", h.about(40_000))
	}
	for range 4 {
		h.serves(h.during(day), request{method: "POST", path: "/Microsoft-Server-ActiveSync/default.eas", query: "Cmd=Ping&DeviceType=iPhone", user: domain + `\` + finance.name,
			client: "203.0.113.23", agent: phone, status: 200, sent: h.about(300), received: h.about(700), taken: 20 * time.Second})
	}
	h.serves(h.during(day), request{method: "GET", path: "/owa/healthcheck.htm", client: "127.0.0.1", agent: healthProbe, status: 200, sent: 412, received: 180, taken: time.Millisecond})
}

// delivers records a message that was sent.
func (h *host) delivers(t time.Time, from, to, subject string, size int) {
	id := fmt.Sprintf("<%08x@%s>", h.random.Uint32(), dnsDomain)
	h.writeLine(messageTracking, t, h.address, strings.ToLower(h.computer()), "203.0.113.25", "mx.partner.example.test", "", "Outbound to internet", "SMTP", "SEND",
		strconv.Itoa(h.random.IntN(1<<30)), id, h.guid()[1:37], to, "250 2.0.0 OK", strconv.Itoa(size), "1", "", "", subject, from, from, "", "Originating", h.address)
}
