package cli

import (
	"cmp"
	"encoding/json"
	"iter"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/event"
	"github.com/kulla-defence/kulla/internal/findingjson"
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/incident/entity"
	"github.com/kulla-defence/kulla/internal/report/casereport"
	"github.com/kulla-defence/kulla/internal/store"
)

// redactedKinds are the kinds of entities that --redact knows.
func redactedKinds() []string {
	return []string{string(entity.Account), string(entity.Address), string(entity.Domain), string(entity.File), string(entity.Host),
		string(entity.Mailbox), string(entity.Service), string(entity.URL)}
}

// accountColumns name accounts in events, whether or not an incident does.
func accountColumns() []string {
	return []string{"TargetUserName", "SubjectUserName", "TargetUserSid", "SubjectUserSid", "TargetOutboundUserName", "User", "SourceUser", "TargetUser",
		"ParentUser", "UserName", "UserID", "UserId", "AccountName", "MemberName", "MemberSid", "cs-username", "acct", "auid", "suser", "duser", "MailboxOwnerUPN", "LogonUserSid"}
}

// redactorOf makes the redactor of what the user wants hidden; nil for nothing.
func redactorOf(kept *store.Case, d *casereport.Document, wanted []string) (*custody.Redactor, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	secret, err := kept.Secret()
	if err != nil {
		return nil, err
	}
	redactor := custody.NewRedactor(secret)
	alone := map[string]*custody.Redactor{}
	for _, what := range wanted {
		kind, name, one := strings.Cut(what, ":")
		name = strings.TrimSpace(name)
		var hide func(*custody.Redactor)
		switch {
		case kind == "field" && name != "":
			hide = func(r *custody.Redactor) { r.HideField(name) }
		case kind == "text" && name != "":
			hide = func(r *custody.Redactor) { r.HideText(name) }
		case slices.Contains(redactedKinds(), kind) && (name != "" || !one):
			hide = func(r *custody.Redactor) { hideEntities(r, d.Incidents, entity.Kind(kind), name) }
		default:
			return nil, usagef("write one of "+strings.Join(redactedKinds(), ", ")+", or host:NAME, field:NAME, text:TEXT", "--redact %s: nothing is known by that", what)
		}
		hide(redactor)
		redactor.Say(kind)
		if one {
			alone[what] = custody.NewRedactor(secret)
			hide(alone[what])
		}
	}
	return redactor, refuseIdle(kept, d, alone)
}

// refuseIdle refuses what would hide nothing: it was mistyped, and what was
// meant would be given away.
func refuseIdle(kept *store.Case, d *casereport.Document, redactors map[string]*custody.Redactor) error {
	beside := []string{d.Name}
	for _, one := range d.Unseen {
		beside = append(beside, one.What, one.Why)
	}
	for _, clock := range d.Clocks {
		beside = append(beside, clock.Source, clock.Against)
	}
	maps.DeleteFunc(redactors, func(_ string, r *custody.Redactor) bool {
		return slices.ContainsFunc(beside, func(text string) bool { return r.Value(text) != text })
	})
	for leaf, err := range kept.Leaves() {
		if err != nil {
			return err
		}
		if len(redactors) == 0 {
			return nil
		}
		maps.DeleteFunc(redactors, func(_ string, r *custody.Redactor) bool { return r.HidesIn(leaf.Data) })
	}
	if len(redactors) == 0 {
		return nil
	}
	return usagef("kulla case entities lists the names, kulla case show CASE NUMBER the columns of a finding",
		"--redact %s: nothing in the case is called that, so nothing would be hidden", strings.Join(slices.Sorted(maps.Keys(redactors)), ", "))
}

// hideEntities hides the entities of a kind, or the one of a name, under all
// their names.
func hideEntities(redactor *custody.Redactor, incidents []*incident.Incident, kind entity.Kind, name string) {
	switch {
	case name != "":
		redactor.HideText(name)
		if kind == entity.Account || kind == entity.Mailbox {
			hideNames(redactor, []string{name})
		}
	case kind == entity.Address:
		redactor.HideAddresses()
	case kind == entity.Account:
		for _, column := range accountColumns() {
			redactor.HideField(column)
		}
	}
	for _, one := range incidents {
		for _, used := range one.Entities {
			if used.Kind == kind && (name == "" || isNamed(&used.Entity, name)) {
				names := append([]string{used.Name, strings.TrimPrefix(string(used.Key), string(kind)+":")}, used.Aliases...)
				hideNames(redactor, names)
				if kind == entity.Host && name != "" {
					hideLabels(redactor, names)
				}
			}
		}
		for _, sentence := range slices.Concat(one.Story, one.Benign, []incident.Sentence{one.Title}) {
			for _, value := range sentence.Values {
				if value.Kind == kind && name == "" {
					hideNames(redactor, []string{value.Text})
				}
			}
		}
	}
}

// hideLabels hides the short names of a host, by which stories call it.
func hideLabels(redactor *custody.Redactor, names []string) {
	for _, name := range names {
		if label, _, _ := strings.Cut(name, "."); isShortFor(label, name) {
			redactor.HideText(label)
		}
	}
}

// isNamed reports whether an entity goes by a name: a host also by its short
// one, an account also without or with another form of its domain.
func isNamed(e *entity.Entity, name string) bool {
	return slices.ContainsFunc(append([]string{e.Name}, e.Aliases...), func(alias string) bool {
		switch {
		case strings.EqualFold(alias, name):
			return true
		case e.Kind == entity.Host:
			return isShortFor(alias, name) || isShortFor(name, alias)
		case e.Kind == entity.Account, e.Kind == entity.Mailbox:
			return isSameAccount(alias, name)
		}
		return false
	})
}

