package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/kulla-defence/kulla/internal/custody"
	"github.com/kulla-defence/kulla/internal/store"
)

// createCase opens a case for writing, and makes it if there is none.
func createCase(ctx context.Context, env Environment, path, keyFile string) (*store.Case, error) {
	return writeCase(ctx, env, path, keyFile, true)
}

// writeCase opens a case for writing.
func writeCase(ctx context.Context, env Environment, path, keyFile string, create bool) (*store.Case, error) {
	if keyFile == "" {
		var err error
		if keyFile, err = defaultKeyFile(env); err != nil {
			return nil, err
		}
	}
	signer, public, err := custody.OpenSigner(keyFile, rand.Reader)
	if err != nil {
		return nil, withHint(fmt.Errorf("signing key: %w", err), "--key names another file")
	}
	kept, err := store.Open(ctx, path, store.Options{Create: create, Now: env.Now, Signer: signer, PublicKey: public})
	return kept, explainCase(path, err)
}

// readCase opens a case for reading.
func readCase(ctx context.Context, env Environment, path string) (*store.Case, error) {
	kept, err := store.Open(ctx, path, store.Options{ReadOnly: true, Now: env.Now})
	return kept, explainCase(path, err)
}

// explainCase says what to do about a case that cannot be opened.
func explainCase(path string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return withHint(fmt.Errorf("case %s: there is no such file", path), "kulla case list shows the cases of a folder, kulla investigate makes one; its folder must exist")
	}
	if inner := errors.Unwrap(err); inner != nil { // the name is said once
		err = inner
	}
	err = fmt.Errorf("case %s: %w", path, err)
	switch {
	case errors.Is(err, store.ErrBusy):
		return withHint(err, "wait until the other run has ended, or name another case with -o")
	case errors.Is(err, store.ErrNotCase):
		return withHint(err, "cases are made by kulla investigate; name another file with -o")
	case errors.Is(err, store.ErrVersion):
		return withHint(err, "use the version of Kulla that wrote it, or a newer one")
	}
	return err
}

// defaultKeyFile is where the key is that signs ledgers: it belongs to the
// user, not to a case.
func defaultKeyFile(env Environment) (string, error) {
	const name = "signing.key"
	for _, place := range []struct{ variable, folder string }{
		{"XDG_STATE_HOME", "kulla"}, {"LOCALAPPDATA", "kulla"}, {"HOME", filepath.Join(".local", "state", "kulla")},
	} {
		if root := env.Getenv(place.variable); root != "" {
			return filepath.Join(root, place.folder, name), nil
		}
	}
	return "", usagef("name one with --key FILE", "there is no folder to keep the signing key in: neither XDG_STATE_HOME, LOCALAPPDATA nor HOME is set")
}
