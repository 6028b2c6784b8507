// What bind-checkpoint says of a broken spec.

// RUN: %python %S/Inputs/make_llama.py %t.gguf
// RUN: %quipu-opt %s -verify-diagnostics -split-input-file --bind-checkpoint="checkpoint=%t.gguf tokens=1"

quipu.model @cycle for ["llama"] {
  // expected-error@+1 {{the parameter @a is defined by itself}}
  quipu.param @a = "none.a" else @b
  quipu.param @b = "none.b" else @a
}

// -----

quipu.model @self for ["llama"] {
  quipu.param @one = "block_count"
  // expected-error@+1 {{the parameter @a is defined by itself}}
  quipu.param @a = "none.a" else (@one floordiv @a)
}

// -----

// A cycle that the file's own value cuts is none.
quipu.model @cut for ["llama"] {
  quipu.param @a = "block_count" else @b
  quipu.param @b = "none.b" else @a
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  quipu.output "logits", %x
}

// -----

quipu.model @unknown for ["llama"] {
  // expected-error@+1 {{there is no parameter @nobody}}
  quipu.param @a = "none.a" else @nobody
}

// -----

quipu.model @unknown_divisor for ["llama"] {
  quipu.param @one = "block_count"
  // expected-error@+1 {{there is no parameter @nobody}}
  quipu.param @a = "none.a" else (@one floordiv @nobody)
}

// -----

quipu.model @unknown_use for ["llama"] {
  %x = quipu.input "tokens"
  // expected-error@+1 {{there is no parameter @nobody}}
  %y = quipu.scale %x by @nobody
}

// -----

quipu.model @unknown_in_scaling for ["llama"] {
  %at = quipu.positions
  // expected-error@+1 {{there is no parameter @nobody}}
  %y = quipu.rope_angles %at dims 16 theta 10000.0 scaling <type = @nobody>
}

// -----

quipu.model @unknown_in_shape for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  // expected-error@+1 {{there is no parameter @nobody}}
  %y = quipu.linear %x, "token_embd" -> [@nobody]
}

// -----

quipu.model @twice for ["llama"] {
  // expected-note@+1 {{see existing symbol definition here}}
  quipu.param @a = "block_count"
  // expected-error@+1 {{redefinition of symbol named 'a'}}
  quipu.param @a = "embedding_length"
}

// -----

// expected-error@+1 {{the spec has 2 models; write exactly one quipu.model}}
module {
  quipu.model @one for ["llama"] {}
  quipu.model @two for ["llama"] {}
}

// -----

// expected-error@+1 {{the spec has 0 models; write exactly one quipu.model}}
module {}

// -----

quipu.model @fallback for ["llama"] {
  %tokens = quipu.input "tokens"
  // expected-error@+1 {{the tensor "neither.weight" is missing}}
  %x = quipu.embed %tokens, "missing" else "neither"
}

// -----

// Types that do not follow from the checkpoint's are reported where they appear.
quipu.model @inference for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  // expected-error@+1 {{C1: the ids are a vector of i32, not 'tensor<1x64xf32>'}}
  %y = quipu.embed %x, "token_embd"
}

// -----

// The runtime checks some inputs; nothing else may be an index.
quipu.model @other_input for ["llama"] {
  // expected-error@+1 {{a program has the inputs "tokens", "positions", "types", "time", "height", "width" and "selected", not "places"}}
  %x = quipu.input "places"
}

// -----

quipu.model @embed_rows for ["llama"] {
  %rows = quipu.input "selected"
  // expected-error@+1 {{the ids are none of the inputs "tokens", "positions", "types"}}
  %x = quipu.embed %rows, "token_embd"
}

// -----

quipu.model @embed_axis for ["llama"] {
  %time = quipu.input "time"
  // expected-error@+1 {{the ids are none of the inputs "tokens", "positions", "types"}}
  %x = quipu.embed %time, "token_embd"
}

// -----

quipu.model @axis_of_tokens for ["llama"] {
  %tokens = quipu.input "tokens"
  %time = quipu.input "time"
  %at = quipu.positions
  // expected-error@+1 {{an axis is none of the inputs "time", "height", "width"}}
  %angles = quipu.rope_angles %at axes %time, %tokens, %time sections [4, 4, 0] dims 16 theta 1.0e4
}

// -----

quipu.model @no_list for ["llama"] {
  // expected-error@+1 {{the key "llama.attention.head_count" is no list of numbers with one at 1, as @second needs}}
  quipu.param @second = "attention.head_count" at 1
}

// -----

quipu.model @embed_sum for ["llama"] {
  %tokens = quipu.input "tokens"
  %twice = quipu.add %tokens, %tokens
  // expected-error@+1 {{the ids are none of the inputs "tokens", "positions", "types"}}
  %x = quipu.embed %twice, "token_embd"
}

// -----

