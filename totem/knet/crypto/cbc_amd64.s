//go:build !purego

#include "textflag.h"

// One round, whose key is in X8, of four blocks and of eight.
#define FOUR(op) \
	op X8, X0, X0; \
	op X8, X1, X1; \
	op X8, X2, X2; \
	op X8, X3, X3

#define EIGHT(op) \
	FOUR(op); \
	op X8, X4, X4; \
	op X8, X5, X5; \
	op X8, X6, X6; \
	op X8, X7, X7

// func encryptBlocks(keys *byte, rounds int, iv, dst, src *byte, blocks int)
//
// Each block needs the one before, so that all that counts is how long the chain
// of instructions is: the round keys stay in memory, where reading them does not
// lengthen it.
TEXT ·encryptBlocks(SB), NOSPLIT, $0-48
	MOVQ keys+0(FP), BX
	MOVQ rounds+8(FP), CX
	MOVQ iv+16(FP), AX
	MOVQ dst+24(FP), DI
	MOVQ src+32(FP), SI
	MOVQ blocks+40(FP), DX
	VMOVDQU (AX), X0
	VMOVDQU (BX), X2

	// AX is the key before those of the last ten rounds.
	SUBQ $10, CX
	MOVQ CX, AX
	SHLQ $4, AX
	ADDQ BX, AX

block:
	VPXOR (SI), X2, X1
	VPXOR X1, X0, X0
	TESTQ CX, CX
	JZ   ten
	CMPQ CX, $2
	JE   twelve
	VAESENC -48(AX), X0, X0
	VAESENC -32(AX), X0, X0

twelve:
	VAESENC -16(AX), X0, X0
	VAESENC (AX), X0, X0

ten:
	VAESENC 16(AX), X0, X0
	VAESENC 32(AX), X0, X0
	VAESENC 48(AX), X0, X0
	VAESENC 64(AX), X0, X0
	VAESENC 80(AX), X0, X0
	VAESENC 96(AX), X0, X0
	VAESENC 112(AX), X0, X0
	VAESENC 128(AX), X0, X0
	VAESENC 144(AX), X0, X0
	VAESENCLAST 160(AX), X0, X0
	VMOVDQU X0, (DI)
	ADDQ $16, SI
	ADDQ $16, DI
	DECQ DX
	JNZ  block
	RET

// func encryptLanes(keys *byte, rounds int, at *[4]*byte, blocks int)
//
// While one packet's block waits for its round, those of three others have
// theirs: four packets take as long as one.
TEXT ·encryptLanes(SB), NOSPLIT, $0-32
	MOVQ keys+0(FP), BX
	MOVQ rounds+8(FP), CX
	MOVQ at+16(FP), AX
	MOVQ blocks+24(FP), DX
	MOVQ (AX), R8
	MOVQ 8(AX), R9
	MOVQ 16(AX), R10
	MOVQ 24(AX), R11
	VMOVDQU (R8), X0
	VMOVDQU (R9), X1
	VMOVDQU (R10), X2
	VMOVDQU (R11), X3

	// CX is the last round's key.
	SHLQ $4, CX
	ADDQ BX, CX

block4:
	ADDQ $16, R8
	ADDQ $16, R9
	ADDQ $16, R10
	ADDQ $16, R11
	VMOVDQU (BX), X8
	VPXOR (R8), X8, X4
	VPXOR (R9), X8, X5
	VPXOR (R10), X8, X6
	VPXOR (R11), X8, X7
	VPXOR X4, X0, X0
	VPXOR X5, X1, X1
	VPXOR X6, X2, X2
	VPXOR X7, X3, X3
	LEAQ 16(BX), AX

rounds4:
	VMOVDQU (AX), X8
	FOUR(VAESENC)
	ADDQ $16, AX
	CMPQ AX, CX
	JNE  rounds4
	VMOVDQU (AX), X8
	FOUR(VAESENCLAST)
	VMOVDQU X0, (R8)
	VMOVDQU X1, (R9)
	VMOVDQU X2, (R10)
	VMOVDQU X3, (R11)
	DECQ DX
	JNZ  block4
	RET

// func decryptBlocks(keys *byte, rounds int, iv, dst, src *byte, blocks int)
//
// Blocks do not need each other's plaintext: eight at a time keep the AES units
// busy.
TEXT ·decryptBlocks(SB), NOSPLIT, $0-48
	MOVQ keys+0(FP), BX
	MOVQ rounds+8(FP), CX
	MOVQ iv+16(FP), AX
	MOVQ dst+24(FP), DI
	MOVQ src+32(FP), SI
	MOVQ blocks+40(FP), DX
	VMOVDQU (AX), X15 // the ciphertext before the next block

	// CX is the last round's key.
	SHLQ $4, CX
	ADDQ BX, CX

eight:
	CMPQ DX, $8
	JB   one
	VMOVDQU (BX), X8
	VPXOR (SI), X8, X0
	VPXOR 16(SI), X8, X1
	VPXOR 32(SI), X8, X2
	VPXOR 48(SI), X8, X3
	VPXOR 64(SI), X8, X4
	VPXOR 80(SI), X8, X5
	VPXOR 96(SI), X8, X6
	VPXOR 112(SI), X8, X7
	LEAQ 16(BX), AX

rounds8:
	VMOVDQU (AX), X8
	EIGHT(VAESDEC)
	ADDQ $16, AX
	CMPQ AX, CX
	JNE  rounds8
	VMOVDQU (AX), X8
	EIGHT(VAESDECLAST)
	VPXOR X15, X0, X0
	VPXOR (SI), X1, X1
	VPXOR 16(SI), X2, X2
	VPXOR 32(SI), X3, X3
	VPXOR 48(SI), X4, X4
	VPXOR 64(SI), X5, X5
	VPXOR 80(SI), X6, X6
	VPXOR 96(SI), X7, X7
	VMOVDQU 112(SI), X15
	VMOVDQU X0, (DI)
	VMOVDQU X1, 16(DI)
	VMOVDQU X2, 32(DI)
	VMOVDQU X3, 48(DI)
	VMOVDQU X4, 64(DI)
	VMOVDQU X5, 80(DI)
	VMOVDQU X6, 96(DI)
	VMOVDQU X7, 112(DI)
	ADDQ $128, SI
	ADDQ $128, DI
	SUBQ $8, DX
	JMP  eight

one:
	TESTQ DX, DX
	JZ   done
	VMOVDQU (SI), X1
	VPXOR (BX), X1, X0
	LEAQ 16(BX), AX

rounds1:
	VAESDEC (AX), X0, X0
	ADDQ $16, AX
	CMPQ AX, CX
	JNE  rounds1
	VAESDECLAST (AX), X0, X0
	VPXOR X15, X0, X0
	VMOVDQA X1, X15
	VMOVDQU X0, (DI)
	ADDQ $16, SI
	ADDQ $16, DI
	DECQ DX
	JMP  one

done:
	RET

// func invertKeys(keys *byte, n int)
//
// It makes encryption's round keys those of AES's equivalent inverse cipher,
// one after the other.
TEXT ·invertKeys(SB), NOSPLIT, $0-16
	MOVQ keys+0(FP), AX
	MOVQ n+8(FP), CX

key:
	VAESIMC (AX), X0
	VMOVDQU X0, (AX)
	ADDQ $16, AX
	DECQ CX
	JNZ  key
	RET
