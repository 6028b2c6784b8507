// RUN: %quipu-opt %s -plan-memory -verify-diagnostics -split-input-file

// The layer's input is read after its output is written to the same place.

quipu.model @read_later for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @two(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    // expected-error@+1 {{the input of a layer is still read when its output is written}}
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      %b = quipu.launch @k(%a) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      %c = quipu.launch @two(%h, %b) : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %b : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "o", %y : tensor<1x64xf32>
  }
}

// -----

// The same launch reads the one and writes the other: a worker may still read
// all of the row of which another writes a part.

quipu.model @same_launch for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @two(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %n = quipu.softmax %y : tensor<1x64xf32> -> tensor<1x64xf32>
    %s = quipu.add %x, %n : tensor<1x64xf32>
    quipu.yield %s : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    // expected-error@+1 {{the input of a layer is still read when its output is written; run insert-copies first}}
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      %b = quipu.launch @two(%a, %h) : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %b : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "o", %y : tensor<1x64xf32>
  }
}

// -----

// The input itself is yielded.

quipu.model @yield_input for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @two(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    // expected-error@+1 {{the input of a layer is still read when its output is written}}
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %h : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "o", %y : tensor<1x64xf32>
  }
}

// -----

// What is yielded comes from outside.

quipu.model @yield_outer for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @two(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    // expected-error@+1 {{the input of a layer is still read when its output is written}}
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %x : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "o", %y : tensor<1x64xf32>
  }
}

// -----

// What the loop begins with is selected after it.

quipu.model @read_after for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @two(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    // expected-error@+1 {{what the layers begin with is still read after the first; run insert-copies first}}
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @k(%h) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      %b = quipu.launch @k(%a) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %b : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    %z = quipu.launch @two(%y, %x) : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "o", %z : tensor<1x64xf32>
  }
}

// -----

// ... or in it, by the second layer.

quipu.model @read_inside for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @two(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %in = quipu.input "in" : tensor<1x64xf32>
    %x = quipu.launch @k(%in) : (tensor<1x64xf32>) -> tensor<1x64xf32>
    // expected-error@+1 {{what the layers begin with is still read after the first}}
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @two(%h, %x) : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x64xf32>
      %b = quipu.launch @k(%a) : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %b : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "o", %y : tensor<1x64xf32>
  }
}
