//===- Bandwidth.cpp - How fast a GPU reads its memory --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Clock.h"
#include "runtime/engine/cuda/CudaEngine.h"
#include <algorithm>

using namespace quipu;
using namespace quipu::cuda;

/// A thread reads four pieces of 16 bytes at a time, threads side by side
/// pieces that are side by side. `bytes` is a multiple of what all read at a
/// time. The store, which is most unlikely, keeps the loads.
static constexpr char readAll[] = R"(
.version 7.0
.target sm_80
.address_size 64
.visible .entry read_all(.param .u64 start, .param .u64 bytes)
{
  .reg .pred %done, %usual;
  .reg .b32 %thread, %block, %size, %threads, %sum, %v<16>;
  .reg .b64 %begin, %end, %step, %a<4>;
  mov.u32 %block, %ctaid.x;
  mov.u32 %size, %ntid.x;
  mov.u32 %thread, %tid.x;
  mad.lo.u32 %thread, %block, %size, %thread;
  mov.u32 %block, %nctaid.x;
  mul.lo.u32 %threads, %block, %size;
  mul.wide.u32 %step, %threads, 16;
  ld.param.u64 %begin, [start];
  ld.param.u64 %end, [bytes];
  add.u64 %end, %end, %begin;
  mul.wide.u32 %a0, %thread, 16;
  add.u64 %a0, %a0, %begin;
  mov.u32 %sum, 0;
NEXT:
  setp.ge.u64 %done, %a0, %end;
  @%done bra END;
  add.u64 %a1, %a0, %step;
  add.u64 %a2, %a1, %step;
  add.u64 %a3, %a2, %step;
  ld.global.v4.u32 {%v0, %v1, %v2, %v3}, [%a0];
  ld.global.v4.u32 {%v4, %v5, %v6, %v7}, [%a1];
  ld.global.v4.u32 {%v8, %v9, %v10, %v11}, [%a2];
  ld.global.v4.u32 {%v12, %v13, %v14, %v15}, [%a3];
  lop3.b32 %v0, %v0, %v1, %v2, 0x96;
  lop3.b32 %v3, %v3, %v4, %v5, 0x96;
  lop3.b32 %v6, %v6, %v7, %v8, 0x96;
  lop3.b32 %v9, %v9, %v10, %v11, 0x96;
  lop3.b32 %v12, %v12, %v13, %v14, 0x96;
  lop3.b32 %v0, %v0, %v3, %v6, 0x96;
  lop3.b32 %v9, %v9, %v12, %v15, 0x96;
  lop3.b32 %sum, %sum, %v0, %v9, 0x96;
  add.u64 %a0, %a3, %step;
  bra NEXT;
END:
  setp.ne.u32 %usual, %sum, 0xffffffff;
  @%usual ret;
  st.global.u32 [%begin], %sum;
  ret;
}
)";

static constexpr uint32_t threads = 512, blocksPerProcessor = 4;

Status CudaEngine::measureBandwidth(double &bytesPerSecond) {
  const Driver &driver = device.driver();
  Stream stream = device.stream();
  Current current(device);
  Module module = nullptr;
  Function function = nullptr;
  Address buffer = 0;
  Event begin = nullptr, end = nullptr;
  if (Status status = device.load(readAll, module); !status.ok())
    return status;

  Result result = Result::Success;
  auto then = [&](auto &&next) {
    if (result == Result::Success)
      result = next();
  };
  LaunchConfig config = {};
  config.grid[0] = device.multiprocessors() * blocksPerProcessor;
  config.grid[1] = config.grid[2] = 1;
  config.block[0] = threads;
  config.block[1] = config.block[2] = 1;
  config.stream = stream;
  uint64_t atATime = uint64_t(config.grid[0]) * threads * 64, bytes = 0;
  size_t free = 0, all = 0;
  then([&] { return driver.memGetInfo(&free, &all); });
  then([&] {
    bytes = std::min<uint64_t>(free / 2, 2 << 30) / atATime * atATime;
    return bytes ? driver.memAlloc(&buffer, bytes) : Result::OutOfMemory;
  });
  // With numbers as they are in weights: other ones are read faster.
  for (uint64_t filled = 0; filled < bytes && result == Result::Success;) {
    uint64_t piece = std::min(filled ? filled : image->weightBytes, bytes);
    piece = std::min(std::max<uint64_t>(piece, 16), bytes - filled);
    then([&] {
      return driver.memcpyDtoDAsync(buffer + filled, filled ? buffer : base,
                                    piece, stream);
    });
    filled += piece;
  }
  then([&] { return driver.moduleGetFunction(&function, module, "read_all"); });
  then([&] { return driver.eventCreate(&begin, 0); });
  then([&] { return driver.eventCreate(&end, 0); });

  bytesPerSecond = 0;
  for (double start = now();
       result == Result::Success && now() - start < 0.3;) {
    void *params[] = {&buffer, &bytes};
    float milliseconds = 0;
    then([&] { return driver.eventRecord(begin, stream, 0); });
    then([&] {
      return driver.launchKernelEx(&config, function, params, nullptr);
    });
    then([&] { return driver.eventRecord(end, stream, 0); });
    then([&] { return driver.eventSynchronize(end); });
    then([&] { return driver.eventElapsedTime(&milliseconds, begin, end); });
    if (milliseconds > 0)
      bytesPerSecond = std::max(bytesPerSecond, bytes / (milliseconds * 1e-3));
  }
  for (Event event : {begin, end})
    if (event)
      driver.eventDestroy(event);
  if (buffer)
    driver.memFree(buffer);
  driver.moduleUnload(module);
  return driver.check(result, "measure the bandwidth of its memory");
}
