package incident

import (
	"cmp"
	"strings"
	"time"

	"github.com/kulla-defence/kulla/internal/detect"
)

// An action is what an event says was done, as far as sentences tell them
// apart; its text is the last part of the sentence's key.
type action string

const (
	actionOther     action = ""
	actionProcess   action = "process"
	actionScript    action = "script"
	actionFile      action = "file"
	actionRegistry  action = "registry"
	actionAccess    action = "process_access"
	actionInject    action = "injection"
	actionDriver    action = "driver"
	actionImage     action = "image"
	actionPipe      action = "pipe"
	actionNetwork   action = "network"
	actionDNS       action = "dns"
	actionLogon     action = "logon"
	actionFailed    action = "logon_failed"
	actionAccount   action = "account"
	actionMember    action = "member"
	actionService   action = "service"
	actionTask      action = "task"
	actionCleared   action = "cleared"
	actionAudit     action = "audit_policy"
	actionShare     action = "share"
	actionAntivirus action = "antivirus"
	actionDefender  action = "protection"
	actionTicket    action = "ticket"
	actionObject    action = "object"
	actionWMI       action = "wmi"
	actionWeb       action = "web"
	actionMail      action = "mail"
	actionVPN       action = "vpn"
	actionCloud     action = "cloud"
	actionCmdlet    action = "cmdlet"
)

// A deed is what one finding's event says: who did what to what.
type deed struct {
	action action
	number int64
	time   time.Time
	// by is the program or account that did it, object what it was done to,
	// detail a command line or value; bounded in length, empty where unknown.
	by, object, detail string
	// from is where a request or logon came from.
	from string
	// naming is who and what all events of the finding name.
	naming naming
}

func compareDeeds(a, b *deed) int {
	return cmp.Or(a.time.Compare(b.time), cmp.Compare(a.number, b.number))
}

// columns are an event's fields.
type columns []detect.Field

// get returns the first value of the first name that has one.
func (c columns) get(names ...string) string {
	for _, name := range names {
		for i := range c {
			if c[i].Name == name && !c[i].Null && c[i].Value != "" && c[i].Value != "-" {
				return c[i].Value
			}
		}
	}
	return ""
}

// all returns all values of a name.
func (c columns) all(name string) []string {
	var values []string
	for i := range c {
		if c[i].Name == name {
			values = append(values, c[i].Value)
		}
	}
	return values
}

func (c columns) has(name string) bool {
	for i := range c {
		if c[i].Name == name {
			return true
		}
	}
	return false
}

// columnsOf are the fields of a finding's event; of a correlation those of the
// latest event that has any.
func columnsOf(f *detect.Finding) columns {
	if f.Correlation == nil {
		return f.Fields
	}
	events := f.Correlation.Events
	for i := len(events) - 1; i >= 0; i-- {
		if len(events[i].Fields) > 0 {
			return events[i].Fields
		}
	}
	return f.Correlation.Group
}

// deedOf reads what a finding's event says.
func deedOf(f *detect.Finding) deed {
	d := deedIn(columnsOf(f))
	d.time, d.naming = f.Time, namingOf(f, &d)
	return d
}

// deedIn reads what one event says.
func deedIn(c columns) deed {
	d := deed{action: actionOf(c)}
	if read := deedReaders[d.action]; read != nil {
		read(c, &d)
	}
	for _, text := range []*string{&d.by, &d.object, &d.detail, &d.from} {
		if *text = shortened(*text); isUnspecified(*text) {
			*text = ""
		}
	}
	return d
}

const maxDetail = 200

// shortened returns a copy of a text, of bounded length.
func shortened(text string) string {
	text = strings.TrimSpace(text)
	if len(text) <= maxDetail {
		return strings.Clone(text)
	}
	return strings.ToValidUTF8(text[:maxDetail], "") + "…"
}

// actionOf recognises what kind of event it is: by channel and identifier in
// the event logs of Windows, else by its columns.
func actionOf(c columns) action {
	channel, id := strings.ToLower(c.get("Channel", "channel", "log_name")), c.get("EventID", "event_id")
	switch {
	case strings.Contains(channel, "sysmon"):
		return sysmonActions[id]
	case channel == "security":
		return securityActions[id]
	case strings.Contains(channel, "defender"):
		return defenderActions[id]
	case channel == "system":
		return systemActions[id]
	case strings.Contains(channel, "powershell"):
		return actionScript
	case strings.Contains(channel, "msexchange management"):
		return actionCmdlet
	case strings.Contains(channel, "wmi-activity"):
		return actionWMI
	}
	return actionOfText(c)
}

