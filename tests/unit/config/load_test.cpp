#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"
#include "support.h"

namespace ara::config {
namespace {

using ::testing::ElementsAre;
using testing::Environment;
using testing::Folder;
using ::testing::HasSubstr;
using testing::without_settings;

constexpr Limits kLimits{.cores = 3.5, .memory_bytes = 8ULL << 30};

/// Five different values that a setting allows. A setting of a kind unknown here fails the test.
std::vector<std::string> five_values(const SettingRow& row) {
  if (const auto words = choices(row); !words.empty()) {
    return {words[0], words[1], words[2], words[0], words[1]};
  }
  if (is_switch(row)) return {"true", "off", "1", "no", "yes"};
  if (row.allowed.starts_with("an integer")) return {"11", "12", "13", "14", "15"};
  if (row.name == "ARA_HOME") return {"/a", "/b", "/c", "/d", "/e"};
  if (row.name == "JWT_SECRET_KEY" || row.name == "JWT_PREVIOUS_SECRET_KEYS") {
    std::vector<std::string> secrets;
    for (const char c : {'a', 'b', 'c', 'd', 'e'}) secrets.emplace_back(32, c);
    return secrets;
  }
  if (row.name == "TIERS") {
    return {"a=1/2/3/4/5", "b=1/2/3/4/5", "c=1/2/3/4/5", "d=1/2/3/4/5", "e=1/2/3/4/5"};
  }
  if (row.name == "CORS_ORIGINS") {
    return {"*", "http://a", "https://b:8443", "http://c,https://d", "http://[::1]:3000"};
  }
  if (row.name == "TRUSTED_PROXIES") {
    return {"10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8", "10.0.0.1, 10.0.0.2"};
  }
  if (row.name == "OTLP_SAMPLE_RATIO") return {"0.5", "0", "1", "0.25", "1e-3"};
  if (row.name == "OTLP_ENDPOINT") {
    return {"http://a", "https://b:4318", "http://c/traces", "http://[::1]:1", "http://e/"};
  }
  if (row.name == "API_HOST") return {"127.0.0.1", "::1", "127.0.0.2", "localhost", "127.0.0.3"};
  if (row.allowed.starts_with("hosts")) return {"a", "b:1", "[::1]:2", "c,d", "127.0.0.1:3,e"};
  if (row.allowed.starts_with("letters")) return {"a", "b_1", "c-2", "d.3", "e@4"};
  if (row.allowed.starts_with("printable")) return {"a", "b#1", "c@2", "d/3", "e:4"};
  ADD_FAILURE() << row.name << " needs values in this test";
  return std::vector<std::string>(5);
}

const Shown& shown(const Config& config, std::string_view name) {
  return *std::ranges::find(config.shown, name, &Shown::name);
}

class Precedence : public ::testing::TestWithParam<SettingRow> {};

TEST_P(Precedence, FlagOverEnvironmentOverDotenvOverFileOverBuiltIn) {
  const SettingRow& row = GetParam();
  const std::string name(row.name);
  const auto values = five_values(row);
  const Folder folder;
  auto variables = without_settings();
  std::map<std::string, std::string> flags;
  const auto expect = [&](const std::string& value, Source source, const std::string& place) {
    const Environment environment(variables);
    const auto config = load(flags, folder.path(), kLimits);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(shown(*config, name).value, shown_value(row, value));
    EXPECT_EQ(shown(*config, name).source, source);
    EXPECT_EQ(shown(*config, name).place, place);
  };
  {
    const Environment environment(variables);
    expect(row.built_in(kLimits, Config{}), Source::built_in, "");
  }
  folder.write("ara.toml", "# first\n" + key_of(name) + " = \"" + values[0] + "\"\n");
  expect(values[0], Source::file, folder.path() + "/ara.toml:2");
  folder.write(".env", "\n\n" + name + "=" + values[1] + "\n");
  expect(values[1], Source::dotenv, folder.path() + "/.env:3");
  variables[name] = values[2];
  expect(values[2], Source::environment, "");
  flags[name] = values[3];
  expect(values[3], Source::flag, "");
}

TEST_P(Precedence, ABadValueIsAnErrorThatNamesFieldValueAllowedAndPlace) {
  const SettingRow& row = GetParam();
  const std::string name(row.name);
  if (name == "ARA_HOME") return;  // every text but none is a path: see HomeFollowsXdgAndTildes
  const Folder folder;
  auto variables = without_settings();
  std::map<std::string, std::string> flags;
  const auto expect = [&](const std::string& place) {
    const Environment environment(variables);
    const auto config = load(flags, folder.path(), kLimits);
    ASSERT_FALSE(config);
    const Error& error = config.error();
    EXPECT_EQ(error.code, Code::invalid);
    EXPECT_EQ(error.field, name);
    EXPECT_EQ(error.value, shown_value(row, "bad value"));
    EXPECT_EQ(error.allowed, row.allowed);
    EXPECT_THAT(error.message, HasSubstr(name));
    EXPECT_THAT(error.message, HasSubstr("'" + shown_value(row, "bad value") + "'"));
    EXPECT_THAT(error.message, HasSubstr(std::string(row.allowed)));
    EXPECT_THAT(error.message, HasSubstr(place));
  };
  folder.write("ara.toml", key_of(name) + " = \"bad value\"");
  expect("/ara.toml:1");
  folder.write(".env", name + "=bad value");
  expect("/.env:1");
  variables[name] = "bad value";
  expect("environment");
  flags[name] = "bad value";
  expect("flag --");
}

INSTANTIATE_TEST_SUITE_P(EverySetting, Precedence, ::testing::ValuesIn(settings()),
                         [](const auto& setting) { return std::string(setting.param.name); });

/// Loads one `.env` alone.
Result<Config> load_dotenv(const std::string& text, const Limits& limits = kLimits) {
  const Folder folder;
  const Environment environment(without_settings());
  folder.write(".env", text);
  return load({}, folder.path(), limits);
}

TEST(Load, ValuesReachTheirFields) {
  const auto config = load_dotenv(
      "ARA_HOME=/h\nARA_ENV=test\nARA_LOG_LEVEL=error\nAPI_HOST=::1\nAPI_PORT=65535\n"
      "ALLOW_PUBLIC=on\nAPI_WORKERS=5\nMAX_WORKERS=6\nCACHE_SIZE_MB=7\nCACHE_TTL_SECONDS=8\n"
      "CACHE_TTL_HISTORICAL_DATA_SECONDS=9\nCACHE_TTL_MODELS_SECONDS=10\n"
      "REQUEST_DEADLINE_MS=90\nENABLE_DOCS=no\nENABLE_METRICS=0\n"
      "JWT_SECRET_KEY=" +
      std::string(32, 'a') + "\nJWT_PREVIOUS_SECRET_KEYS=" + std::string(32, 'b') + "," +
      std::string(33, 'c') +
      "\nJWT_EXPIRATION_HOURS=2\nTIERS=mine=1/2/3/4/5\nRATE_LIMIT_ENABLED=0\n"
      "RATE_LIMIT_PER_MINUTE=3\nENABLE_CORS=1\nCORS_ORIGINS=https://a, http://b:1\n"
      "TRUSTED_PROXIES=10.0.0.0/8,::1\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->home, "/h");
  EXPECT_EQ(config->database_path(), "/h/ara.db");
  EXPECT_EQ(config->environment, "test");
  EXPECT_EQ(config->log_level, "error");
  EXPECT_EQ(config->host, "::1");
  EXPECT_EQ(config->port, 65535);
  EXPECT_TRUE(config->allow_public);
  EXPECT_EQ(config->api_workers, 5U);
  EXPECT_EQ(config->max_workers, 6U);
  EXPECT_EQ(config->cache_size_mb, 7U);
  EXPECT_EQ(config->cache_ttl_seconds, 8U);
  EXPECT_EQ(config->cache_ttl_historical_data_seconds, 9U);
  EXPECT_EQ(config->cache_ttl_models_seconds, 10U);
  EXPECT_EQ(config->request_deadline_ms, 90U);
  EXPECT_FALSE(config->docs);
  EXPECT_FALSE(config->metrics);
  EXPECT_EQ(config->jwt_secret, std::string(32, 'a'));
  EXPECT_THAT(config->jwt_previous_secrets,
              ElementsAre(std::string(32, 'b'), std::string(33, 'c')));
  EXPECT_EQ(config->jwt_expiration_hours, 2U);
  EXPECT_EQ(config->tiers.least().name, "mine");
  EXPECT_FALSE(config->rate_limit);
  EXPECT_EQ(config->rate_limit_per_minute, 3);
  EXPECT_TRUE(config->cors);
  EXPECT_THAT(config->cors_origins, ElementsAre("https://a", "http://b:1"));
  ASSERT_EQ(config->trusted_proxies.size(), 2U);
  EXPECT_EQ(config->trusted_proxies[0].bits, 104);
  EXPECT_EQ(config->shown.size(), settings().size());
}

TEST(Load, DefaultsFollowTheLimits) {
  const auto defaults = [](double cores, std::uint64_t memory) {
    return load_dotenv("", {.cores = cores, .memory_bytes = memory}).value();
  };
  const Config small = defaults(0.5, 256ULL << 20);
  EXPECT_EQ(small.api_workers, 1U);
  EXPECT_EQ(small.max_workers, 1U);
  EXPECT_EQ(small.cache_size_mb, 16U);
  const Config middle = defaults(2.5, 4ULL << 30);
  EXPECT_EQ(middle.api_workers, 3U);
  EXPECT_EQ(middle.max_workers, 2U);
  EXPECT_EQ(middle.cache_size_mb, 64U);
  const Config large = defaults(448, 1ULL << 40);
  EXPECT_EQ(large.api_workers, 64U);
  EXPECT_EQ(large.max_workers, 256U);
  EXPECT_EQ(defaults(1, 0).cache_size_mb, 64U);  // memory not known
}

TEST(Load, NumbersHaveEdges) {
  EXPECT_FALSE(load_dotenv("API_PORT=0"));
  EXPECT_FALSE(load_dotenv("API_PORT=65536"));
  EXPECT_FALSE(load_dotenv("API_PORT=8000.0"));
  EXPECT_FALSE(load_dotenv("API_PORT=99999999999999999999"));
  EXPECT_TRUE(load_dotenv("API_PORT=1"));
  EXPECT_FALSE(load_dotenv("API_WORKERS=65"));
  EXPECT_TRUE(load_dotenv("API_WORKERS=64"));
}

TEST(Load, SecretsAndListsHaveEdges) {
  EXPECT_FALSE(load_dotenv("JWT_SECRET_KEY=" + std::string(31, 'a')));
  EXPECT_FALSE(load_dotenv("JWT_SECRET_KEY=" + std::string(1025, 'a')));
  EXPECT_FALSE(load_dotenv("JWT_PREVIOUS_SECRET_KEYS=" + std::string(32, 'a') + ",short"));
  for (const char* origins : {"example.com", "ftp://a", "https://a/path", "https://A",
                              "*,https://a", "null", "https://"}) {
    EXPECT_FALSE(load_dotenv("CORS_ORIGINS=" + std::string(origins))) << origins;
  }
  for (const char* proxies : {"proxy", "10.0.0.0/33", "::1/129", "10.0.0.1:80", "10.0.0.1,x"}) {
    EXPECT_FALSE(load_dotenv("TRUSTED_PROXIES=" + std::string(proxies))) << proxies;
  }
}

TEST(Load, TheCacheMustFitTheMemory) {
  const Limits gigabyte{.cores = 1, .memory_bytes = 1ULL << 30};
  EXPECT_TRUE(load_dotenv("CACHE_SIZE_MB=1024", gigabyte));
  const auto config = load_dotenv("CACHE_SIZE_MB=1025", gigabyte);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().field, "CACHE_SIZE_MB");
}

TEST(Load, AnEmptyVariableIsNotSet) {
  const Folder folder;
  auto variables = without_settings();
  variables["API_PORT"] = "";
  const Environment environment(variables);
  folder.write("ara.toml", "api_port = 8123");
  const auto config = load({}, folder.path(), kLimits);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->port, 8123);
}

TEST(Load, ProductionHidesTheDocsUnlessAsked) {
  EXPECT_TRUE(load_dotenv("")->docs);
  EXPECT_FALSE(load_dotenv("ARA_ENV=production")->docs);
  EXPECT_TRUE(load_dotenv("ARA_ENV=production\nENABLE_DOCS=true")->docs);
}

TEST(Load, HomeFollowsXdgAndTildes) {
  auto variables = without_settings();
  variables["HOME"] = "/home/someone";
  variables["XDG_DATA_HOME"] = std::nullopt;
  const Folder folder;
  {
    const Environment environment(variables);
    EXPECT_EQ(load({}, folder.path(), kLimits)->home, "/home/someone/.local/share/ara");
    EXPECT_EQ(load({{"ARA_HOME", "~/x"}}, folder.path(), kLimits)->home, "/home/someone/x");
    EXPECT_EQ(load({{"ARA_HOME", "x"}}, folder.path(), kLimits)->home, "x");
    const auto none = load({{"ARA_HOME", ""}}, folder.path(), kLimits);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().field, "ARA_HOME");
  }
  variables["XDG_DATA_HOME"] = "/data";
  {
    const Environment environment(variables);
    EXPECT_EQ(load({}, folder.path(), kLimits)->home, "/data/ara");
  }
  variables["XDG_DATA_HOME"] = "relative";
  const Environment environment(variables);
  EXPECT_EQ(load({}, folder.path(), kLimits)->home, "/home/someone/.local/share/ara");
}

