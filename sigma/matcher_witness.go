package sigma

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// An atom is a simple condition on the folded text of one field, cheap enough
// to look up in an index.
type atom struct {
	field int32
	kind  atomKind
	text  string // folded; never empty but for atomExact
}

type atomKind uint8

const (
	atomExact    atomKind = iota
	atomBasename          // the text after the last backslash is this, and there is a backslash
	atomSuffix
	atomPrefix
	atomContains
)

// A witnessFinder finds witnesses of expressions: atoms one of which holds
// whenever the expression does, a necessary condition. Of several it takes the
// rarest. The cost estimates how often one holds; it is only used to choose.
type witnessFinder struct {
	matcher *Matcher
	atoms   []atom // of the terms that are being looked at
}

// leastCost is that of the rarest atoms.
const leastCost = 2

// witness returns the atoms; none where an expression has no witness.
func (f *witnessFinder) witness(e Expression) []atom {
	f.atoms = f.atoms[:0]
	f.find(e, math.MaxInt)
	return slices.Clone(f.atoms)
}

// find appends a witness that costs less than a limit; false if there is none.
func (f *witnessFinder) find(e Expression, limit int) (cost int, ok bool) {
	switch e := e.(type) {
	case And:
		return f.cheapest(len(e), limit, func(i, limit int) (int, bool) { return f.find(e[i], limit) })
	case Or:
		return f.sum(len(e), limit, func(i, limit int) (int, bool) { return f.find(e[i], limit) })
	case Named:
		return f.find(e.Term, limit)
	case *Predicate:
		return f.ofPredicate(e, limit)
	}
	return 0, false
}

// cheapest appends the witness of that one of n terms, all of which hold, whose
// witness costs least.
func (f *witnessFinder) cheapest(n, limit int, find func(i, limit int) (int, bool)) (cost int, ok bool) {
	base := len(f.atoms)
	for i := 0; i < n && limit > leastCost; i++ {
		start := len(f.atoms)
		if price, found := find(i, limit); found {
			f.atoms = slices.Delete(f.atoms, base, start)
			cost, limit, ok = price, price, true
		}
	}
	return cost, ok
}

// sum appends the witnesses of all of n terms, one of which holds.
func (f *witnessFinder) sum(n, limit int, find func(i, limit int) (int, bool)) (cost int, ok bool) {
	base := len(f.atoms)
	for i := range n {
		price, found := 0, false
		if limit-cost > leastCost {
			price, found = find(i, limit-cost)
		}
		if !found {
			f.atoms = f.atoms[:base]
			return 0, false
		}
		cost += price
	}
	return cost, n > 0
}

func (f *witnessFinder) ofPredicate(p *Predicate, limit int) (cost int, ok bool) {
	if p.Negate || p.Part != WholeTime {
		return 0, false
	}
	field := f.matcher.fieldNumber(p)
	ofValue := func(i, limit int) (int, bool) { return f.ofValue(p.Values[i], field, limit) }
	if p.All {
		return f.cheapest(len(p.Values), limit, ofValue)
	}
	return f.sum(len(p.Values), limit, ofValue)
}

func (f *witnessFinder) ofValue(value Value, field int32, limit int) (cost int, ok bool) {
	switch v := value.(type) {
	case String:
		a, found := v.atom()
		if cost = a.cost(); !found || cost >= limit {
			return 0, false
		}
		a.field = field
		f.atoms = append(f.atoms, a)
		return cost, true
	case Regexp:
		rarest, price := rarestSet(requirementsOf(v).sets)
		if len(rarest) == 0 || price >= limit {
			return 0, false
		}
		for _, literal := range rarest {
			f.atoms = append(f.atoms, atom{field, atomContains, literal})
		}
		return price, true
	}
	return 0, false
}

// atom is the best condition a pattern gives. Cased bytes that are not whole
// characters give none: what stands around them in a text decides how they fold.
func (s String) atom() (atom, bool) {
	var best atom
	bestCost, found := 0, false
	for i, part := range s.Parts {
		if part.Kind != Literal || s.Cased && !utf8.ValidString(part.Literal) {
			continue
		}
		a := literalAtom(foldString(part.Literal), i == 0, i == len(s.Parts)-1)
		if cost := a.cost(); !found || cost < bestCost {
			best, bestCost, found = a, cost, true
		}
	}
	if len(s.Parts) == 0 {
		return atom{kind: atomExact}, true
	}
	return best, found
}

// literalAtom is the condition that a literal stands first, last, or anywhere.
func literalAtom(text string, first, last bool) atom {
	switch {
	case first && last:
		return atom{kind: atomExact, text: text}
	case last:
		if slash := strings.LastIndexByte(text, '\\'); slash >= 0 && slash < len(text)-1 {
			return atom{kind: atomBasename, text: text[slash+1:]}
		}
		return atom{kind: atomSuffix, text: text}
	case first:
		return atom{kind: atomPrefix, text: text}
	}
	return atom{kind: atomContains, text: text}
}