func actionOfText(c columns) action {
	switch {
	case c.has("AuthenticatedUser") || c.has("MailboxOwnerUPN") || c.has("SoapAction"):
		return actionMail
	case c.has("cs-uri-stem") || c.has("cs-method") || c.has("http_method"):
		return actionWeb
	case c.has("tunnelip") || c.has("tunneltype") || c.has("remip"):
		return actionVPN
	case c.get("src_ip", "id.orig_h") != "" && c.get("dst_ip", "id.resp_h") != "":
		return actionNetwork
	case c.get(cloudOperations...) != "":
		return actionCloud
	case c.has("CommandLine") && c.has("Image"), c.get("type") == "EXECVE":
		return actionProcess
	}
	return actionOther
}

// Identifiers of events: Sysmon's documentation, and Microsoft's lists of the
// events of security auditing, of the Service Control Manager and of Defender.
var (
	sysmonActions = map[string]action{"1": actionProcess, "3": actionNetwork, "6": actionDriver, "7": actionImage, "8": actionInject, "9": actionObject,
		"10": actionAccess, "11": actionFile, "12": actionRegistry, "13": actionRegistry, "14": actionRegistry, "15": actionFile, "17": actionPipe,
		"18": actionPipe, "19": actionWMI, "20": actionWMI, "21": actionWMI, "22": actionDNS, "23": actionFile, "25": actionInject, "26": actionFile}
	securityActions = map[string]action{"4688": actionProcess, "4624": actionLogon, "4648": actionLogon, "4625": actionFailed, "4776": actionFailed,
		"4720": actionAccount, "4722": actionAccount, "4738": actionAccount, "4741": actionAccount, "4728": actionMember, "4732": actionMember,
		"4756": actionMember, "4697": actionService, "4698": actionTask, "4702": actionTask, "1102": actionCleared, "4719": actionAudit,
		"5140": actionShare, "5145": actionShare, "4768": actionTicket, "4769": actionTicket, "4771": actionFailed, "4662": actionObject,
		"4663": actionObject, "4656": actionObject, "5156": actionNetwork, "4657": actionRegistry}
	systemActions   = map[string]action{"7045": actionService, "104": actionCleared}
	defenderActions = map[string]action{"1116": actionAntivirus, "1117": actionAntivirus, "5001": actionDefender, "5007": actionDefender,
		"5010": actionDefender, "5012": actionDefender, "5013": actionDefender}
)

// Columns of the audit logs of Microsoft 365, Azure, AWS, Google and Okta.
var (
	cloudOperations = []string{"Operation", "operationName", "OperationName", "eventName", "protoPayload.methodName", "eventType"}
	cloudActors     = []string{"UserId", "properties.initiatedBy.user.userPrincipalName", "properties.initiatingUserOrApp", "properties.userPrincipalName",
		"userIdentity.arn", "userIdentity.userName", "userIdentity.principalId", "protoPayload.authenticationInfo.principalEmail", "actor.alternateId", "caller"}
)

