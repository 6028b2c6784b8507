// RUN: %quipu-opt %s --lower-steps --split-input-file --verify-diagnostics

// Kernels are for as many tokens as the step.
quipu.model @m for ["m"] {
  quipu.step @decode tokens 1 arena 1024 {
    // expected-error @+1 {{has 2 rows in a step for 1 tokens}}
    %ids = quipu.input "tokens" : tensor<2xi32>
  }
}

// -----

// What is gathered are the rows of the selected tokens, as many as there are.
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @act(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @gather(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<2x64xf32>) -> tensor<2x64xf32> selected {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @all(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.step @decode tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    // expected-error @+1 {{of @all gathers rows, but the kernel is not 'selected'}}
    %g = quipu.launch @all(%x, %rows) arena [4096] : (tensor<2x64xf32>, tensor<2xi32>) -> tensor<2x64xf32>
  }
}

// -----

// Rows are what the runtime has checked them to be.
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @act(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @gather(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<2x64xf32>) -> tensor<2x64xf32> selected {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.step @decode tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    // expected-error @+1 {{of @gather takes rows that are not the input "selected"}}
    %g = quipu.launch @gather(%x, %ids) arena [4096] : (tensor<2x64xf32>, tensor<2xi32>) -> tensor<2x64xf32>
  }
}

// -----

// ... of the table, too.
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @act(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @gather(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<2x64xf32>) -> tensor<2x64xf32> selected {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.step @decode tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    // expected-error @+1 {{of @embed takes rows that are not the input "tokens", "positions", "types"}}
    %x = quipu.launch @embed(%rows) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
  }
}

// -----

// Of one token there is one row.
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<1xi32>) -> tensor<1x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<1xi32> -> tensor<1x64xf32>
    quipu.yield %x : tensor<1x64xf32>
  }
  quipu.kernel @act(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
    %y = quipu.activate silu %x : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
  quipu.kernel @gather(%x: tensor<1x64xf32>, %rows: tensor<1xi32>) -> tensor<1x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<1x64xf32>, tensor<1xi32> -> tensor<1x64xf32>
    quipu.yield %g : tensor<1x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<1x64xf32>) -> tensor<1x64xf32> selected {
    %y = quipu.activate silu %x : tensor<1x64xf32> -> tensor<1x64xf32>
    quipu.yield %y : tensor<1x64xf32>
  }
  quipu.step @decode tokens 1 arena 1024 {
    %ids = quipu.input "tokens" : tensor<1xi32>
    %rows = quipu.input "selected" : tensor<1xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<1xi32>) -> tensor<1x64xf32>
    quipu.barrier
    %g = quipu.launch @gather(%x, %rows) arena [256] : (tensor<1x64xf32>, tensor<1xi32>) -> tensor<1x64xf32>
    quipu.barrier
    %y = quipu.launch @act_selected(%x) arena [512] : (tensor<1x64xf32>) -> tensor<1x64xf32>
  }
}

// -----

// A kernel that gathers nothing has all rows.
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @act(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @gather(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<2x64xf32>) -> tensor<2x64xf32> selected {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.step @decode tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    // expected-error @+1 {{of @act_selected reads rows of all tokens beside those of selected ones}}
    %y = quipu.launch @act_selected(%x) arena [8192] : (tensor<2x64xf32>) -> tensor<2x64xf32>
  }
}

// -----

