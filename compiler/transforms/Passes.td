//===- Passes.td - From graph to schedule ------------------*- tablegen -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In the order in which they run. Each has a page in docs/passes and a test in
// test/transforms of its name.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TRANSFORMS_PASSES
#define QUIPU_COMPILER_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

class Quipu_Pass<string name> : Pass<name, "::mlir::ModuleOp"> {
  let dependentDialects = ["::quipu::QuipuDialect"];
}

def QuantizeActivations : Quipu_Pass<"quantize-activations"> {
  let summary = "rounds inputs of linear layers to what dot products take";
  let description = [{
    A linear layer whose weight is in a block format reads `quipu.quantize` of
    its input, so that it multiplies integers inside a block. Where all targets
    of the module have dot products of bf16, one whose weight is in bf16 reads
    its input `as bf16`. The reference has plain floats everywhere.
  }];
}

def FuseKernels : Quipu_Pass<"fuse-kernels"> {
  let summary = "groups ops that run without a barrier between them";
  let description = [{
    Linear layers of one input lie side by side in a kernel, with the ops on
    their tiles behind them. For one token the norm and the quantisation before
    them move into the kernel, where each worker repeats them; for more tokens
    they are a kernel of their own. For the reference each op is a kernel.
  }];
}

def InsertCopies : Quipu_Pass<"insert-copies"> {
  let summary = "keeps what layers would overwrite while it is read";
  let description = [{
    What a loop begins with, what its layers take and yield, and what it returns
    have one place in memory. Where a layer, or what comes after the loop, still
    reads what would be overwritten there, a kernel copies it first; and a kernel
    writes each output.
  }];
}

def MergeLayers : Quipu_Pass<"merge-layers"> {
  let summary = "makes one body of layers that differ in their kernels only";
  let description = [{
    Where the bodies of a loop's kinds of layers launch as many kernels on the
    same values, one stays, and its launches say with `but` which kernel runs in
    which layers. What a kernel of one kind reads from outside of the layers, the
    others get, too.
  }];
}

def MergeKernels : Quipu_Pass<"merge-kernels"> {
  let summary = "makes equal kernels one";
  let description = [{
    Of kernels that differ in names and locations only, the first stays, and is
    launched in place of the others.
  }];
}

def SpecializeKernels : Quipu_Pass<"specialize-kernels"> {
  let summary = "gives kernels on mixed weights one variant for each mix of formats";
  let description = [{
    A kernel knows the formats of its weights. Where these change from layer to
    layer, there is one kernel for each combination that occurs, and the launch
    says which one runs in which layers.
  }];
}

def ChooseSchedules : Pass<"choose-schedules", "::quipu::KernelOp"> {
  let summary = "says how each kernel runs";
  let options = [
    Option<"candidate", "candidate", "unsigned", /*default=*/"0",
           "which of the cost model's candidates kernels take; 0 is the "
           "cheapest">,
    Option<"tuned", "tuned", "std::string", /*default=*/"",
           "a file of quipu tune, whose tiles come before the cost model's">,
  ];
}

def AssignWeightOffsets : Quipu_Pass<"assign-weight-offsets"> {
  let summary = "gives each weight its place in the program";
  let description = [{
    The weights of one layer lie together, in the order in which the kernels
    read them, and layer follows layer.
  }];
}

def AssignStateOffsets : Pass<"assign-state-offsets", "::quipu::ModelOp"> {
  let summary = "gives each state its pool and its place in a page";
  let description = [{
    States whose tokens see as many positions share their pages: their layers
    follow each other in one. Rows of sequences are numbered.
  }];
}

def PlanMemory : Quipu_Pass<"plan-memory"> {
  let summary = "gives each kernel's results their place in the arena";
  let description = [{
    Values that are never alive together share their bytes. What a layer takes
    and what it yields have one place.
  }];
}

def InsertBarriers : Quipu_Pass<"insert-barriers"> {
  let summary = "separates launches that depend on each other";
  let description = [{
    A launch waits when it reads, or overwrites, what a launch since the last
    barrier has written or read.
  }];
}

#endif // QUIPU_COMPILER_TRANSFORMS_PASSES
