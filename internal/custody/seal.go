package custody

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
)

// SecretSize is the length of a case's secret, in bytes. It is random, made
// once, kept in the case and in no export.
const SecretSize = 32

// saltSize is long enough that a salt cannot be guessed.
const saltSize = 16

// What each hash is for stands at the beginning of what is hashed.
const (
	leafKeyLabel = "kulla leaf v1\n"
	saltLabel    = "kulla salt v1\n"
	sealLabel    = "kulla seal v1\n"
)

// A Field is one value of a leaf's data, as it is shown to somebody. Where it
// is redacted, Value and Salt are empty, and Commitment stands for them.
type Field struct {
	// Path is a JSON array of the keys and indexes that lead to the value:
	// ["event","TargetUserName"]. Value is the value's JSON text. Both are the
	// very bytes that stand in the data.
	Path, Value string
	Salt        []byte
	// Commitment is SHA-256(Salt ‖ Value).
	Commitment [sha256.Size]byte
	Redacted   bool
}

// Seal returns the commitment to a leaf's data, 32 bytes, which Leaf.Bytes
// holds in its place. It covers each value of the JSON object by itself, with a
// salt that nobody can guess, so that values can be taken out later and the
// rest still be proven (see Redact and Open):
//
//	leaf key   = HMAC-SHA-256(secret, "kulla leaf v1\n" ‖ number)
//	salt       = the first 16 bytes of SHA-256("kulla salt v1\n" ‖ leaf key ‖ place of the field)
//	commitment = SHA-256(salt ‖ value)
//	seal       = SHA-256("kulla seal v1\n" ‖ for each field: path, space, commitment in hexadecimal, line end)
//
// Numbers are 8 bytes, the highest first. A field is a value that is neither an
// object nor an array; an empty one, and an array of nothing but numbers, count
// as one value. Data that is no object, has white space between its values, or a
// key twice in one object is refused with a *DataError.
func Seal(data, secret []byte, number int64) ([]byte, error) {
	return NewSealer(secret).Seal(data, number)
}

// A Sealer seals many leaves with one secret, and allocates next to nothing for
// each. It is for one goroutine at a time.
type Sealer struct {
	keys   hash.Hash // HMAC with the secret
	key    leafKey
	seal   sealing
	fields scanner
}

// NewSealer returns a sealer for the leaves of a case.
func NewSealer(secret []byte) *Sealer {
	s := &Sealer{keys: hmac.New(sha256.New, secret), seal: newSealing()}
	s.fields.visit = s.field
	return s
}

// Seal is the function of that name.
func (s *Sealer) Seal(data []byte, number int64) ([]byte, error) {
	s.key.reset(s.keys, number)
	s.seal.reset()
	if err := s.fields.each(data); err != nil {
		return nil, err
	}
	return s.seal.sum(), nil
}

func (s *Sealer) field(path, value []byte) error {
	salt := s.key.next()
	s.seal.add(path, commit(salt[:], value, &s.seal.buffer))
	return nil
}

// Redact returns the fields of a leaf's data with the salts that prove them,
// but for those to hide, which hide is asked. Open puts them together again.
func Redact(data, secret []byte, number int64, hide func(path, value string) bool) ([]Field, error) {
	var key leafKey
	key.reset(hmac.New(sha256.New, secret), number)
	var fields []Field
	var buffer []byte
	err := eachField(data, func(path, value []byte) error {
		salt := key.next()
		f := Field{Path: string(path), Value: string(value), Commitment: commit(salt[:], value, &buffer)}
		if f.Redacted = hide(f.Path, f.Value); f.Redacted {
			f.Value = ""
		} else {
			f.Salt = salt[:]
		}
		fields = append(fields, f)
		return nil
	})
	return fields, err
}