// Layers of selected rows, and what comes behind them, are no one's else.
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @act(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @gather(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<2x64xf32>) -> tensor<2x64xf32> selected {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @add(%x: tensor<2x64xf32>, %y: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %z = quipu.add %x, %y : tensor<2x64xf32>
    quipu.yield %z : tensor<2x64xf32>
  }
  quipu.step @decode tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    %g = quipu.launch @gather(%x, %rows) arena [4096] : (tensor<2x64xf32>, tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    %y = quipu.layers "blk" times 2 from %g {
    ^layer(%h: tensor<2x64xf32>):
      %a = quipu.launch @act(%h) arena [4096] : (tensor<2x64xf32>) -> tensor<2x64xf32>
      quipu.barrier
      quipu.yield %a : tensor<2x64xf32>
    } : tensor<2x64xf32> -> tensor<2x64xf32>
    // expected-error @+1 {{of @add reads rows of all tokens beside those of selected ones}}
    %z = quipu.launch @add(%x, %y) arena [8192] : (tensor<2x64xf32>, tensor<2x64xf32>) -> tensor<2x64xf32>
  }
}

// -----

// A page that attention sees is not given back.
quipu.model @m for ["m"] {
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> window 8 pool 0 at 0
  quipu.kernel @attend(%q: tensor<1x4x16xf32>, %kv: !quipu.cache<@kv, f16, heads 4, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x4x16xf32> {
    // expected-error @+1 {{sees all positions, but the state @kv keeps only 8}}
    %a = quipu.attention %q over %kv at %at : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16> -> tensor<1x4x16xf32>
    quipu.yield %a : tensor<1x4x16xf32>
  }
}

// -----

quipu.model @m for ["m"] {
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> window 8 pool 0 at 0
  quipu.kernel @attend(%q: tensor<1x4x16xf32>, %kv: !quipu.cache<@kv, f16, heads 4, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x4x16xf32> {
    // expected-error @+1 {{sees 9 positions, but the state @kv keeps only 8}}
    %a = quipu.attention %q over %kv at %at window 9 : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16> -> tensor<1x4x16xf32>
    quipu.yield %a : tensor<1x4x16xf32>
  }
}

// -----

// Exactly those, or more, are enough.
quipu.model @m for ["m"] {
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> window 8 pool 0 at 0
  quipu.kernel @attend(%q: tensor<1x4x16xf32>, %kv: !quipu.cache<@kv, f16, heads 4, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x4x16xf32> {
    %a = quipu.attention %q over %kv at %at window 8 : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16> -> tensor<1x4x16xf32>
    quipu.yield %a : tensor<1x4x16xf32>
  }
}

// -----

quipu.model @m for ["m"] {
  quipu.state @kv : !quipu.pages<heads 4, keys 16, values 16> pool 0 at 0
  quipu.kernel @attend(%q: tensor<1x4x16xf32>, %kv: !quipu.cache<@kv, f16, heads 4, keys 16, values 16>, %at: !quipu.positions) -> tensor<1x4x16xf32> {
    %a = quipu.attention %q over %kv at %at window 8 : tensor<1x4x16xf32>, !quipu.cache<@kv, f16, heads 4, keys 16, values 16> -> tensor<1x4x16xf32>
    quipu.yield %a : tensor<1x4x16xf32>
  }
}

// -----

// What an entry says is what its steps do.
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @act(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @gather(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<2x64xf32>) -> tensor<2x64xf32> selected {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  // expected-error @+1 {{has the output #quipu.port<"x" over token : 65 x f32>, but the step @decode returns #quipu.port<"x" over token : 64 x f32>}}
  quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 40>] outputs [<"x" over token : 65 x f32>] steps [@decode]
  quipu.step @decode tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    %y = quipu.launch @act(%x) arena [-1] : (tensor<2x64xf32>) -> tensor<2x64xf32>
    quipu.output "x", %y : tensor<2x64xf32>
  }
}

// -----

// ... by name
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @act(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @gather(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<2x64xf32>) -> tensor<2x64xf32> selected {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  // expected-error @+1 {{has the output #quipu.port<"y" over token : 64 x f32>, but}}
  quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 40>] outputs [<"y" over token : 64 x f32>] steps [@decode]
  quipu.step @decode tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    %y = quipu.launch @act(%x) arena [-1] : (tensor<2x64xf32>) -> tensor<2x64xf32>
    quipu.output "x", %y : tensor<2x64xf32>
  }
}

// -----

// ... and rows
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @act(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @gather(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<2x64xf32>) -> tensor<2x64xf32> selected {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  // expected-error @+1 {{returns #quipu.port<"x" over token : 64 x f32>}}
  quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 40>] outputs [<"x" over selected : 64 x f32>] steps [@decode]
  quipu.step @decode tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    %y = quipu.launch @act(%x) arena [-1] : (tensor<2x64xf32>) -> tensor<2x64xf32>
    quipu.output "x", %y : tensor<2x64xf32>
  }
}

// -----

// ... and number.
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @act(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @gather(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<2x64xf32>) -> tensor<2x64xf32> selected {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  // expected-error @+1 {{has 2 outputs, but the step @decode returns 1}}
  quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 40>] outputs [<"x" over token : 64 x f32>, <"y" over token : 64 x f32>] steps [@decode]
  quipu.step @decode tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    %y = quipu.launch @act(%x) arena [-1] : (tensor<2x64xf32>) -> tensor<2x64xf32>
    quipu.output "x", %y : tensor<2x64xf32>
  }
}

