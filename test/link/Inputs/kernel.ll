; A kernel as lower-kernels hands it over, with another target's attributes and
; entry points besides.
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64--linux-gnu"

@halide_scale = private constant float 2.0

; logits[i] = (i == (token + position + 1) % 16) + (i * weight + 2) / 16384, where weight is the
; first number of blk.0.attn_norm, at byte 576.
define void @next.halide(i32 %token, i32 %position, ptr %logits, ptr %weights) #0 {
entry:
  %sum = add i32 %token, %position
  %next = add i32 %sum, 1
  %best = and i32 %next, 15
  %at = getelementptr i8, ptr %weights, i64 576
  %weight = load float, ptr %at
  %scale = load float, ptr @halide_scale
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %more, %loop ]
  %is = icmp eq i32 %i, %best
  %one = uitofp i1 %is to float
  %scaled = sitofp i32 %i to float
  %product = fmul contract float %scaled, %weight
  %fused = fadd contract float %product, %scale
  %small = fmul float %fused, 0x3F10000000000000
  %out = fadd float %one, %small
  %to = getelementptr float, ptr %logits, i32 %i
  store float %out, ptr %to
  %more = add i32 %i, 1
  %done = icmp eq i32 %more, 16
  br i1 %done, label %end, label %loop
end:
  ret void
}

define i32 @next.halide_argv(ptr %arguments) #0 {
  ret i32 0
}

attributes #0 = { nounwind uwtable "target-cpu"="penryn" "target-features"="+sse4.1" }
!llvm.module.flags = !{!0, !1}
!0 = !{i32 2, !"halide_use_soft_float_abi", i32 0}
!1 = !{i32 2, !"halide_mcpu_target", !"penryn"}
