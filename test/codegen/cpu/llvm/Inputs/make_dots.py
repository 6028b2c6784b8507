"""Writes LLVM's IR of 16 tokens' dot products, and of a program that prints them.

usage: make_dots.py

A token has 32 signed bytes, the weights are 8 times 64 unsigned ones. Bytes are
what a simple generator of random numbers gives, start values are 1000 times the
token.
"""

TOKENS, GROUPS, STRIDE = 16, 8, 48

print("""target triple = "x86_64-unknown-linux-gnu"
declare <16 x i32> @llvm.x86.avx512.vpdpbusd.512(<16 x i32>, <64 x i8>, <64 x i8>)
declare i32 @printf(ptr, ...)
@format = constant [4 x i8] c"%d\\0A\\00"
@bytes = global [1280 x i8] zeroinitializer, align 64
@sums = global [256 x i32] zeroinitializer, align 64

define void @kernel(ptr %w, ptr %x, ptr %y) {""")
for group in range(GROUPS):
    print(f"""  %wp{group} = getelementptr i8, ptr %w, i64 {64 * group}
  %w{group} = load <64 x i8>, ptr %wp{group}, align 1""")
for token in range(TOKENS):
    sums = f"splat (i32 {1000 * token})"
    for group in range(GROUPS):
        name = f"{token}.{group}"
        print(f"""  %p{name} = getelementptr i8, ptr %x, i64 {STRIDE * token + 4 * group}
  %l{name} = load i32, ptr %p{name}, align 1
  %i{name} = insertelement <16 x i32> poison, i32 %l{name}, i64 0
  %s{name} = shufflevector <16 x i32> %i{name}, <16 x i32> poison, <16 x i32> zeroinitializer
  %x{name} = bitcast <16 x i32> %s{name} to <64 x i8>
  %d{name} = call <16 x i32> @llvm.x86.avx512.vpdpbusd.512(<16 x i32> {sums}, <64 x i8> %w{group}, <64 x i8> %x{name})""")
        sums = f"%d{name}"
for token in range(TOKENS):
    print(f"""  %y{token} = getelementptr i8, ptr %y, i64 {64 * token}
  store <16 x i32> %d{token}.{GROUPS - 1}, ptr %y{token}, align 64""")
print("""  ret void
}

define i32 @main() {
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
  %full = icmp eq i64 %i1, 1280
  br i1 %full, label %call, label %fill
call:
  %x = getelementptr i8, ptr @bytes, i64 512
  call void @kernel(ptr @bytes, ptr %x, ptr @sums)
  br label %print
print:
  %j = phi i64 [ 0, %call ], [ %j1, %print ]
  %sum = getelementptr i32, ptr @sums, i64 %j
  %value = load i32, ptr %sum
  call i32 (ptr, ...) @printf(ptr @format, i32 %value)
  %j1 = add i64 %j, 1
  %all = icmp eq i64 %j1, 256
  br i1 %all, label %done, label %print
done:
  ret i32 0
}""")
