package stix

import "net/netip"

// An Observable is a fact about a network or a host (section 6). Its id is
// made of its contributing properties, so that it is the same from everybody.
type Observable struct {
	Type        string `json:"type"`
	SpecVersion string `json:"spec_version"`
	ID          string `json:"id"`
	// CreatedBy is no property of observables in the specification; the
	// interoperability profile asks for it on every object.
	CreatedBy string   `json:"created_by_ref,omitempty"`
	Markings  []string `json:"object_marking_refs,omitempty"`

	// Value of addresses, domain names and URLs.
	Value string `json:"value,omitempty"`
	// Path of a directory.
	Path string `json:"path,omitempty"`
	// Hashes and Name of a file; ParentDirectory is the id of a directory.
	Hashes          map[string]string `json:"hashes,omitempty"`
	Name            string            `json:"name,omitempty"`
	ParentDirectory string            `json:"parent_directory_ref,omitempty"`
	// Accounts: UserID is a SID or number, AccountLogin what is typed.
	UserID       string `json:"user_id,omitempty"`
	AccountLogin string `json:"account_login,omitempty"`
	AccountType  string `json:"account_type,omitempty"`
	DisplayName  string `json:"display_name,omitempty"`
	// Key of the Windows registry.
	Key string `json:"key,omitempty"`
}

// Identifier returns the id.
func (o *Observable) Identifier() string { return o.ID }

func observable(kind string, contributing map[string]any) *Observable {
	return &Observable{Type: kind, SpecVersion: "2.1", ID: observableID(kind, contributing)}
}

func valued(kind, value string) *Observable {
	o := observable(kind, map[string]any{"value": value})
	o.Value = value
	return o
}

// IPv4 is an IPv4 address, or a range of them in CIDR form (section 6.8).
func IPv4(value string) *Observable { return valued("ipv4-addr", value) }

// IPv6 is an IPv6 address, or a range of them in CIDR form (section 6.9).
func IPv6(value string) *Observable { return valued("ipv6-addr", value) }

// Address is an address of either version; nil where the text is none.
func Address(text string) *Observable {
	address, err := netip.ParseAddr(text)
	switch {
	case err != nil || address.Zone() != "":
		return nil
	case address.Unmap().Is4():
		return IPv4(address.Unmap().String())
	}
	return IPv6(address.String())
}

// DomainName is a name of the DNS (section 6.4).
func DomainName(value string) *Observable { return valued("domain-name", value) }

// URL is an address of the web (section 6.15).
func URL(value string) *Observable { return valued("url", value) }

// Directory is a folder (section 6.3).
func Directory(path string) *Observable {
	o := observable("directory", map[string]any{"path": path})
	o.Path = path
	return o
}

// hashOrder is which hash contributes to the id where there are several
// (section 3.4).
var hashOrder = []string{"MD5", "SHA-1", "SHA-256", "SHA-512"}

// File is a file by its name or hashes, or both; the hashes under the names of
// hash-algorithm-ov, such as "SHA-256" (section 6.7). Parent, which may be
// nil, is its directory.
func File(name string, hashes map[string]string, parent *Observable) *Observable {
	contributing := map[string]any{}
	if name != "" {
		contributing["name"] = name
	}
	for _, algorithm := range hashOrder {
		if value, ok := hashes[algorithm]; ok {
			contributing["hashes"] = map[string]string{algorithm: value}
			break
		}
	}
	if parent != nil {
		contributing["parent_directory_ref"] = parent.ID
	}
	o := observable("file", contributing)
	o.Name, o.Hashes = name, hashes
	if parent != nil {
		o.ParentDirectory = parent.ID
	}
	return o
}

// UserAccount is an account (section 6.16). Kind is from account-type-ov, such
// as "windows-domain"; what is empty is not stated.
func UserAccount(kind, userID, login string) *Observable {
	contributing := map[string]any{}
	for name, value := range map[string]string{"account_type": kind, "user_id": userID, "account_login": login} {
		if value != "" {
			contributing[name] = value
		}
	}
	o := observable("user-account", contributing)
	o.AccountType, o.UserID, o.AccountLogin = kind, userID, login
	return o
}
