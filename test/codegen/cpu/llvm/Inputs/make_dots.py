"""Writes LLVM's IR of tokens' dot products, and of a program that prints them.

usage: make_dots.py [x86_64|aarch64 [TOKENS [COLUMNS]]]

A column is four bytes of a token, and of as many rows as a register has lanes.
Bytes are what a simple generator of random numbers gives, those of weights are
unsigned on x86. Start values are 1000 times the token.
"""

import sys

MACHINE, TOKENS, COLUMNS = (sys.argv[1:] + ["x86_64", "16", "8"][len(sys.argv) - 1:])
TOKENS, COLUMNS, STRIDE = int(TOKENS), int(COLUMNS), 48
LANES = 16 if MACHINE == "x86_64" else 4
DOT = {"x86_64": "llvm.x86.avx512.vpdpbusd.512",
       "aarch64": "llvm.aarch64.neon.sdot.v4i32.v16i8"}[MACHINE]
SUMS, BYTES = f"<{LANES} x i32>", f"<{4 * LANES} x i8>"
WEIGHTS = 4 * LANES * COLUMNS
ALL = WEIGHTS + STRIDE * TOKENS

print(f"""target triple = "{MACHINE}-unknown-linux-gnu"
declare {SUMS} @{DOT}({SUMS}, {BYTES}, {BYTES})
declare i32 @printf(ptr, ...)
@format = constant [4 x i8] c"%d\\0A\\00"
@bytes = global [{ALL} x i8] zeroinitializer, align 64
@sums = global [{TOKENS * LANES} x i32] zeroinitializer, align 64

define void @kernel(ptr %w, ptr %x, ptr %y) {{""")
for column in range(COLUMNS):
    print(f"""  %wp{column} = getelementptr i8, ptr %w, i64 {4 * LANES * column}
  %w{column} = load {BYTES}, ptr %wp{column}, align 1""")
for token in range(TOKENS):
    sums = f"splat (i32 {1000 * token})"
    for column in range(COLUMNS):
        name = f"{token}.{column}"
        print(f"""  %p{name} = getelementptr i8, ptr %x, i64 {STRIDE * token + 4 * column}
  %l{name} = load i32, ptr %p{name}, align 1
  %i{name} = insertelement {SUMS} poison, i32 %l{name}, i64 0
  %s{name} = shufflevector {SUMS} %i{name}, {SUMS} poison, <{LANES} x i32> zeroinitializer
  %x{name} = bitcast {SUMS} %s{name} to {BYTES}
  %d{name} = call {SUMS} @{DOT}({SUMS} {sums}, {BYTES} %w{column}, {BYTES} %x{name})""")
        sums = f"%d{name}"
for token in range(TOKENS):
    print(f"""  %y{token} = getelementptr i8, ptr %y, i64 {4 * LANES * token}
  store {SUMS} %d{token}.{COLUMNS - 1}, ptr %y{token}, align 16""")
print(f"""  ret void
}}

define i32 @main() {{
  br label %fill
fill:
  %i = phi i64 [ 0, %0 ], [ %i1, %fill ]
  %state = phi i32 [ 1, %0 ], [ %next, %fill ]
  %product = mul i32 %state, 1664525
  %next = add i32 %product, 1013904223
  %high = lshr i32 %next, 24
  %random = trunc i32 %high to i8
  ; -128 is no activation.
  %lowest = icmp eq i8 %random, -128
  %byte = select i1 %lowest, i8 127, i8 %random
  %place = getelementptr i8, ptr @bytes, i64 %i
  store i8 %byte, ptr %place
  %i1 = add i64 %i, 1
  %full = icmp eq i64 %i1, {ALL}
  br i1 %full, label %call, label %fill
call:
  %x = getelementptr i8, ptr @bytes, i64 {WEIGHTS}
  call void @kernel(ptr @bytes, ptr %x, ptr @sums)
  br label %print
print:
  %j = phi i64 [ 0, %call ], [ %j1, %print ]
  %sum = getelementptr i32, ptr @sums, i64 %j
  %value = load i32, ptr %sum
  call i32 (ptr, ...) @printf(ptr @format, i32 %value)
  %j1 = add i64 %j, 1
  %all = icmp eq i64 %j1, {TOKENS * LANES}
  br i1 %all, label %done, label %print
done:
  ret i32 0
}}""")
