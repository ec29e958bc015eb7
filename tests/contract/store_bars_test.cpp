// What every store promises about symbols and bars.
#include <cmath>
#include <limits>

#include "contract/store_contract.h"

namespace ara::storage {
namespace {

using domain::AssetType;
using domain::Bar;

class StoreBars : public StoreContract {};
INSTANTIATE_TEST_SUITE_P(Every, StoreBars, testing::ValuesIn(store_factories()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(StoreBars, IsEmptyAtFirst) {
  EXPECT_TRUE(store_->symbols(Call{}).value().empty());
  EXPECT_FALSE(store_->find_symbol(symbol("AAPL"), Call{}).value().has_value());
  expect_error(store_->last_bars(symbol("AAPL"), 10, Call{}), Code::not_found);
}

TEST_P(StoreBars, GivesBackWhatWasPut) {
  const auto made = bars(100, 77);
  const auto outcome = put("AAPL", made).value();
  EXPECT_EQ(outcome.inserted, 77u);
  EXPECT_EQ(outcome.corrected, 0u);
  EXPECT_EQ(outcome.unchanged, 0u);
  EXPECT_EQ(outcome.revision, (domain::Revision{1, content_of(made)}));

  const auto series = store_->last_bars(symbol("AAPL"), 1000, Call{}).value();
  EXPECT_EQ(series.symbol, symbol("AAPL"));
  EXPECT_EQ(series.asset_type, AssetType::stock);
  EXPECT_EQ(series.revision, outcome.revision);
  expect_same(series.bars, made);

  const SymbolRow row = head("AAPL");
  EXPECT_EQ(row.symbol, symbol("AAPL"));
  EXPECT_EQ(row.asset_type, AssetType::stock);
  EXPECT_EQ(row.interval, domain::Interval::day);
  EXPECT_EQ(row.revision, outcome.revision);
  EXPECT_EQ(row.bars, 77u);
  EXPECT_EQ(row.first, day(100));
  EXPECT_EQ(row.last, day(176));
}

TEST_P(StoreBars, KeepsEveryBitButTheSignOfZero) {
  using Limits = std::numeric_limits<double>;
  const double odd[] = {0.0,
                        -0.0,
                        Limits::denorm_min(),
                        Limits::min(),
                        Limits::max(),
                        Limits::lowest(),
                        0.1,
                        1.0 / 3.0,
                        -36.98,
                        1e300,
                        9007199254740993.0,
                        5.0};
  std::vector<Bar> made;
  int number = -3;  // before 1970, too
  for (double value : odd) {
    made.push_back({day(number++), Bar::kMissing, value, -value, value, Bar::kMissing, value});
  }
  made.push_back({day(number++), 1, Limits::infinity(), -Limits::infinity(), 1, 1, 1});
  made.push_back({day(number++), Bar::kMissing, Bar::kMissing, Bar::kMissing, 1, Bar::kMissing,
                  Bar::kMissing});
  ASSERT_TRUE(put("ODD", made));
  reopen();
  expect_same(stored("ODD"), made);
  EXPECT_TRUE(std::isnan(stored("ODD").back().open));
  EXPECT_EQ(head("ODD").revision.content, content_of(stored("ODD")));
}

TEST_P(StoreBars, PuttingAgainChangesNothing) {
  const auto made = bars(0, 100);
  const auto first = put("AAPL", made).value();
  const auto before = mark();
  const auto again = put("AAPL", made).value();
  EXPECT_EQ(again.inserted, 0u);
  EXPECT_EQ(again.corrected, 0u);
  EXPECT_EQ(again.unchanged, 100u);
  EXPECT_EQ(again.revision, first.revision);
  EXPECT_EQ(mark(), before);
  expect_same(stored("AAPL"), made);
}

TEST_P(StoreBars, AppendsCorrectsAndFillsInOneWrite) {
  auto made = bars(0, 100);
  std::vector<Bar> holed;
  for (int i = 10; i < 90; ++i) {
    if (i % 7 != 0) holed.push_back(made[static_cast<std::size_t>(i)]);
  }
  ASSERT_TRUE(put("AAPL", holed));
  made[20].close += 0.5;
  made[22].volume = Bar::kMissing;
  const auto outcome = put("AAPL", made).value();
  EXPECT_EQ(outcome.inserted, 100 - holed.size());
  EXPECT_EQ(outcome.corrected, 2u);
  EXPECT_EQ(outcome.unchanged, holed.size() - 2);
  EXPECT_EQ(outcome.revision, (domain::Revision{2, content_of(made)}));
  expect_same(stored("AAPL"), made);
  EXPECT_EQ(head("AAPL").bars, 100u);
  EXPECT_EQ(head("AAPL").first, day(0));
  EXPECT_EQ(head("AAPL").last, day(99));
}

TEST_P(StoreBars, AWriteTouchesOnlyTheTimesItNames) {
  const auto made = bars(0, 100);
  ASSERT_TRUE(put("AAPL", made));
  auto outcome = put("AAPL", {made[5], made[50]}).value();
  EXPECT_EQ(outcome.unchanged, 2u);
  outcome = put("AAPL", bars(100, 1)).value();
  EXPECT_EQ(outcome.inserted, 1u);
  EXPECT_EQ(outcome.revision.counter, 2u);
  EXPECT_EQ(stored("AAPL").size(), 101u);
}

TEST_P(StoreBars, CorrectingBackGivesTheSameContentWithANewCounter) {
  const auto made = bars(0, 10);
  auto wrong = made;
  wrong[3].close = 1;
  const auto first = put("AAPL", made).value();
  const auto second = put("AAPL", wrong).value();
  const auto third = put("AAPL", made).value();
  EXPECT_NE(second.revision.content, first.revision.content);
  EXPECT_EQ(third.revision, (domain::Revision{3, first.revision.content}));
}

TEST_P(StoreBars, TheOrderOfWritesDoesNotMatterToTheContent) {
  const auto made = bars(0, 60);
  ASSERT_TRUE(put("A", made));
  ASSERT_TRUE(put("B", {made.begin() + 30, made.end()}));
  ASSERT_TRUE(put("B", {made.begin(), made.begin() + 30}));
  EXPECT_EQ(head("A").revision.content, head("B").revision.content);
  expect_same(stored("B"), made);
}

TEST_P(StoreBars, LastBarsAreTheNewestOldestFirst) {
  const auto made = bars(0, 100);
  ASSERT_TRUE(put("AAPL", made));
  ASSERT_TRUE(put("AAPLX", bars(0, 100, 2)));
  const auto last = store_->last_bars(symbol("AAPL"), 7, Call{}).value();
  expect_same(last.bars, {made.end() - 7, made.end()});
  EXPECT_TRUE(store_->last_bars(symbol("AAPL"), 0, Call{}).value().bars.empty());
  EXPECT_EQ(store_->last_bars(symbol("AAPL"), std::numeric_limits<std::size_t>::max(), Call{})
                .value()
                .bars.size(),
            100u);
}

TEST_P(StoreBars, SymbolsAscend) {
  for (const char* name : {"MSFT", "^GSPC", "AAPL", "BTC-USD"}) ASSERT_TRUE(put(name, bars(0, 3)));
  std::vector<std::string> names;
  const auto rows = store_->symbols(Call{}).value();
  for (const SymbolRow& row : rows) names.push_back(row.symbol.text());
  EXPECT_EQ(names, (std::vector<std::string>{"AAPL", "BTC-USD", "MSFT", "^GSPC"}));
}

TEST_P(StoreBars, KeepsEveryAssetType) {
  for (const domain::AssetRow& row : domain::asset_types()) {
    ASSERT_TRUE(store_->put_bars(symbol(row.name), row.type, bars(0, 1), Call{}));
    EXPECT_EQ(head(row.name).asset_type, row.type);
  }
}

TEST_P(StoreBars, RefusesWhatIsNoSeries) {
  const auto made = bars(0, 3);
  const auto before = mark();
  expect_error(put("AAPL", {}), Code::invalid);
  expect_error(put("AAPL", {made[1], made[0]}), Code::invalid);
  expect_error(put("AAPL", {made[1], made[1]}), Code::invalid);
  for (double close : {Bar::kMissing, std::numeric_limits<double>::infinity()}) {
    auto broken = made;
    broken[2].close = close;
    expect_error(put("AAPL", broken), Code::invalid);
  }
  EXPECT_FALSE(store_->find_symbol(symbol("AAPL"), Call{}).value().has_value());
  EXPECT_EQ(mark(), before);
}

TEST_P(StoreBars, RefusesAnotherAssetType) {
  ASSERT_TRUE(put("AAPL", bars(0, 3)));
  expect_error(store_->put_bars(symbol("AAPL"), AssetType::crypto, bars(0, 9), Call{}),
               Code::conflict);
  EXPECT_EQ(stored("AAPL").size(), 3u);
}

TEST_P(StoreBars, ABatchIsWrittenWholeOrNotAtAll) {
  const auto made = bars(0, 50);
  ASSERT_TRUE(put("OLD", bars(0, 10)));
  const auto write = [&](AssetType type_of_old) {
    const SymbolBars batch[] = {{symbol("NEW"), AssetType::stock, made},
                                {symbol("OLD"), type_of_old, made}};
    return store_->put_all_bars(batch, Call{});
  };
  expect_error(write(AssetType::forex), Code::conflict);
  EXPECT_FALSE(store_->find_symbol(symbol("NEW"), Call{}).value().has_value());
  EXPECT_EQ(stored("OLD").size(), 10u);

  const auto outcomes = write(AssetType::stock).value();
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[0].inserted, 50u);
  EXPECT_EQ(outcomes[1].inserted + outcomes[1].corrected + outcomes[1].unchanged, 50u);
  EXPECT_EQ(outcomes[1].revision, head("OLD").revision);
  expect_same(stored("NEW"), made);
  expect_same(stored("OLD"), made);

  const SymbolBars twice[] = {{symbol("X"), AssetType::stock, made},
                              {symbol("X"), AssetType::stock, made}};
  expect_error(store_->put_all_bars(twice, Call{}), Code::invalid);
}

TEST_P(StoreBars, TheMarkOfHeadsMovesWithHeadsAndNothingElse) {
  auto other = another();
  const auto at_first = mark();
  EXPECT_EQ(other->changed_heads({}, Call{}).value().mark, at_first);
  ASSERT_TRUE(other->put_bars(symbol("A"), AssetType::stock, bars(0, 5), Call{}));
  const auto after_new = mark();
  EXPECT_NE(after_new, at_first);
  ASSERT_TRUE(put("A", bars(0, 5, 2)));
  const auto after_correction = other->changed_heads({}, Call{}).value().mark;
  EXPECT_NE(after_correction, after_new);

  ASSERT_TRUE(put("A", bars(0, 5, 2)));
  ASSERT_TRUE(store_->put_models({}, Call{}));
  ASSERT_TRUE(store_->put_market({domain::AssetType::stock, 0, "p"}, Call{}));
  const ForecastRow forecast{{1, 2}, symbol("A"), {1, 2}, {}, 5, "v", {}, "bytes"};
  ASSERT_TRUE(store_->put_forecasts({&forecast, 1}, Call{}));
  ASSERT_TRUE(store_->put_job(job("j"), 10, Call{}));
  EXPECT_EQ(mark(), after_correction);
  reopen();
  EXPECT_EQ(mark(), after_correction);
}

TEST_P(StoreBars, SurvivesReopening) {
  ASSERT_TRUE(put("AAPL", bars(0, 500)));
  const auto before = head("AAPL");
  reopen();
  EXPECT_EQ(head("AAPL").revision, before.revision);
  expect_same(stored("AAPL"), bars(0, 500));
  EXPECT_EQ(put("AAPL", bars(0, 500)).value().unchanged, 500u);
}

TEST_P(StoreBars, ADeadlineThatHasPassedStopsEveryCall) {
  ASSERT_TRUE(put("AAPL", bars(0, 5)));
  const Call late{Deadline::after(std::chrono::nanoseconds{-1})};
  const ForecastRow forecast{{1, 2}, symbol("A"), {1, 2}, {}, 5, "v", {}, "bytes"};
  expect_error(store_->symbols(late), Code::deadline);
  expect_error(store_->find_symbol(symbol("AAPL"), late), Code::deadline);
  expect_error(store_->changed_heads({}, late), Code::deadline);
  expect_error(store_->put_bars(symbol("AAPL"), AssetType::stock, bars(5, 5), late),
               Code::deadline);
  expect_error(store_->last_bars(symbol("AAPL"), 5, late), Code::deadline);
  expect_error(store_->put_forecasts({&forecast, 1}, late), Code::deadline);
  expect_error(store_->find_forecast({1, 2}, late), Code::deadline);
  expect_error(store_->prune_forecasts({}, late), Code::deadline);
  expect_error(store_->put_models({}, late), Code::deadline);
  expect_error(store_->find_model("m", late), Code::deadline);
  expect_error(store_->models({}, late), Code::deadline);
  expect_error(store_->champions(late), Code::deadline);
  expect_error(store_->promote_model("m", {}, late), Code::deadline);
  expect_error(store_->retire_model("m", "", {}, late), Code::deadline);
  expect_error(store_->put_market({}, late), Code::deadline);
  expect_error(store_->find_market({}, late), Code::deadline);
  expect_error(store_->markets(late), Code::deadline);
  expect_error(store_->registry_version(late), Code::deadline);
  expect_error(store_->put_job(job("j"), 10, late), Code::deadline);
  expect_error(store_->find_job("j", late), Code::deadline);
  expect_error(store_->jobs({}, late), Code::deadline);
  expect_error(store_->count_jobs(late), Code::deadline);
  expect_error(store_->lease_job({}, late), Code::deadline);
  expect_error(store_->touch_job({}, late), Code::deadline);
  expect_error(store_->return_job({}, late), Code::deadline);
  expect_error(store_->finish_job({}, late), Code::deadline);
  expect_error(store_->cancel_job("j", {}, {}, late), Code::deadline);
  expect_error(store_->prune_jobs({}, late), Code::deadline);
  EXPECT_EQ(stored("AAPL").size(), 5u);
}

}  // namespace
}  // namespace ara::storage