// cost estimates how common an atom is: 1 for what is hardly ever there. The
// figures only steer the choice of witnesses.
func (a atom) cost() int {
	switch a.kind {
	case atomExact, atomBasename:
		name := a.text[strings.LastIndexByte(a.text, '\\')+1:]
		return max(leastCost, commonBasenames[name], commonValues[name])
	}
	price := literalCost(a.text)
	if a.kind == atomContains {
		price++
	}
	return price
}

// commonBasenames are programs that ordinary events are full of.
var commonBasenames = map[string]int{
	"svchost.exe": 400, "cmd.exe": 300, "powershell.exe": 300, "conhost.exe": 300, "explorer.exe": 200,
	"rundll32.exe": 150, "services.exe": 150, "msedge.exe": 150, "chrome.exe": 150, "lsass.exe": 100,
	"pwsh.exe": 60, "wmiprvse.exe": 60, "msiexec.exe": 50, "taskhostw.exe": 50, "regsvr32.exe": 40,
	"reg.exe": 40, "net.exe": 40, "net1.exe": 40, "wscript.exe": 30, "cscript.exe": 30, "schtasks.exe": 30,
	"w3wp.exe": 30, "wmic.exe": 30, "sc.exe": 20, "mshta.exe": 20,
}

// commonValues are whole values that ordinary events are full of.
var commonValues = map[string]int{
	"microsoft corporation": 600, "microsoft® windows® operating system": 600,
	"system": 400, "medium": 300, "high": 300, "s-1-16-16384": 400, "s-1-16-12288": 300, "s-1-16-8192": 300,
	"0x3e7": 400, "nt authority\\system": 400, "true": 300, "false": 300, "-": 300, "": 100, "0": 100, "1": 100,
	"createkey": 500, "setvalue": 600, "dword (0x00000001)": 250, "dword (0x00000000)": 250, "valid": 500,
	"0x1000": 400, "0x1400": 400, "0x1410": 200, "0x1fffff": 300, "tcp": 300, "udp": 300, "6": 300, "17": 300,
}

// commonTexts are what paths and command lines are made of.
var commonTexts = []string{
	`c:\windows\system32\`, `\windows\syswow64\`, `.exe`, `.dll`, `c:\program files\`, `c:\program files (x86)\`, `\users\`,
	`\appdata\local\temp\`, `\appdata\roaming\`, `\microsoft\windows\currentversion\`, `hklm\system\currentcontrolset\services\`,
	`hklm\software\microsoft\windows nt\`, `hku\s-1-5-21-`, `http://`, `https://`, `"c:\`, `.exe" `, `powershell`, `cmd.exe`, ` -`, ` /`,
	`c:\windows\system32\ntdll.dll+`, `hklm\software\microsoft\windows\currentversion\`,
	`true`, `false`, `\device\harddiskvolume`, `nt authority\system`, `svchost.exe`, `microsoft-windows-`, `c:\programdata\`,
}

// literalCost halves with every uncommon character.
func literalCost(text string) int {
	if isCommon(text) {
		return 500
	}
	score := 0
	for i := 0; i < len(text) && score < rarestScore; i++ {
		score += rarity(text[i])
	}
	return max(leastCost, 1000>>(score/2))
}

// rarestScore is that from which a literal has the least cost.
const rarestScore = 20

// isCommon reports whether a text is part of one of the commonTexts.
func isCommon(text string) bool {
	if !commonGrams()[text[:min(len(text), edge)]] {
		return false
	}
	return len(text) <= edge || slices.ContainsFunc(commonTexts, func(common string) bool { return strings.Contains(common, text) })
}

// commonGrams are the texts of up to edge bytes that commonTexts hold: a quick
// answer for nearly all others.
var commonGrams = sync.OnceValue(func() map[string]bool {
	grams := map[string]bool{}
	for _, text := range commonTexts {
		for start := range len(text) {
			for end := start; end <= min(start+edge, len(text)); end++ {
				grams[text[start:end]] = true
			}
		}
	}
	return grams
})

// rarity is a rough measure of how seldom a byte is met in paths, command
// lines and registry keys.
func rarity(c byte) int {
	switch c {
	case 'e', 't', 'a', 'o', 'i', 'n', 's', 'r', 'l', 'c', 'd', 'm', '\\', '.', ' ':
		return 1
	case '-', '/', ':', '"', '_':
		return 2
	}
	if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
		return 2
	}
	return 3
}

// basename is the text after the last backslash; false without one.
func basename(text []byte) ([]byte, bool) {
	slash := bytes.LastIndexByte(text, '\\')
	return text[slash+1:], slash >= 0
}
