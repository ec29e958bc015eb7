#include "onnx/runtime.h"

#include <dlfcn.h>
#include <onnxruntime_c_api.h>

#include <iostream>
#include <streambuf>
#include <type_traits>

#include "base/format.h"

namespace ara::onnx {
namespace {

constexpr const char* kLibrary = "libonnxruntime.so.1.21";

/// Stays open until the process ends.
struct Runtime {
  const OrtApi* api = nullptr;
  OrtEnv* environment = nullptr;
};

Result<void> check(const OrtApi& api, OrtStatus* status) {
  if (status == nullptr) return {};
  std::string reason = printable(api.GetErrorMessage(status), 400);
  api.ReleaseStatus(status);
  return fail(Code::invalid, std::move(reason));
}

/// Takes what is written to std::cerr while it lives, and drops it.
class Silence {
 public:
  Silence() : before_(std::cerr.rdbuf(&dropped_)) {}
  ~Silence() { std::cerr.rdbuf(before_); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  struct Dropped : std::streambuf {
    int overflow(int byte) override { return byte; }
    std::streamsize xsputn(const char*, std::streamsize count) override { return count; }
  };
  Dropped dropped_;
  std::streambuf* before_;
};

/// Debian's build registers its operators twice when the first graph with a node is loaded, with a
/// line on std::cerr about each of hundreds. So the first is this one, y = x, and nobody hears of
/// it.
void register_operators(const OrtApi& api, OrtEnv* environment) {
  constexpr std::string_view kIdentity(
      "\010\010"                                    // version 8 of the format
      "\072\067"                                    // a graph of
      "\012\020\012\001x\022\001y\042\010Identity"  // one node,
      "\022\001g"                                   // its name,
      "\132\017\012\001x\022\012\012\010\010\001\022\004\012\002\010\001"  // input x, float [1],
      "\142\017\012\001y\022\012\012\010\010\001\022\004\012\002\010\001"  // and output y
      "\102\004\012\000\020\021",                                          // operator set 17
      65);
  const Silence silence;
  OrtSessionOptions* options = nullptr;
  OrtSession* session = nullptr;
  OrtStatus* status = api.CreateSessionOptions(&options);
  if (status == nullptr) {
    status = api.CreateSessionFromArray(environment, kIdentity.data(), kIdentity.size(), options,
                                        &session);
  }
  api.ReleaseSession(session);
  api.ReleaseSessionOptions(options);
  api.ReleaseStatus(status);
}

Result<Runtime> open_library() {
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(Code::unavailable,
                ara::format("users' models need ONNX Runtime 1.21, which could not be loaded ({}); "
                            "Debian has it in the package libonnxruntime1.21",
                            dlerror()));
  }
  const auto base = reinterpret_cast<decltype(&OrtGetApiBase)>(dlsym(library, "OrtGetApiBase"));
  Runtime runtime;
  if (base != nullptr) runtime.api = base()->GetApi(ORT_API_VERSION);
  if (runtime.api == nullptr) {
    return fail(Code::unavailable,
                ara::format("{} does not have version {} of its API", kLibrary, ORT_API_VERSION));
  }
  // Only what is fatal is logged: errors come back as values.
  const auto made = check(
      *runtime.api, runtime.api->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "ara", &runtime.environment));
  if (!made) return fail(Code::unavailable, "ONNX Runtime does not start: " + made.error().message);
  register_operators(*runtime.api, runtime.environment);
  return runtime;
}

const Result<Runtime>& runtime() {
  static const Result<Runtime> opened = open_library();
  return opened;
}

/// Frees what the runtime made.
template <class T>
struct Release {
  void (*with)(T*);
  void operator()(T* made) const { with(made); }
};
template <class T>
using Owned = std::unique_ptr<T, Release<T>>;

/// Calls `make(&made)` and owns what it made.
template <class T, class Make>
Result<Owned<T>> owned(const OrtApi& api, void (*release)(T*), Make make) {
  T* made = nullptr;
  if (const auto done = check(api, make(&made)); !done) return std::unexpected(done.error());
  return Owned<T>(made, Release<T>{release});
}

/// One thread, one operator after another: the same bits each time.
Result<Owned<OrtSessionOptions>> session_options(const OrtApi& api) {
  auto options = owned<OrtSessionOptions>(
      api, api.ReleaseSessionOptions,
      [&](OrtSessionOptions** made) { return api.CreateSessionOptions(made); });
  if (!options) return options;
  OrtSessionOptions* const raw = options->get();
  for (OrtStatus* status :
       {api.SetIntraOpNumThreads(raw, 1), api.SetInterOpNumThreads(raw, 1),
        api.SetSessionExecutionMode(raw, ORT_SEQUENTIAL), api.SetDeterministicCompute(raw, true),
        api.SetSessionGraphOptimizationLevel(raw, ORT_ENABLE_EXTENDED),
        api.SetSessionLogSeverityLevel(raw, ORT_LOGGING_LEVEL_FATAL)}) {
    if (const auto done = check(api, status); !done) return std::unexpected(done.error());
  }
  return options;
}

Result<Tensor> describe_tensor(const OrtApi& api, std::string name, OrtTypeInfo* made) {
  const Owned<OrtTypeInfo> type(made, Release<OrtTypeInfo>{api.ReleaseTypeInfo});
  const OrtTensorTypeAndShapeInfo* info = nullptr;
  Tensor tensor{.name = std::move(name)};
  if (auto done = check(api, api.CastTypeInfoToTensorInfo(type.get(), &info)); !done) {
    return std::unexpected(done.error());
  }
  if (info == nullptr) return tensor;  // a sequence or a map: no float tensor
  ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  std::size_t dimensions = 0;
  for (OrtStatus* status :
       {api.GetTensorElementType(info, &element), api.GetDimensionsCount(info, &dimensions)}) {
    if (const auto done = check(api, status); !done) return std::unexpected(done.error());
  }
  tensor.is_float = element == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  tensor.shape.resize(dimensions);
  if (auto done = check(api, api.GetDimensions(info, tensor.shape.data(), dimensions)); !done) {
    return std::unexpected(done.error());
  }
  return tensor;
}

/// All inputs, or all outputs, by the three functions of the API that tell of them.
template <class Count, class Name, class Type>
Result<std::vector<Tensor>> tensors(const OrtApi& api, const OrtSession* session, Count count_of,
                                    Name name_of, Type type_of) {
  OrtAllocator* allocator = nullptr;
  std::size_t count = 0;
  for (OrtStatus* status :
       {api.GetAllocatorWithDefaultOptions(&allocator), count_of(session, &count)}) {
    if (const auto done = check(api, status); !done) return std::unexpected(done.error());
  }
  std::vector<Tensor> all;
  for (std::size_t i = 0; i < count; ++i) {
    char* raw = nullptr;
    if (auto done = check(api, name_of(session, i, allocator, &raw)); !done) {
      return std::unexpected(done.error());
    }
    std::string name(raw);
    if (auto done = check(api, api.AllocatorFree(allocator, raw)); !done) {
      return std::unexpected(done.error());
    }
    OrtTypeInfo* type = nullptr;
    if (auto done = check(api, type_of(session, i, &type)); !done) {
      return std::unexpected(done.error());
    }
    auto tensor = describe_tensor(api, std::move(name), type);
    if (!tensor) return std::unexpected(tensor.error());
    all.push_back(std::move(*tensor));
  }
  return all;
}

}  // namespace