// -----

// A program's inputs are token ids.
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @act(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @gather(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<2x64xf32>) -> tensor<2x64xf32> selected {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  // expected-error @+1 {{has the input #quipu.port<"ids" over token : 1 x i32 below 40>, but a program takes "tokens", "positions", "types", "time", "height", "width", in this order and the first always, one i32 each}}
  quipu.entry @generate inputs [<"ids" over token : 1 x i32 below 40>] outputs [<"x" over token : 64 x f32>] steps [@decode]
  quipu.step @decode tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    %y = quipu.launch @act(%x) arena [-1] : (tensor<2x64xf32>) -> tensor<2x64xf32>
    quipu.output "x", %y : tensor<2x64xf32>
  }
}

// -----

// ... one a token.
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @act(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @gather(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<2x64xf32>) -> tensor<2x64xf32> selected {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  // expected-error @+1 {{has the input #quipu.port<"tokens" over token : 2 x i32 below 40>}}
  quipu.entry @generate inputs [<"tokens" over token : 2 x i32 below 40>] outputs [<"x" over token : 64 x f32>] steps [@decode]
  quipu.step @decode tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    %y = quipu.launch @act(%x) arena [-1] : (tensor<2x64xf32>) -> tensor<2x64xf32>
    quipu.output "x", %y : tensor<2x64xf32>
  }
}

// -----

// Ids are rows of the table.
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    // expected-error @+1 {{has 40 rows, but ids of the entry @generate are below 41}}
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @act(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @gather(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<2x64xf32>) -> tensor<2x64xf32> selected {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 41>] outputs [<"x" over token : 64 x f32>] steps [@decode]
  quipu.step @decode tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    %y = quipu.launch @act(%x) arena [-1] : (tensor<2x64xf32>) -> tensor<2x64xf32>
    quipu.output "x", %y : tensor<2x64xf32>
  }
}

// -----

// The runtime takes the first step that is large enough.
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @act(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @gather(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<2x64xf32>) -> tensor<2x64xf32> selected {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  // expected-error @+1 {{has the step @again for 2 tokens behind one for 2}}
  quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 40>] outputs [<"x" over token : 64 x f32>] steps [@decode, @again]
  quipu.step @decode tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    %y = quipu.launch @act(%x) arena [-1] : (tensor<2x64xf32>) -> tensor<2x64xf32>
    quipu.output "x", %y : tensor<2x64xf32>
  }
  quipu.step @again tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    %y = quipu.launch @act(%x) arena [-1] : (tensor<2x64xf32>) -> tensor<2x64xf32>
    quipu.output "x", %y : tensor<2x64xf32>
  }
}

// -----

