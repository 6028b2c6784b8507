//===- fake-driver.cpp - A libcuda.so.1 without a GPU ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// What runtime/engine/cuda calls of the driver, for tests. The device's memory
// is the host's, but only accessible while the "device" works. Work is put off
// until somebody waits for it, so that who changes what a copy still reads, or
// reads what it has not written, gets wrong numbers. Kernels are functions of
// the test's program, which exports the table `fake_cuda_kernels`; those of a
// program without it are PTX, which ptx/ executes if the environment says so.
//
// The environment says what there is, and what fails:
//
//   FAKE_CUDA_DEVICES     how many GPUs (1)
//   FAKE_CUDA_CAPABILITY  10 * major + minor (90)
//   FAKE_CUDA_VERSION     of the driver (12080)
//   FAKE_CUDA_MEMORY      free bytes (1 GB)
//   FAKE_CUDA_FAIL        SYMBOL=RESULT: what a function returns
//   FAKE_CUDA_LOG         the file that is told what the device did
//   FAKE_CUDA_RUN         1: kernels in PTX are executed, which takes its time
//
//===----------------------------------------------------------------------===//

#include "fake-driver.h"
#include "abi/Abi.h"
#include "ptx/Module.h"
#include "runtime/engine/cuda/Driver.h"
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>
#include <sys/mman.h>
#include <vector>

using namespace quipu;
using namespace quipu::cuda;

using Work = std::function<void()>;

namespace quipu::cuda {
struct GraphTag {
  std::vector<Work> work;
};
struct GraphExecTag {
  std::vector<Work> work;
};
struct EventTag {
  Stream stream = nullptr;
  float milliseconds = 0;
};
struct StreamTag {
  std::vector<Work> waiting;
  Graph captured = nullptr;
};
} // namespace quipu::cuda

static std::mutex mutex;
static std::map<Address, size_t> allocations;
static std::map<Address, size_t> locked; // of the host, which kernels see, too
static std::set<Stream> streams;
static float clockMilliseconds = 0; // of the device
static int users = 0;               // of the device's context

static long long number(const char *name, long long otherwise) {
  const char *text = getenv(name);
  return text ? atoll(text) : otherwise;
}

__attribute__((format(printf, 1, 2))) static void log(const char *format, ...) {
  static FILE *file = [] {
    const char *name = getenv("FAKE_CUDA_LOG");
    return name ? fopen(name, "w") : nullptr;
  }();
  if (!file)
    return;
  va_list arguments;
  va_start(arguments, format);
  vfprintf(file, format, arguments);
  va_end(arguments);
  fflush(file);
}

[[noreturn]] static void stop(const char *what) {
  fprintf(stderr, "fake driver: %s\n", what);
  abort();
}

static Result resultOf(std::string_view symbol) {
  const char *fail = getenv("FAKE_CUDA_FAIL");
  std::string_view text = fail ? fail : "";
  size_t equal = text.find('=');
  return equal != text.npos && text.substr(0, equal) == symbol
             ? static_cast<Result>(atoi(fail + equal + 1))
             : Result::Success;
}

static void protect(int access) {
  for (auto [address, bytes] : allocations)
    mprotect(reinterpret_cast<void *>(address), bytes, access);
}

static bool isIn(const std::map<Address, size_t> &pieces, Address address,
                 size_t bytes) {
  auto after = pieces.upper_bound(address);
  if (after == pieces.begin())
    return false;
  auto [start, size] = *std::prev(after);
  return address + bytes <= start + size;
}

static void check(Address address, size_t bytes) {
  if (!isIn(allocations, address, bytes))
    stop("an address that is not the device's");
}

static void check(const void *address) { check(getAddress(address), 1); }

static void add(Stream stream, Work work) {
  if (stream->captured)
    stream->captured->work.push_back(std::move(work));
  else
    stream->waiting.push_back(std::move(work));
}

static void finish(Stream stream) {
  protect(PROT_READ | PROT_WRITE);
  for (const Work &work : stream->waiting)
    work();
  stream->waiting.clear();
  protect(PROT_NONE);
}

/// All that a step's arguments point to must be the device's.
static void checkArgs(const abi::StepArgs *args) {
  check(args);
  check(args->inputs);
  check(args->inputs[0]);
  check(args->outputs);
  check(args->positions);
  check(args->sequences);
  check(args->ends);
  check(args->lengths);
  check(args->selected);
  check(args->pools);
  check(args->pools[0].pages);
  check(args->pools[0].table);
  check(args->pools[0].slotMapping);
  check(args->sums);
  check(args->arena);
  check(args->weights);
  check(args->queryTiles);
  if (args->device != args || args->timer || args->barrier)
    stop("arguments of the host");
}

