// What every opened store records of its calls in the trace that the calling thread works for.
#include <gmock/gmock.h>

#include "contract/store_contract.h"
#include "telemetry/trace.h"

namespace ara::storage {
namespace {

using testing::AnyOf;

class StoreTraces : public StoreContract {
 protected:
  static std::string attribute(const telemetry::SpanRecord& span, std::string_view key) {
    const auto found = std::ranges::find(span.attributes, key, &telemetry::Attribute::first);
    return found == span.attributes.end() ? "" : std::get<std::string>(found->second);
  }
};
INSTANTIATE_TEST_SUITE_P(Every, StoreTraces, testing::ValuesIn(store_factories()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(StoreTraces, EachCallIsASpanNamedLikeItWithItsRole) {
  const auto trace = std::make_shared<telemetry::Trace>(telemetry::TraceContext{}, "request");
  {
    const telemetry::TraceScope scope({trace});
    ASSERT_TRUE(put("AAPL", bars(1, 5)));
    ASSERT_TRUE(store_->last_bars(symbol("AAPL"), 5, Call{}));
    ASSERT_TRUE(store_->symbols(Call{}));
    ASSERT_TRUE(store_->put_job(job("a"), 10, Call{}));
    ASSERT_TRUE(store_->find_forecast({1, 2}, Call{}));
    expect_error(store_->last_bars(symbol("MSFT"), 5, Call{}), Code::not_found);
  }
  ASSERT_TRUE(store_->champions(Call{}));  // for nobody's trace
  const auto recorded = trace->close(system_clock().steady());
  ASSERT_TRUE(recorded);
  std::vector<std::string> names;
  const bool embedded = GetParam().name == "sqlite";
  for (const telemetry::SpanRecord& span : recorded->spans) {
    names.push_back(span.name);
    EXPECT_EQ(span.kind, telemetry::SpanKind::client);
    EXPECT_EQ("store " + attribute(span, "db.operation.name"), span.name);
    EXPECT_EQ(attribute(span, "db.system.name"), embedded ? "sqlite" : "postgresql");
    const bool write = span.name.starts_with("store put");
    const std::string role = attribute(span, "ara.db.role");
    if (embedded) {
      EXPECT_EQ(role, "embedded") << span.name;
    } else if (write) {
      EXPECT_EQ(role, "primary") << span.name;
    } else {
      EXPECT_THAT(role, AnyOf("primary", "replica")) << span.name;
    }
    EXPECT_EQ(span.error.empty(), &span != &recorded->spans.back()) << span.error;
  }
  EXPECT_THAT(names,
              testing::ElementsAre("store put_bars", "store last_bars", "store symbols",
                                   "store put_job", "store find_forecast", "store last_bars"));
}

}  // namespace
}  // namespace ara::storage
