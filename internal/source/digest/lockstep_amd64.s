// The compression function of SHA-256 (FIPS 180-4 section 6.2.2) on two streams
// side by side, with the SHA instructions of x86 (Intel Software Developer's
// Manual volume 2: SHA256RNDS2, SHA256MSG1, SHA256MSG2). Each round waits for
// the one before; the second stream is worked on in the wait. This is the only
// assembler here, kept for what it measurably gives: docs/performance.md.

#include "textflag.h"

// ROUNDS does four rounds of one lane. X0 takes the message and the constants,
// as the instruction demands. State is (ABEF, CDGH).
#define ROUNDS(g, m, abef, cdgh) \
	MOVOU       (g*16)(AX), X0   \
	PADDD       m, X0            \
	SHA256RNDS2 X0, abef, cdgh   \
	PSHUFD      $0x0e, X0, X0    \
	SHA256RNDS2 X0, cdgh, abef

// EXTEND finishes the next four words of the message: next += words 1 to 4 of
// (before, m), and the second half of the schedule.
#define EXTEND(m, before, next, t) \
	MOVOA       m, t         \
	PALIGNR     $4, before, t \
	PADDD       t, next      \
	SHA256MSG2  m, next

// LOAD reads four words, which are big-endian.
#define LOAD(at, p, m) \
	MOVOU  at(p), m \
	PSHUFB X14, m

// The constants of FIPS 180-4 section 4.2.2.
DATA constants<>+0(SB)/8, $0x71374491428a2f98
DATA constants<>+8(SB)/8, $0xe9b5dba5b5c0fbcf
DATA constants<>+16(SB)/8, $0x59f111f13956c25b
DATA constants<>+24(SB)/8, $0xab1c5ed5923f82a4
DATA constants<>+32(SB)/8, $0x12835b01d807aa98
DATA constants<>+40(SB)/8, $0x550c7dc3243185be
DATA constants<>+48(SB)/8, $0x80deb1fe72be5d74
DATA constants<>+56(SB)/8, $0xc19bf1749bdc06a7
DATA constants<>+64(SB)/8, $0xefbe4786e49b69c1
DATA constants<>+72(SB)/8, $0x240ca1cc0fc19dc6
DATA constants<>+80(SB)/8, $0x4a7484aa2de92c6f
DATA constants<>+88(SB)/8, $0x76f988da5cb0a9dc
DATA constants<>+96(SB)/8, $0xa831c66d983e5152
DATA constants<>+104(SB)/8, $0xbf597fc7b00327c8
DATA constants<>+112(SB)/8, $0xd5a79147c6e00bf3
DATA constants<>+120(SB)/8, $0x1429296706ca6351
DATA constants<>+128(SB)/8, $0x2e1b213827b70a85
DATA constants<>+136(SB)/8, $0x53380d134d2c6dfc
DATA constants<>+144(SB)/8, $0x766a0abb650a7354
DATA constants<>+152(SB)/8, $0x92722c8581c2c92e
DATA constants<>+160(SB)/8, $0xa81a664ba2bfe8a1
DATA constants<>+168(SB)/8, $0xc76c51a3c24b8b70
DATA constants<>+176(SB)/8, $0xd6990624d192e819
DATA constants<>+184(SB)/8, $0x106aa070f40e3585
DATA constants<>+192(SB)/8, $0x1e376c0819a4c116
DATA constants<>+200(SB)/8, $0x34b0bcb52748774c
DATA constants<>+208(SB)/8, $0x4ed8aa4a391c0cb3
DATA constants<>+216(SB)/8, $0x682e6ff35b9cca4f
DATA constants<>+224(SB)/8, $0x78a5636f748f82ee
DATA constants<>+232(SB)/8, $0x8cc7020884c87814
DATA constants<>+240(SB)/8, $0xa4506ceb90befffa
DATA constants<>+248(SB)/8, $0xc67178f2bef9a3f7
GLOBL constants<>(SB), RODATA|NOPTR, $256

// For PSHUFB: turns the bytes of each word round.
DATA flip<>+0(SB)/8, $0x0405060700010203
DATA flip<>+8(SB)/8, $0x0c0d0e0f08090a0b
GLOBL flip<>(SB), RODATA|NOPTR, $16

// func compressTwo(a, b *state, p, q *byte, n int)
//
// Registers, first stream and second: X1, X2 and X7, X8 are the state; X3 to X6
// and X9 to X12 are sixteen words of the message schedule; X13 and X15 are
// scratch, X0 is that of both.
TEXT ·compressTwo(SB), NOSPLIT, $64-40
	MOVQ  a+0(FP), BX
	MOVQ  b+8(FP), DX
	MOVQ  p+16(FP), SI
	MOVQ  q+24(FP), DI
	MOVQ  n+32(FP), CX
	LEAQ  constants<>(SB), AX
	MOVOU flip<>(SB), X14
	MOVOU 0(BX), X1
	MOVOU 16(BX), X2
	MOVOU 0(DX), X7
	MOVOU 16(DX), X8

