// ara config
#include <yyjson.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/table.h"

namespace ara::cli {
namespace {

std::string as_json(const config::Config& config) {
  const std::unique_ptr<yyjson_mut_doc, decltype(&yyjson_mut_doc_free)> owner(
      yyjson_mut_doc_new(nullptr), &yyjson_mut_doc_free);
  yyjson_mut_doc* doc = owner.get();
  yyjson_mut_val* root = yyjson_mut_obj(doc);
  yyjson_mut_doc_set_root(doc, root);
  for (const config::Shown& shown : config.shown) {
    yyjson_mut_val* key = yyjson_mut_strncpy(doc, shown.name.data(), shown.name.size());
    yyjson_mut_val* item = yyjson_mut_obj(doc);
    yyjson_mut_obj_add(root, key, item);
    const auto add = [&](const char* name, std::string_view text) {
      yyjson_mut_obj_add_strncpy(doc, item, name, text.data(), text.size());
    };
    add("value", shown.value);
    add("source", to_string(shown.source));
    if (!shown.place.empty()) add("place", shown.place);
  }
  const std::unique_ptr<char, decltype(&std::free)> text(
      yyjson_mut_write(doc, YYJSON_WRITE_PRETTY_TWO_SPACES, nullptr), &std::free);
  return std::string(text.get()) + "\n";
}

std::string as_table(const config::Config& config, bool colour) {
  Table table({{"Setting"}, {"Value"}, {"From"}});
  for (const config::Shown& shown : config.shown) {
    const bool changed = shown.source != config::Source::built_in;
    table.add({{std::string(shown.name)},
               {shown.value, changed ? "1" : ""},
               {shown.place.empty() ? std::string(to_string(shown.source)) : shown.place,
                changed ? "" : "2"}});
  }
  std::string out = table.render(colour);
  for (const auto* names : {&config.unused, &config.tls}) {
    for (const std::string& name : *names) {
      out += (&name == &names->front() ? "\nSet, but not used by this version: " : ", ") + name;
    }
    if (!names->empty()) out += "\n";
  }
  return out;
}

int init() {
  const std::string path = "ara.toml";
  const std::string text = config::template_file(config::read_limits());
  const auto failed = [&] {
    return report(
        {errno == EEXIST ? Code::conflict : Code::io,
         "Cannot write " + path + ": " +
             (errno == EEXIST ? "it is there already, and is left as it is" : std::strerror(errno)),
         {},
         {},
         {}});
  };
  errno = 0;
  std::ofstream file(path, std::ios::out | std::ios::noreplace);
  if (!file || !(file << text).flush()) return failed();
  return emit_or_report("Wrote " + path + "\n");
}

}  // namespace

std::function<int()> enrol_config(CLI::App& app, Context& context) {
  app.require_subcommand(1);
  CLI::App* show = app.add_subcommand("show", "Every setting, its value and where it came from");
  const auto json = std::make_shared<bool>(false);
  show->add_flag("--json", *json, "A JSON object");
  CLI::App* start =
      app.add_subcommand("init", "Write a commented ara.toml here, unless there is one");
  return [&context, json, start] {
    if (start->parsed()) return init();
    return emit_or_report(*json ? as_json(context.config)
                                : as_table(context.config, standard_output().colour));
  };
}

}  // namespace ara::cli
