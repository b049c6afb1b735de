package custody

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Limits on what an export may cost its reader. A file is somebody else's.
const (
	maxManifest    = 64 << 20
	maxLine        = 64 << 20
	maxMemberBytes = 2 << 30
	maxMembers     = 1 << 20
	maxSmallMember = 1 << 20 // checkpoint, signature
)

// VerifyExport checks a file that Export wrote: every member against the
// manifest, the manifest's signature, the checkpoint, each leaf against its
// proof, records against findings, and evidence as Verify does. The error is
// that of reading, or of a file that is no export at all.
func VerifyExport(ctx context.Context, in io.ReaderAt, size int64, options VerifyOptions) (*Verification, error) {
	archive, err := zip.NewReader(in, size)
	if err != nil {
		return nil, fmt.Errorf("not an export: %w", err)
	}
	v := &exportVerifier{verifier: verifier{Verification: Verification{Kind: "export"}, options: options, content: newContent()},
		members: map[string]*zip.File{}, digests: map[string]string{}, there: map[int64]bool{}}
	if err := v.list(archive.File); err != nil {
		return nil, err
	}
	if err := v.readManifest(); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{v.checkMembers, v.checkSigned, v.checkLeaves, v.checkReferences, v.checkRecords, v.evidence} {
		if err := step(ctx); err != nil {
			return &v.Verification, err
		}
	}
	return &v.Verification, nil
}

// An exportVerifier is one call of VerifyExport.
type exportVerifier struct {
	verifier
	members      map[string]*zip.File
	names        []string
	manifest     Manifest
	manifestText string
	digests      map[string]string // of members, as they are
	tree         tlog.Tree
	there        map[int64]bool // leaves that the export holds
	hidden       Redaction      // as counted, not as the manifest says
}

// list takes the members by name. A second of one name, or one that leads out
// of the archive, is a fault and not read.
func (v *exportVerifier) list(files []*zip.File) error {
	if len(files) > maxMembers {
		return fmt.Errorf("not an export: %d members", len(files))
	}
	for _, file := range files {
		switch {
		case v.members[file.Name] != nil:
			v.member(file.Name, "the member stands twice")
		case !isMemberName(file.Name):
			v.member(file.Name, "not a name that a member of an export can have")
		default:
			v.members[file.Name] = file
			v.names = append(v.names, file.Name)
		}
	}
	return nil
}

func (v *exportVerifier) member(name, what string) {
	v.fault(Fault{Check: CheckMembers, Leaf: -1, Source: name, What: what})
}

func isMemberName(name string) bool {
	switch name {
	case memberHowTo, memberReport, memberCheckpoint, memberLeaves, memberManifest, memberSignature:
		return true
	}
	number, ok := strings.CutPrefix(name, recordFolder)
	number, also := strings.CutSuffix(number, ".bin")
	return ok && also && number != "" && strings.Trim(number, "0123456789-") == ""
}

var errTooLarge = errors.New("larger than it may be")

// open reads a member within a limit; more is an error.
func (v *exportVerifier) open(name string, limit int64) (io.ReadCloser, error) {
	file := v.members[name]
	if file == nil {
		return nil, errors.New("missing")
	}
	stream, err := file.Open()
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{&limited{stream, limit}, stream}, nil
}

