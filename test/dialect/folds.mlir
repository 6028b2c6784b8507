// RUN: %quipu-opt %s -canonicalize | FileCheck %s

// x * 1 is x, relu(relu(x)) is relu(x); nothing else goes away.

// CHECK-LABEL: quipu.model @scale
quipu.model @scale for [] {
  quipu.step @decode tokens 1 {
    // CHECK: %[[X:.+]] = quipu.input "x"
    %x = quipu.input "x" : tensor<1x64xf32>
    // CHECK-NEXT: quipu.output "one", %[[X]] :
    %one = quipu.scale %x by 1.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "one", %one : tensor<1x64xf32>
    // CHECK-NEXT: %[[TWO:.+]] = quipu.scale %[[X]] by 2.000000e+00
    // CHECK-NEXT: quipu.output "two", %[[TWO]] :
    %two = quipu.scale %x by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "two", %two : tensor<1x64xf32>
    // CHECK-NEXT: quipu.output "unused", %[[X]] :
    %unused = quipu.activate tanh %x : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "unused", %x : tensor<1x64xf32>
  }
}

// A factor that is not bound yet could be anything.
// CHECK-LABEL: quipu.model @unbound
quipu.model @unbound for [] {
  quipu.param @one = "one" else 1.0
  // CHECK: %[[X:.+]] = quipu.input "x"
  // CHECK-NEXT: %[[Y:.+]] = quipu.scale %[[X]] by @one
  // CHECK-NEXT: quipu.output "y", %[[Y]]
  %x = quipu.input "x"
  %y = quipu.scale %x by @one
  quipu.output "y", %y
}

// CHECK-LABEL: quipu.model @activate
quipu.model @activate for [] {
  quipu.step @decode tokens 1 {
    // CHECK: %[[X:.+]] = quipu.input "x"
    // CHECK-NEXT: %[[R:.+]] = quipu.activate relu %[[X]]
    // CHECK-NEXT: quipu.output "relu", %[[R]] :
    %x = quipu.input "x" : tensor<1x64xf32>
    %r = quipu.activate relu %x : tensor<1x64xf32> -> tensor<1x64xf32>
    %rr = quipu.activate relu %r : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "relu", %rr : tensor<1x64xf32>
    // CHECK-NEXT: %[[T:.+]] = quipu.activate tanh %[[X]]
    // CHECK-NEXT: %[[TT:.+]] = quipu.activate tanh %[[T]]
    // CHECK-NEXT: quipu.output "tanh", %[[TT]] :
    %t = quipu.activate tanh %x : tensor<1x64xf32> -> tensor<1x64xf32>
    %tt = quipu.activate tanh %t : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "tanh", %tt : tensor<1x64xf32>
    // CHECK-NEXT: %[[RT:.+]] = quipu.activate relu %[[T]]
    // CHECK-NEXT: quipu.output "both", %[[RT]] :
    %rt = quipu.activate relu %t : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "both", %rt : tensor<1x64xf32>
  }
}

// Writing the cache is an effect, even when nobody reads it.
// CHECK-LABEL: quipu.model @effects
quipu.model @effects for [] {
  quipu.step @decode tokens 1 {
    %at = quipu.positions
    %k = quipu.input "k" : tensor<1x2x16xf32>
    // CHECK: quipu.cache_write
    %kv = quipu.cache_write %k, %k at %at : tensor<1x2x16xf32>, tensor<1x2x16xf32> -> !quipu.cache<f16, heads 2, dim 16>
  }
}
