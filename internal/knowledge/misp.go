package knowledge

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Bounds of ImportMISPGalaxy. The whole galaxy has 130 files in 60 MB.
const (
	maxGalaxy      = 64 << 20 // bytes of one file as given, packed or not
	maxGalaxyFiles = 1000     // in an archive
)

// ErrNotGalaxy is returned for what is no cluster file of the MISP galaxy, or
// an archive without one.
var ErrNotGalaxy = errors.New("not a MISP galaxy")

// ImportMISPGalaxy reads cluster files of the MISP galaxy, each plain JSON or
// many in a zip archive: threat-actor, mitre-intrusion-set, mitre-malware,
// mitre-tool and mitre-attack-pattern. Other clusters are left out and counted.
// Give all of it at once: what one file says refers to the others.
//
// An actor's country becomes its State only where the cluster names a state
// that is suspected to be the sponsor; else it is a Claim. The galaxy says of
// two personas what these say of themselves.
//
// Errors are ErrNotGalaxy, and those of zip, JSON and the reader.
//
// Source: https://github.com/MISP/misp-galaxy, its README and schema_clusters.json.
func ImportMISPGalaxy(files ...io.Reader) (*Base, error) {
	var g galaxy
	for _, file := range files {
		data, err := io.ReadAll(&bounded{file, maxGalaxy})
		if err == nil && bytes.HasPrefix(data, []byte("PK\x03\x04")) {
			err = g.archive(data)
		} else if err == nil {
			err = g.file(data)
		}
		if err != nil {
			return nil, fmt.Errorf("read MISP galaxy: %w", err)
		}
	}
	if len(g.files) == 0 {
		return nil, fmt.Errorf("read MISP galaxy: %w", ErrNotGalaxy)
	}
	return g.base(), nil
}

// A galaxy holds the cluster files that were read.
type galaxy struct {
	files []clusterFile
}

type clusterFile struct {
	Type    string      `json:"type"`
	Version json.Number `json:"version"`
	Values  []cluster   `json:"values"`
	source  Source
	left    map[Omission]int
	seen    map[string]bool // ids taken
}

type cluster struct {
	UUID    string      `json:"uuid"`
	Value   string      `json:"value"`
	Revoked bool        `json:"revoked"`
	Meta    clusterMeta `json:"meta"`
	Related []struct {
		To   string `json:"dest-uuid"`
		Type string `json:"type"`
	} `json:"related"`
}

type clusterMeta struct {
	ID         oneText  `json:"external_id"`
	Synonyms   manyText `json:"synonyms"`
	References manyText `json:"refs"`
	Phases     manyText `json:"kill_chain"`
	Country    oneText  `json:"country"`
	Confidence oneText  `json:"attribution-confidence"`
	Sponsor    oneText  `json:"cfr-suspected-state-sponsor"`
	Victims    manyText `json:"cfr-suspected-victims"`
	Suspected  manyText `json:"suspected-victims"`
	Categories manyText `json:"cfr-target-category"`
	Sectors    manyText `json:"targeted-sector"`
}

// The galaxy writes some values as a text here and as a list there.
type (
	oneText  string
	manyText []string
)

func (t *oneText) UnmarshalJSON(data []byte) error {
	var many manyText
	if err := many.UnmarshalJSON(data); err != nil || len(many) != 1 {
		return nil
	}
	*t = oneText(many[0])
	return nil
}

func (t *manyText) UnmarshalJSON(data []byte) error {
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	values, ok := value.([]any)
	if !ok {
		values = []any{value}
	}
	for _, value := range values {
		if text, ok := value.(string); ok && strings.TrimSpace(text) != "" {
			*t = append(*t, strings.TrimSpace(text))
		}
	}
	return nil
}

// archive reads all JSON files of a zip archive that are cluster files.
func (g *galaxy) archive(data []byte) error {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	if len(archive.File) > maxGalaxyFiles {
		return fmt.Errorf("over %d files in the archive", maxGalaxyFiles)
	}
	budget := int64(maxBase)
	for _, member := range archive.File {
		if !strings.HasSuffix(member.Name, ".json") {
			continue
		}
		content, err := readMember(member, budget)
		if err != nil {
			return fmt.Errorf("%s: %w", member.Name, err)
		}
		budget -= int64(len(content))
		// Beside its clusters the galaxy has other JSON files.
		if err := g.file(content); err != nil && !errors.Is(err, ErrNotGalaxy) {
			return fmt.Errorf("%s: %w", member.Name, err)
		}
	}
	return nil
}

func readMember(member *zip.File, budget int64) ([]byte, error) {
	in, err := member.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(&bounded{in, budget})
}

func (g *galaxy) file(data []byte) error {
	var file clusterFile
	if err := json.Unmarshal(data, &file); err != nil {
		return fmt.Errorf("%w: %w", ErrNotGalaxy, err)
	}
	if file.Type == "" || file.Values == nil {
		return ErrNotGalaxy
	}
	digest := sha256.Sum256(data)
	file.source = Source{Name: "MISP galaxy " + file.Type, Version: file.Version.String(), SHA256: hex.EncodeToString(digest[:])}
	file.left = map[Omission]int{}
	g.files = append(g.files, file)
	return nil
}

// leave counts what is not taken.
func (f *clusterFile) leave(what, why string) { f.left[Omission{What: what, Why: why}]++ }

// base makes one base of ATT&CK's part and one of the other actors, and joins
// them: what both describe is one actor, under ATT&CK's id.
func (g *galaxy) base() *Base {
	slices.SortFunc(g.files, func(a, b clusterFile) int { return compareSources(a.source, b.source) })
	c := galaxyReader{techniques: map[string]string{}, software: map[string]string{}, replaced: map[string]string{},
		attack: &Base{Renamed: map[string]string{}}, actors: &Base{}}
	c.note(g.files)
	for i := range g.files {
		c.read(&g.files[i])
	}
	for i := range g.files {
		f := &g.files[i]
		for left, n := range f.left {
			left.Count = n
			f.source.Left = append(f.source.Left, left)
		}
		slices.SortFunc(f.source.Left, compareOmissions)
		c.attack.Sources = append(c.attack.Sources, f.source)
	}
	return Merge(c.attack, c.actors)
}

func compareOmissions(a, b Omission) int {
	return strings.Compare(a.What+"\x00"+a.Why, b.What+"\x00"+b.Why)
}