var deedReaders = map[action]func(c columns, d *deed){
	actionProcess: func(c columns, d *deed) {
		d.by, d.object = baseName(c.get("ParentImage", "ParentProcessName")), baseName(c.get("Image", "NewProcessName"))
		d.detail = c.get("CommandLine", "ProcessCommandLine")
	},
	actionScript: func(c columns, d *deed) { d.detail = c.get("ScriptBlockText", "Payload", "ContextInfo") },
	actionFile: func(c columns, d *deed) {
		d.by, d.object = baseName(c.get("Image")), c.get("TargetFilename")
	},
	actionRegistry: func(c columns, d *deed) {
		d.by, d.object, d.detail = baseName(c.get("Image", "ProcessName")), c.get("TargetObject", "ObjectName"), c.get("Details", "NewValue")
	},
	actionAccess: func(c columns, d *deed) {
		d.by, d.object = c.get("SourceImage"), baseName(c.get("TargetImage"))
	},
	actionInject: func(c columns, d *deed) {
		d.by, d.object = baseName(c.get("SourceImage", "Image")), baseName(c.get("TargetImage", "Image"))
	},
	actionDriver: func(c columns, d *deed) { d.object = c.get("ImageLoaded") },
	actionImage: func(c columns, d *deed) {
		d.by, d.object = baseName(c.get("Image")), c.get("ImageLoaded")
	},
	actionPipe: func(c columns, d *deed) { d.by, d.object = baseName(c.get("Image")), c.get("PipeName") },
	actionNetwork: func(c columns, d *deed) {
		d.by, d.from = baseName(c.get("Image", "Application")), c.get("src_ip", "SourceIp", "SourceAddress", "id.orig_h")
		d.object, d.detail = c.get("dst_ip", "DestinationIp", "DestAddress", "id.resp_h"), c.get("dst_port", "DestinationPort", "DestPort", "id.resp_p")
	},
	actionDNS: func(c columns, d *deed) { d.by, d.object = baseName(c.get("Image")), c.get("QueryName") },
	actionLogon: func(c columns, d *deed) {
		d.by, d.from, d.detail = c.get("TargetUserName"), c.get("IpAddress", "WorkstationName"), c.get("LogonType")
	},
	actionFailed: func(c columns, d *deed) {
		d.by, d.from = c.get("TargetUserName"), c.get("IpAddress", "WorkstationName", "Workstation")
	},
	actionAccount: func(c columns, d *deed) { d.by, d.object = c.get("SubjectUserName"), c.get("TargetUserName") },
	actionMember: func(c columns, d *deed) {
		d.by, d.object, d.detail = c.get("SubjectUserName"), memberName(c.get("MemberName", "MemberSid")), c.get("TargetUserName")
	},
	actionService: func(c columns, d *deed) {
		d.by, d.object, d.detail = c.get("SubjectUserName"), c.get("ServiceName"), c.get("ImagePath", "ServiceFileName")
	},
	actionTask:    func(c columns, d *deed) { d.by, d.object = c.get("SubjectUserName"), c.get("TaskName") },
	actionCleared: func(c columns, d *deed) { d.by, d.object = c.get("SubjectUserName"), c.get("Channel") },
	actionAudit:   func(c columns, d *deed) { d.by = c.get("SubjectUserName") },
	actionShare: func(c columns, d *deed) {
		d.by, d.from, d.object = c.get("SubjectUserName"), c.get("IpAddress"), c.get("RelativeTargetName", "ShareName")
	},
	actionAntivirus: func(c columns, d *deed) {
		d.object, d.detail = c.get("Threat Name"), strings.TrimPrefix(c.get("Path"), "file:_")
	},
	actionDefender: func(c columns, d *deed) { d.detail = c.get("New Value") },
	actionTicket: func(c columns, d *deed) {
		d.by, d.from, d.object = c.get("TargetUserName"), c.get("IpAddress"), c.get("ServiceName")
	},
	actionObject: func(c columns, d *deed) {
		d.by, d.object = baseName(c.get("Image", "ProcessName")), c.get("ObjectName", "Device")
	},
	actionWMI: func(c columns, d *deed) { d.object = c.get("Name", "Operation", "Consumer") },
	actionWeb: func(c columns, d *deed) {
		d.from, d.object, d.by = c.get("c-ip", "clientip", "src_ip", "remote_host"), c.get("cs-uri-stem", "cs-uri", "url"), c.get("cs-username")
		d.detail = c.get("cs-method", "http_method")
	},
	actionMail: func(c columns, d *deed) {
		d.from, d.by, d.object = c.get("ClientIpAddress", "ClientIPAddress", "ClientIP"), c.get("AuthenticatedUser", "UserId"), c.get("SoapAction", "Operation", "ProtocolAction")
		d.detail = c.get("ImpersonatedUser", "MailboxOwnerUPN")
	},
	actionVPN: func(c columns, d *deed) {
		d.by, d.from, d.object = c.get("user"), c.get("remip", "srcip"), c.get("tunnelip", "assignip")
	},
	actionCmdlet: func(c columns, d *deed) {
		// The message's parts stand in order: the cmdlet, its parameters, who.
		parts := c.all("Data")
		for i, part := range []*string{&d.object, &d.detail, &d.by} {
			if i < len(parts) {
				*part = parts[i]
			}
		}
	},
	actionCloud: func(c columns, d *deed) {
		d.by, d.object = c.get(cloudActors...), c.get(cloudOperations...)
		d.from = c.get("ClientIP", "ActorIpAddress", "sourceIPAddress", "callerIpAddress", "properties.ipAddress", "client.ipAddress", "protoPayload.requestMetadata.callerIp")
	},
}

// memberName is the common name of a distinguished name.
func memberName(name string) string {
	if rest, ok := strings.CutPrefix(name, "CN="); ok {
		name, _, _ = strings.Cut(rest, ",")
	}
	return name
}

// logOf names the log that a finding stands in: what is independent of what
// the intruder did to another log.
func logOf(f *detect.Finding) string {
	if f.Correlation != nil {
		return ""
	}
	if channel := columns(f.Fields).get("Channel"); channel != "" {
		return channel
	}
	if f.Place.Source != nil {
		return f.Place.Source.Format
	}
	return ""
}
