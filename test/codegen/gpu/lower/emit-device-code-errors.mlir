// RUN: %quipu-opt %s -split-input-file -verify-diagnostics -emit-device-code

// expected-error@+1 {{has 0 GPU modules instead of one; run lower-kernels-to-gpu first}}
module attributes {quipu.target = #quipu.gpu<"sm_90a">} {
}
