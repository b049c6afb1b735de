package knowledge

import "strings"

// countryCode finds the ISO 3166-1 alpha-2 code of a country by the names that
// public lists use, in lower case; "" for what is no country ("Middle East").
func countryCode(name string) string {
	return countryCodes[strings.ToLower(strings.TrimSpace(name))]
}

var countryCodes = readCountries(`
AD Andorra|AE United Arab Emirates,UAE|AF Afghanistan|AL Albania|AM Armenia|AO Angola|AR Argentina|AT Austria|AU Australia|AZ Azerbaijan
BA Bosnia and Herzegovina|BD Bangladesh|BE Belgium|BF Burkina Faso|BG Bulgaria|BH Bahrain|BI Burundi|BJ Benin|BN Brunei,Brunei Darussalam|BO Bolivia
BR Brazil|BS Bahamas|BT Bhutan|BW Botswana|BY Belarus|BZ Belize|CA Canada|CD Democratic Republic of the Congo|CF Central African Republic|CG Congo
CH Switzerland|CI Ivory Coast,Côte d'Ivoire|CL Chile|CM Cameroon|CN China,People's Republic of China|CO Colombia|CR Costa Rica|CU Cuba|CV Cape Verde
CY Cyprus|CZ Czech Republic,Czechia|DE Germany|DJ Djibouti|DK Denmark|DO Dominican Republic|DZ Algeria|EC Ecuador|EE Estonia|EG Egypt|ER Eritrea
ES Spain|ET Ethiopia|FI Finland|FJ Fiji|FR France|GA Gabon|GB United Kingdom,UK,Great Britain|GE Georgia|GH Ghana|GM Gambia|GN Guinea
GR Greece|GT Guatemala|GY Guyana|HK Hong Kong|HN Honduras|HR Croatia|HT Haiti|HU Hungary|ID Indonesia|IE Ireland|IL Israel|IN India|IQ Iraq
IR Iran,Iran (Islamic Republic of)|IS Iceland|IT Italy|JM Jamaica|JO Jordan|JP Japan|KE Kenya|KG Kyrgyzstan|KH Cambodia
KP North Korea,Korea (Democratic People's Republic of)|KR South Korea,Korea (Republic of)|KW Kuwait|KZ Kazakhstan|LA Laos|LB Lebanon,Lebonon|LK Sri Lanka|LR Liberia
LT Lithuania|LU Luxembourg|LV Latvia|LY Libya|MA Morocco|MC Monaco|MD Moldova|ME Montenegro|MG Madagascar|MK North Macedonia,Macedonia|ML Mali
MM Myanmar,Burma|MN Mongolia|MO Macao,Macau|MR Mauritania|MT Malta|MU Mauritius|MV Maldives|MW Malawi|MX Mexico|MY Malaysia|MZ Mozambique
NA Namibia|NE Niger|NG Nigeria|NI Nicaragua|NL Netherlands,The Netherlands|NO Norway|NP Nepal|NZ New Zealand|OM Oman|PA Panama|PE Peru
PG Papua New Guinea|PH Philippines,The Philippines|PK Pakistan|PL Poland|PS Palestine,Gaza|PT Portugal|PY Paraguay|QA Qatar|RO Romania|RS Serbia
RU Russia,Russian Federation|RW Rwanda|SA Saudi Arabia|SB Solomon Islands|SC Seychelles|SD Sudan|SE Sweden|SG Singapore|SI Slovenia|SK Slovakia
SL Sierra Leone|SN Senegal|SO Somalia|SR Suriname|SS South Sudan|SV El Salvador|SY Syria,Syrian Arab Republic|TD Chad|TG Togo|TH Thailand
TJ Tajikistan|TL Timor-Leste|TM Turkmenistan|TN Tunisia|TR Turkey,Türkiye|TT Trinidad and Tobago|TW Taiwan|TZ Tanzania|UA Ukraine|UG Uganda
US United States,United States of America,US,USA|UY Uruguay|UZ Uzbekistan|VE Venezuela|VN Vietnam,Viet Nam|XK Kosovo|YE Yemen|ZA South Africa|ZM Zambia|ZW Zimbabwe
`)

func readCountries(list string) map[string]string {
	codes := map[string]string{}
	for entry := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == '|' || r == '\n' }) {
		code, names, _ := strings.Cut(entry, " ")
		for name := range strings.SplitSeq(names, ",") {
			codes[strings.ToLower(name)] = code
		}
	}
	return codes
}
