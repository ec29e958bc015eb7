#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Writes small .onnx files: the protocol buffers of onnx.proto, by hand.
namespace ara::support {

class Proto {
 public:
  Proto& number(int field, std::uint64_t value) {
    varint(static_cast<std::uint64_t>(field) << 3);
    varint(value);
    return *this;
  }
  Proto& bytes(int field, std::string_view value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Proto& message(int field, const Proto& value) { return bytes(field, value.bytes_); }
  const std::string& text() const { return bytes_; }

 private:
  void varint(std::uint64_t value) {
    for (; value > 127; value >>= 7) bytes_ += static_cast<char>(value | 128);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

/// A tensor that a graph takes or gives: 32-bit floats (type 1) or another of onnx.proto's types;
/// -1 is a dimension that may vary.
inline Proto onnx_value(std::string_view name, const std::vector<int>& shape, int type = 1) {
  Proto dimensions;
  for (const int n : shape) {
    dimensions.message(
        1, n < 0 ? Proto().bytes(2, "n") : Proto().number(1, static_cast<std::uint64_t>(n)));
  }
  const Proto tensor = Proto().number(1, static_cast<std::uint64_t>(type)).message(2, dimensions);
  return Proto().bytes(1, name).message(2, Proto().message(1, tensor));
}

inline Proto onnx_constant(std::string_view name, const std::vector<int>& shape,
                           const std::vector<float>& values) {
  Proto tensor;
  for (const int n : shape) tensor.number(1, static_cast<std::uint64_t>(n));
  std::string raw;
  for (const float value : values) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int byte = 0; byte < 4; ++byte) raw += static_cast<char>(bits >> (8 * byte) & 255);
  }
  return tensor.number(2, 1).bytes(8, name).bytes(9, raw);
}

inline Proto onnx_node(std::string_view operation, const std::vector<std::string>& inputs,
                       std::string_view output) {
  Proto node;
  for (const std::string& input : inputs) node.bytes(1, input);
  return node.bytes(2, output).bytes(4, operation);
}

inline std::string onnx_model(const Proto& graph, int operators = 17) {
  const Proto set = Proto().bytes(1, "").number(2, static_cast<std::uint64_t>(operators));
  return Proto().number(1, 8).message(7, graph).message(8, set).text();
}

/// y = x W + b, with x of `shape` whose last dimension is the rows of W.
struct OnnxLinear {
  std::vector<int> shape;
  int rows = 1;
  std::vector<float> weights;  ///< W, row after row
  std::vector<float> bias;

  Proto graph() const {
    const int columns = static_cast<int>(bias.size());
    return Proto()
        .message(1, onnx_node("MatMul", {"x", "w"}, "product"))
        .message(1, onnx_node("Add", {"product", "b"}, "y"))
        .bytes(2, "linear")
        .message(5, onnx_constant("w", {rows, columns}, weights))
        .message(5, onnx_constant("b", {columns}, bias))
        .message(11, onnx_value("x", shape))
        .message(12, onnx_value("y", {-1, columns}));
  }
  std::string file(int operators = 17) const { return onnx_model(graph(), operators); }
};

}  // namespace ara::support