// Reveal returns one field of a leaf with its salt, for somebody who has it
// hidden and is to see it: its commitment is the one that he has.
func Reveal(data, secret []byte, number int64, path string) (Field, error) {
	fields, err := Redact(data, secret, number, func(other, _ string) bool { return other != path })
	if err != nil {
		return Field{}, err
	}
	for _, f := range fields {
		if !f.Redacted {
			return f, nil
		}
	}
	return Field{}, fmt.Errorf("leaf %d has no field %s", number, path)
}

// Proves reports whether the value and salt of a field are those that a
// commitment was made of.
func (f *Field) Proves(commitment [sha256.Size]byte) bool {
	var buffer []byte
	return !f.Redacted && commit(f.Salt, []byte(f.Value), &buffer) == commitment
}

// Open returns the seal of fields that somebody was given: the commitment of
// what is shown is made anew. An error says which field does not agree with
// its own commitment, or that the fields are no object.
func Open(fields []Field) (seal []byte, err error) {
	sealing := newSealing()
	for i := range fields {
		f := &fields[i]
		if !f.Redacted && commit(f.Salt, []byte(f.Value), &sealing.buffer) != f.Commitment {
			return nil, &FieldError{Path: f.Path}
		}
		sealing.add([]byte(f.Path), f.Commitment)
	}
	return sealing.sum(), nil
}

// A FieldError is a field whose value or salt is not what was committed to.
type FieldError struct{ Path string }

func (e *FieldError) Error() string {
	return "the value of " + e.Path + " is not the one that was sealed"
}

// A leafKey gives the salts of one leaf's fields.
type leafKey struct {
	input [len(saltLabel) + sha256.Size + 8]byte // one block of SHA-256
	place uint64
}

// reset takes the key of a leaf from the HMAC with the secret.
func (k *leafKey) reset(keys hash.Hash, number int64) {
	label := binary.BigEndian.AppendUint64(append(k.input[:0], leafKeyLabel...), uint64(number))
	keys.Reset()
	keys.Write(label)
	keys.Sum(append(k.input[:0], saltLabel...))
	k.place = 0
}

// next returns the salt of the next field.
func (k *leafKey) next() [saltSize]byte {
	binary.BigEndian.PutUint64(k.input[len(k.input)-8:], k.place)
	k.place++
	digest := sha256.Sum256(k.input[:])
	return [saltSize]byte(digest[:saltSize])
}

// commit hides a value, and binds to it.
func commit(salt, value []byte, buffer *[]byte) [sha256.Size]byte {
	*buffer = append(append((*buffer)[:0], salt...), value...)
	return sha256.Sum256(*buffer)
}

// A sealing is a seal in the making.
type sealing struct {
	hash   hash.Hash
	text   []byte // what is still to be hashed
	buffer []byte
}

// hashedAtOnce is how much text is gathered: a hash is slow in small pieces.
const hashedAtOnce = 16 << 10

func newSealing() sealing {
	s := sealing{hash: sha256.New(), text: make([]byte, 0, 2<<10)}
	s.reset()
	return s
}

func (s *sealing) reset() {
	s.hash.Reset()
	s.text = append(s.text[:0], sealLabel...)
}

func (s *sealing) add(path []byte, commitment [sha256.Size]byte) {
	s.text = append(append(s.text, path...), ' ')
	s.text = append(hex.AppendEncode(s.text, commitment[:]), '\n')
	if len(s.text) >= hashedAtOnce {
		s.hash.Write(s.text)
		s.text = s.text[:0]
	}
}

func (s *sealing) sum() []byte {
	s.hash.Write(s.text)
	return s.hash.Sum(nil)
}

// A DataError says why data cannot be a leaf.
type DataError struct {
	Offset int
	Reason string
}

func (e *DataError) Error() string { return fmt.Sprintf("byte %d of the leaf: %s", e.Offset, e.Reason) }

// validValue reports whether text is one JSON value, as a field has it.
func validValue(text string) bool { return json.Valid([]byte(text)) }
