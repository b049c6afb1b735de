package attribution

import "io"

// ParseArtefacts reads an artefact file. Errors name the line.
func ParseArtefacts(r io.Reader) (Given, error) { return Given{}, nil }
