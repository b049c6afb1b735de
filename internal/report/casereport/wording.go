package casereport

import (
	"github.com/kulla-defence/kulla/internal/incident"
	"github.com/kulla-defence/kulla/internal/language"
)

// Words returns what puts sentences into words of a language, as plain text.
// Writers that tell evidence from words use the segments of the catalogue.
func Words(tag string) (func(incident.Sentence) string, error) {
	catalogue, err := language.Load()
	if err != nil {
		return nil, err
	}
	return func(s incident.Sentence) string {
		if s.Message == "" {
			return ""
		}
		return language.Plain(catalogue.Text(tag, s.Message, valuesOf(s)...))
	}, nil
}

// valuesOf are the values of a sentence as the catalogue takes them.
func valuesOf(s incident.Sentence) []language.Value {
	values := make([]language.Value, len(s.Values))
	for i, v := range s.Values {
		values[i] = language.Value{Name: v.Name, Text: v.Text, Message: v.Message, Number: v.Number, Kind: string(v.Kind)}
	}
	return values
}
