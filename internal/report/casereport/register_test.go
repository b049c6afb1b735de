package casereport

import (
	"strings"
	"testing"
)

// Of many files a part is on the page, and the rest is counted.
func TestLongRegister(t *testing.T) {
	t.Parallel()
	d := fixture(t)
	one := d.Evidence[0]
	one.Name = "<b>register.evtx"
	for len(d.Evidence) < maxRegistered+3 {
		d.Evidence = append(d.Evidence, one)
	}
	page := written(t, "html", d, "en")
	_, table, _ := strings.Cut(page, `id="evidence-table"`)
	table, after, _ := strings.Cut(table, "</table>")
	if n := strings.Count(table, `<tr><th scope="row"><bdi>`); n != maxRegistered {
		t.Errorf("%d rows", n)
	}
	if strings.Contains(table, "<b>register") || !strings.Contains(table, "&lt;b&gt;register.evtx") {
		t.Error("a name is not escaped")
	}
	if !strings.Contains(after[:600], `<p class="quiet"><span lang="en">3 `) {
		t.Errorf("the rest is not counted: %s", after[:600])
	}
}
