package evtx

// The tokens of BinXML, [MS-EVEN6] section 2.2.12. A token with the flag
// tokenMore has more of its kind behind it, an element with it has attributes.
const (
	tokenEnd          = 0x00
	tokenOpenElement  = 0x01
	tokenCloseStart   = 0x02
	tokenCloseEmpty   = 0x03
	tokenCloseElement = 0x04
	tokenValue        = 0x05
	tokenAttribute    = 0x06
	tokenCDATA        = 0x07
	tokenCharacterRef = 0x08
	tokenEntityRef    = 0x09
	tokenPITarget     = 0x0a
	tokenPIData       = 0x0b
	tokenTemplate     = 0x0c
	tokenSubstitution = 0x0d
	tokenOptional     = 0x0e
	tokenFragment     = 0x0f

	tokenMore = 0x40
)

// maxNesting bounds both elements within elements and fragments within
// fragments. Real records stay below ten.
const maxNesting = 64
