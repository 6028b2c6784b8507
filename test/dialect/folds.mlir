// RUN: %quipu-opt %s -canonicalize | FileCheck %s

// x * 1 is x, relu(relu(x)) is relu(x).

// CHECK-LABEL: quipu.model @scale
quipu.model @scale for [] {
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
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

// Without bounds nothing is cut off.
// CHECK-LABEL: quipu.model @clamp
quipu.model @clamp for [] {
  quipu.step @decode tokens 1 {
    // CHECK: %[[X:.+]] = quipu.input "x"
    // CHECK-NEXT: quipu.output "all", %[[X]] :
    %x = quipu.input "x" : tensor<1x64xf32>
    %all = quipu.clamp %x : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "all", %all : tensor<1x64xf32>
    // CHECK-NEXT: %[[SOME:.+]] = quipu.clamp %[[X]] to 1.000000e+00
    // CHECK-NEXT: quipu.output "some", %[[SOME]] :
    %some = quipu.clamp %x to 1.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "some", %some : tensor<1x64xf32>
  }
}

// A factor that is not bound yet could be anything.
// CHECK-LABEL: quipu.model @unbound
quipu.model @unbound for [] {
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
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
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
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
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
  quipu.step @decode tokens 1 {
    %at = quipu.positions
    %k = quipu.input "k" : tensor<1x2x16xf32>
    // CHECK: quipu.cache_write
    %kv = quipu.cache_write %k, %k at %at into @kv : tensor<1x2x16xf32>, tensor<1x2x16xf32> -> !quipu.cache<@kv, f16, heads 2, keys 16, values 16>
  }
}

// x * a * b is x * (a * b) where f32 holds a * b and nobody reads x * a.
// CHECK-LABEL: quipu.model @scales
quipu.model @scales for [] {
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
  quipu.step @decode tokens 1 {
    // CHECK: %[[X:.+]] = quipu.input "x"
    %x = quipu.input "x" : tensor<1x64xf32>
    // CHECK-NEXT: %[[SIX:.+]] = quipu.scale %[[X]] by 6.000000e+00
    // CHECK-NEXT: quipu.output "six", %[[SIX]] :
    %two = quipu.scale %x by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    %six = quipu.scale %two by 3.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "six", %six : tensor<1x64xf32>
    // CHECK-NEXT: quipu.output "same", %[[X]] :
    %half = quipu.scale %x by 0.5 : tensor<1x64xf32> -> tensor<1x64xf32>
    %same = quipu.scale %half by 2.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "same", %same : tensor<1x64xf32>
    // CHECK-NEXT: %[[LARGE:.+]] = quipu.scale %[[X]] by 1.000000e+30
    // CHECK-NEXT: %[[TOO:.+]] = quipu.scale %[[LARGE]] by 1.000000e+30
    // CHECK-NEXT: quipu.output "too large", %[[TOO]] :
    %large = quipu.scale %x by 1.0e30 : tensor<1x64xf32> -> tensor<1x64xf32>
    %too = quipu.scale %large by 1.0e30 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "too large", %too : tensor<1x64xf32>
    // CHECK-NEXT: %[[SMALL:.+]] = quipu.scale %[[X]] by 1.000000e-30
    // CHECK-NEXT: %[[DENORMAL:.+]] = quipu.scale %[[SMALL]] by 1.000000e-10
    // CHECK-NEXT: quipu.output "denormal", %[[DENORMAL]] :
    %small = quipu.scale %x by 1.0e-30 : tensor<1x64xf32> -> tensor<1x64xf32>
    %denormal = quipu.scale %small by 1.0e-10 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "denormal", %denormal : tensor<1x64xf32>
    // CHECK-NEXT: %[[KEPT:.+]] = quipu.scale %[[X]] by 7.000000e+00
    // CHECK-NEXT: %[[MORE:.+]] = quipu.scale %[[KEPT]] by 3.000000e+00
    %kept = quipu.scale %x by 7.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    %more = quipu.scale %kept by 3.0 : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.output "kept", %kept : tensor<1x64xf32>
    quipu.output "more", %more : tensor<1x64xf32>
  }
}

// silu(x) * y is swiglu, from either side; not where silu(x) is read elsewhere, and
// not of another activation.
// CHECK-LABEL: quipu.model @swiglu
quipu.model @swiglu for [] {
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
  quipu.step @decode tokens 1 {
    // CHECK: %[[X:.+]] = quipu.input "x"
    // CHECK: %[[Y:.+]] = quipu.input "y"
    %x = quipu.input "x" : tensor<1x64xf32>
    %y = quipu.input "y" : tensor<1x64xf32>
    // CHECK-NEXT: %[[A:.+]] = quipu.swiglu %[[X]], %[[Y]]
    // CHECK-NEXT: quipu.output "left", %[[A]] :
    %sa = quipu.activate silu %x : tensor<1x64xf32> -> tensor<1x64xf32>
    %a = quipu.mul %sa, %y : tensor<1x64xf32>
    quipu.output "left", %a : tensor<1x64xf32>
    // CHECK-NEXT: %[[B:.+]] = quipu.swiglu %[[Y]], %[[X]]
    // CHECK-NEXT: quipu.output "right", %[[B]] :
    %sb = quipu.activate silu %y : tensor<1x64xf32> -> tensor<1x64xf32>
    %b = quipu.mul %x, %sb : tensor<1x64xf32>
    quipu.output "right", %b : tensor<1x64xf32>
    // CHECK-NEXT: %[[S:.+]] = quipu.activate silu %[[X]]
    // CHECK-NEXT: quipu.mul %[[S]], %[[Y]]
    %sc = quipu.activate silu %x : tensor<1x64xf32> -> tensor<1x64xf32>
    %c = quipu.mul %sc, %y : tensor<1x64xf32>
    quipu.output "silu", %sc : tensor<1x64xf32>
    quipu.output "product", %c : tensor<1x64xf32>
    // CHECK:      %[[G:.+]] = quipu.activate gelu %[[X]]
    // CHECK-NEXT: quipu.mul %[[G]], %[[Y]]
    %gelu = quipu.activate gelu %x : tensor<1x64xf32> -> tensor<1x64xf32>
    %d = quipu.mul %gelu, %y : tensor<1x64xf32>
    quipu.output "gelu", %d : tensor<1x64xf32>
  }
}

// What is computed token by token and then gathered is computed of the gathered rows
// alone, as far back as all readers are gathers.
// CHECK-LABEL: quipu.model @gather
quipu.model @gather for [] {
  quipu.weight @w = "w.weight" : tensor<64x64xf32>
  quipu.weight @norm = "norm.weight" : tensor<64xf32>
  quipu.weight @v = "v.weight" : tensor<64x64x!quipu.q4_0>
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
  quipu.step @prefill4 tokens 4 {
    // CHECK: %[[X:.+]] = quipu.input "x"
    // CHECK: %[[ROWS:.+]] = quipu.input "selected"
    %x = quipu.input "x" : tensor<4x64xf32>
    %rows = quipu.input "selected" : tensor<2xi32>
    // CHECK-NEXT: %[[L:.+]] = quipu.linear %[[X]], @w
    // CHECK-NEXT: quipu.output "all rows", %[[L]] :
    %l = quipu.linear %x, @w : tensor<64x64xf32> -> [64] : tensor<4x64xf32> -> tensor<4x64xf32>
    quipu.output "all rows", %l : tensor<4x64xf32>
    // CHECK-NEXT: %[[LS:.+]] = quipu.gather %[[L]], %[[ROWS]] : tensor<4x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    // CHECK-NEXT: %[[XS:.+]] = quipu.gather %[[X]], %[[ROWS]] : tensor<4x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    // CHECK-NEXT: %[[SUM:.+]] = quipu.add %[[LS]], %[[XS]] : tensor<2x64xf32>
    // CHECK-NEXT: %[[N:.+]] = quipu.rms_norm %[[SUM]], @norm : tensor<64xf32> eps {{.+}} : tensor<2x64xf32> -> tensor<2x64xf32>
    // CHECK-NEXT: %[[Q:.+]] = quipu.quantize %[[N]] : tensor<2x64xf32> -> tensor<2x64x!quipu.i8x32>
    // CHECK-NEXT: %[[Y:.+]] = quipu.linear %[[Q]], @v : {{.+}} : tensor<2x64x!quipu.i8x32> -> tensor<2x4x16xf32>
    // CHECK-NEXT: quipu.output "selected", %[[Y]] :
    %sum = quipu.add %l, %x : tensor<4x64xf32>
    %n = quipu.rms_norm %sum, @norm : tensor<64xf32> eps 1.0e-5 : tensor<4x64xf32> -> tensor<4x64xf32>
    %q = quipu.quantize %n : tensor<4x64xf32> -> tensor<4x64x!quipu.i8x32>
    %y = quipu.linear %q, @v : tensor<64x64x!quipu.q4_0> -> [4, 16] : tensor<4x64x!quipu.i8x32> -> tensor<4x4x16xf32>
    %s = quipu.gather %y, %rows : tensor<4x4x16xf32>, tensor<2xi32> -> tensor<2x4x16xf32>
    quipu.output "selected", %s : tensor<2x4x16xf32>
    // A square reads one gathered row.
    // CHECK-NEXT: %[[ZS:.+]] = quipu.gather %[[L]], %[[ROWS]]
    // CHECK-NEXT: quipu.mul %[[ZS]], %[[ZS]]
    %z = quipu.mul %l, %l : tensor<4x64xf32>
    %zs = quipu.gather %z, %rows : tensor<4x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.output "square", %zs : tensor<2x64xf32>
  }
}

// A rotation reads angles of the step's tokens, the cache has an effect: they stay
// before the gather.
// CHECK-LABEL: quipu.model @rotated
quipu.model @rotated for [] {
  quipu.state @kv : !quipu.pages<heads 2, keys 16, values 16> layers 4
  quipu.step @prefill4 tokens 4 {
    %x = quipu.input "x" : tensor<4x2x16xf32>
    %angles = quipu.input "angles" : tensor<4x8x2xf32>
    %rows = quipu.input "selected" : tensor<2xi32>
    // CHECK:      %[[R:.+]] = quipu.rope
    // CHECK-NEXT: quipu.gather %[[R]]
    %r = quipu.rope %x by %angles pairs adjacent : tensor<4x2x16xf32>, tensor<4x8x2xf32> -> tensor<4x2x16xf32>
    %s = quipu.gather %r, %rows : tensor<4x2x16xf32>, tensor<2xi32> -> tensor<2x2x16xf32>
    quipu.output "s", %s : tensor<2x2x16xf32>
  }
}
