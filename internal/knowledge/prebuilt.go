package knowledge

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"io/fs"
)

// prebuilt is the base of our own as its files were read last: a command that
// asks for it need not wait until as much YAML is understood. A test says when
// it is not current, and writes it anew:
//
//	go test ./internal/knowledge -run Prebuilt -update
//
//go:embed builtin.gob
var prebuilt []byte

// buildFrom reads a base from its prebuilt form, if that was made of these
// very files, and otherwise from the files.
func buildFrom(prebuilt []byte, files fs.FS) (*Base, error) {
	base := &Base{}
	if err := gob.NewDecoder(bytes.NewReader(prebuilt)).Decode(base); err != nil {
		return readFolder(files)
	}
	digest, err := digestOf(files)
	if err != nil || len(base.Sources) != 1 || base.Sources[0].Version != builtinVersion || base.Sources[0].SHA256 != digest {
		return readFolder(files)
	}
	base.order() // an empty list is none to gob
	return base, nil
}

// prebuild writes a base for buildFrom.
func prebuild(base *Base) ([]byte, error) {
	var out bytes.Buffer
	err := gob.NewEncoder(&out).Encode(base)
	return out.Bytes(), err
}

// parts are the files of a base, in the order in which they are hashed.
var parts = [...]string{"actors.yml", "artefacts.yml", "campaigns.yml", "mitigations.yml", "renamed.yml", "software.yml", "sources.yml", "techniques.yml"}

// digestOf is the SHA-256 over all files of a base, in lower-case hexadecimal.
func digestOf(files fs.FS) (string, error) {
	hash := sha256.New()
	for _, name := range parts {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		hash.Write(data)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
