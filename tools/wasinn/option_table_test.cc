#include "option_table.h"

#include <gtest/gtest.h>

namespace wasinn::cli {
namespace {

const Json kBackends = Json::parse(R"({"backends": [{"name": "one"}, {"name": "two", "options": [
    {"name": "size", "type": "int", "scope": "load", "default": "0", "min": 0, "max": 9,
     "help": "how large", "prefix": false, "host_only": true, "alias_of": null},
    {"name": "temp", "type": "float", "scope": "context", "default": "0.8", "help": "how warm",
     "prefix": true, "alias_of": null},
    {"name": "temperature", "type": "float", "scope": "context", "alias_of": "temp"}]}]})");

TEST(OptionTable, NamesOfOneOptionStandTogether) {
  const Json& two = FindBackend(kBackends, "two");
  EXPECT_EQ(OptionTable(two).Render({}),
            "OPTION              TYPE   SCOPE       DEFAULT  MEANING\n"
            "size                int    load, host  0        how large (0..9)\n"
            "temp*, temperature  float  context     0.8      how warm\n");
  EXPECT_EQ(OptionTable(two, "context").Render({}).find("size"), std::string::npos);
  EXPECT_TRUE(OptionTable(FindBackend(kBackends, "three")).empty());
}

TEST(OptionTable, ANameLeadsToItsOption) {
  const Json& two = FindBackend(kBackends, "two");
  EXPECT_EQ(OptionName(two, "temperature"), "temp");
  EXPECT_EQ(OptionName(two, "temp"), "temp");
  EXPECT_EQ(OptionName(two, "nothing"), "nothing");
}

}  // namespace
}  // namespace wasinn::cli
