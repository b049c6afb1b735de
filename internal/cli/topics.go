package cli

import "github.com/spf13/cobra"

// topics are pages that "kulla help NAME" shows, beside those of commands.
func topics() []*cobra.Command {
	return []*cobra.Command{
		topic("exit-codes", "What the exit codes mean", `  0    done; findings or not
  1    an error; standard error says what, and what to do
       hunt, investigate: also when none of the rules can be used
       dump: also when a record of --record is not there
       verify: something does not hold
  2    the command line cannot be meant
  3    hunt: there is a finding at or above the level of --fail-on
  4    done, but some of the input could not be read, or is of a format that
       Kulla does not know; it is listed in the summary, and with -q on standard error
       verify: all holds, but files of the evidence are missing or unreadable
  130  interrupted (SIGINT, SIGTERM, SIGHUP); what was found until then was printed.
       investigate: standard error says whether the case was kept

When several hold, the first of 130, 3 and 4 is used. An empty file, and a log whose
checksums differ but of which every record was read, are noted and do not give 4.`),
		topic("environment", "Environment variables that are read", `  NO_COLOR        no colour, whatever else is set
  CLICOLOR_FORCE  colour even where output is not a terminal
  TERM            "dumb" is a terminal without colour, on which nothing is rewritten
  USER, USERNAME, LOGNAME  who writes notes and decisions into a case, unless --author says
  XDG_STATE_HOME, LOCALAPPDATA, HOME  where the key is kept that signs ledgers, unless --key says
  TMPDIR          where findings are put aside when they do not fit in memory, in files
                  that are gone when the program ends, however it ends (on Windows
                  those of a program that was killed are removed a day later)
  HTTPS_PROXY     the proxy by which "kulla rules pull" fetches rules, and nothing else

--color always and --color never go before both. There is no configuration file,
and no configuration comes from the network.`),
		topic("formats", "Formats of evidence and of output", `Evidence is recognised by its content, never by its name:
  Windows event logs   EVTX files, also damaged or cut out of a disk
  Windows events       as JSON: documents, arrays, or one a line, in the shapes of
                       Winlogbeat, nxlog, evtx_dump, Azure tables and others
                       as XML; as CSV tables
  text logs            syslog with CEF and LEEF, auditd, web access and error logs,
                       W3C (IIS, firewall), Exchange, Zeek, Suricata's fast.log, CSV
  archives             zip, 7z, tar, gzip, zstd, bzip2, xz, nested; members are named
                       after a '!'

Output of hunt:
  table   for a person: rules by level, their hosts, times, and one example each
  jsonl   for a program: one finding a line (docs/formats/finding.md)
  json, csv, html, markdown, sarif, timesketch, navigator: whole documents
  (docs/formats/events.md)
Output of investigate and case report:
  html    one file for all readers: without a network, without a script, in three languages
  markdown, json, csv, navigator, timesketch, stix, stix-interop (docs/formats/report.md)

  The summary of hunt goes with the table, or to standard error beside jsonl;
  --summary FILE writes all of it as JSON (docs/formats/summary.md).

No output is written over the case or the evidence. An earlier output of the same
kind is replaced; over any other file, --clobber has to say so (text, tables, and
what dump writes are not told from other files).`),
		topic("time", "How times are read and shown", `Times are UTC and say so. --tz shows them in another zone; it never changes JSON.
--from and --to take RFC 3339 (2022-07-15T13:00:00Z), or a date and time without a
zone, which are then in the zone of --tz. --from is included, --to is not.
Events that do not say when they happened are never left out, and are counted.
Times that state no zone are taken as UTC, and the summary says so: --source-tz gives
the zone they were written in, --source-year the year of logs that write none.`),
		topic("offline", "What Kulla does on the network", `Nothing, but for one command: "kulla rules pull --from ADDRESS" fetches a release of
rules from the address you give, when you run it. No other command opens a connection;
there is no telemetry, and nothing looks for updates. Rules, taxonomy, a base of
knowledge and sample evidence are in the binary or in files you name, so that all else
works without a network. Pull works without one as well, from a file; knowledge import
reads only files.`),
	}
}

func topic(name, short, text string) *cobra.Command {
	return &cobra.Command{Use: name, Short: short, Long: short + ".\n\n" + text}
}
