// Package sigma reads, checks and evaluates Sigma rules: detections over log
// events, written in YAML, as the Sigma specification 2.1 defines them
// (https://sigmahq.io/sigma-specification/).
//
// # From files to matches
//
// Most programs need four steps:
//
//	set, err := sigma.LoadFS(os.DirFS("rules"), sigma.Options{}) // 1. read
//	taxonomy, err := sigma.DefaultTaxonomy()                     // 2. where events are found
//	session := sigma.Compile(set.Rules, taxonomy).NewSession()   // 3. make it fast
//	for _, number := range session.Match(event) {                // 4. match
//		fmt.Println(set.Rules[number].Title)
//	}
//
// The events come from you: implement [Event] and [Schema], two small
// interfaces, over the records of your logs. Columns are only asked for when a
// rule needs them. A [Session] is for one goroutine; make one for each.
//
// [LoadFS] never drops anything silently. What could not be loaded is in
// [RuleSet].Problems, each with file, line, column and reason: show them beside
// your results, for a rule that is not loaded does not fire.
//
// # The parts
//
//   - Reading: [Parse] one file, [ParseFS] many; [NewRuleSet] then applies
//     filters, expands placeholders ([ParsePlaceholders]) and resolves references. A [Rule] has its
//     conditions as an [Expression] that nothing has to be looked up for:
//     identifiers, quantifiers and modifiers are gone.
//   - Meaning: [Evaluate] says whether an expression holds for an event. It is
//     short and slow, and it is the definition; a [Matcher] must agree
//     with it on every event, and tests see to that.
//   - Reasons: [Explain] gives the tree of what held and what did not, with the
//     values that were seen. [Lint] finds what is wrong or weak in rules.
//   - Taxonomy: a rule asks for "process_creation" and "Image". A [Taxonomy]
//     says where such events are recorded and what the fields are called
//     there; a [Route] is one such place.
//   - Correlations: a [Correlator] counts, sums and orders the matches of
//     rules in windows of event time.
//
// # What the specification leaves open
//
// These choices hold everywhere in the package:
//
//   - Text is compared without case by Unicode simple folding (see [Fold]),
//     whole values against whole values. Numbers and booleans in a rule are
//     compared by their text, so 1e3 is not 1000: the specification knows
//     strings and integers, and pySigma too takes 1e3 for a text. lt, lte, gt
//     and gte read numbers, also with 0x, a fraction or an exponent; whole
//     numbers of any size are compared exactly, others as float64.
//   - A field with several values (an array, a repeated element) matches when
//     any of them does; not is the contrary of that, so it holds when none
//     does. With all, each value of the rule must match some value.
//   - null matches a field that is absent or null, the empty text one that is
//     there and empty, and exists one that is there at all. Members of an
//     object are fields of their own (a.b): exists holds for the object itself
//     where one of them is there, so not for an empty object; null, and
//     whatever else looks at a value, only knows the members.
//   - A keyword is looked for anywhere in every column of the event.
//   - A field reference holds only when both fields have values.
//   - A regular expression matches anywhere, with case. Lookaround and back
//     references, which the specification forbids, are refused. Without the
//     modifier m, $ is the very end of the value; in PCRE it is also the place
//     before a line break that ends it. Write foo\n?$ where that is meant.
//   - base64 and base64offset encode what a value means once escapes are read.
//     A text too short to leave a trace in base64 at every offset is refused,
//     as it would match everything.
//   - Plain values are those of YAML 1.2: true and null are not text, yes and
//     no are.
//   - Parts of a time are taken as written, without changing its zone.
//   - A document with the id of an earlier one is not loaded.
//   - A filter is and-ed to the rules it is for, as pySigma does it.
//   - The count() and timeframe of Sigma 1 become a correlation.
//
// The package keeps no state, reads no clock and no environment, and treats
// rules and events as hostile: there are limits on size, depth and expansion.
package sigma
