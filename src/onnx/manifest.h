#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ara::onnx {

/// What a graph is fed: 32-bit floats, the newest last, in a tensor whose first dimension is 1.
enum class InputKind {
  changes,   ///< the last `window` changes of the value: log returns of a price
  features,  ///< the named features at each of the last `window` bars, bar after bar
};

/// What is done to the numbers on their way in.
enum class Standardise {
  none,
  deviation,  ///< changes divided by the deviation: see Manifest::deviation_window
  fixed,      ///< less `mean`, over `sd`, each a number for all or one a feature
};

/// In what the graph answers.
enum class OutputScale {
  change,     ///< changes of the value as they are
  deviation,  ///< multiples of the deviation
};

/// A description of a user's model, as written in TOML:
///
///   name = "my_mlp"                  # as a forecast names it: a-z, 0-9, _
///   title = "Two layers on returns"  # for people
///   source = "Ours, 2024"            # where the method comes from
///   file = "my_mlp.onnx"             # beside the manifest
///   horizon = 5                      # sessions that it forecasts
///   min_bars = 300                   # fewer are refused; at least what the input needs
///   deviation_window = 20            # the deviation is the root mean square of so many changes
///   [input]
///   name = "x"                       # of the graph; needed where it has several
///   kind = "changes"                 # or "features"
///   window = 60
///   features = ["returns", "rsi"]    # all 44 unless named
///   standardise = "deviation"        # or "none" or "fixed"
///   mean = [0.0, 50.0]               # for "fixed"
///   sd = [0.01, 20.0]
///   missing = 0.0                    # takes the place of an undefined feature, once standardised
///   [output]
///   name = "y"
///   levels = [0.05, 0.5, 0.95]       # of the quantiles, at least three
///   scale = "deviation"              # or "change"
///
/// The output holds, session after session, the quantiles of the change from the last value to that
/// session's: `horizon` times as many numbers as there are levels.
struct Manifest {
  struct Input {
    std::string name;
    InputKind kind = InputKind::changes;
    std::size_t window = 1;
    std::vector<std::size_t> features;  ///< indices of features::table()
    Standardise standardise = Standardise::none;
    std::vector<float> mean;  ///< as many as there are columns, with Standardise::fixed
    std::vector<float> sd;
    float missing = 0;

    /// Numbers a step: 1 of changes, else one a feature.
    std::size_t columns() const { return kind == InputKind::changes ? 1 : features.size(); }
    std::size_t size() const { return window * columns(); }
  };
  struct Output {
    std::string name;
    std::vector<double> levels;  ///< ascending
    OutputScale scale = OutputScale::change;
  };

  std::string name;
  std::string title;
  std::string source;
  std::string file;
  int horizon = 1;
  std::size_t min_bars = 0;
  std::size_t deviation_window = 20;
  Input input;
  Output output;

  /// A state may take 64 KB: so many numbers of input are kept at most.
  static constexpr std::size_t kMostInput = 8192;
};

/// Reads a manifest. Code::invalid names the field, e.g. "input.window", and what it may be; a key
/// that is not known is an error too. `path` is for messages.
Result<Manifest> parse_manifest(std::string_view text, std::string_view path);

}  // namespace ara::onnx