TEST(Load, NodesOfRedisHaveOnePortUnlessTheySayAnother) {
  auto variables = without_settings();
  variables["REDIS_HOST"] = "redis-1, 10.0.0.2:7001,[fd00::1], [fd00::2]:7002";
  variables["REDIS_PORT"] = "7000";
  const Folder folder;
  {
    const Environment environment(variables);
    const auto config = load({}, folder.path(), kLimits);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_THAT(config->redis_nodes(),
                ElementsAre("redis-1:7000", "10.0.0.2:7001", "fd00::1:7000", "fd00::2:7002"));
  }
  for (const char* bad : {"a:", "a:0", "a:65536", "a:b", "a b", "::1", "[::1", "[::1]7", "a:1:2",
                          "[]", "redis://a", ":1"}) {
    variables["REDIS_HOST"] = bad;
    const Environment environment(variables);
    const auto config = load({}, folder.path(), kLimits);
    ASSERT_FALSE(config) << bad;
    EXPECT_EQ(config.error().field, "REDIS_HOST");
  }
}

TEST(Load, NamesOfOtherVersionsAreReportedNotIgnored) {
  auto variables = without_settings();
  variables["ENABLE_GPU"] = "";
  variables["REDIS_DB"] = "1";
  variables["REDIS_HOST"] = "redis";                 // a setting
  variables["SSL_CERT_FILE"] = "/etc/ssl/cert.pem";  // OpenSSL's own, for outgoing connections
  const Environment environment(variables);
  const Folder folder;
  folder.write(".env", "GPU_MEMORY_FRACTION=0.5\nENABLE_GPU=false\nSSL_CERT=/x\nUNRELATED=1\n");
  const auto config = load({}, folder.path(), kLimits);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_THAT(config->unused, ElementsAre("ENABLE_GPU", "GPU_MEMORY_FRACTION", "REDIS_DB"));
  EXPECT_THAT(config->tls, ElementsAre("SSL_CERT"));
}