struct Session::Handle {
  const OrtApi* api;
  Owned<OrtSession> session;
};

std::string to_string(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (const std::int64_t n : shape) {
    text += (text.size() > 1 ? ", " : "") + (n < 0 ? std::string("?") : std::to_string(n));
  }
  return text + "]";
}

Result<Session> Session::open(std::string_view model) {
  const auto& library = runtime();
  if (!library) return std::unexpected(library.error());
  const OrtApi& api = *library->api;
  const auto options = session_options(api);
  if (!options) return std::unexpected(options.error());
  auto made = owned<OrtSession>(api, api.ReleaseSession, [&](OrtSession** session) {
    return api.CreateSessionFromArray(library->environment, model.data(), model.size(),
                                      options->get(), session);
  });
  if (!made) {
    Error error = std::move(made.error());
    error.message = "ONNX Runtime does not take the model: " + error.message;
    error.field = "file";
    return std::unexpected(std::move(error));
  }
  Session session;
  auto inputs = tensors(api, made->get(), api.SessionGetInputCount, api.SessionGetInputName,
                        api.SessionGetInputTypeInfo);
  if (!inputs) return std::unexpected(inputs.error());
  auto outputs = tensors(api, made->get(), api.SessionGetOutputCount, api.SessionGetOutputName,
                         api.SessionGetOutputTypeInfo);
  if (!outputs) return std::unexpected(outputs.error());
  session.inputs_ = std::move(*inputs);
  session.outputs_ = std::move(*outputs);
  session.handle_ = std::make_shared<const Handle>(&api, std::move(*made));
  return session;
}

Result<std::vector<float>> Session::run(const Tensor& input, std::span<const std::int64_t> shape,
                                        std::span<const float> values, const Tensor& output) const {
  const OrtApi& api = *handle_->api;
  const auto memory = owned<OrtMemoryInfo>(api, api.ReleaseMemoryInfo, [&](OrtMemoryInfo** made) {
    return api.CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, made);
  });
  if (!memory) return std::unexpected(memory.error());
  // The runtime reads its inputs and does not write to them.
  const auto given = owned<OrtValue>(api, api.ReleaseValue, [&](OrtValue** made) {
    return api.CreateTensorWithDataAsOrtValue(memory->get(), const_cast<float*>(values.data()),
                                              values.size_bytes(), shape.data(), shape.size(),
                                              ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, made);
  });
  if (!given) return std::unexpected(given.error());
  const auto result = owned<OrtValue>(api, api.ReleaseValue, [&](OrtValue** made) {
    const char* const input_name = input.name.c_str();
    const char* const output_name = output.name.c_str();
    const OrtValue* const in = given->get();
    return api.Run(handle_->session.get(), nullptr, &input_name, &in, 1, &output_name, 1, made);
  });
  if (!result) return std::unexpected(result.error());
  const auto info = owned<OrtTensorTypeAndShapeInfo>(
      api, api.ReleaseTensorTypeAndShapeInfo, [&](OrtTensorTypeAndShapeInfo** made) {
        return api.GetTensorTypeAndShape(result->get(), made);
      });
  if (!info) return std::unexpected(info.error());
  std::size_t count = 0;
  void* data = nullptr;
  for (OrtStatus* status : {api.GetTensorShapeElementCount(info->get(), &count),
                            api.GetTensorMutableData(result->get(), &data)}) {
    if (const auto done = check(api, status); !done) return std::unexpected(done.error());
  }
  const auto* const first = static_cast<const float*>(data);
  return std::vector<float>(first, first + count);
}

}  // namespace ara::onnx
