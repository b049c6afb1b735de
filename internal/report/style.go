package report

import "github.com/kulla-defence/kulla/sigma"

// A Style says what the reader of a text sees it on.
type Style struct {
	// Width is the number of columns of the terminal; 0 means that lines may
	// be of any length.
	Width int
	// Color allows escape sequences for colour and weight.
	Color bool
}

const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[1;31m"
	orange = "\x1b[38;5;208m"
	yellow = "\x1b[33m"
	blue   = "\x1b[34m"
	reset  = "\x1b[0m"
)

// paint gives text a colour where the style allows any.
func (s Style) paint(color, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return color + text + reset
}

// levelWord is a level in four letters, so that columns line up. The word is
// always there: colour alone says nothing.
func levelWord(level sigma.Level) string {
	return [...]string{"none", "info", "low ", "med ", "high", "crit"}[min(level, sigma.Critical)]
}

func levelColor(level sigma.Level) string {
	return [...]string{dim, dim, blue, yellow, orange, red}[min(level, sigma.Critical)]
}
