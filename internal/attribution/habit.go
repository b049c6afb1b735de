package attribution

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// zones are the offsets from UTC, in minutes, that a state's working day is
// counted in; states with several zones have that of their capital.
var zones = map[string]int{
	"BY": 180, "CN": 480, "IL": 120, "IN": 330, "IR": 210, "KP": 540, "KR": 540, "LB": 120, "PK": 300, "PS": 120,
	"RU": 180, "SY": 180, "TR": 180, "UA": 120, "US": -300, "VN": 420, "AE": 240, "SA": 180,
}

// A working day begins between these hours, local time.
const earliestStart, latestStart = 7, 10

// What makes hours a habit: so many acts by hand, on so many days, of which
// such a share falls in so many hours.
const (
	habitEvents = 40
	habitDays   = 10
	habitShare  = .8
	habitHours  = 10
)

// workingHours is the first hour, UTC, of the ten that hold most acts; false
// when they are too few or have no habit.
func workingHours(acts []time.Time) (start int, ok bool) {
	var hours [24]int
	days := map[string]bool{}
	for _, at := range acts {
		hours[at.UTC().Hour()]++
		days[at.UTC().Format(time.DateOnly)] = true
	}
	if len(acts) < habitEvents || len(days) < habitDays {
		return 0, false
	}
	most := 0
	for first := range hours {
		held := 0
		for h := range habitHours {
			held += hours[(first+h)%24]
		}
		if held > most {
			start, most = first, held
		}
	}
	return start, float64(most) >= habitShare*float64(len(acts))
}

// atWork lists the actors in whose state a working day begins at an hour of
// UTC, written "05:00".
func (k *knownBase) atWork(value string) []int {
	hour, err := strconv.Atoi(strings.TrimSuffix(value, ":00"))
	if err != nil || hour < 0 || hour > 23 {
		return nil
	}
	var found []int
	for i := range k.actors {
		zone, ok := zones[k.actors[i].State]
		if !ok {
			continue
		}
		local := ((hour*60+zone)%1440 + 1440) % 1440
		if local >= earliestStart*60 && local <= latestStart*60 {
			found = append(found, i)
		}
	}
	return found
}

func hourValue(hour int) string { return fmt.Sprintf("working_hours=%02d:00", hour) }