// limited fails, and does not end, where there is more than the limit.
type limited struct {
	in   io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

func (v *exportVerifier) read(name string, limit int64) ([]byte, error) {
	stream, err := v.open(name, limit)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	return io.ReadAll(stream)
}

// readManifest reads what all else is compared with.
func (v *exportVerifier) readManifest() error {
	data, err := v.read(memberManifest, maxManifest)
	if err != nil {
		return fmt.Errorf("not an export: %s: %w", memberManifest, err)
	}
	if err := json.Unmarshal(data, &v.manifest); err != nil || v.manifest.Format != exportFormat {
		return fmt.Errorf("not an export: %s is not one of %s", memberManifest, exportFormat)
	}
	if v.manifest.Version != exportVersion {
		return fmt.Errorf("the export is of version %d, and this program reads version %d", v.manifest.Version, exportVersion)
	}
	v.manifestText = manifestText(data)
	v.Keys = v.manifest.Keys
	return nil
}

// checkMembers compares every member with the manifest.
func (v *exportVerifier) checkMembers(ctx context.Context) error {
	listed := map[string]bool{memberManifest: true, memberSignature: true}
	left := int64(maxMemberBytes)
	for _, file := range v.manifest.Files {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		v.check(CheckMembers).Count++
		if listed[file.Name] {
			v.member(file.Name, "stands twice in the manifest")
			continue
		}
		listed[file.Name] = true
		size, digest, err := v.measure(file.Name, left)
		left -= size
		switch v.digests[file.Name] = digest; {
		case err != nil:
			v.member(file.Name, err.Error())
		case digest != file.SHA256 || size != file.Size:
			v.member(file.Name, fmt.Sprintf("differs from the manifest: SHA-256 %s, %d bytes, in place of %s, %d bytes", digest, size, file.SHA256, file.Size))
		}
	}
	for _, name := range []string{memberCheckpoint, memberLeaves} {
		if !listed[name] && v.members[name] == nil {
			v.member(name, "missing")
		}
	}
	for _, name := range v.names {
		if !listed[name] {
			v.member(name, "is not in the manifest")
		}
	}
	return nil
}

func (v *exportVerifier) measure(name string, limit int64) (int64, string, error) {
	stream, err := v.open(name, limit)
	if err != nil {
		return 0, "", err
	}
	defer stream.Close()
	digest := sha256.New()
	size, err := io.Copy(digest, stream)
	return size, hex.EncodeToString(digest.Sum(nil)), err
}

// checkSigned checks what is signed: the manifest and the checkpoint.
func (v *exportVerifier) checkSigned(context.Context) error {
	verifiers, bad := verifiersOf(v.manifest.Keys)
	v.check(CheckKeys).Count = int64(len(v.manifest.Keys))
	for _, i := range bad {
		v.fault(Fault{Check: CheckKeys, Leaf: -1, Source: memberManifest, What: fmt.Sprintf("public key %d is none: %q", i+1, v.manifest.Keys[i])})
	}
	known := note.VerifierList(verifiers...)
	v.checkManifestSignature(known)
	v.check(CheckSignatures).Count++
	signed, err := v.read(memberCheckpoint, maxSmallMember)
	if err != nil {
		return nil // said with the members
	}
	c, err := judge(signed, known)
	if err != nil {
		v.fault(Fault{Check: CheckSignatures, Leaf: -1, Source: memberCheckpoint, What: "the checkpoint: " + err.Error()})
	}
	v.trust([][]byte{signed})
	if c == nil {
		return nil
	}
	v.tree = tlog.Tree{N: c.Size, Hash: c.Root}
	v.Root = c.Root.String()
	v.check(CheckCheckpoints).Count++
	if c.signed {
		v.Signed = c.Size
	}
	if v.manifest.Size != c.Size || v.manifest.Root != v.Root {
		v.fault(Fault{Check: CheckCheckpoints, Leaf: -1, Source: memberManifest, What: "size and root are not those of the checkpoint"})
	}
	v.compareGiven(c, known)
	return nil
}

func (v *exportVerifier) checkManifestSignature(known note.Verifiers) {
	if v.members[memberSignature] == nil {
		if len(v.options.TrustedKeys) > 0 {
			v.fault(Fault{Check: CheckSignatures, Leaf: -1, Source: memberManifest, What: "the manifest is not signed, so not by a trusted key"})
			return
		}
		v.Unsigned = true
		v.unchecked(memberReport, "the manifest is not signed, so nothing ties the report to its maker", 1)
		return
	}
	v.check(CheckSignatures).Count++
	signed, err := v.read(memberSignature, maxSmallMember)
	if err == nil {
		err = v.manifestSigned(signed, known)
	}
	if err == nil && len(v.options.TrustedKeys) > 0 {
		verifiers, _ := verifiersOf(v.options.TrustedKeys)
		if err = v.manifestSigned(signed, note.VerifierList(verifiers...)); err != nil {
			err = fmt.Errorf("not by a trusted key: %w", err)
		}
	}
	if err != nil {
		v.fault(Fault{Check: CheckSignatures, Leaf: -1, Source: memberSignature, What: "the signature of the manifest: " + err.Error()})
	}
}

func (v *exportVerifier) manifestSigned(signed []byte, known note.Verifiers) error {
	opened, err := note.Open(signed, known)
	if err != nil {
		return err
	}
	if opened.Text != v.manifestText {
		return errors.New("it is for another manifest")
	}
	return canonical(opened)
}

// compareGiven compares the checkpoint with one that was kept elsewhere. Of
// two different sizes an export cannot tell whether one continues the other.
func (v *exportVerifier) compareGiven(c *judged, known note.Verifiers) {
	if v.options.Checkpoint == nil {
		return
	}
	given, err := judge(v.options.Checkpoint, known)
	switch {
	case err != nil:
		v.faultf(CheckSignatures, "the checkpoint that was given: %v", err)
	case given.Size > c.Size:
		v.faultf(CheckCheckpoints, "the checkpoint that was given covers %d leaves, and that of the export %d", given.Size, c.Size)
	case given.Size == c.Size && given.Root != c.Root:
		v.faultf(CheckCheckpoints, "the checkpoint that was given has another root")
	case given.Size < c.Size:
		v.unchecked("the checkpoint that was given", "it is older, and an export does not hold the leaves between", 1)
	}
}

// checkLeaves opens every leaf and proves it.
func (v *exportVerifier) checkLeaves(ctx context.Context) error {
	stream, err := v.open(memberLeaves, maxMemberBytes)
	if err != nil {
		return nil // said with the members
	}
	defer stream.Close()
	lines := bufio.NewScanner(stream)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	last := int64(-1)
	for place := 1; lines.Scan(); place++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		v.Leaves++
		v.check(CheckLeaves).Count++
		number, err := v.checkLeaf(lines.Bytes(), last)
		if err != nil {
			v.fault(Fault{Check: CheckLeaves, Leaf: number, Source: memberLeaves, What: fmt.Sprintf("line %d: %v", place, err)})
		}
		last = max(last, number)
	}
	if err := lines.Err(); err != nil {
		v.fault(Fault{Check: CheckLeaves, Leaf: -1, Source: memberLeaves, What: err.Error()})
	}
	if h := v.hidden; h.Leaves+h.Withheld > 0 {
		v.Remarks = append(v.Remarks, fmt.Sprintf("%d fields in %d leaves are hidden, and %d leaves as a whole", h.Fields, h.Leaves, h.Withheld))
	}
	if int(v.Leaves) != v.manifest.Leaves {
		v.fault(Fault{Check: CheckLeaves, Leaf: -1, Source: memberLeaves, What: fmt.Sprintf("%d leaves, and %d in the manifest", v.Leaves, v.manifest.Leaves)})
	}
	return nil
}

