// RUN: %quipu-opt %s -merge-kernels | FileCheck %s
// RUN: %quipu-opt %s -merge-kernels --remark-format=emitRemark --remarks-filter-passed=".*" -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// REMARK: remark: {{.*}} Remark="the kernel @", Remark=same, Remark=" is @", Remark=first

// Kernels that differ in names only become the first of them, for launches of all
// steps and for the kernels of single layers.

// CHECK-LABEL: quipu.model @equal
// CHECK:       quipu.kernel @first(
// CHECK-NOT:   quipu.kernel @same(
// CHECK:       quipu.kernel @weight(
// CHECK:       quipu.kernel @factor(
// CHECK:       quipu.kernel @tokens(
// CHECK:       quipu.kernel @selected(
// CHECK:       quipu.kernel @scheduled(
// CHECK-NOT:   quipu.kernel @again(
// CHECK:       quipu.step @decode
// CHECK:         %[[A:.+]] = quipu.launch @first(%{{.+}}) :
// CHECK-NEXT:    %[[B:.+]] = quipu.launch @first(%[[A]]) :
// CHECK-NEXT:    %[[C:.+]] = quipu.launch @weight(%[[B]]) :
// CHECK-NEXT:    %[[D:.+]] = quipu.launch @factor(%[[C]]) :
// CHECK-NEXT:    %[[E:.+]] = quipu.launch @selected(%[[D]]) :
// CHECK-NEXT:    %[[F:.+]] = quipu.launch @scheduled(%[[E]]) :
// CHECK:           quipu.launch @weight(%{{.+}}) but @first in [1] :
// CHECK:       quipu.step @prefill2
// CHECK:         quipu.launch @tokens(
quipu.model @equal for [] {
  quipu.weight @blk.w = "blk.w.weight" : tensor<64x64xf32>
  quipu.weight @top.w = "top.w.weight" : tensor<64x64xf32>
  quipu.kernel @first(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %a = quipu.linear %x, @blk.w : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %b = quipu.scale %a by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %b : tensor<1x64xf32>
  }
  quipu.kernel @same(%y: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %c = quipu.linear %y, @blk.w : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %d = quipu.scale %c by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %d : tensor<1x64xf32>
  }
  quipu.kernel @weight(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %a = quipu.linear %x, @top.w : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %b = quipu.scale %a by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %b : tensor<1x64xf32>
  }
  quipu.kernel @factor(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %a = quipu.linear %x, @blk.w : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %b = quipu.scale %a by 3.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %b : tensor<1x64xf32>
  }
  quipu.kernel @tokens(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %a = quipu.linear %x, @blk.w : tensor<64x64xf32> -> [64] : tensor<2x64xf32> -> tensor<2x64xf32>
    %b = quipu.scale %a by 2.0 : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %b : tensor<2x64xf32>
  }
  quipu.kernel @selected(%x: tensor<1x64xf32>) -> tensor<1x64xf32> selected {
    %a = quipu.linear %x, @blk.w : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %b = quipu.scale %a by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %b : tensor<1x64xf32>
  }
  quipu.kernel @scheduled(%x: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.cpu_tiles<lanes = 16, tokens = 1, tiles = 1> {
    %a = quipu.linear %x, @blk.w : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %b = quipu.scale %a by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %b : tensor<1x64xf32>
  }
  quipu.kernel @again(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %a = quipu.linear %x, @blk.w : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %b = quipu.scale %a by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %b : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %a = quipu.launch @first(%x) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %b = quipu.launch @same(%a) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %c = quipu.launch @weight(%b) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %d = quipu.launch @factor(%c) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %e = quipu.launch @selected(%d) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %f = quipu.launch @scheduled(%e) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %f {
    ^layer(%h: tensor<1x64xf32>):
      %g = quipu.launch @weight(%h) but @again in [1] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %g : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "y", %y : tensor<1x64xf32>
  }
  quipu.step @prefill2 tokens 2 {
    %x = quipu.input "x" : tensor<2x64xf32>
    %y = quipu.launch @tokens(%x) : (tensor<2x64xf32>) -> tensor<2x64xf32>
    quipu.output "y", %y : tensor<2x64xf32>
  }
}
