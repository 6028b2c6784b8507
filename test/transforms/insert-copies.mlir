// RUN: %quipu-opt %s -insert-copies -split-input-file | FileCheck %s
// RUN: %quipu-opt %s -insert-copies -plan-memory -split-input-file -o /dev/null
// RUN: %quipu-opt %s -insert-copies -split-input-file --remark-format=emitRemark --remarks-filter-passed=".*" -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// REMARK-DAG: Remark="leaves a layer its input while it is read"
// REMARK-DAG: Remark="leaves what layers begin with to those who read it later"
// REMARK-DAG: Remark="writes an output"

// The kernel that writes the layer's output may read its input where it writes the
// same number, however often: h + (o + down).
// CHECK-LABEL: quipu.model @in_place
// CHECK-NOT:   copy
// CHECK:         quipu.output
quipu.model @in_place for [] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 2 : tensor<64x64xf32>
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %s = quipu.softmax %x : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
  quipu.kernel @two(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %l = quipu.linear %x, @blk.w : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    %s = quipu.scale %y by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    %t = quipu.add %l, %s : tensor<1x64xf32>
    %u = quipu.add %y, %t : tensor<1x64xf32>
    quipu.yield %u : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      %b = quipu.launch @two(%a, %h) : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %b : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %o = quipu.launch @k(%y) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "o", %o : tensor<1x64xf32>
  }
}

// -----

// ... but not for all of its row,
// CHECK-LABEL: quipu.model @other_place
// CHECK:         quipu.layers
// CHECK:           %[[B:.+]] = quipu.launch @two(
// CHECK-NEXT:      %[[C:.+]] = quipu.launch @decode.copy(%[[B]])
// CHECK-NEXT:      quipu.yield %[[C]]
quipu.model @other_place for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %s = quipu.softmax %x : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
  quipu.kernel @two(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %n = quipu.softmax %y : tensor<1x64xf32> -> tensor<1x64xf32>
    %s = quipu.add %x, %n : tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      %b = quipu.launch @two(%a, %h) : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %b : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %o = quipu.launch @k(%y) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "o", %o : tensor<1x64xf32>
  }
}

// -----

// ... nor for another result, which another worker may write.
// CHECK-LABEL: quipu.model @other_result
// CHECK:         quipu.layers
// CHECK:           %[[B:.+]], %{{.+}} = quipu.launch @two(
// CHECK-NEXT:      %[[C:.+]] = quipu.launch @decode.copy(%[[B]])
// CHECK-NEXT:      quipu.yield %[[C]]
quipu.model @other_result for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %s = quipu.softmax %x : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
  quipu.kernel @two(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> (tensor<1x64xf32>, tensor<1x64xf32>) {
    %s = quipu.add %x, %y : tensor<1x64xf32>
    %t = quipu.mul %x, %y : tensor<1x64xf32>
    quipu.yield %s, %t : tensor<1x64xf32>, tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      %b:2 = quipu.launch @two(%a, %h) : (tensor<1x64xf32>, tensor<1x64xf32>) -> (tensor<1x64xf32>, tensor<1x64xf32>)
      quipu.yield %b#0 : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %o = quipu.launch @k(%y) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "o", %o : tensor<1x64xf32>
  }
}

// -----

// A kernel of single layers counts as well.
// CHECK-LABEL: quipu.model @other_kernel
// CHECK:         quipu.layers
// CHECK:           %[[B:.+]] = quipu.launch @two(
// CHECK-NEXT:      quipu.launch @decode.copy(%[[B]])
quipu.model @other_kernel for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %s = quipu.softmax %x : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
  quipu.kernel @two(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %s = quipu.add %x, %y : tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
  quipu.kernel @two.other(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %n = quipu.softmax %y : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %n : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      %b = quipu.launch @two(%a, %h) but @two.other in [1] : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %b : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %o = quipu.launch @k(%y) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "o", %o : tensor<1x64xf32>
  }
}

// -----

