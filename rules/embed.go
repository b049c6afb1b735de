// Package rules holds Kulla's own Sigma rules, for the traces of the public
// record of the 2022 intrusion in Albania and its like. README.md says what
// they find and how they are kept. The rules are data: the package has no code
// but what makes them part of the binary.
package rules

import "embed"

// FS holds the rules as *.yml files, grouped in folders by what they find, and
// beside them their tests as *.test.yml.
//
//go:embed */*.yml */*/*.yml
var FS embed.FS
