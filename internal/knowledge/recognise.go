package knowledge

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
)

// A Format is what a file of knowledge is.
type Format string

// Formats that can be read.
const (
	FormatSaved   Format = "saved knowledge" // Load
	FormatATTACK  Format = "ATT&CK"          // ImportATTACK
	FormatGalaxy  Format = "MISP galaxy"     // ImportMISPGalaxy
	FormatUnknown Format = ""
)

// Recognise says what a file is by its first bytes, or by the first key of its
// JSON that tells. It reads no further than it must; begin again to read the
// file. The error is that of the reader: what is not understood is
// FormatUnknown.
func Recognise(r io.Reader) (Format, error) {
	in := bufio.NewReader(&bounded{r, maxBase})
	magic, err := in.Peek(4)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return FormatUnknown, err
	case len(magic) >= 2 && string(magic[:2]) == "\x1f\x8b":
		return FormatATTACK, nil
	case string(magic) == "PK\x03\x04":
		return FormatGalaxy, nil
	}
	decoder := json.NewDecoder(in)
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return FormatUnknown, nil
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			break
		}
		switch key {
		case "format", "base":
			return FormatSaved, nil
		case "objects":
			return FormatATTACK, nil
		case "values":
			return FormatGalaxy, nil
		}
		var ignored json.RawMessage
		if err := decoder.Decode(&ignored); err != nil {
			break
		}
	}
	return FormatUnknown, nil
}
