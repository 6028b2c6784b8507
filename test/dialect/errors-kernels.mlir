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
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    // expected-error@+1 {{block with no terminator}}
    quipu.barrier
  }
}

// -----

// kernel_c3_before_attention: attention reads keys that other workers write.
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 4 pool 0 at 0 stride 32
  quipu.kernel @k(%q: tensor<8x1x16xf32>, %at: !quipu.positions) -> (tensor<8x1x16xf32>, !quipu.cache<@kv, f16, heads 1, keys 16, values 16>) {
    %kv = quipu.cache_write %q, %q at %at into @kv : tensor<8x1x16xf32>, tensor<8x1x16xf32> -> !quipu.cache<@kv, f16, heads 1, keys 16, values 16>
    // expected-error@+1 {{'quipu.attention' op C3: is not alone in its kernel}}
    %a = quipu.attention %q over %kv at %at : tensor<8x1x16xf32>, !quipu.cache<@kv, f16, heads 1, keys 16, values 16> -> tensor<8x1x16xf32>
    quipu.yield %a, %kv : tensor<8x1x16xf32>, !quipu.cache<@kv, f16, heads 1, keys 16, values 16>
  }
}

// -----

// kernel_c3_behind_attention
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 4 pool 0 at 0 stride 32
  quipu.kernel @k(%q: tensor<1x1x16xf32>, %kv: !quipu.cache<@kv, f16, heads 1, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x1x16xf32> {
    // expected-error@+1 {{'quipu.attention' op C3: is not alone in its kernel}}
    %a = quipu.attention %q over %kv at %at : tensor<1x1x16xf32>, !quipu.cache<@kv, f16, heads 1, keys 16, values 16> -> tensor<1x1x16xf32>
    %b = quipu.scale %a by 2.0 : tensor<1x1x16xf32> -> tensor<1x1x16xf32>
    quipu.yield %b : tensor<1x1x16xf32>
  }
}

// -----

// kernel_c3_rounded_attention: one result is left.
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 4 pool 0 at 0 stride 32
  quipu.kernel @k(%q: tensor<1x1x16xf32>, %kv: !quipu.cache<@kv, f16, heads 1, keys 16, values 16>, %at: !quipu.positions) -> (tensor<1x1x16xf32>, tensor<1x16xf16>) {
    // expected-error@+1 {{'quipu.attention' op C3: does not take what its kernel takes and compute what it yields}}
    %a = quipu.attention %q over %kv at %at : tensor<1x1x16xf32>, !quipu.cache<@kv, f16, heads 1, keys 16, values 16> -> tensor<1x1x16xf32>
    %z = quipu.quantize %a as f16 : tensor<1x1x16xf32> -> tensor<1x16xf16>
    quipu.yield %a, %z : tensor<1x1x16xf32>, tensor<1x16xf16>
  }
}

// -----

// cpu_tiles_c2
quipu.model @m for [] {
  // expected-error@+1 {{'quipu.kernel' op schedule C2: #quipu.cpu_tiles<lanes = 16, tokens = 1, tiles = 1> is for quipu.linear}}
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.cpu_tiles<lanes = 16, tokens = 1, tiles = 1> {
    %y = quipu.scale %x by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
}

// -----

// cpu_rows_c1
quipu.model @m for [] {
  quipu.weight @w = "w.weight" : tensor<64x64xf32>
  // expected-error@+1 {{'quipu.kernel' op schedule C1: #quipu.cpu_rows is for a kernel without quipu.linear}}
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.cpu_rows {
    %y = quipu.linear %x, @w : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
}

// -----

// cpu_rows_c1_alone
quipu.model @m for [] {
  // expected-error@+1 {{'quipu.kernel' op schedule C1: #quipu.cpu_rows is for a kernel without quipu.rope_angles}}
  quipu.kernel @k(%at: !quipu.positions) -> tensor<1x8x2xf32> schedule #quipu.cpu_rows {
    %a = quipu.rope_angles %at dims 16 theta 10000.0 tokens 1 : tensor<1x8x2xf32>
    quipu.yield %a : tensor<1x8x2xf32>
  }
}

// -----

// cpu_attention_c2_rounded
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 4 pool 0 at 0 stride 32
  // expected-error@+1 {{schedule C2: what attention computes is rounded by a kernel of its own on a CPU}}
  quipu.kernel @k(%q: tensor<1x1x16xf32>, %kv: !quipu.cache<@kv, f16, heads 1, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x16xf16> schedule #quipu.cpu_attention<lanes = 16> {
    %a = quipu.attention %q over %kv at %at : tensor<1x1x16xf32>, !quipu.cache<@kv, f16, heads 1, keys 16, values 16> -> tensor<1x1x16xf32>
    %z = quipu.quantize %a as f16 : tensor<1x1x16xf32> -> tensor<1x16xf16>
    quipu.yield %z : tensor<1x16xf16>
  }
}

