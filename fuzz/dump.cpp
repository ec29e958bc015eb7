// Bytes as the file of a PostgreSQL backup. Whatever they are, reading them ends with an error that
// names the file, or with all of them told, in an order in which they can be restored: a schema,
// then tables, each with whole lines and with the count and the sum of just these.
#include <cstdint>
#include <cstdlib>
#include <sstream>

#include "storage/postgres_dump.h"

namespace {

using namespace ara;
using storage::RowsSum;

void require(bool holds) {
  if (!holds) std::abort();
}

/// What a restore would do, but for the database.
class Told {
 public:
  Result<void> schema(const std::string&) {
    require(!begun_);
    begun_ = true;
    return {};
  }
  Result<void> table(const std::string& head) {
    require(begun_ && !within_ && head.starts_with("table "));
    within_ = true;
    found_ = {};
    return {};
  }
  Result<void> rows(std::string_view lines) {
    require(within_ && lines.ends_with('\n'));
    while (!lines.empty()) {
      const std::size_t size = lines.find('\n') + 1;
      require(lines.substr(0, size) != "\\.\n");
      found_.add(lines.substr(0, size));
      lines.remove_prefix(size);
    }
    return {};
  }
  Result<void> end(const RowsSum& sum) {
    require(within_ && sum == found_);
    within_ = false;
    return {};
  }
  bool whole() const { return begun_ && !within_; }

 private:
  bool begun_ = false;
  bool within_ = false;
  RowsSum found_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  Told told;
  const auto read =
      storage::read_dump(in, "FILE",
                         {.schema = [&](const std::string& schema) { return told.schema(schema); },
                          .table = [&](const std::string& head) { return told.table(head); },
                          .rows = [&](std::string_view lines) { return told.rows(lines); },
                          .end = [&](const RowsSum& sum) { return told.end(sum); }});
  if (read) {
    require(told.whole());
  } else {
    require(read.error().code == Code::corrupt || read.error().code == Code::invalid);
    require(read.error().message.find("FILE") != std::string::npos);
  }
  return 0;
}