quipu.model @ids_of_nothing for ["llama"] {
  %tokens = quipu.input "tokens"
  %selected = quipu.input "selected"
  %x = quipu.embed %tokens, "token_embd"
  %ids, %w = quipu.top_k %x count 2
  %some = quipu.gather %ids, %selected
  // expected-error@+1 {{no stack of matrices}}
  %y = quipu.linear %x, "token_embd" of %some -> [64]
}

// -----

quipu.model @gather_tokens for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  // expected-error@+1 {{the rows are not the input "selected"}}
  %y = quipu.gather %x, %tokens
}

// -----

// expected-error@+1 {{the entry @generate has no quipu.output; write one}}
quipu.model @no_output for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
}

// -----

// expected-error@+1 {{'quipu.entry' op C2: the name "logits" is there twice}}
quipu.model @two_outputs for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  quipu.output "logits", %x
  quipu.output "logits", %x
}

// -----

// expected-error@+1 {{the entry @generate has no quipu.input "tokens"}}
quipu.model @no_tokens for ["llama"] {
  %at = quipu.positions
  %a = quipu.rope_angles %at dims 4 theta 10000.0
  quipu.output "angles", %a
}

// -----

quipu.model @sequence_of_tokens for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  // expected-error@+1 {{the output "x" has a row for each token; do not gather what is over sequence}}
  quipu.output "x", %x over sequence
}

// -----

quipu.model @tokens_selected for ["llama"] {
  %tokens = quipu.input "tokens"
  %selected = quipu.input "selected"
  %x = quipu.embed %tokens, "token_embd"
  %y = quipu.gather %x, %selected
  // expected-error@+1 {{the output "y" has a row for each selected token; gather what is over token}}
  quipu.output "y", %y over token
}

// -----

// expected-error@+1 {{the spec @headless yields hidden states, but there is no quipu.head; give one with --head}}
quipu.model @headless for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  quipu.yield %x
}

// -----

quipu.model @both for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  // expected-error@+1 {{the model has a quipu.output beside its quipu.yield; write outputs in heads only}}
  quipu.output "x", %x
  quipu.yield %x
}

// -----

// A head knows the model's parameters, and may not hide one.
quipu.model @shadow for ["llama"] {
  quipu.param @a = "block_count"
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  quipu.yield %x
}
quipu.head @hidden {
^head(%hidden: !quipu.value):
  // expected-error@+1 {{the parameter @a is defined twice}}
  quipu.param @a = "none.a" else 1
  quipu.output "hidden", %hidden
}

// -----

quipu.model @cases for ["llama"] {
  // expected-error-re@+1 {{{{.*}}: the key "llama.block_count" is 2, but @kind has 2 cases}}
  quipu.param @kind = "block_count" of ["none", "mean"]
}

// -----

quipu.model @pooling for ["llama"] {
  // expected-note-re@+1 {{@kind is "sum": {{.*}}, "llama.block_count"}}
  quipu.param @kind = "block_count" of ["none", "mean", "sum"]
  %tokens = quipu.input "tokens"
  %at = quipu.positions
  %x = quipu.embed %tokens, "token_embd"
  // expected-error@+1 {{'quipu.pool' op C1: the kind is "sum", none of mean, mean_sqrt_len, max, first, last}}
  %p = quipu.pool @kind %x at %at
  quipu.output "p", %p
}

// -----

quipu.model @output_in_layers for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  %y = quipu.layers "blk" times 2 from %x {
  ^layer(%h: !quipu.value):
    // expected-error@+1 {{a quipu.output stands in the layers; write it after them}}
    quipu.output "logits", %h
    quipu.yield %h
  }
}

// -----

quipu.model @bound for ["llama"] {
  %tokens = quipu.input "tokens" : tensor<1xi32>
  // expected-error@+1 {{the weight @token_embd is bound already; name a tensor of the checkpoint}}
  %x = quipu.embed %tokens, @token_embd : tensor<96x64x!quipu.q8_0> : tensor<1xi32> -> tensor<1x64xf32>
  quipu.weight @token_embd = "token_embd.weight" : tensor<96x64x!quipu.q8_0>
}

// -----

// A parameter of the prelude that no op names needs no value, and a spec may have
// another one by its name.
quipu.model @own for ["llama"] {
  quipu.param @eps = "nowhere" else 1.0
  quipu.param @theta = "nowhere" else 2.0
  %tokens = quipu.input "tokens"
  %at = quipu.positions
  %x = quipu.embed %tokens, "token_embd"
  %y = quipu.rms_norm %x, "output_norm" eps @eps
  quipu.output "logits", %y
}

// -----

quipu.model @absent for ["llama"] {
  quipu.param @factor = "nowhere" else absent
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  // expected-error-re@+1 {{{{.*}}.gguf has no value for @factor, but "factor" needs one}}
  %y = quipu.scale %x by @factor
  quipu.output "logits", %y
}
