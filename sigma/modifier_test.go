package sigma

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
)

// texts are the values that an item's modifiers make.
func texts(t *testing.T, item string) []string {
	t.Helper()
	predicate := ruleOf(t, search(item)).Conditions[0].(Named).Term.(*Predicate)
	var list []string
	for _, value := range predicate.Values {
		list = append(list, value.(String).String())
	}
	return list
}

func TestEncodingModifiers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		item string
		want []string
	}{
		{`A|base64: foobar`, []string{"Zm9vYmFy"}},
		{`A|base64|contains: foo`, []string{"*Zm9v*"}},
		{`A|base64: 'a\*b'`, []string{"YSpi"}},
		{`A|base64offset: foobar`, []string{"Zm9vYmFy", "Zvb2Jhc", "mb29iYX"}},
		{`A|base64offset|contains: 'http://'`, []string{"*aHR0cDovL*", "*h0dHA6Ly*", "*odHRwOi8v*"}},
		{`A|wide: ab`, []string{"a\x00b\x00"}},
		{`A|utf16le: ab`, []string{"a\x00b\x00"}},
		{`A|utf16be: ab`, []string{"\x00a\x00b"}},
		{`A|utf16: ab`, []string{"\xff\xfea\x00b\x00"}},
		{`A|utf16: '*ab'`, []string{"\xff\xfe*a\x00b\x00"}},
		{`A|wide: é`, []string{"\xe9\x00"}},
		{`A|wide: 😀`, []string{"\x3d\xd8\x00\xde"}},
		{`A|wide: 'a*b'`, []string{"a\x00*b\x00"}},
		{`A|wide|base64: ab`, []string{"YQBiAA=="}},
		{`A|windash: '-a'`, []string{"-a", "/a", "–a", "—a", "―a"}},
		{`A|windash: '/param-name'`, []string{"-param-name", "/param-name", "–param-name", "—param-name", "―param-name"}},
		{`A|windash: 'a-b'`, []string{"a-b"}},
		{`A|windash: '–a'`, []string{"-a", "/a", "–a", "—a", "―a"}},
		{`A|windash: '--a'`, []string{"--a", "-/a", "-–a", "-—a", "-―a"}},
		{`A|windash: '- a'`, []string{"- a"}},
		{`A|contains: 'a'`, []string{"*a*"}},
		{`A|contains: '*a*'`, []string{"*a*"}},
		{`A|startswith: 'a*'`, []string{"a*"}},
		{`A|endswith: 'a\*'`, []string{`*a\*`}},
		{`A|contains: ''`, []string{`*`}},
	}
	for _, test := range tests {
		if got := texts(t, test.item); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.item, got, test.want)
		}
	}
	if got := texts(t, `A|windash: '-a /b'`); len(got) != 25 || !slices.Contains(got, "―a –b") {
		t.Errorf("two dashes: %q", got)
	}
}

// Whatever stands around it, a text is found in base64 by one of its forms,
// and every character of the forms is needed.
func TestBase64OffsetFindsTextAnywhere(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"abc", "whoami", "IEX(New-Object", "p\x00o\x00w\x00e\x00r\x00", "ëëëë"} {
		for before := range 7 {
			for after := range 7 {
				whole := strings.Repeat("#", before) + text + strings.Repeat("\xff", after)
				encoded := base64.StdEncoding.EncodeToString([]byte(whole))
				if form := base64At(before%3, text); !strings.Contains(encoded, form) {
					t.Fatalf("%q with %d bytes before and %d after: %q has no %q", text, before, after, encoded, form)
				}
			}
		}
	}
}

func TestEveryModifierIsNamed(t *testing.T) {
	t.Parallel()
	for _, name := range modifierNames() {
		if modifierNamed(name) == nil {
			t.Errorf("%s is listed but unknown", name)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"contians": `, did you mean "contains"?`, "startwith": `, did you mean "startswith"?`,
		"regex": "", "xyz": "", strings.Repeat("a", 100): "",
	} {
		if got := didYouMean(name, modifierNames()); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