// isShortFor reports whether a name is the first label of another.
func isShortFor(short, full string) bool {
	label, _, more := strings.Cut(full, ".")
	_, err := netip.ParseAddr(full)
	return more && err != nil && strings.EqualFold(label, short)
}

// isSameAccount compares two names of accounts; where both have a domain, by its
// first label.
func isSameAccount(a, b string) bool {
	domainOfA, accountOfA := accountParts(a)
	domainOfB, accountOfB := accountParts(b)
	return accountOfA != "" && accountOfA == accountOfB && !slices.Contains(commonAccounts(), accountOfA) &&
		(domainOfA == "" || domainOfB == "" || domainOfA == domainOfB)
}

// accountParts takes DOMAIN\account and account@domain apart, in lower case.
func accountParts(name string) (domain, account string) {
	name = strings.ToLower(name)
	at := strings.LastIndexByte(name, '\\')
	domain, account = name[:max(at, 0)], name[at+1:]
	account, suffix, _ := strings.Cut(account, "@")
	domain, _, _ = strings.Cut(cmp.Or(domain, suffix), ".")
	return domain, account
}

// hideNames hides names, and the account in DOMAIN\account and account@domain.
func hideNames(redactor *custody.Redactor, names []string) {
	for _, name := range names {
		_, account := accountParts(name)
		for _, text := range []string{name, account} {
			if !slices.Contains(commonAccounts(), strings.ToLower(text)) {
				redactor.HideText(text)
			}
		}
	}
}

// commonAccounts are on every machine, and their names words of every report:
// they are hidden where a column holds them, and not wherever they stand.
func commonAccounts() []string {
	return []string{"system", "local service", "network service", "anonymous logon", "administrator", "administrators", "admin", "guest", "krbtgt",
		"defaultaccount", "iusr", "root", "nobody", "daemon", "www-data", "apache", "nginx", "user", "users", "service", "everyone",
		"nt authority\\system", "nt authority\\local service", "nt authority\\network service", "s-1-5-18", "s-1-5-19", "s-1-5-20"}
}

// redactDocument hides in what the report shows what is hidden in the leaves.
func redactDocument(d *casereport.Document, redactor *custody.Redactor) error {
	for i := range d.Incidents {
		redacted := new(incident.Incident)
		if err := redactValue(redactor, d.Incidents[i], redacted); err != nil {
			return err
		}
		d.Incidents[i] = redacted
	}
	if d.Assessment != nil {
		whole := *d.Assessment
		d.Assessment = nil
		if err := redactValue(redactor, &whole, &d.Assessment); err != nil {
			return err
		}
	}
	d.Name = redactor.Value(d.Name)
	for i := range d.Evidence {
		d.Evidence[i].Name = redactor.Value(d.Evidence[i].Name)
		d.Evidence[i].Aliases = redactTexts(redactor, d.Evidence[i].Aliases)
		d.Evidence[i].Problems = redactTexts(redactor, d.Evidence[i].Problems)
	}
	for i := range d.Unseen {
		d.Unseen[i].What, d.Unseen[i].Why = redactor.Value(d.Unseen[i].What), redactor.Value(d.Unseen[i].Why)
	}
	for i := range d.Notes {
		d.Notes[i].Author, d.Notes[i].Text = redactor.Value(d.Notes[i].Author), redactor.Value(d.Notes[i].Text)
		d.Notes[i].Ref, d.Notes[i].Status = redactor.Value(d.Notes[i].Ref), redactor.Value(d.Notes[i].Status)
	}
	var clocks []entity.Skew
	for _, clock := range d.Clocks {
		var shown entity.Skew
		if err := redactValue(redactor, clock, &shown); err != nil {
			return err
		}
		clocks = append(clocks, shown)
	}
	d.Clocks = clocks
	d.Finding, d.Findings = redactFinding(redactor, d.Finding), redactFindings(redactor, d.Findings)
	return nil
}

func redactTexts(redactor *custody.Redactor, texts []string) []string {
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = redactor.Value(text)
	}
	return list
}

// redactValue copies a value by its JSON, without what is hidden.
func redactValue(redactor *custody.Redactor, from, to any) error {
	data, err := json.Marshal(from)
	if err != nil {
		return err
	}
	if data, err = redactor.Data(data); err != nil {
		return err
	}
	return json.Unmarshal(data, to)
}

func redactFinding(redactor *custody.Redactor, find func(int64) (*casereport.Finding, error)) func(int64) (*casereport.Finding, error) {
	return func(number int64) (*casereport.Finding, error) {
		f, err := find(number)
		if err != nil {
			return nil, err
		}
		return shownRedacted(redactor, f)
	}
}

func redactFindings(redactor *custody.Redactor, all iter.Seq2[*casereport.Finding, error]) iter.Seq2[*casereport.Finding, error] {
	return func(yield func(*casereport.Finding, error) bool) {
		for f, err := range all {
			if err == nil {
				f, err = shownRedacted(redactor, f)
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// shownRedacted is a finding without what is hidden.
func shownRedacted(redactor *custody.Redactor, f *casereport.Finding) (*casereport.Finding, error) {
	digests := func(*event.Source) ([32]byte, bool) { return f.SHA256, f.SHA256 != [32]byte{} }
	data, err := redactor.Data(findingjson.AppendKept(nil, f.Finding, digests, f.ID))
	if err != nil {
		return nil, err
	}
	parsed, err := findingjson.Parse(data)
	if err != nil {
		return nil, err
	}
	return &casereport.Finding{Number: f.Number, ID: f.ID, Incident: f.Incident, Record: f.Record, SHA256: f.SHA256, Finding: parsed.Finding}, nil
}
