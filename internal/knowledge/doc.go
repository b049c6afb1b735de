// Package knowledge holds what is publicly known of actors: a Base of actors,
// the tools and artefacts they used, their campaigns and victims, and the
// names of techniques, each fact with its source.
//
// Builtin reads the small base of our own (folder knowledge/ at the top of the
// repository), strictly; ImportATTACK reads STIX, ImportMISPGalaxy the clusters
// of MISP; Recognise tells them apart. Merge puts bases together, and Save and
// Load keep one as a file (docs/formats/knowledge.md).
//
// Nothing here weighs or ranks: internal/attribution does. Begin with Base.
package knowledge