namespace {
/// A kernel of the test's program or of a module in PTX.
struct Kernel {
  std::string name;
  std::vector<size_t> paramBytes;
  decltype(FakeKernel::run) run = nullptr;
  const ptx::Module *module = nullptr;
  const ptx::Kernel *code = nullptr;
};
} // namespace

static void execute(const Kernel &kernel, const LaunchConfig &config,
                    const std::vector<uint64_t> &params) {
  try {
    ptx::run({kernel.module,
              kernel.code,
              {config.grid[0], config.grid[1], config.grid[2]},
              config.block[0],
              config.sharedBytes,
              params,
              [](uint64_t address, size_t bytes) {
                return isIn(allocations, address, bytes) ||
                       isIn(locked, address, bytes);
              }});
  } catch (const ptx::Error &error) {
    stop(error.what());
  }
}

static void launch(const LaunchConfig &config, const Kernel &kernel,
                   void **params) {
  bool overlaps = config.attributeCount == 1 && config.attributes->allowed;
  if (config.attributeCount > 1 ||
      (overlaps && config.attributes->kind !=
                       LaunchAttribute::Kind::ProgrammaticStreamSerialization))
    stop("an unknown attribute");
  // As the driver does, which knows how many bytes each parameter has.
  std::vector<uint64_t> values(kernel.paramBytes.size());
  for (size_t i = 0; i < values.size(); ++i) {
    memcpy(&values[i], params[i], kernel.paramBytes[i]);
    if (i >= 2)
      check(values[i], 1);
  }
  add(config.stream, [=, &kernel] {
    log("%s<%u,%u,%u; %u; %u>%s\n", kernel.name.c_str(), config.grid[0],
        config.grid[1], config.grid[2], config.block[0], config.sharedBytes,
        overlaps ? " overlapped" : "");
    clockMilliseconds += 2;
    if (kernel.code)
      return execute(kernel, config, values);
    if (!kernel.run)
      return;
    auto *args = reinterpret_cast<const abi::StepArgs *>(values[0]);
    checkArgs(args);
    kernel.run(args, static_cast<int32_t>(values[1]),
               reinterpret_cast<void *const *>(values.data() + 2));
  });
}

static thread_local int pushed = 0; // contexts

/// What a function does unless the environment says that it fails.
template <typename Function>
static Result call(const char *symbol, Function function) {
  if (Result result = resultOf(symbol); result != Result::Success)
    return result;
  std::lock_guard lock(mutex);
  if constexpr (std::is_void_v<decltype(function())>)
    return function(), Result::Success;
  else
    return function();
}

/// The same of one that needs a context.
template <typename Function>
static Result callIn(const char *symbol, Function function) {
  if (!pushed)
    stop((std::string(symbol) + " without a context").c_str());
  return call(symbol, function);
}

#define FAKE extern "C" __attribute__((visibility("default"))) Result

FAKE cuInit(unsigned) {
  return call(__func__, [] {});
}

FAKE cuDriverGetVersion(int *version) {
  *version = static_cast<int>(number("FAKE_CUDA_VERSION", 12080));
  return Result::Success;
}

FAKE cuGetErrorString(Result result, const char **text) {
  static const std::map<int, const char *> texts = {
      {2, "out of memory"},
      {218, "a PTX JIT compilation failed"},
      {700, "an illegal memory access was encountered"}};
  auto found = texts.find(static_cast<int>(result));
  if (found == texts.end())
    return static_cast<Result>(1);
  *text = found->second;
  return Result::Success;
}

FAKE cuDeviceGetCount(int *count) {
  return call(__func__, [&] {
    *count = static_cast<int>(number("FAKE_CUDA_DEVICES", 1));
  });
}

FAKE cuDeviceGet(DeviceNumber *device, int ordinal) {
  return call(__func__, [&] { *device = ordinal; });
}

FAKE cuDeviceGetName(char *name, int bytes, DeviceNumber device) {
  return call(__func__, [&] { snprintf(name, bytes, "Fake GPU %d", device); });
}

FAKE cuDeviceGetAttribute(int *value, DeviceAttribute attribute, DeviceNumber) {
  int capability = static_cast<int>(number("FAKE_CUDA_CAPABILITY", 90));
  return call(__func__, [&] {
    *value =
        attribute == DeviceAttribute::ComputeCapabilityMajor   ? capability / 10
        : attribute == DeviceAttribute::ComputeCapabilityMinor ? capability % 10
                                                               : 4;
  });
}

