#include <gtest/gtest.h>

#include "storage/db_meters.h"
#include "telemetry/trace.h"

namespace ara::storage {
namespace {

using namespace std::chrono_literals;

TEST(DbWait, IsASpanWhereItTookTime) {
  const auto trace = std::make_shared<telemetry::Trace>(telemetry::TraceContext{}, "request");
  {
    const telemetry::TraceScope scope({trace});
    const telemetry::Span call("store", "last_bars");
    const SteadyTime now = system_clock().steady();
    note_wait(nullptr, now + 1h);  // none at all, however slow this machine is
    note_wait(nullptr, now - 5ms);
    const DbTimer lent(nullptr, DbOperation::bars_read, DbRole::replica);
  }
  const auto recorded = trace->close(system_clock().steady());
  ASSERT_TRUE(recorded);
  ASSERT_EQ(recorded->spans.size(), 2U);
  EXPECT_EQ(recorded->spans[1].name, "connection wait");
  EXPECT_EQ(recorded->spans[1].parent, 0);
  EXPECT_GE(recorded->spans[1].ended - recorded->spans[1].begun, 5ms);
  ASSERT_EQ(recorded->spans[0].attributes.size(), 1U);
  EXPECT_EQ(recorded->spans[0].attributes[0].first, "ara.db.role");
  EXPECT_EQ(std::get<std::string>(recorded->spans[0].attributes[0].second), "replica");
}

}  // namespace
}  // namespace ara::storage
