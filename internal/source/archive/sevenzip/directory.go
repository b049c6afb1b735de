package sevenzip

// What the parts of a directory take in memory, in bytes, about.
const (
	folderCost = 256
	coderCost  = 64
	memberCost = 96
	streamCost = 32
	sizeCost   = 8
)

// A listed folder is a Folder with the data that are to become its members.
type listed struct {
	Folder
	contents []content
}

// A content is the data of one member.
type content struct {
	size uint64
	sum  checksum
}

// parse reads a directory that is not packed.
func (a *Archive) parse(header []byte, size int64) error {
	p := &parser{data: header, memory: a.memory - int64(len(header))}
	p.expect(idHeader)
	id := p.number()
	if id == idArchiveProperties {
		p.archiveProperties()
		id = p.number()
	}
	if id == idAdditionalStreamsInfo { // no writer is known that has them
		p.streams(size)
		id = p.number()
	}
	var (
		folders []listed
		files   []fileInfo
	)
	if id == idMainStreamsInfo {
		folders = p.streams(size)
		id = p.number()
	}
	if id == idFilesInfo {
		files = p.files()
		id = p.number()
	}
	if id != idEnd {
		p.fail(errCorrupt)
	}
	if p.err != nil {
		return p.err
	}
	return a.assign(folders, files)
}

func (p *parser) archiveProperties() {
	for p.number() != idEnd && p.err == nil {
		p.bytes(p.number())
	}
}

// streams reads a StreamsInfo.
func (p *parser) streams(size int64) []listed {
	var (
		packed  []packedStream
		folders []listed
	)
	id := p.number()
	if id == idPackInfo {
		packed = p.packInfo(size)
		id = p.number()
	}
	if id == idUnpackInfo {
		folders = p.unpackInfo()
		p.place(folders, packed)
		id = p.number()
	}
	if id == idSubStreamsInfo {
		p.subStreams(folders)
		id = p.number()
	} else {
		for i := range folders {
			folders[i].contents = []content{{folders[i].unpacked, folders[i].sum}}
		}
	}
	if id != idEnd {
		p.fail(errCorrupt)
	}
	return folders
}

type packedStream struct{ offset, size int64 }

// packInfo reads where the packed streams are: one behind the other.
func (p *parser) packInfo(size int64) []packedStream {
	room := uint64(max(size-signatureHeaderSize, 0))
	offset, n := p.number(), p.count(sizeCost*2)
	streams := make([]packedStream, n)
	id := p.number()
	if id == idSize {
		for i := range streams {
			length := p.number()
			if offset > room || length > room-offset {
				p.fail(errCorrupt)
				return nil
			}
			streams[i] = packedStream{signatureHeaderSize + int64(offset), int64(length)}
			offset += length
		}
		id = p.number()
	}
	if id == idCRC {
		p.checksums(n) // of packed bytes; those of members say more
		id = p.number()
	}
	if id != idEnd {
		p.fail(errCorrupt)
	}
	return streams
}

func (p *parser) unpackInfo() []listed {
	p.expect(idFolder)
	folders := make([]listed, p.count(folderCost))
	if p.byte() != 0 {
		p.fail(errCorrupt) // "external": no writer is known that does it
	}
	graphs := make([]graph, len(folders))
	for i := range folders {
		graphs[i] = p.graph()
	}
	p.expect(idCodersUnpackSize)
	for i := range folders {
		p.unpackSizes(&folders[i].Folder, graphs[i])
	}
	id := p.number()
	if id == idCRC {
		for i, sum := range p.checksums(len(folders)) {
			folders[i].sum = sum
		}
		id = p.number()
	}
	if id != idEnd {
		p.fail(errCorrupt)
	}
	return folders
}

// place finds the packed bytes of each folder.
func (p *parser) place(folders []listed, packed []packedStream) {
	for i := range folders {
		f := &folders[i]
		if f.packed > len(packed) {
			p.fail(errCorrupt)
			return
		}
		if f.packed > 0 {
			f.offset, f.size = packed[0].offset, packed[0].size
		}
		packed = packed[f.packed:]
	}
}

