package knowledge

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// openATTACK opens version 18.1, where the machine has it.
func openATTACK(t *testing.T) *os.File {
	t.Helper()
	folder := os.Getenv("KULLA_DATA")
	if folder == "" {
		folder = "../../../shared/data"
	}
	file, err := os.Open(filepath.Join(folder, "attack", "enterprise-attack-18.1.stix20.json.gz"))
	if err != nil {
		t.Skipf("ATT&CK is not here: %v", err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func TestImportATTACKWhole(t *testing.T) {
	t.Parallel()
	base, err := ImportATTACK(openATTACK(t))
	if err != nil {
		t.Fatal(err)
	}
	labelled, features, cited, dated := 0, 0, 0, 0
	for _, actor := range base.Actors {
		if actor.State != "" {
			labelled++
		}
		for _, f := range actor.Features {
			features++
			if len(f.Citations) > 0 {
				cited++
			}
			for _, c := range f.Citations {
				if !c.Published.IsZero() {
					dated++
					break
				}
			}
		}
	}
	attributed := 0
	for _, campaign := range base.Campaigns {
		if len(campaign.Actors) > 0 {
			attributed++
		}
	}
	t.Logf("%d actors (%d with a state), %d software, %d campaigns (%d attributed), %d techniques, %d features: %d cited, %d dated",
		len(base.Actors), labelled, len(base.Software), len(base.Campaigns), attributed, len(base.Techniques), features, cited, dated)
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

var _ = errors.Is
var _ = strings.Contains
var _ = time.Now
