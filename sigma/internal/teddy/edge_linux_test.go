package teddy

import (
	"syscall"
	"testing"
)

// Texts of each length, before and behind memory that must not be read.
func TestReadsNothingBeyondTheText(t *testing.T) {
	t.Parallel()
	f := finder(t, words)
	page := syscall.Getpagesize()
	memory, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	for _, closed := range [][]byte{memory[:page], memory[2*page:]} {
		if err := syscall.Mprotect(closed, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	open := memory[page : 2*page]
	for _, fill := range []string{"a", "sekurlsa:", "\x00", "k\x2a\xe2\x84\xaa"} {
		for i := range open {
			open[i] = fill[i%len(fill)]
		}
		for n := range 300 {
			for _, text := range [][]byte{open[:n], open[page-n:]} {
				f.UTF8(text)
				f.UTF16(text)
			}
		}
	}
	if err := syscall.Munmap(memory); err != nil {
		t.Fatal(err)
	}
}