block:
	MOVOU X1, 0(SP)
	MOVOU X2, 16(SP)
	MOVOU X7, 32(SP)
	MOVOU X8, 48(SP)

	LOAD(0, SI, X3)
	LOAD(0, DI, X9)
	ROUNDS(0, X3, X1, X2)
	ROUNDS(0, X9, X7, X8)

	LOAD(16, SI, X4)
	LOAD(16, DI, X10)
	ROUNDS(1, X4, X1, X2)
	ROUNDS(1, X10, X7, X8)
	SHA256MSG1 X4, X3
	SHA256MSG1 X10, X9

	LOAD(32, SI, X5)
	LOAD(32, DI, X11)
	ROUNDS(2, X5, X1, X2)
	ROUNDS(2, X11, X7, X8)
	SHA256MSG1 X5, X4
	SHA256MSG1 X11, X10

	LOAD(48, SI, X6)
	LOAD(48, DI, X12)
	ROUNDS(3, X6, X1, X2)
	ROUNDS(3, X12, X7, X8)
	EXTEND(X6, X5, X3, X13)
	SHA256MSG1 X6, X5
	EXTEND(X12, X11, X9, X15)
	SHA256MSG1 X12, X11

	ROUNDS(4, X3, X1, X2)
	ROUNDS(4, X9, X7, X8)
	EXTEND(X3, X6, X4, X13)
	SHA256MSG1 X3, X6
	EXTEND(X9, X12, X10, X15)
	SHA256MSG1 X9, X12

	ROUNDS(5, X4, X1, X2)
	ROUNDS(5, X10, X7, X8)
	EXTEND(X4, X3, X5, X13)
	SHA256MSG1 X4, X3
	EXTEND(X10, X9, X11, X15)
	SHA256MSG1 X10, X9

	ROUNDS(6, X5, X1, X2)
	ROUNDS(6, X11, X7, X8)
	EXTEND(X5, X4, X6, X13)
	SHA256MSG1 X5, X4
	EXTEND(X11, X10, X12, X15)
	SHA256MSG1 X11, X10

	ROUNDS(7, X6, X1, X2)
	ROUNDS(7, X12, X7, X8)
	EXTEND(X6, X5, X3, X13)
	SHA256MSG1 X6, X5
	EXTEND(X12, X11, X9, X15)
	SHA256MSG1 X12, X11

	ROUNDS(8, X3, X1, X2)
	ROUNDS(8, X9, X7, X8)
	EXTEND(X3, X6, X4, X13)
	SHA256MSG1 X3, X6
	EXTEND(X9, X12, X10, X15)
	SHA256MSG1 X9, X12

	ROUNDS(9, X4, X1, X2)
	ROUNDS(9, X10, X7, X8)
	EXTEND(X4, X3, X5, X13)
	SHA256MSG1 X4, X3
	EXTEND(X10, X9, X11, X15)
	SHA256MSG1 X10, X9

	ROUNDS(10, X5, X1, X2)
	ROUNDS(10, X11, X7, X8)
	EXTEND(X5, X4, X6, X13)
	SHA256MSG1 X5, X4
	EXTEND(X11, X10, X12, X15)
	SHA256MSG1 X11, X10

	ROUNDS(11, X6, X1, X2)
	ROUNDS(11, X12, X7, X8)
	EXTEND(X6, X5, X3, X13)
	SHA256MSG1 X6, X5
	EXTEND(X12, X11, X9, X15)
	SHA256MSG1 X12, X11

	ROUNDS(12, X3, X1, X2)
	ROUNDS(12, X9, X7, X8)
	EXTEND(X3, X6, X4, X13)
	SHA256MSG1 X3, X6
	EXTEND(X9, X12, X10, X15)
	SHA256MSG1 X9, X12

	ROUNDS(13, X4, X1, X2)
	ROUNDS(13, X10, X7, X8)
	EXTEND(X4, X3, X5, X13)
	EXTEND(X10, X9, X11, X15)

	ROUNDS(14, X5, X1, X2)
	ROUNDS(14, X11, X7, X8)
	EXTEND(X5, X4, X6, X13)
	EXTEND(X11, X10, X12, X15)

	ROUNDS(15, X6, X1, X2)
	ROUNDS(15, X12, X7, X8)

	MOVOU 0(SP), X3
	MOVOU 16(SP), X4
	MOVOU 32(SP), X9
	MOVOU 48(SP), X10
	PADDD X3, X1
	PADDD X4, X2
	PADDD X9, X7
	PADDD X10, X8
	ADDQ  $64, SI
	ADDQ  $64, DI
	DECQ  CX
	JNZ   block

	MOVOU X1, 0(BX)
	MOVOU X2, 16(BX)
	MOVOU X7, 0(DX)
	MOVOU X8, 16(DX)
	RET

// func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-24
	MOVL leaf+0(FP), AX
	MOVL subleaf+4(FP), CX
	CPUID
	MOVL AX, eax+8(FP)
	MOVL BX, ebx+12(FP)
	MOVL CX, ecx+16(FP)
	MOVL DX, edx+20(FP)
	RET