TEST(Load, PostgresServersMakeThePlaceOfTheStore) {
  auto variables = without_settings();
  variables["POSTGRES_HOST"] = "db-1, [::1]:6000,127.0.0.1";
  variables["POSTGRES_PORT"] = "6432";
  variables["POSTGRES_PASSWORD"] = "a@b/c";
  const Environment environment(variables);
  const Folder folder;
  const auto config = load({}, folder.path(), kLimits);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->store_place(),
            "postgresql://ara_user:a%40b%2Fc@db-1:6432,[::1]:6000,127.0.0.1:6432/ara_ai");
  const auto refused = load({{"POSTGRES_HOST", "db:0"}}, folder.path(), kLimits);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().field, "POSTGRES_HOST");
}

TEST(Load, AFileThatCannotBeReadIsAnError) {
  const Folder folder;
  const Environment environment(without_settings());
  folder.write(".env/inner", "");  // a folder of that name
  const auto config = load({}, folder.path(), kLimits);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Code::io);
  EXPECT_THAT(config.error().message, HasSubstr("/.env"));
}

TEST(Settings, FlagsAndKeysAreUnique) {
  std::map<std::string, int> seen;
  for (const SettingRow& row : settings()) {
    const std::string flags = flags_of(row);
    for (std::size_t at = 0; at < flags.size();) {
      const auto end = std::min(flags.find(',', at), flags.size());
      EXPECT_EQ(++seen[flags.substr(at, end - at)], 1) << flags;
      at = end + 1;
    }
    EXPECT_EQ(++seen[key_of(row.name)], 1) << row.name;
    EXPECT_FALSE(row.help.empty() || row.help.ends_with('.')) << row.name;
  }
  EXPECT_TRUE(seen.contains("--port"));
  EXPECT_TRUE(seen.contains("--api-port"));
  EXPECT_TRUE(seen.contains("--home"));
}