FAKE cuDevicePrimaryCtxRetain(Context *context, DeviceNumber) {
  return call(__func__, [&] {
    ++users;
    *context = reinterpret_cast<Context>(&users);
  });
}

FAKE cuDevicePrimaryCtxRelease_v2(DeviceNumber) {
  return call(__func__, [] {
    if (--users == 0 && !(allocations.empty() && streams.empty()))
      stop("something is left");
  });
}

FAKE cuCtxPushCurrent_v2(Context) {
  ++pushed;
  return Result::Success;
}

FAKE cuCtxPopCurrent_v2(Context *) {
  --pushed;
  return Result::Success;
}

FAKE cuModuleLoadDataEx(Module *module, const void *image, unsigned,
                        JitOption *, void **values) {
  snprintf(static_cast<char *>(values[0]), reinterpret_cast<size_t>(values[1]),
           "ptxas application ptx input, line 1; fatal   : Missing .version\n"
           "ptxas fatal   : Ptx assembly aborted due to errors\n");
  return callIn(__func__, [&] {
    // A table of kernels makes images that are none.
    if (dlsym(RTLD_DEFAULT, "fake_cuda_kernels")) {
      *module = reinterpret_cast<Module>(const_cast<void *>(image));
      return Result::Success;
    }
    static std::vector<std::unique_ptr<ptx::Module>> modules;
    try {
      modules.push_back(
          std::make_unique<ptx::Module>(static_cast<const char *>(image)));
    } catch (const ptx::Error &error) {
      stop(error.what());
    }
    *module = reinterpret_cast<Module>(modules.back().get());
    return Result::Success;
  });
}

FAKE cuModuleUnload(Module) {
  return callIn(__func__, [] {});
}

/// The kernel of a module, or null.
static std::unique_ptr<Kernel> findKernel(Module module, const char *name) {
  // The engine's own, which measures the memory.
  if (strcmp(name, "read_all") == 0)
    return std::make_unique<Kernel>(Kernel{name, {8, 8}});
  if (void *table = dlsym(RTLD_DEFAULT, "fake_cuda_kernels")) {
    auto *kernel = static_cast<const FakeKernel *>(table);
    while (kernel->name && strcmp(kernel->name, name) != 0)
      ++kernel;
    if (!kernel->name)
      return nullptr;
    std::vector<size_t> paramBytes(kernel->paramCount, 8);
    paramBytes[1] = 4;
    return std::make_unique<Kernel>(Kernel{name, paramBytes, kernel->run});
  }
  auto &code = *reinterpret_cast<const ptx::Module *>(module);
  const ptx::Kernel *kernel = code.find(name);
  if (!kernel)
    return nullptr;
  bool runs = number("FAKE_CUDA_RUN", 0);
  return std::make_unique<Kernel>(Kernel{name, kernel->paramBytes, nullptr,
                                         &code, runs ? kernel : nullptr});
}

FAKE cuModuleGetFunction(Function *function, Module module, const char *name) {
  return callIn(__func__, [&] {
    static std::vector<std::unique_ptr<Kernel>> kernels;
    std::unique_ptr<Kernel> kernel = findKernel(module, name);
    if (!kernel)
      return static_cast<Result>(500);
    *function = reinterpret_cast<Function>(kernel.get());
    kernels.push_back(std::move(kernel));
    return Result::Success;
  });
}

FAKE cuFuncSetAttribute(Function, FunctionAttribute, int) {
  return callIn(__func__, [] {});
}

FAKE cuLaunchKernelEx(const LaunchConfig *config, Function function,
                      void **params, void **) {
  return callIn(__func__, [&] {
    launch(*config, *reinterpret_cast<const Kernel *>(function), params);
  });
}

FAKE cuMemGetInfo_v2(size_t *free, size_t *total) {
  return callIn(__func__, [&] {
    *total = size_t(2) << 30;
    *free = number("FAKE_CUDA_MEMORY", 1 << 30);
  });
}

FAKE cuMemAlloc_v2(Address *address, size_t bytes) {
  return callIn(__func__, [&] {
    void *map = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
      return Result::OutOfMemory;
    memset(map, 0xee, bytes);
    mprotect(map, bytes, PROT_NONE);
    *address = getAddress(map);
    allocations[*address] = bytes;
    return Result::Success;
  });
}

FAKE cuMemFree_v2(Address address) {
  return callIn(__func__, [&] {
    for (Stream stream : streams)
      finish(stream);
    munmap(reinterpret_cast<void *>(address), allocations.at(address));
    allocations.erase(address);
  });
}