// -----

// cpu_attention_c2
quipu.model @m for [] {
  // expected-error@+1 {{'quipu.kernel' op schedule C2: #quipu.cpu_attention<lanes = 16> is for quipu.attention}}
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.cpu_attention<lanes = 16> {
    quipu.yield %x : tensor<1x64xf32>
  }
}

// -----

// cpu_pool_c1
quipu.model @m for [] {
  // expected-error@+1 {{'quipu.kernel' op schedule C1: #quipu.cpu_pool is for quipu.pool}}
  quipu.kernel @k(%at: !quipu.positions) -> tensor<1x8x2xf32> schedule #quipu.cpu_pool {
    %a = quipu.rope_angles %at dims 16 theta 10000.0 tokens 1 : tensor<1x8x2xf32>
    quipu.yield %a : tensor<1x8x2xf32>
  }
}

// -----

// cpu_angles_c1
quipu.model @m for [] {
  // expected-error@+1 {{'quipu.kernel' op schedule C1: #quipu.cpu_angles is for quipu.rope_angles}}
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.cpu_angles {
    quipu.yield %x : tensor<1x64xf32>
  }
}

// -----

// kernel_c4
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 4 pool 0 at 0 stride 32
  quipu.kernel @k(%q: tensor<8x1x16xf32>, %at: !quipu.positions) -> (!quipu.cache<@kv, f16, heads 1, keys 16, values 16>, !quipu.cache<@kv, f16, heads 1, keys 16, values 16>) {
    %a = quipu.cache_write %q, %q at %at into @kv : tensor<8x1x16xf32>, tensor<8x1x16xf32> -> !quipu.cache<@kv, f16, heads 1, keys 16, values 16>
    // expected-error@+1 {{'quipu.cache_write' op C4: is the second in its kernel}}
    %b = quipu.cache_write %q, %q at %at into @kv : tensor<8x1x16xf32>, tensor<8x1x16xf32> -> !quipu.cache<@kv, f16, heads 1, keys 16, values 16>
    quipu.yield %a, %b : !quipu.cache<@kv, f16, heads 1, keys 16, values 16>, !quipu.cache<@kv, f16, heads 1, keys 16, values 16>
  }
}

// -----

// kernel_c4_not_yielded: who reads the cache must wait for it.
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 4 pool 0 at 0 stride 32
  quipu.kernel @k(%q: tensor<8x1x16xf32>, %at: !quipu.positions) -> tensor<8x1x16xf32> {
    // expected-error@+1 {{'quipu.cache_write' op C4: is not yielded by its kernel}}
    %kv = quipu.cache_write %q, %q at %at into @kv : tensor<8x1x16xf32>, tensor<8x1x16xf32> -> !quipu.cache<@kv, f16, heads 1, keys 16, values 16>
    quipu.yield %q : tensor<8x1x16xf32>
  }
}

// -----

// kernel_c3_more_arguments: attention's code finds its query in the first place.
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 4 pool 0 at 0 stride 32
  quipu.kernel @k(%x: tensor<1x1x16xf32>, %q: tensor<1x1x16xf32>, %kv: !quipu.cache<@kv, f16, heads 1, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x1x16xf32> {
    // expected-error@+1 {{'quipu.attention' op C3: does not take what its kernel takes and compute what it yields}}
    %a = quipu.attention %q over %kv at %at : tensor<1x1x16xf32>, !quipu.cache<@kv, f16, heads 1, keys 16, values 16> -> tensor<1x1x16xf32>
    quipu.yield %a : tensor<1x1x16xf32>
  }
}

// -----

// kernel_c3_other_result
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<2x64xf32>, %at: !quipu.positions) -> tensor<2x64xf32> {
    // expected-error@+1 {{'quipu.pool' op C3: does not take what its kernel takes and compute what it yields}}
    %p = quipu.pool "last" %x at %at : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
}

// -----