// The layer's input is read after its output is written.
// CHECK-LABEL: quipu.model @read_later
// CHECK:         quipu.layers
// CHECK:           %[[A:.+]] = quipu.launch @k(
// CHECK-NEXT:      quipu.launch @k(
// CHECK-NEXT:      %[[C:.+]] = quipu.launch @decode.copy(%[[A]])
// CHECK-NEXT:      quipu.yield %[[C]]
quipu.model @read_later for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %s = quipu.softmax %x : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      %b = quipu.launch @k(%h) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %a : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %o = quipu.launch @k(%y) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "o", %o : tensor<1x64xf32>
  }
}

// -----

// What is yielded comes from no launch of the layer.
// CHECK-LABEL: quipu.model @yield_input
// CHECK:         ^{{.+}}(%[[H:.+]]: tensor<1x64xf32>):
// CHECK:           %[[C:.+]] = quipu.launch @decode.copy(%[[H]])
// CHECK-NEXT:      quipu.yield %[[C]]
quipu.model @yield_input for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %s = quipu.softmax %x : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %h : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %o = quipu.launch @k(%y) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "o", %o : tensor<1x64xf32>
  }
}

// -----

// CHECK-LABEL: quipu.model @yield_outer
// CHECK:         %[[X:.+]] = quipu.launch @k(
// CHECK-NEXT:    %[[INIT:.+]] = quipu.launch @decode.copy(%[[X]])
// CHECK-NEXT:    quipu.layers "blk" times 2 from %[[INIT]]
// CHECK:           %[[C:.+]] = quipu.launch @decode.copy(%[[X]])
// CHECK-NEXT:      quipu.yield %[[C]]
quipu.model @yield_outer for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %s = quipu.softmax %x : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %x : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %o = quipu.launch @k(%y) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "o", %o : tensor<1x64xf32>
  }
}

// -----

// What the loop begins with is read behind it,
// CHECK-LABEL: quipu.model @read_after
// CHECK:         %[[X:.+]] = quipu.launch @k(
// CHECK-NEXT:    %[[INIT:.+]] = quipu.launch @decode.copy(%[[X]])
// CHECK-NEXT:    %[[Y:.+]] = quipu.layers "blk" times 2 from %[[INIT]]
// CHECK:         quipu.launch @two(%[[Y]], %[[X]])
quipu.model @read_after for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %s = quipu.softmax %x : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
  quipu.kernel @two(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %s = quipu.add %x, %y : tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %a : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %o = quipu.launch @two(%y, %x) : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "o", %o : tensor<1x64xf32>
  }
}

// -----

// ... in it, by the second layer,
// CHECK-LABEL: quipu.model @read_inside
// CHECK:         %[[X:.+]] = quipu.launch @k(
// CHECK-NEXT:    %[[INIT:.+]] = quipu.launch @decode.copy(%[[X]])
// CHECK-NEXT:    quipu.layers "blk" times 2 from %[[INIT]]
// CHECK:           quipu.launch @two(%{{.+}}, %[[X]])
quipu.model @read_inside for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %s = quipu.softmax %x : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
  quipu.kernel @two(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %s = quipu.add %x, %y : tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @two(%h, %x) : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %a : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %o = quipu.launch @k(%y) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "o", %o : tensor<1x64xf32>
  }
}

// -----

// ... or is an input of the step. The loop's result is no kernel's to write as the
// output.
// CHECK-LABEL: quipu.model @input
// CHECK:         %[[IN:.+]] = quipu.input "in"
// CHECK:         %[[INIT:.+]] = quipu.launch @decode.copy(%[[IN]])
// CHECK-NEXT:    %[[Y:.+]] = quipu.layers "blk" times 2 from %[[INIT]]
// CHECK:         %[[O:.+]] = quipu.launch @decode.copy(%[[Y]])
// CHECK-NEXT:    quipu.output "o", %[[O]]
quipu.model @input for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %s = quipu.softmax %x : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %in {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %a : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "o", %y : tensor<1x64xf32>
  }
}

// -----

// Two outputs have two places.
// CHECK-LABEL: quipu.model @twice
// CHECK:         %[[X:.+]] = quipu.launch @k(
// CHECK-NEXT:    quipu.output "a", %[[X]]
// CHECK-NEXT:    %[[COPY:.+]] = quipu.launch @decode.copy(%[[X]])
// CHECK-NEXT:    quipu.output "b", %[[COPY]]
quipu.model @twice for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "a", %x : tensor<1x64xf32>
    quipu.output "b", %x : tensor<1x64xf32>
  }
}
