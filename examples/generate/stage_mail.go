package main

import (
	"fmt"
	"time"
)

// mailHost is where the mail goes.
const mailHost = "203.0.113.201"

// mailTheft, October 2021 to January 2022: through Exchange Web Services, the
// false account reads mailbox after mailbox, at night. The sums are those of
// AA22-264A: 70 to 160 MB to the server, 3 to 20 GB from it; the hours and the
// address are invented.
func (s *story) mailTheft() {
	for _, night := range []time.Time{on(2021, time.October, 12, 0, 10, 0), on(2021, time.November, 9, 0, 10, 0), on(2021, time.December, 14, 0, 10, 0), on(2022, time.January, 12, 0, 10, 0)} {
		for i := range 220 {
			s.mail.callsEWS(night.Add(time.Duration(i)*37*time.Second), call{action: []string{"FindItem", "GetItem", "GetItem", "GetAttachment"}[i%4], by: falseHealth,
				impersonated: fmt.Sprintf("department-%02d@%s", i/9+1, dnsDomain), client: mailHost, agent: ewsClient, sent: s.mail.about(5_500_000), received: s.mail.about(110_000)})
		}
		s.firewall.passes(night.Add(137*time.Minute), flow{from: mailHost, to: s.mail.address, port: 443, out: 24_000_000, in: 1_210_000_000, taken: 136 * time.Minute})
	}
}