FAKE cuMemHostAlloc(void **start, size_t bytes, unsigned) {
  return callIn(__func__, [&] {
    *start = malloc(bytes);
    memset(*start, 0xee, bytes);
    locked[getAddress(*start)] = bytes;
  });
}

FAKE cuMemHostRegister_v2(void *start, size_t bytes, unsigned) {
  return callIn(__func__, [&] { locked[getAddress(start)] = bytes; });
}

FAKE cuMemHostUnregister(void *start) {
  return callIn(__func__, [&] { locked.erase(getAddress(start)); });
}

FAKE cuMemFreeHost(void *start) {
  return callIn(__func__, [&] {
    locked.erase(getAddress(start));
    free(start);
  });
}

FAKE cuMemsetD8Async(Address address, unsigned char value, size_t bytes,
                     Stream stream) {
  return callIn(__func__, [&] {
    check(address, bytes);
    add(stream,
        [=] { memset(reinterpret_cast<void *>(address), value, bytes); });
  });
}

static void copy(const char *what, Stream stream, void *to, const void *from,
                 size_t bytes) {
  add(stream, [=] {
    log("%s %zu\n", what, bytes);
    memcpy(to, from, bytes);
  });
}

FAKE cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t bytes,
                          Stream stream) {
  return callIn(__func__, [&] {
    check(to, bytes);
    copy("to device", stream, reinterpret_cast<void *>(to), from, bytes);
  });
}

FAKE cuMemcpyDtoHAsync_v2(void *to, Address from, size_t bytes, Stream stream) {
  return callIn(__func__, [&] {
    check(from, bytes);
    copy("to host", stream, to, reinterpret_cast<void *>(from), bytes);
  });
}

FAKE cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes,
                          Stream stream) {
  return callIn(__func__, [&] {
    check(to, bytes);
    check(from, bytes);
    copy("on device", stream, reinterpret_cast<void *>(to),
         reinterpret_cast<void *>(from), bytes);
  });
}

FAKE cuStreamCreate(Stream *stream, unsigned) {
  return callIn(__func__, [&] { streams.insert(*stream = new StreamTag); });
}

FAKE cuStreamDestroy_v2(Stream stream) {
  return callIn(__func__, [&] {
    finish(stream);
    streams.erase(stream);
    delete stream;
  });
}

FAKE cuStreamSynchronize(Stream stream) {
  return callIn(__func__, [&] { finish(stream); });
}

FAKE cuStreamBeginCapture_v2(Stream stream, CaptureMode) {
  return callIn(__func__, [&] { stream->captured = new GraphTag; });
}

FAKE cuStreamEndCapture(Stream stream, Graph *graph) {
  return callIn(__func__, [&] {
    *graph = stream->captured;
    stream->captured = nullptr;
    log("recorded\n");
  });
}

FAKE cuGraphInstantiateWithFlags(GraphExec *exec, Graph graph,
                                 unsigned long long) {
  return callIn(__func__, [&] { *exec = new GraphExecTag{graph->work}; });
}

FAKE cuGraphDestroy(Graph graph) {
  return callIn(__func__, [&] { delete graph; });
}

FAKE cuGraphExecDestroy(GraphExec exec) {
  return callIn(__func__, [&] { delete exec; });
}

FAKE cuGraphLaunch(GraphExec exec, Stream stream) {
  return callIn(__func__, [&] {
    add(stream, [] { log("graph\n"); });
    for (const Work &work : exec->work)
      add(stream, work);
  });
}

FAKE cuEventCreate(Event *event, unsigned) {
  return callIn(__func__, [&] { *event = new EventTag; });
}

FAKE cuEventDestroy_v2(Event event) {
  return callIn(__func__, [&] { delete event; });
}

FAKE cuEventRecordWithFlags(Event event, Stream stream, unsigned flags) {
  return callIn(__func__, [&] {
    if (bool(stream->captured) != (flags == eventRecordExternal))
      stop("an event that belongs to no graph, or to one");
    event->stream = stream;
    add(stream, [=] { event->milliseconds = clockMilliseconds; });
  });
}

FAKE cuEventSynchronize(Event event) {
  return callIn(__func__, [&] {
    if (event->stream)
      finish(event->stream);
  });
}

FAKE cuEventElapsedTime(float *milliseconds, Event from, Event to) {
  return callIn(__func__,
                [&] { *milliseconds = to->milliseconds - from->milliseconds; });
}
