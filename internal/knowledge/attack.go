package knowledge

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Bounds of ImportATTACK. The Enterprise bundle has 25,000 objects in 45 MB,
// the largest of them 150 kB.
const (
	maxBundle  = 1 << 30 // bytes, unpacked
	maxObject  = 4 << 20 // bytes; what is read ahead counts with it
	maxObjects = 500_000
)

// ErrNotATTACK is returned for what is not a STIX bundle with ATT&CK in it.
var ErrNotATTACK = errors.New("not a STIX bundle of ATT&CK")

// ErrTooLarge is returned for a bundle past all reason.
var ErrTooLarge = errors.New("the bundle is too large")

// A SkippedError says that a bundle was read but for some of its objects.
type SkippedError struct {
	Objects int
	// Problems are the first ten, as "object 17: why".
	Problems []string
}

func (e *SkippedError) Error() string {
	return fmt.Sprintf("%d objects of the bundle were skipped, such as %s", e.Objects, e.Problems[0])
}

// ImportATTACK reads a STIX 2.0 or 2.1 bundle of ATT&CK, plain or compressed
// with gzip, of any version: groups with what they use and who says so,
// software, campaigns, techniques with their mitigations, and what became of
// techniques that were revoked. States are those of states.yml. Facts that
// were revoked or deprecated are left out.
//
// Errors are ErrNotATTACK, ErrTooLarge, those of JSON, gzip and the reader;
// and *SkippedError, in which case the base is there, without the objects
// that could not be read.
//
// Source: the ATT&CK data model, github.com/mitre/cti/blob/master/USAGE.md.
func ImportATTACK(r io.Reader) (*Base, error) {
	digest := sha256.New()
	whole := io.TeeReader(r, digest)
	unpacked, err := unpack(whole)
	if err != nil {
		return nil, fmt.Errorf("read ATT&CK: %w", err)
	}
	var bundle attackBundle
	if err := bundle.read(unpacked); err != nil {
		return nil, fmt.Errorf("read ATT&CK: %w", err)
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(whole, maxBundle)); err != nil {
		return nil, fmt.Errorf("read ATT&CK: %w", err)
	}
	base, err := bundle.base()
	if err != nil {
		return nil, fmt.Errorf("read ATT&CK: %w", err)
	}
	base.Sources = []Source{{Name: "MITRE ATT&CK", Version: bundle.version, SHA256: hex.EncodeToString(digest.Sum(nil))}}
	if bundle.skipped.Objects > 0 {
		return base, &bundle.skipped
	}
	return base, nil
}

// unpack returns the plain bytes of what may be compressed.
func unpack(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	magic, err := buffered.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(magic) != "\x1f\x8b" {
		return buffered, nil
	}
	return gzip.NewReader(buffered)
}

// An attackBundle holds the objects of interest, in the order read.
type attackBundle struct {
	version string
	objects []attackObject
	skipped SkippedError
}

// An attackObject has the properties of all types of object that are used.
type attackObject struct {
	Type             string            `json:"type"`
	ID               string            `json:"id"`
	Name             string            `json:"name"`
	Description      string            `json:"description"`
	Revoked          bool              `json:"revoked"`
	Deprecated       bool              `json:"x_mitre_deprecated"`
	Aliases          []string          `json:"aliases"`
	SoftwareAliases  []string          `json:"x_mitre_aliases"`
	References       []attackReference `json:"external_references"`
	Phases           []attackPhase     `json:"kill_chain_phases"`
	FirstSeen        string            `json:"first_seen"`
	LastSeen         string            `json:"last_seen"`
	RelationshipType string            `json:"relationship_type"`
	Source           string            `json:"source_ref"`
	Target           string            `json:"target_ref"`
	Version          string            `json:"x_mitre_version"`
}

type attackReference struct {
	Name        string `json:"source_name"`
	ExternalID  string `json:"external_id"`
	URL         string `json:"url"`
	Description string `json:"description"`
}

type attackPhase struct {
	Chain string `json:"kill_chain_name"`
	Name  string `json:"phase_name"`
}

// read takes one object at a time, so that only what is used is kept.
func (b *attackBundle) read(r io.Reader) error {
	budget := &budgetReader{reader: r, total: maxBundle}
	decoder := json.NewDecoder(budget)
	if err := b.findObjects(decoder, budget); err != nil {
		return err
	}
	for n := 0; decoder.More(); n++ {
		if n == maxObjects {
			return fmt.Errorf("%w: over %d objects", ErrTooLarge, maxObjects)
		}
		budget.object = maxObject
		var object attackObject
		if err := decoder.Decode(&object); err != nil {
			if wrong := (*json.UnmarshalTypeError)(nil); !errors.As(err, &wrong) {
				return fmt.Errorf("object %d: %w", n, err)
			}
			b.skip(n, err)
			continue
		}
		b.add(object)
	}
	_, err := decoder.Token() // the end of the objects
	return err
}

// findObjects reads up to the first of the bundle's objects.
func (b *attackBundle) findObjects(decoder *json.Decoder, budget *budgetReader) error {
	budget.object = maxObject
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return errors.Join(ErrNotATTACK, err)
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return err
		}
		if key == "objects" {
			if token, err := decoder.Token(); err != nil || token != json.Delim('[') {
				return errors.Join(ErrNotATTACK, err)
			}
			return nil
		}
		var ignored json.RawMessage
		if err := decoder.Decode(&ignored); err != nil {
			return err
		}
	}
	return ErrNotATTACK
}

func (b *attackBundle) skip(number int, err error) {
	b.skipped.Objects++
	if len(b.skipped.Problems) < 10 {
		b.skipped.Problems = append(b.skipped.Problems, fmt.Sprintf("object %d: %v", number, err))
	}
}

func (b *attackBundle) add(object attackObject) {
	switch object.Type {
	case "x-mitre-collection":
		b.version = object.Version
	case "intrusion-set", "malware", "tool", "campaign", "attack-pattern", "course-of-action", "relationship":
		b.objects = append(b.objects, object)
	}
}

// A budgetReader ends what is too large, as a whole or as one object.
type budgetReader struct {
	reader        io.Reader
	total, object int
}

func (r *budgetReader) Read(p []byte) (int, error) {
	if r.total <= 0 || r.object <= 0 {
		return 0, ErrTooLarge
	}
	n, err := r.reader.Read(p[:min(len(p), r.total, r.object)])
	r.total -= n
	r.object -= n
	return n, err
}
