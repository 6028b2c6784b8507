// RUN: %quipu-opt %s -split-input-file -verify-diagnostics -lower-kernels-to-gpu

module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @no_schedule for [] {
    // expected-error@+1 {{'quipu.kernel' op has no schedule; run choose-gpu-schedules first}}
    quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
      %y = quipu.scale %x by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
      quipu.yield %y : tensor<1x64xf32>
    }
  }
}

// -----

module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @schedule_of_a_cpu for [] {
    // expected-error@+1 {{'quipu.kernel' op has a schedule that is none of a GPU: #quipu.cpu_rows}}
    quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.cpu_rows {
      %y = quipu.scale %x by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
      quipu.yield %y : tensor<1x64xf32>
    }
  }
}

// -----

module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @no_offset for [] {
    quipu.weight @g = "g.weight" : tensor<64xf32>
    quipu.kernel @k(%x: tensor<1x64xf32>) -> tensor<1x64xf32> schedule #quipu.gpu_rows {
      // expected-error@+1 {{'quipu.rms_norm' op needs the weight @g, which has no offset; run assign-weight-offsets first}}
      %y = quipu.rms_norm %x, @g : tensor<64xf32> eps 1.0e-5 : tensor<1x64xf32> -> tensor<1x64xf32>
      quipu.yield %y : tensor<1x64xf32>
    }
  }
}

// -----

module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @splits_of_many_tokens for [] {
    quipu.state @kv : !quipu.pages<heads 2, keys 64, values 64> layers 4 pool 0 at 0 stride 256
    // expected-error@+1 {{'quipu.kernel' op has attention of 17 tokens in splits, which are for 16 at most}}
    quipu.kernel @k(%q: tensor<17x4x64xf32>, %kv: !quipu.cache<@kv, f16, heads 2, keys 64, values 64>, %at: !quipu.positions) -> tensor<17x4x64xf32> schedule #quipu.gpu_attention<blocked = false> {
      %a = quipu.attention %q over %kv at %at : tensor<17x4x64xf32>, !quipu.cache<@kv, f16, heads 2, keys 64, values 64> -> tensor<17x4x64xf32>
      quipu.yield %a : tensor<17x4x64xf32>
    }
  }
}

// -----

module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
  quipu.model @experts_of_no_chunks for [] {
    quipu.weight @w = "w.weight" chosen 2 : tensor<4x64x68xf16, #quipu.fragments> packed at 0
    quipu.kernel @k(%x: tensor<17x68xf16>, %ids: tensor<17x2xi32>) -> tensor<17x2x64xf32> schedule #quipu.gpu_experts<choices = 64> {
      // expected-error@+1 {{'quipu.linear' op has 68 columns; #quipu.gpu_experts<choices = 64> copies 8 numbers at a time}}
      %y = quipu.linear %x, @w : tensor<4x64x68xf16> of %ids -> [64] : tensor<17x68xf16> of tensor<17x2xi32> -> tensor<17x2x64xf32>
      quipu.yield %y : tensor<17x2x64xf32>
    }
  }
}

// -----

// expected-error@+1 {{the module has no quipu.target that is a #quipu.gpu; run attach-target first}}
module attributes {quipu.target = #quipu.reference} {
}