// Rows of all tokens are no sequence's.
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @act(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @gather(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<2x64xf32>) -> tensor<2x64xf32> selected {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 40>] outputs [<"x" over sequence : 64 x f32>] steps [@decode]
  quipu.step @decode tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    %y = quipu.launch @act(%x) arena [-1] : (tensor<2x64xf32>) -> tensor<2x64xf32>
    // expected-error @+1 {{has rows of all tokens, but is over sequence}}
    quipu.output "x", %y over sequence : tensor<2x64xf32>
  }
}

// -----

// All that is right.
quipu.model @m for ["m"] {
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @act(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.kernel @gather(%x: tensor<2x64xf32>, %rows: tensor<2xi32>) -> tensor<2x64xf32> selected {
    %g = quipu.gather %x, %rows : tensor<2x64xf32>, tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %g : tensor<2x64xf32>
  }
  quipu.kernel @act_selected(%x: tensor<2x64xf32>) -> tensor<2x64xf32> selected {
    %y = quipu.activate silu %x : tensor<2x64xf32> -> tensor<2x64xf32>
    quipu.yield %y : tensor<2x64xf32>
  }
  quipu.entry @generate inputs [<"tokens" over token : 1 x i32 below 40>] outputs [<"x" over sequence : 64 x f32>] steps [@decode]
  quipu.step @decode tokens 2 arena 16384 {
    %ids = quipu.input "tokens" : tensor<2xi32>
    %rows = quipu.input "selected" : tensor<2xi32>
    %x = quipu.launch @embed(%ids) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    %g = quipu.launch @gather(%x, %rows) arena [4096] : (tensor<2x64xf32>, tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    %y = quipu.launch @act_selected(%g) arena [-1] : (tensor<2x64xf32>) -> tensor<2x64xf32>
    quipu.output "x", %y over sequence : tensor<2x64xf32>
  }
}

// -----

// What chooses experts is what a top_k has chosen, of as many.
quipu.model @m for ["m"] {
  quipu.weight @w = "w.weight" chosen 2 : tensor<4x16x64xf32>
  quipu.weight @e = "e.weight" : tensor<40x64xf32>
  quipu.kernel @embed(%ids: tensor<2xi32>) -> tensor<2x64xf32> {
    %x = quipu.embed %ids, @e : tensor<40x64xf32> : tensor<2xi32> -> tensor<2x64xf32>
    quipu.yield %x : tensor<2x64xf32>
  }
  quipu.kernel @choose(%p: tensor<2x64xf32>) -> (tensor<2x2xi32>, tensor<2x2xf32>) {
    %ids, %c = quipu.top_k %p count 2 : tensor<2x64xf32> -> tensor<2x2xi32>, tensor<2x2xf32>
    quipu.yield %ids, %c : tensor<2x2xi32>, tensor<2x2xf32>
  }
  quipu.kernel @linear(%x: tensor<2x64xf32>, %ids: tensor<2x2xi32>) -> tensor<2x2x16xf32> {
    %y = quipu.linear %x, @w : tensor<4x16x64xf32> of %ids -> [16] : tensor<2x64xf32> of tensor<2x2xi32> -> tensor<2x2x16xf32>
    quipu.yield %y : tensor<2x2x16xf32>
  }
  quipu.step @decode tokens 2 arena 16384 {
    %tokens = quipu.input "tokens" : tensor<2xi32>
    %x = quipu.launch @embed(%tokens) arena [0] : (tensor<2xi32>) -> tensor<2x64xf32>
    quipu.barrier
    %ids, %c = quipu.launch @choose(%x) arena [4096, 5120] : (tensor<2x64xf32>) -> (tensor<2x2xi32>, tensor<2x2xf32>)
    quipu.barrier
    // expected-error @+1 {{of @linear takes ids that are not what a top_k has chosen of 4 experts}}
    %y = quipu.launch @linear(%x, %ids) arena [8192] : (tensor<2x64xf32>, tensor<2x2xi32>) -> tensor<2x2x16xf32>
  }
}