func (v *exportVerifier) checkLeaf(line []byte, last int64) (int64, error) {
	e, leaf, fields, proof, err := openExported(line)
	switch {
	case err != nil:
		return -1, err
	case e.Number <= last || e.Number >= v.tree.N:
		return -1, fmt.Errorf("leaf %d does not follow leaf %d of %d", e.Number, last, v.tree.N)
	}
	v.there[e.Number] = true
	v.countHidden(fields)
	v.content.addExported(e.Number, e.Kind, shownFields(fields))
	if err := tlog.CheckRecord(proof, v.tree.N, v.tree.Hash, e.Number, leaf.Hash()); err != nil {
		return e.Number, fmt.Errorf("%s %d, or its proof, is not as signed", e.Kind, e.Number)
	}
	return e.Number, nil
}

// countHidden counts what a reader cannot see of a leaf; one that is withheld
// has no fields.
func (v *exportVerifier) countHidden(fields []Field) {
	if fields == nil {
		v.hidden.Withheld++
	}
	before := v.hidden.Fields
	for i := range fields {
		if fields[i].Redacted {
			v.hidden.Fields++
		}
	}
	if v.hidden.Fields > before {
		v.hidden.Leaves++
	}
}

// checkReferences demands all that the sentences rest on.
func (v *exportVerifier) checkReferences(context.Context) error {
	v.check(CheckReferences)
	missing := map[int64]bool{}
	for _, said := range v.content.latest {
		for _, s := range said.sentences {
			v.check(CheckReferences).Count += int64(len(s.proof))
			for _, number := range s.proof {
				if !v.there[number] {
					missing[number] = true
				}
			}
		}
	}
	for _, number := range slices.Sorted(maps.Keys(missing)) {
		v.fault(Fault{Check: CheckReferences, Leaf: number, What: fmt.Sprintf("leaf %d is not in the export", number), Sentences: v.content.sentencesOn(number)})
	}
	return nil
}

// checkRecords compares the records in the export with their findings.
func (v *exportVerifier) checkRecords(context.Context) error {
	wanted := map[string]citedRecord{}
	for _, source := range v.content.order {
		for _, record := range source.records {
			wanted[recordName(record)] = record
		}
	}
	missing := int64(len(wanted))
	for _, name := range v.names {
		if !strings.HasPrefix(name, recordFolder) {
			continue
		}
		v.check(CheckRecords).Count++
		record, cited := wanted[name]
		switch {
		case !cited:
			v.fault(Fault{Check: CheckRecords, Leaf: -1, Source: name, What: "no finding of the export cites it"})
			continue
		case v.digests[name] != hex.EncodeToString(record.digest[:]):
			v.fault(Fault{Check: CheckRecords, Leaf: record.leaf, Source: name,
				What: v.content.kindOf(record.leaf) + " cites other bytes", Sentences: v.content.sentencesOn(record.leaf)})
		}
		missing--
	}
	if missing > 0 {
		v.unchecked("records", "they are not in the export", missing)
	}
	return nil
}
