// Package rulepull brings a release of public Sigma rules into a folder: it
// fetches an archive, checks it, parses every rule in it, and writes those
// that can be used.
//
// It is the only package that opens a network connection, and it does so only
// when it is called with an address. It trusts nothing of what comes: sizes,
// names and content are checked before a byte is written, and the folder
// appears whole or not at all. Begin with Pull.
package rulepull
