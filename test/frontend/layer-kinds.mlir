// A body for each kind of layer: choices are folded, what nobody reads is gone,
// and weights are looked for where they are read. Layers that see as much write
// one state. The lists have keys that a spec need not read.

// RUN: %python %S/Inputs/make_llama.py %t.gguf "+tensor_data_layout=['near','far']" +token_type_count=2 +expert_count=[True,False] ~blk.1.ffn_gate.weight
// RUN: %quipu-opt %s -split-input-file -verify-diagnostics --bind-checkpoint="checkpoint=%t.gguf tokens=1" | FileCheck %s

// CHECK-LABEL: quipu.model @kinds
// CHECK: quipu.weight @blk.attn_norm = "blk.*.attn_norm.weight" layers 2 : tensor<64xf32>
// CHECK: quipu.weight @blk.ffn_gate = "blk.*.ffn_gate.weight" layers 2 in [0] : tensor<128x64x!quipu.q4_1>
// CHECK: quipu.state @blk.kv : !quipu.pages<heads 2, keys 16, values 16> layers 2 in [0] window 7
// CHECK: quipu.state @blk.kv.far : !quipu.pages<heads 2, keys 16, values 16> layers 2 in [1]{{$}}
// CHECK: quipu.step @decode
// CHECK: quipu.layers "blk" times 2
quipu.model @kinds for ["llama"] {
  quipu.param @missing = "nowhere" else absent
  quipu.layer_set @far = where "tensor_data_layout" is "far" else every 3 from 2
  %tokens = quipu.input "tokens"
  %at = quipu.positions
  %x = quipu.embed %tokens, "token_embd"
  %last = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    // CHECK:     quipu.rms_norm
    // CHECK:     quipu.cache_write {{.+}} into @blk.kv :
    // CHECK:     quipu.attention {{.+}} window 7
    // CHECK-NOT: quipu.attention
    // CHECK:     quipu.linear {{.+}} @blk.ffn_gate
    // CHECK:   } but far {
    // CHECK:     quipu.cache_write {{.+}} into @blk.kv.far :
    // CHECK-NOT: window
    // CHECK-NOT: @blk.ffn_gate
    // CHECK:   } in [1] : tensor<1x64xf32> -> tensor<1x64xf32>
    %n = quipu.rms_norm %h, "attn_norm" eps @eps
    %q = quipu.linear %n, "attn_q" -> [@heads, @head_dim]
    %k = quipu.linear %n, "attn_k" -> [@kv_heads, @head_dim]
    %kv = quipu.cache_write %k, %k at %at
    %near = quipu.attention %q over %kv at %at window 7
    %all = quipu.attention %q over %kv at %at
    %a = quipu.choose %all in @far else %near
    %o = quipu.linear %a, "attn_output" -> [@hidden]
    %gate = quipu.linear %o, "ffn_gate" -> [@ffn]
    %up = quipu.linear %o, "ffn_up" -> [@ffn]
    %f = quipu.choose %up in @far else %gate
    %down = quipu.linear %f, "ffn_down" -> [@hidden]
    quipu.yield %down
  }
  // What is absent is not chosen, nor is what it needs looked for.
  // CHECK-NOT: quipu.scale
  // CHECK: quipu.output "logits", %last
  %times = quipu.scale %last by @missing
  %other = quipu.linear %times, "nowhere" -> [@hidden]
  %l = quipu.choose %other given @missing else %last
  quipu.output "logits", %l
}

// -----

// One state where all see the same; one body where all layers are alike.
// CHECK-LABEL: quipu.model @alike
// CHECK: quipu.state @blk.kv : !quipu.pages<heads 2, keys 16, values 16> layers 2{{$}}
// CHECK-NOT: quipu.state
// CHECK: } but odd {
// CHECK: } in [1]
// CHECK: quipu.layers "one" times 2
// CHECK-NOT: but
quipu.model @alike for ["llama"] {
  quipu.layer_set @odd  = where "token_type_count" is true else below 0
  quipu.layer_set @none = where "nowhere" is 1 else below (@layers - 2)
  %tokens = quipu.input "tokens"
  %at = quipu.positions
  %x = quipu.embed %tokens, "token_embd"
  %y = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %q = quipu.linear %h, "attn_q" -> [@heads, @head_dim]
    %k = quipu.linear %h, "attn_k" -> [@kv_heads, @head_dim]
    %kt = quipu.scale %k by 2.0
    %kc = quipu.choose %k in @odd else %kt
    %kv = quipu.cache_write %kc, %k at %at
    %a = quipu.attention %q over %kv at %at
    %o = quipu.linear %a, "attn_output" -> [@hidden]
    quipu.yield %o
  }
  %last = quipu.layers "one" times @layers from %y {
  ^layer(%h: !quipu.value):
    %t = quipu.scale %h by 2.0
    %c = quipu.choose %t in @none else %h
    quipu.yield %c
  }
  quipu.output "logits", %last
}

// -----

quipu.model @list for ["llama"] {
  // expected-error-re@+1 {{{{.*}}.gguf: the key "llama.expert_count" lists other values than "far", which @s looks for}}
  quipu.layer_set @s = where "expert_count" is "far"
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  %last = quipu.layers "blk" times @layers from %x {
  ^layer(%h: !quipu.value):
    %t = quipu.scale %h by 2.0
    %c = quipu.choose %t in @s else %h
    quipu.yield %c
  }
  quipu.output "logits", %last
}

// -----

quipu.model @count for ["llama"] {
  // expected-error-re@+1 {{{{.*}}.gguf: the key "llama.expert_count" lists 2 values for 3 layers}}
  quipu.layer_set @s = where "expert_count" is true
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  %last = quipu.layers "blk" times 3 from %x {
  ^layer(%h: !quipu.value):
    %t = quipu.scale %h by 2.0
    %c = quipu.choose %t in @s else %h
    quipu.yield %c
  }
  quipu.output "logits", %last
}

// -----

quipu.model @nothing for ["llama"] {
  // expected-error-re@+1 {{{{.*}}.gguf has no list that says which layers are in @s}}
  quipu.layer_set @s = where "nowhere" is true
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  %last = quipu.layers "blk" times 3 from %x {
  ^layer(%h: !quipu.value):
    %t = quipu.scale %h by 2.0
    %c = quipu.choose %t in @s else %h
    quipu.yield %c
  }
  quipu.output "logits", %last
}

// -----

quipu.model @step for ["llama"] {
  // expected-note@+1 {{@two is 2: from the spec}}
  quipu.param @two = 2
  // expected-error@+1 {{a number of the set @s is 0 : i64, expected an integer from 1 on}}
  quipu.layer_set @s = every (@two - 2) from 0
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  %last = quipu.layers "blk" times 3 from %x {
  ^layer(%h: !quipu.value):
    %t = quipu.scale %h by 2.0
    %c = quipu.choose %t in @s else %h
    quipu.yield %c
  }
  quipu.output "logits", %last
}

// -----

quipu.model @unknown for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  %last = quipu.layers "blk" times 3 from %x {
  ^layer(%h: !quipu.value):
    %t = quipu.scale %h by 2.0
    // expected-error@+1 {{there is no quipu.layer_set @s}}
    %c = quipu.choose %t in @s else %h
    quipu.yield %c
  }
  quipu.output "logits", %last
}
