package cli

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kulla-defence/kulla/internal/source"
)

// evidenceFlags are the flags of every command that reads evidence: what is
// said of sources that do not say it themselves, and the limits of archives.
type evidenceFlags struct {
	limits, formats, zones, years, logSources []string
	carve                                     bool
}

func (f *evidenceFlags) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringArrayVar(&f.formats, "as", nil, "read sources as this format, whatever they look like: `[PATTERN=]FORMAT`")
	flags.StringArrayVar(&f.zones, "source-tz", nil, "times that state no zone were written in this one: `[PATTERN=]ZONE`")
	flags.StringArrayVar(&f.years, "source-year", nil, "the year of the first record, where times have none: `[PATTERN=]YEAR`")
	flags.StringArrayVar(&f.logSources, "log-source", nil, "the log source of events whose format does not know it: `[PATTERN=]product=…,category=…,service=…`")
	flags.StringArrayVar(&f.limits, "limit", nil, "raise or lower a limit on what archives unpack to: `NAME=VALUE`, such as bytes=10GB, members=1000000, depth=8, ratio=10000, memory=300MB")
	flags.BoolVar(&f.carve, "carve", false, "recover also records that event logs no longer count: from unused parts of chunks, and chunks without a header")
	complete(command, "as", source.FormatNames())
}

// parse returns the options of reading that the flags settle.
func (f *evidenceFlags) parse() (source.Options, error) {
	options := source.Options{}
	var err error
	if options.Limits, err = parseLimits(f.limits); err != nil {
		return options, err
	}
	for _, kind := range []struct {
		flag  string
		texts []string
		read  func(text string, said *source.Given) error
	}{
		{"as", f.formats, readFormat},
		{"source-tz", f.zones, readZone},
		{"source-year", f.years, readYear},
		{"log-source", f.logSources, readLogSource},
	} {
		for _, text := range kind.texts {
			said := source.Given{}
			pattern, value := splitPattern(kind.flag, text)
			if said.Pattern = pattern; !isPattern(pattern) {
				return options, usagef(`a pattern is a name with *, ? and [a-z]: "*.log", "case.zip!web/*"`, "--%s %s: %q is not a pattern", kind.flag, text, pattern)
			}
			if err := kind.read(value, &said); err != nil {
				return options, err
			}
			options.Given = append(options.Given, said)
		}
	}
	if f.carve {
		options.Given = append(options.Given, source.Given{Carve: true})
	}
	return options, nil
}

// splitPattern takes apart PATTERN=VALUE. Values hold no '=', but for those of
// --log-source, which begin with a known name.
func splitPattern(flag, text string) (pattern, value string) {
	if flag != "log-source" {
		at := strings.LastIndexByte(text, '=')
		return text[:max(at, 0)], text[at+1:]
	}
	for _, name := range []string{"product=", "category=", "service="} {
		if strings.HasPrefix(text, name) {
			return "", text
		}
	}
	first := len(text)
	for _, name := range []string{"=product=", "=category=", "=service="} {
		if at := strings.Index(text, name); at >= 0 {
			first = min(first, at)
		}
	}
	if first == len(text) {
		return "", text
	}
	return text[:first], text[first+1:]
}

func isPattern(pattern string) bool {
	_, err := path.Match(pattern, "")
	return err == nil
}

func readFormat(text string, said *source.Given) error {
	names := source.FormatNames()
	if said.Format = text; !slices.Contains(names, text) {
		return usagef("formats are "+strings.Join(names, ", "), "unknown format %q for --as", text)
	}
	return nil
}

func readZone(text string, said *source.Given) (err error) {
	said.Zone, err = parseZone(text)
	return err
}

func readYear(text string, said *source.Given) (err error) {
	if said.Year, err = strconv.Atoi(text); err != nil || said.Year < 1970 || said.Year > 9999 {
		return usagef("write it in four digits: 2022", "--source-year: %q is not a year", text)
	}
	return nil
}

func readLogSource(text string, said *source.Given) error {
	for pair := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		attribute := map[string]*string{"product": &said.Product, "category": &said.Category, "service": &said.Service}[name]
		if attribute == nil || value == "" {
			return usagef("write product=…,category=…,service=…, or some of them, in Sigma's words", "--log-source: %q is not a log source", text)
		}
		*attribute = value
	}
	return nil
}
