#include "ggml/table.h"

#include <gtest/gtest.h>

#include "ggml/ggml_backend.h"

namespace wasinn::ggml {
namespace {

TEST(TableTest, ThePlugInTellsTheVersionOfItsBuilds) {
  EXPECT_STREQ(GgmlBackend()->version, WASINN_LLAMA_VERSION);
}

}  // namespace
}  // namespace wasinn::ggml
