package attribution

import (
	"slices"

	"github.com/kulla-defence/kulla/internal/incident"
)

// countries are the codes that the message catalogue names, in order; others
// stand in sentences as codes.
var countries = []string{
	"AE", "AL", "AM", "AZ", "BH", "BY", "CA", "CN", "CY", "DE", "EG", "ES", "FR", "GB", "GE", "GR", "IL", "IN", "IQ", "IR",
	"IT", "JO", "JP", "KP", "KR", "KW", "KZ", "LB", "LY", "ME", "MK", "NG", "OM", "PK", "PL", "PS", "QA", "RS", "RU", "SA",
	"SY", "TH", "TN", "TR", "TW", "UA", "US", "UZ", "VN", "XK", "YE",
}

// country is a value that names a state.
func country(name, code string) incident.Value {
	if _, known := slices.BinarySearch(countries, code); known {
		return message(name, "country."+code)
	}
	return text(name, code)
}