// kernel_c3_behind_rope_angles
quipu.model @m for [] {
  quipu.kernel @k(%at: !quipu.positions) -> tensor<2x2x2xf32> {
    // expected-error@+1 {{'quipu.rope_angles' op C3: is not alone in its kernel}}
    %a = quipu.rope_angles %at dims 4 theta 10000.0 tokens 2 : tensor<2x2x2xf32>
    %b = quipu.scale %a by 2.0 : tensor<2x2x2xf32> -> tensor<2x2x2xf32>
    quipu.yield %b : tensor<2x2x2xf32>
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

// -----

// launch_c1_other
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @l(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %last = quipu.layers "blk" times 2 from %x {
    ^bb0(%h: tensor<1x64xf32>):
      // expected-error@+1 {{C1: there is no kernel @m}}
      %y = quipu.launch @k(%h) but @m in [1] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %y : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

// launch_c1_other_type
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @l(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %last = quipu.layers "blk" times 2 from %x {
    ^bb0(%h: tensor<1x64xf32>):
      // expected-error@+1 {{C1: the kernel @l has the type}}
      %y = quipu.launch @k(%h) but @l in [1] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %y : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

// launch_c3_layer
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @l(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %last = quipu.layers "blk" times 2 from %x {
    ^bb0(%h: tensor<1x64xf32>):
      // expected-error@+1 {{C3: there is no layer 2 of 2}}
      %y = quipu.launch @k(%h) but @k in [1, 2] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %y : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

// launch_c3_twice
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @l(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %last = quipu.layers "blk" times 2 from %x {
    ^bb0(%h: tensor<1x64xf32>):
      // expected-error@+1 {{C3: the layer 0 is there twice}}
      %y = quipu.launch @k(%h) but @k in [0], @k in [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %y : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

// layers_c2_many
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @l(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    // expected-error@+1 {{C2: the number of layers is 65537, more than 65536}}
    %last = quipu.layers "blk" times 65537 from %x {
    ^bb0(%h: tensor<1x64xf32>):
      %y = quipu.launch @k(%h) but @k in [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %y : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

// launch_c3_sets
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    // expected-error@+1 {{C3: 0 sets of layers for 1 other kernels}}
    %y = "quipu.launch"(%x) <{kernel = @k, kernel_overrides = [@k]}> : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}

// -----

// launch_c3_no_layers
quipu.model @m for [] {
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    // expected-error@+1 {{C3: there is no layer 1 of 1}}
    %y = quipu.launch @k(%x) but @k in [1] : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}

// -----

// launch_c4_outside
quipu.model @m for [] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 2 : tensor<32x32xf32>
  quipu.kernel @k(%h: tensor<1x32xf32>) -> tensor<1x32xf32> {
    %y = quipu.linear %h, @blk.w : tensor<32x32xf32> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    quipu.yield %y : tensor<1x32xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x32xf32>
    // expected-error@+1 {{C4: the weight @blk.w has 2 layers, but the kernel that reads it is launched in a loop of 0}}
    %y = quipu.launch @k(%x) : (tensor<1x32xf32>) -> tensor<1x32xf32>
  }
}

// -----

// launch_c4_count: of the kernel that runs in some layers, too
quipu.model @m for [] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 2 : tensor<32x32xf32>
  quipu.kernel @k(%h: tensor<1x32xf32>) -> tensor<1x32xf32> {
    quipu.yield %h : tensor<1x32xf32>
  }
  quipu.kernel @l(%h: tensor<1x32xf32>) -> tensor<1x32xf32> {
    %y = quipu.linear %h, @blk.w : tensor<32x32xf32> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    quipu.yield %y : tensor<1x32xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x32xf32>
    %last = quipu.layers "blk" times 3 from %x {
    ^bb0(%h: tensor<1x32xf32>):
      // expected-error@+1 {{C4: the weight @blk.w has 2 layers, but the kernel that reads it is launched in a loop of 3}}
      %y = quipu.launch @k(%h) but @l in [1] : (tensor<1x32xf32>) -> tensor<1x32xf32>
      quipu.yield %y : tensor<1x32xf32>
    } : tensor<1x32xf32> -> tensor<1x32xf32>
  }
}

// -----

// launch_c5: the formats of the layers have changed places
quipu.model @m for [] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 2 : tensor<32x32x!quipu.mixed<f32, f16>> but f16 in [1]
  quipu.kernel @k(%h: tensor<1x32xf32>) -> tensor<1x32xf32> {
    %y = quipu.linear %h, @blk.w : tensor<32x32xf32> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    quipu.yield %y : tensor<1x32xf32>
  }
  quipu.kernel @k.f16(%h: tensor<1x32xf32>) -> tensor<1x32xf32> {
    %y = quipu.linear %h, @blk.w : tensor<32x32xf16> -> [32] : tensor<1x32xf32> -> tensor<1x32xf32>
    quipu.yield %y : tensor<1x32xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x32xf32>
    %last = quipu.layers "blk" times 2 from %x {
    ^bb0(%h: tensor<1x32xf32>):
      // expected-error@+1 {{C5: the weight @blk.w is 'tensor<32x32xf16>' in layer 1, but 'tensor<32x32xf32>' in the kernel that runs there}}
      %y = quipu.launch @k(%h) but @k.f16 in [0] : (tensor<1x32xf32>) -> tensor<1x32xf32>
      quipu.yield %y : tensor<1x32xf32>
    } : tensor<1x32xf32> -> tensor<1x32xf32>
  }
}

// -----

// kernel_c2
quipu.model @m for [] {
  // expected-error@+1 {{C2: a value's sizes are not bound; bind-checkpoint does}}
  quipu.kernel @k(%h: !quipu.value) -> !quipu.value {
    quipu.yield %h
  }
}

// -----

// launch_c6
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 2 pool 0 at 0 stride 32
  quipu.kernel @write(%k: tensor<1x1x16xf32>, %at: !quipu.positions) -> !quipu.cache<@kv, f16, heads 1, keys 16, values 16> {
    %kv = quipu.cache_write %k, %k at %at into @kv : tensor<1x1x16xf32>, tensor<1x1x16xf32> -> !quipu.cache<@kv, f16, heads 1, keys 16, values 16>
    quipu.yield %kv : !quipu.cache<@kv, f16, heads 1, keys 16, values 16>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x1x16xf32>
    %at = quipu.positions
    %y = quipu.layers "blk" times 3 from %x {
    ^layer(%h: tensor<1x1x16xf32>):
      // expected-error@+1 {{C6: the cache @kv has 2 layers, but the launch is in a loop of 3}}
      %kv = quipu.launch @write(%h, %at) : (tensor<1x1x16xf32>, !quipu.positions) -> !quipu.cache<@kv, f16, heads 1, keys 16, values 16>
      quipu.yield %h : tensor<1x1x16xf32>
    } : tensor<1x1x16xf32> -> tensor<1x1x16xf32>
  }
}

// -----

// launch_c4_missing
quipu.model @m for [] {
  quipu.weight @blk.w = "blk.*.w.weight" layers 2 in [0] : tensor<64x64xf32>
  quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %y = quipu.linear %x, @blk.w : tensor<64x64xf32> -> [64] : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
  quipu.kernel @l(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 {
    %x = quipu.input "x" : tensor<1x64xf32>
    %last = quipu.layers "blk" times 2 from %x {
    ^bb0(%h: tensor<1x64xf32>):
      %y = quipu.launch @k(%h) but @l in [1] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      // expected-error@+1 {{C4: the weight @blk.w is not there in layer 1, but the kernel that reads it runs there}}
      %z = quipu.launch @k(%y) but @l in [0] : (tensor<1x64xf32>) -> tensor<1x64xf32>
      quipu.yield %z : tensor<1x64xf32>
    } : tensor<1x64xf32> -> tensor<1x64xf32>
  }
}

// -----

// launch_c6_missing
quipu.model @m for [] {
  quipu.state @kv : !quipu.pages<heads 1, keys 16, values 16> layers 2 in [1]
  quipu.kernel @k(%x: tensor<1x1x16xf32>, %at: !quipu.positions) -> !quipu.cache<@kv, f16, heads 1, keys 16, values 16> {
    %kv = quipu.cache_write %x, %x at %at into @kv : tensor<1x1x16xf32>, tensor<1x1x16xf32> -> !quipu.cache<@kv, f16, heads 1, keys 16, values 16>
    quipu.yield %kv : !quipu.cache<@kv, f16, heads 1, keys 16, values 16>
  }
  quipu.step @decode tokens 1 {
    %at = quipu.positions
    %x = quipu.input "x" : tensor<1x1x16xf32>
    %last = quipu.layers "blk" times 2 from %x {
    ^bb0(%h: tensor<1x1x16xf32>):
      // expected-error@+1 {{C6: the cache @kv is not for layer 0, but the kernel "k" runs there}}
      %y = quipu.launch @k(%h, %at) : (tensor<1x1x16xf32>, !quipu.positions) -> !quipu.cache<@kv, f16, heads 1, keys 16, values 16>
      quipu.yield %h : tensor<1x1x16xf32>
    } : tensor<1x1x16xf32> -> tensor<1x1x16xf32>
  }
}
