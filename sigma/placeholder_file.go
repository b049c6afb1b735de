package sigma

import "errors"

// ParsePlaceholders reads the values of placeholders, for Options, from YAML:
// a map of names, without the percent signs, and their values, which may have
// wildcards.
//
//	Administrators: [root, 'adm-*']
//	JumpServers:
//	  - jump01
//	  - jump02
//
// The name of the file is only used for positions. The error joins a
// *SyntaxError for each place that is wrong.
func ParsePlaceholders(file string, data []byte) (map[string][]string, error) {
	p := parser{file: file, into: &Documents{}}
	values := make(map[string][]string)
	if text := decodeUTF16(data); text != nil {
		data = text
	}
	for _, chunk := range splitDocuments(data) {
		root, fault := parseYAML(chunk)
		switch {
		case fault != nil:
			p.problem(Malformed, fault.line, fault.column, fault.message)
		case root.kind != mappingNode:
			p.fail(root, "want a map of placeholders and their values, not %v", root.kind)
		default:
			p.placeholders(values, root)
		}
	}
	var errs []error
	for _, problem := range p.into.Problems {
		errs = append(errs, &SyntaxError{problem})
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return values, nil
}

func (p *parser) placeholders(into map[string][]string, root *node) {
	p.unique(root)
	for i := 0; i+1 < len(root.children); i += 2 {
		key, value := root.children[i], root.children[i+1]
		list := p.texts(key, value)
		if len(list) == 0 {
			p.fail(value, "placeholder %s has no values", key.value)
		}
		into[key.value] = append(into[key.value], list...)
	}
}
