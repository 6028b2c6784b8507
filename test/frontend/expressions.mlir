// What binding makes of expressions: exact integers where all is exact, reals
// otherwise; and what it says of those that have no value.

// RUN: %python %S/Inputs/make_llama.py %t.gguf +cap=30.0
// RUN: %quipu-opt %s -split-input-file -verify-diagnostics --bind-checkpoint="checkpoint=%t.gguf tokens=1" | FileCheck %s

// CHECK-LABEL: quipu.model @numbers
quipu.model @numbers for ["llama"] {
  quipu.param @cap   = "cap"
  quipu.param @wide  = (2 * @hidden)
  quipu.param @none  = "nowhere" else absent
  quipu.param @third = "nowhere" else (@heads floordiv 3)
  %tokens = quipu.input "tokens"
  // CHECK: quipu.rope_angles %{{.+}} dims 4 theta 6.400000e+01 scaling <type = "linear", factor = 1.500000e+00 : f64>
  %at = quipu.positions
  %angles = quipu.rope_angles %at dims (@wide / 32) theta @hidden scaling <type = "linear", factor = (3 / 2), attention = (@none + 1)>
  %x = quipu.embed %tokens, "token_embd"
  // CHECK: quipu.scale %{{.+}} by 8.000000e+00
  %a = quipu.scale %x by (@hidden ** 0.5)
  // CHECK: quipu.scale %{{.+}} by 0.0333333333{{[0-9]+}}
  %b = quipu.scale %a by (1 / @cap)
  // CHECK: quipu.scale %{{.+}} by 1.250000e-01
  %c = quipu.scale %b by (@hidden ** -0.5)
  // CHECK: quipu.scale %{{.+}} by 1.562500e-02
  %d = quipu.scale %c by (@hidden ** -1)
  // CHECK: quipu.scale %{{.+}} by -5.900000e+01
  %e = quipu.scale %d by (@third - ((2 ** 2) * (@layers + 13)))
  // CHECK: -> [4, 16] :
  %q = quipu.linear %e, "token_embd" rows 0 to @hidden -> [@heads, (@hidden / @heads)]
  // A quotient rounds down.
  // CHECK: quipu.scale %{{.+}} by -3.000000e+00
  %f = quipu.scale %q by (-5 floordiv 2)
  quipu.output "logits", %f
}

// -----

quipu.model @zero for ["llama"] {
  // expected-note@+1 {{@zero is 0: from the spec}}
  quipu.param @zero = 0
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  // expected-error@+1 {{the expression (1 / @zero) has no value: it is (1 / 0)}}
  %y = quipu.scale %x by (1 / @zero)
  quipu.output "logits", %y
}

// -----

quipu.model @large for ["llama"] {
  // expected-note@+1 {{@large is 4611686018427387904: from the spec}}
  quipu.param @large = 4611686018427387904
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  // expected-error@+1 {{the expression (@large * 2) has no value: it is (4611686018427387904 * 2)}}
  %y = quipu.linear %x, "token_embd" -> [(@large * 2)]
  quipu.output "logits", %y
}

// -----

quipu.model @power for ["llama"] {
  // expected-error@+1 {{the expression (3 ** 40) has no value: it is (3 ** 40)}}
  quipu.param @power = (3 ** 40)
}

// -----

quipu.model @root for ["llama"] {
  // expected-error@+1 {{the expression (-2 ** 5.000000e-01) has no value}}
  quipu.param @root = (-2 ** 0.5)
}

// -----

quipu.model @word for ["llama"] {
  // expected-note@+1 {{@word is "none": from the spec}}
  quipu.param @word = "nowhere" else "none"
  // expected-error@+1 {{the expression (@word + 1) has no value: it is ("none" + 1)}}
  quipu.param @more = (@word + 1)
}

// -----

quipu.model @floor for ["llama"] {
  // expected-error@+1 {{the expression (2.500000e+00 floordiv 2) has no value}}
  quipu.param @half = (2.5 floordiv 2)
}

// -----

// A size is an integer.
quipu.model @size for ["llama"] {
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "token_embd"
  // expected-error@+1 {{the size 2.500000e+00 : f64 is not bound}}
  %y = quipu.linear %x, "token_embd" -> [(5 / 2)]
  quipu.output "logits", %y
}
