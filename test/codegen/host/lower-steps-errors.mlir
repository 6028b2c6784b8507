// RUN: %quipu-opt %s --lower-steps --split-input-file --verify-diagnostics

quipu.model @m for ["m"] {
  quipu.weight @token_embd = "token_embd.weight" : tensor<40x32xf32>
  quipu.step @decode tokens 1 arena 64 {
    %tokens = quipu.input "tokens" : tensor<1xi32>
    // expected-error @+1 {{is not in a kernel; run fuse-kernels first}}
    %x = quipu.embed %tokens, @token_embd : tensor<40x32xf32> : tensor<1xi32> -> tensor<1x32xf32>
    quipu.output "logits", %x : tensor<1x32xf32>
  }
}

// -----

quipu.model @m for ["m"] {
  quipu.weight @token_embd = "token_embd.weight" : tensor<40x32xf32>
  quipu.kernel @embed(%ids: tensor<1xi32>) -> tensor<1x32xf32> {
    %x = quipu.embed %ids, @token_embd : tensor<40x32xf32> : tensor<1xi32> -> tensor<1x32xf32>
    quipu.yield %x : tensor<1x32xf32>
  }
  quipu.step @decode tokens 1 arena 4096 {
    %tokens = quipu.input "tokens" : tensor<1xi32>
    // expected-error @+1 {{has no offset in the arena; run plan-memory first}}
    %x = quipu.launch @embed(%tokens) : (tensor<1xi32>) -> tensor<1x32xf32>
    quipu.output "logits", %x : tensor<1x32xf32>
  }
}

// -----

quipu.model @m for ["m"] {
  // expected-error @+1 {{has no offset in the arena; run plan-memory first}}
  quipu.step @decode tokens 1 {
    quipu.barrier
  }
}

// -----

// Only the logits are written outside of the arena.
quipu.model @m for ["m"] {
  quipu.weight @token_embd = "token_embd.weight" : tensor<40x32xf32>
  quipu.kernel @embed(%ids: tensor<1xi32>) -> tensor<1x32xf32> {
    %x = quipu.embed %ids, @token_embd : tensor<40x32xf32> : tensor<1xi32> -> tensor<1x32xf32>
    quipu.yield %x : tensor<1x32xf32>
  }
  quipu.step @decode tokens 1 arena 4096 {
    %tokens = quipu.input "tokens" : tensor<1xi32>
    // expected-error @+1 {{has no offset in the arena; run plan-memory first}}
    %x = quipu.launch @embed(%tokens) arena [-1] : (tensor<1xi32>) -> tensor<1x32xf32>
  }
}

// -----

quipu.model @m for ["m"] {
  quipu.step @decode tokens 1 arena 4096 {
    // expected-error @+1 {{is "places", but a program has the inputs "tokens" and "selected" only}}
    %x = quipu.input "places" : tensor<1xi32>
  }
}
