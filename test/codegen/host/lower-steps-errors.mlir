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
    // expected-error @+1 {{of @embed has no offset in the arena; run plan-memory first}}
    %x = quipu.launch @embed(%tokens) arena [-1] : (tensor<1xi32>) -> tensor<1x32xf32>
  }
}

// -----

quipu.model @m for ["m"] {
  quipu.step @decode tokens 1 arena 4096 {
    // expected-error @+1 {{is "places", but a program has the inputs "tokens", "positions", "types", "time", "height", "width" and "selected" only}}
    %x = quipu.input "places" : tensor<1xi32>
  }
}

// -----

// An output goes where the caller wants it, or the caller reads what nobody wrote.
quipu.model @m for ["m"] {
  quipu.kernel @a(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @b(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    // expected-error @+1 {{of @a has an offset in the arena for what is an output or a cache; run plan-memory first}}
    %x = quipu.launch @a(%in) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "x", %x : tensor<1x64xf32>
  }
}

// -----

// One place cannot be two outputs'.
quipu.model @m for ["m"] {
  quipu.kernel @a(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @b(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    %x = quipu.launch @a(%in) arena [-1] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "x", %x : tensor<1x64xf32>
    // expected-error @+1 {{returns what another output returns; run insert-copies first}}
    quipu.output "y", %x : tensor<1x64xf32>
  }
}

// -----

// A worker of the second kernel may read what another has not written yet.
quipu.model @m for ["m"] {
  quipu.kernel @a(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @b(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    // expected-note @+1 {{@a is launched here}}
    %x = quipu.launch @a(%in) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    // expected-error @+1 {{of @b reads what @a writes, and no barrier is between them; run insert-barriers first}}
    %y = quipu.launch @b(%x) arena [256] : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}

// -----

// ... or write what another still reads. Bytes count, not values.
quipu.model @m for ["m"] {
  quipu.kernel @a(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @b(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    %x = quipu.launch @a(%in) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.barrier
    // expected-note @+1 {{@a is launched here}}
    %y = quipu.launch @a(%x) arena [256] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    // expected-error @+1 {{of @b writes what @a reads, and no barrier is between them}}
    %z = quipu.launch @b(%in) arena [192] : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}

// -----

// ... or write where another still writes.
quipu.model @m for ["m"] {
  quipu.kernel @a(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @b(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    // expected-note @+1 {{@a is launched here}}
    %x = quipu.launch @a(%in) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    // expected-error @+1 {{of @b writes what @a writes, and no barrier is between them}}
    %z = quipu.launch @b(%in) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}

// -----

// Before the loop.
quipu.model @m for ["m"] {
  quipu.kernel @a(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @b(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    // expected-note @+1 {{@a is launched here}}
    %x = quipu.launch @a(%in) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      // expected-error @+1 {{of @b reads what @a writes, and no barrier is between them}}
      %b = quipu.launch @b(%h) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.barrier
      quipu.yield %b : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

// From a layer to the next.
quipu.model @m for ["m"] {
  quipu.kernel @a(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @b(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    %x = quipu.launch @a(%in) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.barrier
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      // expected-error @+1 {{of @a reads what @b writes, and no barrier is between them}}
      %a = quipu.launch @a(%h) arena [256] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.barrier
      // expected-note @+1 {{@b is launched here}}
      %b = quipu.launch @b(%a) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %b : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

// Behind the loop.
quipu.model @m for ["m"] {
  quipu.kernel @a(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @b(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    %x = quipu.launch @a(%in) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.barrier
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      quipu.barrier
      %a = quipu.launch @a(%h) arena [256] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.barrier
      // expected-note @+1 {{@a is launched here}}
      %b = quipu.launch @a(%in) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %b : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
    // expected-error @+1 {{of @b reads what @a writes, and no barrier is between them}}
    %z = quipu.launch @b(%y) arena [512] : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}

// -----

// What is read later is overwritten.
quipu.model @m for ["m"] {
  quipu.kernel @a(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @b(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    // expected-note @+1 {{@a is launched here}}
    %x = quipu.launch @a(%in) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.barrier
    // expected-error @+1 {{of @b overwrites what @a writes, which is still needed then; run plan-memory first}}
    %y = quipu.launch @b(%in) arena [192] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.barrier
    %z = quipu.launch @b(%x) arena [512] : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}

// -----

// An operand is overwritten by the launch that reads it.
quipu.model @m for ["m"] {
  quipu.kernel @a(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @b(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    // expected-note @+1 {{@a is launched here}}
    %x = quipu.launch @a(%in) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.barrier
    // expected-error @+1 {{of @b overwrites what @a writes, which is still needed then}}
    %y = quipu.launch @b(%x) arena [64] : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}

// -----

// What comes from outside of a loop is needed until its end.
quipu.model @m for ["m"] {
  quipu.kernel @a(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @b(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    // expected-note @+1 {{@a is launched here}}
    %outer = quipu.launch @a(%in) arena [512] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %x = quipu.launch @a(%in) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.barrier
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      %a = quipu.launch @a(%outer) arena [256] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.barrier
      // expected-error @+1 {{of @b overwrites what @a writes, which is still needed then}}
      %b = quipu.launch @b(%a) arena [512] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.barrier
      %c = quipu.launch @a(%b) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.barrier
      quipu.yield %c : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

// What layers hand on has one place.
quipu.model @m for ["m"] {
  quipu.kernel @a(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @b(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    // expected-note @+1 {{@a is launched here}}
    %x = quipu.launch @a(%in) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.barrier
    %y = quipu.layers "blk" times 2 from %x {
    ^layer(%h: tensor<1x64xf32>):
      // expected-error @+1 {{of @b writes to 64 in the arena what is one value with what @a writes to 0, as layers hand it on; run plan-memory first}}
      %b = quipu.launch @b(%h) arena [64] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.barrier
      quipu.yield %b : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

// An edited loop that needs a copy.
quipu.model @m for ["m"] {
  quipu.kernel @a(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @b(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    // expected-error @+1 {{what the layers begin with is still read after the first; run insert-copies first}}
    %y = quipu.layers "blk" times 2 from %in {
    ^layer(%h: tensor<1x64xf32>):
      %b = quipu.launch @b(%h) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.barrier
      quipu.yield %b : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

// A cache is one place.
quipu.model @m for ["m"] {
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> layers 4 pool 0 at 0 stride 128
  quipu.kernel @write(%k: tensor<1x4x16xf32>, %at: !quipu.positions) -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16> {
    %kv = quipu.cache_write %k, %k at %at into @kv : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
    quipu.yield %kv : !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
  }
  quipu.kernel @attend(%q: tensor<1x4x16xf32>, %kv: !quipu.cache<@kv, f16, heads 4, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x4x16xf32> {
    %a = quipu.attention %q over %kv at %at : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16> -> tensor<1x4x16xf32>
    quipu.yield %a : tensor<1x4x16xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    %k = quipu.input "tokens" : tensor<1x4x16xf32>
    %at = quipu.positions
    // expected-note @+1 {{@write is launched here}}
    %kv = quipu.launch @write(%k, %at) arena [-1] : (tensor<1x4x16xf32>, !quipu.positions) -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
    // expected-error @+1 {{of @attend reads what @write writes, and no barrier is between them}}
    %a = quipu.launch @attend(%k, %kv, %at) arena [0] : (tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16>, !quipu.positions) -> tensor<1x4x16xf32>
  }
}

// -----

// Kernels of attention share the memory of their splits.
quipu.model @m for ["m"] {
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> layers 4 pool 0 at 0 stride 128
  quipu.kernel @write(%k: tensor<1x4x16xf32>, %at: !quipu.positions) -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16> {
    %kv = quipu.cache_write %k, %k at %at into @kv : tensor<1x4x16xf32>, tensor<1x4x16xf32> -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
    quipu.yield %kv : !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
  }
  quipu.kernel @attend(%q: tensor<1x4x16xf32>, %kv: !quipu.cache<@kv, f16, heads 4, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x4x16xf32> {
    %a = quipu.attention %q over %kv at %at : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16> -> tensor<1x4x16xf32>
    quipu.yield %a : tensor<1x4x16xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    %k = quipu.input "tokens" : tensor<1x4x16xf32>
    %at = quipu.positions
    %kv = quipu.launch @write(%k, %at) arena [-1] : (tensor<1x4x16xf32>, !quipu.positions) -> !quipu.cache<@kv, f16, heads 4, keys 16, values 16>
    quipu.barrier
    // expected-note @+1 {{@attend is launched here}}
    %a = quipu.launch @attend(%k, %kv, %at) arena [0] : (tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16>, !quipu.positions) -> tensor<1x4x16xf32>
    // expected-error @+1 {{of @attend writes what @attend writes, and no barrier is between them}}
    %b = quipu.launch @attend(%k, %kv, %at) arena [256] : (tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16>, !quipu.positions) -> tensor<1x4x16xf32>
  }
}

// -----

// Behind a barrier, and apart from each other, nothing is to be said.
quipu.model @m for ["m"] {
  quipu.kernel @a(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @b(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %in = quipu.input "tokens" : tensor<1x64xf32>
    %x = quipu.launch @a(%in) arena [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %y = quipu.launch @b(%in) arena [256] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.barrier
    %z = quipu.launch @a(%x) arena [-1] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %w = quipu.launch @b(%y) arena [-1] : (tensor<1x64xf32>) -> tensor<1x64xf32>
    quipu.output "z", %z : tensor<1x64xf32>
    quipu.output "w", %w : tensor<1x64xf32>
  }
}

// -----

// States in one page lie apart.
quipu.model @m for ["m"] {
  quipu.state @a : !quipu.pages<heads 1, keys 16, values 16> layers 3 pool 0 at 0 stride 64
  // expected-error @+1 {{has a layer at 80 of a page, where a layer of @a has not ended; run assign-state-offsets first}}
  quipu.state @b : !quipu.pages<heads 1, keys 16, values 16> pool 0 at 80
}

// -----

// ... and so do a state's layers.
quipu.model @m for ["m"] {
  // expected-error @+1 {{has a layer at 31 of a page, where a layer of @a has not ended}}
  quipu.state @a : !quipu.pages<heads 1, keys 16, values 16> layers 3 pool 0 at 0 stride 31
}

// -----

// Pages are given back together.
quipu.model @m for ["m"] {
  quipu.state @a : !quipu.pages<heads 1, keys 16, values 16> window 8 pool 0 at 0
  // expected-error @+1 {{is in the pool of @a, which has another window; run assign-state-offsets first}}
  quipu.state @b : !quipu.pages<heads 1, keys 16, values 16> pool 0 at 32
}

// -----

// Rows are found by number.
quipu.model @m for ["m"] {
  quipu.state @a : tensor<64xf32> pool 0
  // expected-error @+1 {{is row 2, expected 1; run assign-state-offsets first}}
  quipu.state @b : tensor<64xf32> pool 2
}

// -----

quipu.model @m for ["m"] {
  // expected-error @+1 {{has no offset; run assign-state-offsets first}}
  quipu.state @a : tensor<64xf32>
}

// -----

// Side by side is apart.
quipu.model @m for ["m"] {
  quipu.state @a : !quipu.pages<heads 1, keys 16, values 16> layers 2 pool 0 at 0 stride 64
  quipu.state @b : !quipu.pages<heads 1, keys 16, values 16> layers 2 pool 0 at 32 stride 64
  quipu.state @c : tensor<64xf32> pool 0
}
