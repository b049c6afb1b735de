package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/kulla-defence/kulla/internal/custody"
)

// What correlations need of the evidence of earlier runs stands beside the
// ledger: for each source the matches that rules had in it, and one list of
// them with their digests. A leaf has the digest of the list.

// MatchSource is a source whose matches a run kept.
type MatchSource struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	// Rules is the SHA-256 of the rules that it was read with.
	Rules string `json:"rules"`
	// Count is how many matches there are, Size how many bytes they are, Data
	// their SHA-256. Without matches, Data is empty. Beyond the limits Data is
	// empty and Count is not: they are not kept.
	Count int64  `json:"count,omitempty"`
	Size  int64  `json:"size,omitempty"`
	Data  string `json:"data,omitempty"`
}

// Whole reports whether all matches are kept.
func (s *MatchSource) Whole() bool { return s.Count == 0 || s.Data != "" }

// Matches are all sources whose matches were kept.
type Matches struct {
	Sources []MatchSource `json:"sources"`
}

// matchesLeaf is the leaf that the list is known by.
type matchesLeaf struct {
	SHA256  string `json:"sha256"`
	Sources int    `json:"sources"`
	Matches int64  `json:"matches"`
}

const (
	metaMatches   = "matches"  // the list
	metaMatchData = "matches:" // and the SHA-256: the matches of a source
)

// Matches reads the list; before the first it has no Sources, not even none.
func (c *Case) Matches() (*Matches, error) {
	list := &Matches{}
	data, err := c.matchList()
	if err != nil || data == nil {
		return list, err
	}
	var leaf matchesLeaf
	if found, err := c.get(custody.KindMatches, "", &leaf); err != nil {
		return nil, err
	} else if !found || leaf.SHA256 != digestOf(data) {
		return nil, fmt.Errorf("%w: the list of matches is another than the ledger says", ErrDamaged)
	}
	if err := json.Unmarshal(data, list); err != nil {
		return nil, fmt.Errorf("%w: the list of matches: %w", ErrDamaged, err)
	}
	if list.Sources == nil {
		list.Sources = []MatchSource{}
	}
	return list, nil
}

func (c *Case) matchList() ([]byte, error) {
	packed, err := c.meta(metaMatches)
	if err != nil || packed == nil {
		return nil, err
	}
	data, err := c.packer.unpackAny(packed)
	if err != nil {
		return nil, fmt.Errorf("%w: the list of matches: %w", ErrDamaged, err)
	}
	return data, nil
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// MatchData reads the matches of a source.
func (c *Case) MatchData(source *MatchSource) ([]byte, error) {
	packed, err := c.meta(metaMatchData + source.Data)
	if err != nil {
		return nil, err
	}
	data, err := c.packer.unpack(packed, source.Size)
	if err != nil || digestOf(data) != source.Data {
		return nil, fmt.Errorf("%w: the matches in %s are others than the ledger says", ErrDamaged, source.Name)
	}
	return data, nil
}

// PutMatchData keeps the matches of a source, and notes in the source what
// stands where. It takes effect with PutMatches.
func (c *Case) PutMatchData(source *MatchSource, data []byte) error {
	source.Size, source.Data = int64(len(data)), digestOf(data)
	var there int64
	if err := c.row("SELECT count(*) FROM meta WHERE name = ?", []any{metaMatchData + source.Data}, &there); err != nil || there > 0 {
		return err
	}
	packed, err := c.packer.pack(data)
	if err != nil {
		return err
	}
	return c.setMeta(metaMatchData+source.Data, packed)
}

// PutMatches replaces the list, and takes away the matches that it does not
// name any more.
func (c *Case) PutMatches(list *Matches) error {
	data, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("put matches: %w", err)
	}
	before, err := c.matchList()
	if err != nil || bytes.Equal(before, data) || before == nil && len(list.Sources) == 0 {
		return err
	}
	if err := c.dropMatchData(list); err != nil {
		return err
	}
	packed, err := c.packer.pack(data)
	if err != nil {
		return err
	}
	if err := c.setMeta(metaMatches, packed); err != nil {
		return err
	}
	leaf := matchesLeaf{SHA256: digestOf(data), Sources: len(list.Sources)}
	for i := range list.Sources {
		leaf.Matches += list.Sources[i].Count
	}
	_, err = c.put(custody.KindMatches, "", leaf)
	return err
}

func (c *Case) dropMatchData(list *Matches) error {
	wanted := map[string]bool{}
	for i := range list.Sources {
		wanted[list.Sources[i].Data] = true
	}
	var stale []string
	err := c.eachMatchData(func(digest string) {
		if !wanted[digest] {
			stale = append(stale, digest)
		}
	})
	if err != nil {
		return err
	}
	for _, digest := range stale {
		if err := c.exec("DELETE FROM meta WHERE name = ?", metaMatchData+digest); err != nil {
			return err
		}
	}
	return nil
}

func (c *Case) eachMatchData(each func(digest string)) error {
	// ';' comes after ':'.
	return c.rows("SELECT name FROM meta WHERE name > ? AND name < ?", []any{metaMatchData, "matches;"}, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		each(name[min(len(name), len(metaMatchData)):])
		return err
	})
}

// matches compares what is kept of matches with what the ledger says.
func (r *rowCheck) matches() error {
	leaf, err := r.c.current(custody.KindMatches, "")
	if err != nil {
		return err
	}
	list, err := r.c.Matches()
	if err != nil {
		r.differ(leaf, "the matches that correlations need are not what it says")
		return nil
	}
	if leaf >= 0 && list.Sources == nil {
		r.differ(leaf, "the matches that correlations need are missing")
	}
	seen := map[string]bool{"": true} // several rule sets may have the same matches
	for i := range list.Sources {
		source := &list.Sources[i]
		if seen[source.Data] {
			continue
		}
		seen[source.Data] = true
		r.count++
		if _, err := r.c.MatchData(source); err != nil {
			r.differ(leaf, "the matches in "+source.Name+" that correlations need are others than it says")
		}
	}
	return nil
}
