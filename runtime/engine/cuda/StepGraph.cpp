//===- StepGraph.cpp - The kernels of a step, recorded --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/cuda/StepGraph.h"

using namespace quipu;
using namespace quipu::cuda;

StepGraph::~StepGraph() {
  if (!device || !device->isOurs())
    return;
  Current current(*device);
  for (Event event : events)
    device->driver().eventDestroy(event);
  if (exec)
    device->driver().graphExecDestroy(exec);
}

void StepGraph::fail(Result result, int32_t kernel) {
  if (result == Result::Success || failure != Result::Success)
    return;
  failure = result;
  failed = kernel < 0 ? "" : code->kernels[kernel].name;
}

void StepGraph::launchKernel(int32_t kernel, void *const *params,
                             int32_t rows) {
  const abi::DeviceKernel &what = code->kernels[kernel];
  LaunchAttribute overlap = {
      .kind = LaunchAttribute::Kind::ProgrammaticStreamSerialization,
      .allowed = 1};
  LaunchConfig config = {};
  for (int i = 0; i < 3; ++i)
    config.grid[i] = what.grid[i];
  config.grid[1] *= rows;
  config.block[0] = what.threads;
  config.block[1] = config.block[2] = 1;
  config.sharedBytes = what.sharedBytes;
  config.stream = device->stream();
  config.attributes = &overlap;
  config.attributeCount = device->overlapsKernels() && !isTimed;
  fail(device->driver().launchKernelEx(&config, device->kernels()[kernel],
                                       const_cast<void **>(params), nullptr),
       kernel);
}

void quipu_launch(void *queue, int32_t kernel, void *const *params) {
  static_cast<StepGraph *>(queue)->launchKernel(kernel, params);
}

void StepGraph::mark(int32_t kernel) {
  Event event = nullptr;
  fail(device->driver().eventCreate(&event, 0), -1);
  if (!event)
    return;
  events.push_back(event);
  kernels.push_back(kernel);
  fail(device->driver().eventRecord(event, device->stream(),
                                    eventRecordExternal),
       -1);
}

Status StepGraph::record(const Device &where, const abi::DeviceCode &what,
                         const abi::Step &step, abi::StepArgs args, bool timed,
                         const std::function<void()> &after) {
  device = &where;
  code = &what;
  isTimed = timed;
  args.barrier = this;
  args.timer = timed ? static_cast<KernelTrace *>(this) : nullptr;
  const Driver &driver = where.driver();
  Status status = driver.check(
      driver.streamBeginCapture(where.stream(), CaptureMode::Relaxed),
      "record a step");
  if (!status.ok())
    return status;
  step.run(&args, 0, 1);
  if (after)
    after();
  Graph graph = nullptr;
  Result ended = driver.streamEndCapture(where.stream(), &graph);
  if (failure != Result::Success)
    status = deviceError(
        "the GPU's driver cannot launch " +
        (failed.empty() ? "a kernel" : "the kernel '" + failed + "'") + " of " +
        step.name + ": " + driver.explain(failure));
  else
    status = driver.check(ended, "record a step");
  if (status.ok())
    status = driver.check(driver.graphInstantiate(&exec, graph, 0),
                          "prepare a step's graph");
  if (graph)
    driver.graphDestroy(graph);
  return status;
}

Result StepGraph::launch() const {
  return device->driver().graphLaunch(exec, device->stream());
}

void StepGraph::addTimes(KernelTimer &timer) const {
  for (size_t i = 0; i + 1 < events.size(); ++i) {
    float milliseconds = 0;
    if (kernels[i] >= 0 &&
        device->driver().eventElapsedTime(&milliseconds, events[i],
                                          events[i + 1]) == Result::Success)
      timer.add(kernels[i], milliseconds * 1e-3);
  }
}
