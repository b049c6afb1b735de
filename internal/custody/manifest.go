package custody

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Names of the members of an export; docs/formats/export.md describes them.
const (
	memberHowTo      = "HOW-TO-VERIFY.txt"
	memberReport     = "report.html"
	memberCheckpoint = "ledger/checkpoint.txt"
	memberLeaves     = "ledger/leaves.jsonl"
	memberManifest   = "manifest.json"
	memberSignature  = "manifest.note"
	recordFolder     = "records/"
)

const (
	exportFormat  = "kulla-export"
	exportVersion = 1
)

// A Manifest lists what is in an export.
type Manifest struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Tool    string `json:"tool"`
	// Size is the number of leaves of the case's ledger, Leaves that of the
	// leaves in the export.
	Size   int64    `json:"size"`
	Root   string   `json:"root"`
	Keys   []string `json:"keys"`
	Leaves int      `json:"leaves"`
	// Redacted says what was hidden.
	Redacted Redaction `json:"redacted"`
	Records  Records   `json:"records"`
	// Files are all members but the manifest and its signature, in order.
	Files []ManifestFile `json:"files"`
}

// A Redaction counts what was hidden.
type Redaction struct {
	Kinds []string `json:"kinds"`
	// Leaves have Fields hidden; Withheld are hidden as a whole.
	Leaves   int `json:"leaves"`
	Fields   int `json:"fields"`
	Withheld int `json:"withheld"`
}

// Records counts the records that findings cite.
type Records struct {
	Included int `json:"included"`
	// Missing could not be read from the evidence, Withheld were left out
	// because they would tell what is hidden.
	Missing  int    `json:"missing"`
	Withheld int    `json:"withheld"`
	Why      string `json:"why,omitempty"`
}

// A ManifestFile is one member.
type ManifestFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// manifestText is what is signed of a manifest.
func manifestText(manifest []byte) string {
	return fmt.Sprintf("kulla export manifest\n%x\n", sha256.Sum256(manifest))
}

// An exportedLeaf is one line of leaves.jsonl: a leaf as its recipient may see
// it, and the proof that it is in the tree.
type exportedLeaf struct {
	Number int64           `json:"number"`
	Kind   string          `json:"kind"`
	Fields []exportedField `json:"fields,omitempty"`
	// Seal stands in place of the fields of a leaf that is withheld.
	Seal  string   `json:"seal,omitempty"`
	Proof []string `json:"proof"`
}

type exportedField struct {
	Path       string  `json:"path"`
	Value      *string `json:"value,omitempty"`
	Salt       string  `json:"salt,omitempty"`
	Commitment string  `json:"commitment,omitempty"`
}

func exportFields(fields []Field) []exportedField {
	list := make([]exportedField, len(fields))
	for i := range fields {
		f := &fields[i]
		list[i].Path = f.Path
		if f.Redacted {
			list[i].Commitment = hex.EncodeToString(f.Commitment[:])
		} else {
			list[i].Value, list[i].Salt = &f.Value, base64.StdEncoding.EncodeToString(f.Salt)
		}
	}
	return list
}

var errField = errors.New("a field has neither value and salt nor a commitment")

// importFields reads fields back. What is shown is committed to anew, so that
// the seal over all tells whether it is right.
func importFields(list []exportedField) ([]Field, error) {
	fields := make([]Field, len(list))
	var buffer []byte
	for i := range list {
		from, f := &list[i], &fields[i]
		f.Path = from.Path
		if !validValue(f.Path) {
			return nil, fmt.Errorf("%q is not a path", f.Path)
		}
		if f.Redacted = from.Value == nil; f.Redacted {
			if from.Salt != "" || !decodeHash(from.Commitment, &f.Commitment) {
				return nil, errField
			}
			continue
		}
		salt, err := base64.StdEncoding.Strict().DecodeString(from.Salt)
		if err != nil || len(salt) != saltSize || from.Commitment != "" {
			return nil, errField
		}
		f.Value, f.Salt = *from.Value, salt
		f.Commitment = commit(f.Salt, []byte(f.Value), &buffer)
	}
	return fields, nil
}

// decodeHash reads a hash in lower-case hexadecimal.
func decodeHash(text string, hash *[32]byte) bool {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(hash) || hex.EncodeToString(raw) != text {
		return false
	}
	*hash = [32]byte(raw)
	return true
}

// openExported returns a leaf with its seal, and its fields, nil for one that
// is withheld.
func openExported(line []byte) (e exportedLeaf, leaf Leaf, fields []Field, proof tlog.RecordProof, err error) {
	if err = json.Unmarshal(line, &e); err != nil {
		return e, leaf, nil, nil, err
	}
	leaf.Kind = e.Kind
	for _, text := range e.Proof {
		hash, err := tlog.ParseHash(text)
		if err != nil || hash.String() != text {
			return e, leaf, nil, nil, errors.New("the proof is not made of hashes")
		}
		proof = append(proof, hash)
	}
	if e.Seal != "" {
		var seal [32]byte
		if e.Fields != nil || !decodeHash(e.Seal, &seal) {
			return e, leaf, nil, nil, errors.New("the seal is not a hash")
		}
		leaf.Seal = seal[:]
		return e, leaf, nil, proof, nil
	}
	if fields, err = importFields(e.Fields); err != nil {
		return e, leaf, nil, nil, err
	}
	leaf.Seal, err = Open(fields)
	return e, leaf, fields, proof, err
}

// shownFields are the fields that a recipient can read.
func shownFields(fields []Field) eachOf {
	return func(visit func(path, value []byte) error) {
		for i := range fields {
			if !fields[i].Redacted {
				visit([]byte(fields[i].Path), []byte(fields[i].Value))
			}
		}
	}
}
