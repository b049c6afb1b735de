package incident

import "github.com/kulla-defence/kulla/internal/incident/entity"

// A descent is what is above a process that can join findings.
type descent struct {
	// above are the processes above, the parent first, up to those of which
	// everything descends; whether or not they matched anything.
	above []entity.Key
	// root is set where everything descends from the process itself, worker
	// where it or one above it answers requests of the web.
	root, worker bool
}

// maxAscent is how many steps up the tree of processes still join.
const maxAscent = 4

// maxDescents bounds the descents that are remembered.
const maxDescents = 1 << 14

// descents remembers descents: findings on one process come in rows.
type descents map[entity.Key]*descent

func (d descents) of(context *entity.Context, process entity.Key, name string) *descent {
	known := d[process]
	if known == nil {
		if len(d) >= maxDescents {
			clear(d)
		}
		known = descend(context, process, name)
		d[process] = known
	}
	return known
}

func descend(context *entity.Context, process entity.Key, name string) *descent {
	found := &descent{}
	start, ok := context.ProcessStart(process)
	if ok && start.Image != "" {
		name = start.Image
	}
	found.root, found.worker = isRoot(name), isWorker(name)
	for above := start.Parent; !found.root && above != "" && len(found.above) < maxAscent; above = start.Parent {
		if start, ok = context.ProcessStart(above); ok && isRoot(start.Image) {
			break
		}
		found.above = append(found.above, above)
		found.worker = found.worker || isWorker(start.Image)
	}
	return found
}
