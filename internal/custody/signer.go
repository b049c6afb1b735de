package custody

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// keyName is the name of the signer in notes. Keys are told apart by their
// hash.
const keyName = "kulla"

// OpenSigner reads the key that signs checkpoints, and makes it on first use
// with random (crypto/rand.Reader). The file is for its owner alone, and one of
// a user, not of a case: a case holds only public keys.
func OpenSigner(path string, random io.Reader) (signer note.Signer, public string, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = makeKey(path, random)
	}
	if err != nil {
		return nil, "", fmt.Errorf("the signing key: %w", err)
	}
	if err := private(path); err != nil {
		return nil, "", err
	}
	key := strings.TrimSpace(string(text))
	if signer, err = note.NewSigner(key); err != nil {
		return nil, "", fmt.Errorf("the signing key %s: %w", path, err)
	}
	if public, err = publicOf(key); err != nil {
		return nil, "", fmt.Errorf("the signing key %s: %w", path, err)
	}
	return signer, public, nil
}

// private refuses a key that others can read. Windows keeps rights elsewhere.
func private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("the signing key: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("the signing key %s can be read by others (mode %04o): make it 0600", path, info.Mode().Perm())
	}
	return nil
}

// makeKey makes a key and returns what the file then holds: should another
// process have been faster, its key.
func makeKey(path string, random io.Reader) ([]byte, error) {
	key, _, err := note.GenerateKey(random, keyName)
	if err != nil {
		return nil, err
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(folder, ".signing-*") // its mode is 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(key + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, err
	}
	// Unlike a rename, a link does not take the place of a file that is there.
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

// publicOf returns the public half of a private key in the form of
// note.NewSigner: "PRIVATE+KEY+<name>+<hash>+<key>", where the key is, in base
// 64, one byte for the algorithm (1, Ed25519) and the seed.
func publicOf(key string) (string, error) {
	parts := strings.SplitN(key, "+", 5)
	if len(parts) != 5 {
		return "", errors.New("malformed key")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return "", errors.New("malformed key")
	}
	return note.NewEd25519VerifierKey(parts[2], ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey))
}
