// Package language puts messages into words: English, Albanian, Arabic.
//
// A message has a key and values; catalogues are files in messages/, one for
// each room and language. Text is returned in segments, so that evidence can be
// told from words and is never translated. What a catalogue lacks is given in
// English.
//
// Begin with Load.
package language