// subStreams reads how what a folder unpacks to is parted into members.
func (p *parser) subStreams(folders []listed) {
	for i := range folders {
		folders[i].contents = make([]content, 1)
	}
	id := p.number()
	if id == idNumUnpackStream {
		for i := range folders {
			folders[i].contents = make([]content, p.count(streamCost))
		}
		id = p.number()
	}
	sized := id == idSize
	for i := range folders {
		p.contentSizes(&folders[i], sized)
	}
	if sized {
		id = p.number()
	}
	var unknown []*checksum
	for i := range folders {
		f := &folders[i]
		if len(f.contents) == 1 && f.sum.known {
			f.contents[0].sum = f.sum
			continue
		}
		for j := range f.contents {
			unknown = append(unknown, &f.contents[j].sum)
		}
	}
	if id == idCRC {
		for i, sum := range p.checksums(len(unknown)) {
			*unknown[i] = sum
		}
		id = p.number()
	}
	if id != idEnd {
		p.fail(errCorrupt)
	}
}

// contentSizes reads all sizes but the last, which is the rest.
func (p *parser) contentSizes(f *listed, sized bool) {
	left := f.unpacked
	for i := range f.contents {
		size := left
		if i < len(f.contents)-1 {
			if size = p.number(); !sized || size > left {
				p.fail(errCorrupt)
				return
			}
		}
		f.contents[i].size = size
		left -= size
	}
}

// files reads a FilesInfo.
func (p *parser) files() []fileInfo {
	files := make([]fileInfo, p.count(memberCost))
	var empty []int // the files without data
	for p.err == nil {
		id := p.number()
		if id == idEnd {
			break
		}
		property := &parser{data: p.bytes(p.number()), memory: p.memory, err: p.err}
		switch id {
		case idEmptyStream:
			empty = empty[:0]
			for i, set := range property.bits(len(files)) {
				if files[i].empty = set; set {
					empty = append(empty, i)
				}
			}
		case idEmptyFile:
			for i, set := range property.bits(len(empty)) {
				files[empty[i]].isFile = set
			}
		case idAnti:
			for i, set := range property.bits(len(empty)) {
				files[empty[i]].deletion = set
			}
		case idNames:
			property.names(files)
		case idWinAttributes:
			property.attributes(files)
		}
		if property.err != nil {
			p.fail(property.err)
		}
	}
	return files
}

// A fileInfo is what the directory says of one file.
type fileInfo struct {
	name                    string
	attributes              uint32
	empty, isFile, deletion bool
}

func (p *parser) names(files []fileInfo) {
	if p.byte() != 0 {
		p.fail(errCorrupt) // external
	}
	for i := range files {
		files[i].name = p.name()
	}
}

func (p *parser) attributes(files []fileInfo) {
	defined := p.defined(len(files))
	if p.byte() != 0 {
		p.fail(errCorrupt) // external
	}
	for i, set := range defined {
		if set {
			files[i].attributes = p.uint32()
		}
	}
}

// Bits of the attributes: those of Windows, and in the upper half, where bit 15
// says so, the mode of a file in Unix.
const (
	attributeReparsePoint = 0x400
	attributeUnix         = 0x8000
	modeType              = 0o170000
	modeLink              = 0o120000
)

func (f fileInfo) kind() Kind {
	switch {
	case f.deletion:
		return Deletion
	case f.empty && !f.isFile:
		return Directory
	case f.attributes&attributeReparsePoint != 0, f.attributes&attributeUnix != 0 && f.attributes>>16&modeType == modeLink:
		return SymbolicLink
	}
	return File
}

// assign gives the data of folders to the files that have some, one after
// another. Data behind the last file belong to none.
func (a *Archive) assign(folders []listed, files []fileInfo) error {
	folder, used := 0, 0
	for place, file := range files {
		member := Member{Name: file.name, Place: place, Kind: file.kind()}
		if file.empty {
			a.Empty = append(a.Empty, member)
			continue
		}
		for folder < len(folders) && used == len(folders[folder].contents) {
			folder, used = folder+1, 0
		}
		if folder == len(folders) {
			return errCorrupt
		}
		data := folders[folder].contents[used]
		member.Size, member.sum = data.size, data.sum
		folders[folder].Members = append(folders[folder].Members, member)
		used++
	}
	for i := range folders {
		a.Folders = append(a.Folders, folders[i].Folder)
	}
	return nil
}
