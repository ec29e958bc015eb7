#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// ONNX Runtime by its C API. The library is opened by name at the first call here, so a process
/// without users' models does not pay for it; Code::unavailable says how to get it where it is
/// absent. It prints nothing.
namespace ara::onnx {

/// A named input or output of a graph.
struct Tensor {
  std::string name;
  std::vector<std::int64_t> shape;  ///< -1 where it may vary
  bool is_float = false;            ///< of 32 bits
};

/// A shape as people write it, e.g. "[?, 60]".
std::string to_string(std::span<const std::int64_t> shape);

/// A loaded graph. Runs on the calling thread alone; `run` may be called from several at once.
class Session {
 public:
  /// `model` is the content of a .onnx file. Code::invalid on field "file" with the runtime's own
  /// reason where it does not take it, e.g. an operator set newer than it knows.
  static Result<Session> open(std::string_view model);

  const std::vector<Tensor>& inputs() const { return inputs_; }
  const std::vector<Tensor>& outputs() const { return outputs_; }

  /// The values of one output, row after row, given the one input. Code::invalid with the runtime's
  /// reason where the graph cannot be run on it.
  Result<std::vector<float>> run(const Tensor& input, std::span<const std::int64_t> shape,
                                 std::span<const float> values, const Tensor& output) const;

 private:
  struct Handle;
  std::shared_ptr<const Handle> handle_;
  std::vector<Tensor> inputs_;
  std::vector<Tensor> outputs_;
};

}  // namespace ara::onnx
