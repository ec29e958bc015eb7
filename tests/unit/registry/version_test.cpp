#include "registry/version.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/temporary_folder.h"

namespace ara::registry {
namespace {

Version made() {
  Version version{
      .model = "garch_fhs",
      .asset_type = domain::AssetType::crypto,
      .band = bands()[1],
      .code = "3",
      .first = domain::parse_iso_date("2014-09-17").value(),
      .last = domain::parse_iso_date("2021-06-30").value(),
      .symbols = 12,
      .bars = 30'000,
      .content = 0xFEDC'BA98'7654'3210,
      .seed = 7,
      .command = "ara train --seed 7",
      .artefact = "0123",
      .scores = {.symbols = 3, .origins = 750, .crps = 0.1 + 0.2},
      .checks = {{"width", 1.0 / 3, 2, true, "it \"explodes\""}, {"finite", 1e300, 0, false, "no"}},
      .created = WallTime{std::chrono::microseconds{5}},
      .reason = {},
      .changed = WallTime{std::chrono::microseconds{6}}};
  version.scores.crps_ratio = {0.99, 1e-17, 1.5};
  version.scores.dm_statistics = {-2, 0, 3.25};
  version.scores.coverage = {0.5, 0.8, 0.9, 0.95};
  return version;
}

TEST(Bands, HoldEachHorizonOnce) {
  int next = 1;
  for (const Band& band : bands()) {
    EXPECT_EQ(band.first, next);
    EXPECT_GE(band.last, band.first);
    for (int h = band.first; h <= band.last; ++h) EXPECT_EQ(band_of(h).name, band.name);
    EXPECT_EQ((*find_band(band.name))->last, band.last);
    next = band.last + 1;
  }
  EXPECT_EQ(next, domain::ForecastKey::kMaxHorizon + 1);
  EXPECT_EQ(find_band("1-4").error().field, "band");
}

TEST(Version, ComesBackAsItWas) {
  const Version version = made();
  const auto back = from_row(to_row(version));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(to_document(*back), to_document(version));
  EXPECT_EQ(back->id(), version.id());
  EXPECT_EQ(back->scores.crps, version.scores.crps);
  EXPECT_EQ(back->content, version.content);
  EXPECT_EQ(back->checks[1].value, 1e300);
  EXPECT_EQ(back->created, version.created);
  EXPECT_EQ(back->changed, version.changed);
}

TEST(Version, WhatIsNotFiniteComesBackAsNotANumber) {
  Version version = made();
  version.scores.crps_ratio[0] = HUGE_VAL;
  const auto back = from_row(to_row(version));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(std::isnan(back->scores.crps_ratio[0]));
}

TEST(Version, ItsIdNamesTheContentAndNotHowItStands) {
  const Version version = made();
  Version later = version;
  later.created = later.changed = {};
  later.status = storage::ModelStatus::refused;
  later.reason = "why";
  EXPECT_EQ(later.id(), version.id());
  EXPECT_TRUE(version.id().starts_with("garch_fhs-"));
  EXPECT_EQ(version.id().size(), std::string("garch_fhs-").size() + 12);
  Version other = version;
  other.seed = 8;
  EXPECT_NE(other.id(), version.id());
  other = version;
  other.scores.crps = std::nextafter(version.scores.crps, 1);
  EXPECT_NE(other.id(), version.id());
}

TEST(Version, ADocumentThatWasChangedIsRefused) {
  storage::ModelVersionRow row = to_row(made());
  row.document.replace(row.document.find("\"seed\":7"), 8, "\"seed\":8");
  auto back = from_row(row);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, Code::corrupt);
  row.document = "{\"model\":5";
  back = from_row(row);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, Code::corrupt);
}

TEST(Version, IsFoundByAsMuchOfItsIdAsTells) {
  const support::TemporaryFolder folder;
  const auto store = storage::open_sqlite(folder.file("ara.db")).value();
  Version other = made();
  other.seed = 8;
  const std::string id = made().id(), second = other.id();
  ASSERT_TRUE(store->put_models(std::vector{to_row(made()), to_row(other)}, Call{}));
  EXPECT_EQ(find_version(*store, id, Call{}).value().id(), id);
  std::size_t same = 0;
  while (id[same] == second[same]) ++same;
  EXPECT_EQ(find_version(*store, id.substr(0, same + 1), Call{}).value().seed, 7u);
  EXPECT_EQ(find_version(*store, "garch", Call{}).error().code, Code::invalid);
  EXPECT_NE(find_version(*store, "garch", Call{}).error().message.find(second), std::string::npos);
  EXPECT_EQ(find_version(*store, "theta", Call{}).error().code, Code::not_found);
  EXPECT_EQ(find_version(*store, "", Call{}).error().code, Code::not_found);
}

}  // namespace
}  // namespace ara::registry