TEST(Settings, SecretsAreNotShown) {
  SettingRow row = settings().front();
  EXPECT_EQ(shown_value(row, "open"), "open");
  row.secret = true;
  EXPECT_EQ(shown_value(row, "hidden"), "(secret)");
}

TEST(TemplateFile, HoldsEverySettingAndIsReadBack) {
  const std::string text = template_file(kLimits);
  std::string active;
  for (const SettingRow& row : settings()) {
    const auto at = text.find("\n# " + key_of(row.name) + " = ");
    ASSERT_NE(at, std::string::npos) << row.name;
    const auto end = text.find('\n', at + 1);
    active += text.substr(at + 3, end - at - 3) + "\n";
  }
  const Folder folder;
  const Environment environment(without_settings());
  folder.write("ara.toml", text);
  const auto untouched = load({}, folder.path(), kLimits);
  ASSERT_TRUE(untouched) << untouched.error().message;
  folder.write("ara.toml", active);
  const auto config = load({}, folder.path(), kLimits);
  ASSERT_TRUE(config) << config.error().message;
  for (std::size_t i = 0; i < settings().size(); ++i) {
    EXPECT_EQ(untouched->shown[i].source, Source::built_in);
    EXPECT_EQ(config->shown[i].source, Source::file);
    EXPECT_EQ(config->shown[i].value, untouched->shown[i].value);
  }
}

TEST(Load, ABudgetOfConnectionsThatDoesNotGoRoundIsRefused) {
  const Folder folder;
  auto variables = without_settings();
  variables["POSTGRES_CONNECTIONS"] = "19";
  variables["FLEET_NODES"] = "20";
  {
    const Environment environment(variables);
    EXPECT_TRUE(load({}, folder.path(), kLimits)) << "no PostgreSQL, no budget";
  }
  variables["POSTGRES_HOST"] = "db";
  {
    const Environment environment(variables);
    const auto refused = load({}, folder.path(), kLimits);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().field, "POSTGRES_CONNECTIONS");
    EXPECT_EQ(refused.error().value, "19");
    EXPECT_THAT(refused.error().message, HasSubstr("20 or more: 1 for each of 20 nodes"));
  }
  variables["POSTGRES_CONNECTIONS"] = "20";
  const Environment environment(variables);
  const auto enough = load({}, folder.path(), kLimits);
  ASSERT_TRUE(enough) << enough.error().message;
  EXPECT_EQ(enough->connections_of_node(), 1u);
}

}  // namespace
}  // namespace ara::config
