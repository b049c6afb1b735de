// Package ruletest proves Sigma rules: it runs tests written beside them, and
// derives from a rule's own conditions an event that it must find and others
// that it must leave, writes them in the raw format of their source, and reads
// them back with the real reader.
package ruletest
