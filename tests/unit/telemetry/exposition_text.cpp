#include "exposition_text.h"

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <sstream>
#include <stdexcept>

namespace ara::telemetry {
namespace {

/// Reads one line from left to right.
class Line {
 public:
  explicit Line(std::string text) : text_(std::move(text)) {}

  bool done() const { return at_ == text_.size(); }
  bool take(const std::string& what) {
    if (text_.compare(at_, what.size(), what) != 0) return false;
    at_ += what.size();
    return true;
  }
  void expect(const std::string& what) {
    if (!take(what)) fail("expected '" + what + "'");
  }
  std::string name(bool colon_too) {
    const std::size_t begin = at_;
    while (!done() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_' ||
                       (colon_too && text_[at_] == ':'))) {
      ++at_;
    }
    if (at_ == begin || std::isdigit(static_cast<unsigned char>(text_[begin]))) fail("no name");
    return text_.substr(begin, at_ - begin);
  }
  std::string quoted() {
    expect("\"");
    std::string value;
    while (!take("\"")) {
      if (done()) fail("a label value without end");
      if (!take("\\")) {
        value += text_[at_++];
      } else if (take("n")) {
        value += '\n';
      } else if (take("\\")) {
        value += '\\';
      } else {
        expect("\"");
        value += '"';
      }
    }
    return value;
  }
  double number() {
    std::size_t used = 0;
    const std::string rest = text_.substr(at_);
    if (rest.empty() || std::isspace(static_cast<unsigned char>(rest[0]))) fail("no value");
    const double value = std::stod(rest, &used);
    at_ += used;
    return value;
  }
  std::string rest() {
    std::string tail = text_.substr(at_);
    at_ = text_.size();
    return tail;
  }
  [[noreturn]] void fail(const std::string& why) const {
    throw std::runtime_error(why + " at column " + std::to_string(at_) + " of: " + text_);
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

Sample parse_sample(Line& line) {
  Sample sample{line.name(true), {}, 0};
  if (line.take("{")) {
    do {
      const std::string label = line.name(false);
      line.expect("=");
      if (!sample.labels.emplace(label, line.quoted()).second) line.fail("a label twice");
    } while (line.take(","));
    line.expect("}");
  }
  line.expect(" ");
  sample.value = line.number();
  if (!line.done()) line.fail("more than a value");
  return sample;
}

bool belongs(const std::string& sample, const std::string& family, const std::string& type) {
  if (type != "histogram") return sample == family;
  return sample == family + "_bucket" || sample == family + "_sum" || sample == family + "_count";
}

}  // namespace

double FamilyText::value(const std::string& name,
                         const std::map<std::string, std::string>& labels) const {
  for (const Sample& each : samples) {
    if (each.name == name && each.labels == labels) return each.value;
  }
  ADD_FAILURE() << "no sample " << name << " with these labels";
  return -1;
}

std::map<std::string, FamilyText> parse_exposition(const std::string& text) {
  if (!text.empty() && text.back() != '\n') throw std::runtime_error("the last line has no end");
  std::map<std::string, FamilyText> families;
  std::set<std::pair<std::string, std::map<std::string, std::string>>> seen;
  std::string current;
  std::istringstream in(text);
  for (std::string each; std::getline(in, each);) {
    Line line(each);
    if (line.take("# HELP ")) {
      current = line.name(true);
      line.expect(" ");
      if (!families.emplace(current, FamilyText{{}, line.rest(), {}}).second) {
        line.fail("a family twice");
      }
    } else if (line.take("# TYPE ")) {
      if (line.name(true) != current) line.fail("TYPE of another family than HELP");
      line.expect(" ");
      families[current].type = line.rest();
    } else {
      Sample sample = parse_sample(line);
      FamilyText& family = families[current];
      if (!belongs(sample.name, current, family.type)) line.fail("not of the family " + current);
      if (!seen.emplace(sample.name, sample.labels).second) line.fail("a series twice");
      family.samples.push_back(std::move(sample));
    }
  }
  return families;
}

}  // namespace ara::telemetry
