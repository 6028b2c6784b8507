// RUN: %quipu-opt %s -verify-diagnostics -split-input-file

// kernel_c1
quipu.model @m for [] {
  // expected-error@+1 {{C1: the body does not yield 'tensor<1x32xf32>'}}
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x32xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
}

// -----

// kernel_c1_nothing_yielded
quipu.model @m for [] {
  // expected-error@+1 {{C1: the body does not yield 'tensor<1x64xf32>'}}
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.barrier
  }
}

// -----

quipu.model @m for [] {
  // expected-error@+1 {{region with 1 blocks}}
  quipu.kernel @k() {
  }
}

// -----

// A kernel sees what it is given only.
quipu.model @m for [] {
  // expected-note@+2 {{required by region isolation constraints}}
  %x = quipu.input "x" : tensor<1x64xf32>
  quipu.kernel @k() -> tensor<1x64xf32> {
    // expected-error@+1 {{'quipu.yield' op using value defined outside the region}}
    quipu.yield %x : tensor<1x64xf32>
  }
}

// -----

// expected-error@+1 {{'quipu.kernel' op expects parent op 'quipu.model'}}
quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
  quipu.yield %x : tensor<1x64xf32>
}

// -----

// launch_c1_no_kernel
quipu.model @m for [] {
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    // expected-error@+1 {{C1: there is no kernel @k}}
    %y = quipu.launch @k(%x) : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}

// -----

// launch_c1_operands
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x32xf32>
    // expected-error@+1 {{C1: the kernel @k has the type '(tensor<1x64xf32>) -> tensor<1x64xf32>'}}
    %y = quipu.launch @k(%x) : (tensor<1x32xf32>) -> tensor<1x64xf32>
  }
}

// -----

// launch_c1_results
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    // expected-error@+1 {{C1: the kernel @k has the type '(tensor<1x64xf32>) -> tensor<1x64xf32>'}}
    quipu.launch @k(%x) : (tensor<1x64xf32>) -> ()
  }
}

// -----

// launch_c2
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    // expected-error@+1 {{C2: 2 arena offsets for 1 results}}
    %y = quipu.launch @k(%x) arena [0, 64] : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}

// -----

// launch_c2_negative
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 512 {
    %x = quipu.input "x" : tensor<1x64xf32>
    // expected-error@+1 {{C2: the arena offset -64 is neither -1 nor a multiple of 64}}
    %y = quipu.launch @k(%x) arena [-64] : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}

// -----

// launch_c2_unaligned
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 512 {
    %x = quipu.input "x" : tensor<1x64xf32>
    // expected-error@+1 {{C2: the arena offset 32 is neither -1 nor a multiple of 64}}
    %y = quipu.launch @k(%x) arena [32] : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}

// -----

// launch_c2_end
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 512 {
    %x = quipu.input "x" : tensor<1x64xf32>
    // expected-error@+1 {{C2: what is 'tensor<1x64xf32>' does not fit at 320 of the step's arena of 512 bytes}}
    %y = quipu.launch @k(%x) arena [320] : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}

// -----

// launch_c2_far
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 512 {
    %x = quipu.input "x" : tensor<1x64xf32>
    // expected-error@+1 {{C2: what is 'tensor<1x64xf32>' does not fit at 9223372036854775744 of the step's arena of 512 bytes}}
    %y = quipu.launch @k(%x) arena [9223372036854775744] : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}
