#include "textflag.h"

// LOOKUP leaves in a register of bytes the buckets that have them as one
// character of a gram. LOW and HIGH are the tables of that character, Y8 has
// the mask of the low half.
#define LOOKUP(BYTES, LOW, HIGH, OTHER) \
	VPSRLW  $4, BYTES, OTHER     \
	VPAND   Y8, BYTES, BYTES     \
	VPAND   Y8, OTHER, OTHER     \
	VPSHUFB BYTES, LOW, BYTES    \
	VPSHUFB OTHER, HIGH, OTHER   \
	VPAND   OTHER, BYTES, BYTES

// func scan(text *byte, n, step int, tables *tables) (block int, candidates uint32)
//
// SI text, CX places, R8 the step, AX the place; Y0 to Y5 the tables of three
// characters, low and high.
TEXT ·scan(SB), NOSPLIT, $0-44
	MOVQ text+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ step+16(FP), R8
	MOVQ tables+24(FP), DI

	VBROADCASTI128 (DI), Y0
	VBROADCASTI128 16(DI), Y1
	VBROADCASTI128 32(DI), Y2
	VBROADCASTI128 48(DI), Y3
	VBROADCASTI128 64(DI), Y4
	VBROADCASTI128 80(DI), Y5
	MOVQ           $0x0f0f0f0f0f0f0f0f, AX
	VMOVQ          AX, X8
	VPBROADCASTQ   X8, Y8
	XORL           AX, AX

block:
	LEAQ    (SI)(AX*1), DX
	VMOVDQU (DX), Y9
	VMOVDQU (DX)(R8*1), Y10
	VMOVDQU (DX)(R8*2), Y11
	LOOKUP(Y9, Y0, Y1, Y13)
	LOOKUP(Y10, Y2, Y3, Y13)
	LOOKUP(Y11, Y4, Y5, Y13)
	VPAND   Y10, Y9, Y9
	VPAND   Y11, Y9, Y9
	VPTEST  Y9, Y9
	JNZ     found
	ADDQ    $32, AX
	CMPQ    AX, CX
	JLT     block
	VZEROUPPER
	MOVQ    AX, block+32(FP)
	MOVL    $0, candidates+40(FP)
	RET

found:
	VPXOR     Y10, Y10, Y10
	VPCMPEQB  Y10, Y9, Y9
	VPMOVMSKB Y9, DX
	NOTL      DX
	VZEROUPPER
	MOVQ      AX, block+32(FP)
	MOVL      DX, candidates+40(FP)
	RET
