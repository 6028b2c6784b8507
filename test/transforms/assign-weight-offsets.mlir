// RUN: %quipu-opt %s -assign-weight-offsets -split-input-file | FileCheck %s

// CHECK-LABEL: quipu.model @sizes
quipu.model @sizes for [] {
  // Vectors are in f32, each rounded up to 64 bytes.
  // CHECK-NEXT: quipu.weight @vector = {{.+}} : tensor<64xf32, #quipu.floats> packed at 0{{$}}
  // CHECK-NEXT: quipu.weight @short = {{.+}} packed at 256{{$}}
  quipu.weight @vector = "vector.weight" : tensor<64xf32>
  quipu.weight @short = "short.weight" : tensor<3xf32>
  // Matrices are tiles of 16 rows: 2 * 16 * (64 / 32 * 20) bytes.
  // CHECK-NEXT: quipu.weight @q4_1 = {{.+}} : tensor<32x64x!quipu.q4_1, #quipu.rows16> packed at 320{{$}}
  quipu.weight @q4_1 = "q4_1.weight" : tensor<32x64x!quipu.q4_1>
  // The last tile is filled up: 17 rows are two tiles, 1 row is one.
  // CHECK-NEXT: quipu.weight @rows17 = {{.+}} packed at 1600{{$}}
  // CHECK-NEXT: quipu.weight @rows1 = {{.+}} packed at 2752{{$}}
  quipu.weight @rows17 = "rows17.weight" : tensor<17x64x!quipu.q4_0>
  quipu.weight @rows1 = "rows1.weight" : tensor<1x32x!quipu.q8_0>
  // A tile is a multiple of 64 bytes: the one before is 16 * 34, rounded up to 576.
  // CHECK-NEXT: quipu.weight @f16 = {{.+}} packed at 3328{{$}}
  // CHECK-NEXT: quipu.weight @last = {{.+}} packed at 3392{{$}}
  quipu.weight @f16 = "f16.weight" : tensor<2x1xf16>
  quipu.weight @last = "last.weight" : tensor<1xf32>
}

// -----

// The weights of a layer are neighbours, wherever they are declared, and layer
// follows layer; a loop's neighbours are its own only.

// CHECK-LABEL: quipu.model @loops
quipu.model @loops for [] {
  // CHECK-NEXT: quipu.weight @first = {{.+}} packed at 0{{$}}
  // CHECK-NEXT: quipu.weight @enc.blk.a = {{.+}} packed at 64 stride 192{{$}}
  // CHECK-NEXT: quipu.weight @enc.blk.b = {{.+}} packed at 128 stride 192{{$}}
  // CHECK-NEXT: quipu.weight @middle = {{.+}} packed at 640{{$}}
  // CHECK-NEXT: quipu.weight @enc.blk.c = {{.+}} packed at 192 stride 192{{$}}
  // CHECK-NEXT: quipu.weight @enc.top.a = {{.+}} packed at 704 stride 64{{$}}
  // CHECK-NEXT: quipu.weight @last = {{.+}} packed at 832{{$}}
  quipu.weight @first = "first.weight" : tensor<16xf32>
  quipu.weight @enc.blk.a = "enc.blk.*.a.weight" layers 3 : tensor<16xf32>
  quipu.weight @enc.blk.b = "enc.blk.*.b.weight" layers 3 : tensor<16xf32>
  quipu.weight @middle = "middle.weight" : tensor<16xf32>
  quipu.weight @enc.blk.c = "enc.blk.*.c.weight" layers 3 : tensor<16xf32>
  quipu.weight @enc.top.a = "enc.top.*.a.weight" layers 2 : tensor<16xf32>
  quipu.weight @last = "last.weight" : tensor<16xf32>
}

// -----

// Where a weight's layers differ in size, so do the distances, for the weights
// behind it in the layer as for those before. Floats: 16 * 16 * 4 or * 2 bytes.

// CHECK-LABEL: quipu.model @mixed
quipu.model @mixed for [] {
  // CHECK-NEXT: quipu.weight @blk.a = {{.+}} packed at 0 strides [1152, 640]{{$}}
  // CHECK-NEXT: quipu.weight @blk.b = {{.+}} packed at 64 strides [1152, 640]{{$}}
  // CHECK-NEXT: quipu.weight @blk.c = {{.+}} packed at 1088 strides [640, 640]{{$}}
  // CHECK-NEXT: quipu.weight @last = {{.+}} packed at 2432{{$}}
  quipu.weight @blk.a = "blk.*.a.weight" layers 3 : tensor<16xf32>
  quipu.weight @blk.b = "blk.*.b.weight" layers 3 : tensor<16x16x!quipu.mixed<f16, f32>> but f32 in [0]
  quipu.weight @blk.c = "blk.*.c.weight" layers 3 : tensor<16xf32>
  quipu.weight @last = "last.weight" : tensor<16xf32>
}
