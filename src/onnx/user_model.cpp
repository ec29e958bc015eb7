#include "onnx/user_model.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/format.h"
#include "features/features.h"
#include "onnx/fit.h"

namespace ara::onnx {
namespace {

constexpr std::uintmax_t kMostBytes = std::uintmax_t{1} << 30;

Result<std::string> read(const std::filesystem::path& path, std::string_view what) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) {
    return fail(Code::not_found,
                ara::format("{} {} cannot be read: {}", what, path.string(), error.message()));
  }
  if (size > kMostBytes) {
    return fail(Code::too_large, ara::format("{} {} is larger than 1 GiB", what, path.string()));
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return fail(Code::io, ara::format("{} {} cannot be read", what, path.string()));
  return std::move(text).str();
}

/// The tensor of that name, or the only one.
Result<Tensor> chosen(const std::vector<Tensor>& all, const std::string& name,
                      std::string_view field) {
  std::string names;
  for (const Tensor& tensor : all) names += (names.empty() ? "" : ", ") + tensor.name;
  const auto found = std::ranges::find(all, name, &Tensor::name);
  if (name.empty() && all.size() != 1) {
    return invalid(ara::format("{}.name", field), name, "one of the graph's: " + names);
  }
  if (!name.empty() && found == all.end()) {
    return invalid(ara::format("{}.name", field), name, "one of the graph's: " + names);
  }
  const Tensor& tensor = name.empty() ? all.front() : *found;
  if (!tensor.is_float) {
    return invalid(field, tensor.name, "a tensor of 32-bit floats");
  }
  return tensor;
}

/// The input's shape with numbers for what may vary: the first dimension is 1, and one other may
/// take what is left of `size`.
Result<std::vector<std::int64_t>> resolved(const Tensor& tensor, std::size_t size) {
  auto shape = tensor.shape;
  std::int64_t known = 1;
  std::size_t open = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i == 0 && shape[i] < 0) shape[i] = 1;
    if (shape[i] < 0) {
      ++open;
    } else {
      known *= std::max<std::int64_t>(shape[i], 0);
    }
  }
  const auto wanted = static_cast<std::int64_t>(size);
  const bool fits = !shape.empty() && shape[0] == 1 && known > 0 &&
                    (open == 0 ? known == wanted : open == 1 && wanted % known == 0);
  if (!fits) {
    return invalid("input", to_string(tensor.shape),
                   ara::format("a graph whose input {} has 1 in front and takes the {} numbers of "
                               "the manifest",
                               tensor.name, size));
  }
  for (std::int64_t& n : shape) n = n < 0 ? wanted / known : n;
  return shape;
}

std::size_t bars_needed(const Manifest& manifest) {
  std::size_t warm_up = manifest.deviation_window;
  for (const std::size_t i : manifest.input.features) {
    warm_up = std::max(warm_up, features::table()[i].warm_up + manifest.input.window);
  }
  if (manifest.input.kind == InputKind::changes) warm_up = std::max(warm_up, manifest.input.window);
  return std::max(manifest.min_bars, warm_up + 1);
}

}  // namespace

UserModel::UserModel(Manifest manifest, Hash128 content, Session session, Tensor input,
                     std::vector<std::int64_t> shape, Tensor output)
    : manifest_(std::move(manifest)),
      content_(content),
      session_(std::move(session)),
      input_(std::move(input)),
      shape_(std::move(shape)),
      output_(std::move(output)) {
  name = manifest_.name;
  title = manifest_.title;
  source = manifest_.source;
  min_bars = bars_needed(manifest_);
  fit = fit_user_model;
  horizon = manifest_.horizon;
}

Result<std::vector<float>> UserModel::run(std::span<const float> input) const {
  auto values = session_.run(input_, shape_, input, output_);
  if (!values) {
    Error error = std::move(values.error());
    error.message = "the graph cannot be run: " + error.message;
    error.field = "file";
    return std::unexpected(std::move(error));
  }
  const auto steps = static_cast<std::size_t>(manifest_.horizon);
  const std::size_t wanted = steps * manifest_.output.levels.size();
  if (values->size() != wanted) {
    return invalid("output", ara::format("{} numbers", values->size()),
                   ara::format("{} numbers of output {}: {} levels of {} sessions", wanted,
                               output_.name, manifest_.output.levels.size(), steps));
  }
  return values;
}

Result<std::vector<float>> UserModel::answer(std::span<const float> input) const {
  auto values = run(input);
  if (!values) return values;
  for (const float value : *values) {
    if (!std::isfinite(value)) return invalid("output", ara::format("{}", value), "finite numbers");
  }
  return values;
}

Result<std::shared_ptr<const UserModel>> load(std::string_view manifest, std::string_view graph,
                                              std::string_view path) {
  auto parsed = parse_manifest(manifest, path);
  if (!parsed) return std::unexpected(parsed.error());
  const auto explained = [&](Error error) {
    error.message = ara::format("{}: {}", path, error.message);
    return std::unexpected(std::move(error));
  };
  auto session = Session::open(graph);
  if (!session) return explained(session.error());
  auto input = chosen(session->inputs(), parsed->input.name, "input");
  if (!input) return explained(input.error());
  auto output = chosen(session->outputs(), parsed->output.name, "output");
  if (!output) return explained(output.error());
  if (session->inputs().size() != 1) {
    return explained(invalid("input", ara::format("{} inputs", session->inputs().size()),
                             "a graph with one input")
                         .error());
  }
  auto shape = resolved(*input, parsed->input.size());
  if (!shape) return explained(shape.error());
  const Hash128 content = stable_hash128(std::string(manifest) + '\0' + std::string(graph));
  const std::vector<float> zeros(parsed->input.size(), 0.0F);
  auto model =
      std::make_shared<const UserModel>(std::move(*parsed), content, std::move(*session),
                                        std::move(*input), std::move(*shape), std::move(*output));
  if (const auto tried = model->run(zeros); !tried) return explained(tried.error());
  return model;
}

Result<std::shared_ptr<const UserModel>> load(const std::string& manifest_path) {
  const auto manifest = read(manifest_path, "the manifest");
  if (!manifest) return std::unexpected(manifest.error());
  const auto parsed = parse_manifest(*manifest, manifest_path);
  if (!parsed) return std::unexpected(parsed.error());
  const auto graph =
      read(std::filesystem::path(manifest_path).parent_path() / parsed->file, "the graph");
  if (!graph) {
    Error error = graph.error();
    error.field = "file";
    return std::unexpected(std::move(error));
  }
  return load(*manifest, *graph, manifest_path);
}

}  // namespace ara::onnx
