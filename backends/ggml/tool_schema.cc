#include "ggml/tool_schema.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "ggml/runtime.h"

namespace wasinn::ggml {
namespace {

using nlohmann::json;

constexpr size_t kMaxEntries = 256;
constexpr size_t kMaxNodes = 20000;  // including the targets of each $ref
constexpr size_t kMaxDepth = 128;    // including the targets of each $ref
constexpr size_t kMaxWork = 10'000'000;

[[noreturn]] void Refuse(wasinn_code code, const std::string& why) {
  throw Failure(code, "ggml: input 'chat', tools: expected " + why);
}

class Walk {
 public:
  explicit Walk(const json& root) : root_(root) {}

  // `names`: the bytes of the names on the path.
  void Visit(const json& schema, size_t names) {
    if (++nodes_ > kMaxNodes || open_.size() > kMaxDepth) {
      Refuse(WASINN_TOO_LARGE, "schemas of at most " + std::to_string(kMaxNodes) +
                                   " parts, with those behind each $ref, given more");
    }
    if (!schema.is_structured()) return;
    if (schema.size() > kMaxEntries) {
      Refuse(WASINN_TOO_LARGE, "at most " + std::to_string(kMaxEntries) +
                                   " entries in an object or a list, given " +
                                   std::to_string(schema.size()));
    }
    // Each pair of properties costs a comparison of names.
    work_ += schema.size() * schema.size() * (names + 16);
    if (work_ > kMaxWork) {
      Refuse(WASINN_TOO_LARGE, "schemas with fewer properties or shorter names, given larger ones");
    }
    if (schema.is_object()) CheckType(schema);
    if (schema.is_object() && schema.contains("$ref")) return Follow(schema["$ref"]);
    for (const auto& [name, part] : schema.items()) Visit(part, names + name.size() + 1);
  }

 private:
  // Each of them is read together with its siblings.
  static void CheckType(const json& schema) {
    const auto type = schema.find("type");
    if (type == schema.end() || !type->is_array()) return;
    const std::set<json> different(type->begin(), type->end());
    if (different.size() == type->size()) return;
    Refuse(WASINN_INVALID_ARGUMENT, "different types in a list of types, given one twice");
  }

  void Follow(const json& reference) {
    const json* target = Target(reference);
    if (target == nullptr || (target->is_object() && target->contains("$ref"))) {
      Refuse(WASINN_INVALID_ARGUMENT,
             "each $ref to lead to a schema of the same parameters that is no $ref itself, given " +
                 reference.dump().substr(0, 100));
    }
    // A cycle is read once.
    for (const json* open : open_) {
      if (open == target) return;
    }
    open_.push_back(target);
    Visit(*target, reference.get_ref<const std::string&>().size());
    open_.pop_back();
  }

  const json* Target(const json& reference) const {
    if (!reference.is_string()) return nullptr;
    const auto& text = reference.get_ref<const std::string&>();
    if (!text.starts_with("#/")) return nullptr;
    try {
      return &root_.at(json::json_pointer(text.substr(1)));
    } catch (const json::exception&) {
      return nullptr;
    }
  }

  const json& root_;
  std::vector<const json*> open_;  // targets of a $ref that are being read
  size_t nodes_ = 0;
  size_t work_ = 0;
};

}  // namespace

void CheckToolSchemas(const json& tools) {
  for (const json& tool : tools) {
    if (!tool.is_object() || !tool.contains("function")) continue;
    const json& function = tool["function"];
    if (!function.is_object() || !function.contains("parameters")) continue;
    Walk(function["parameters"]).Visit(function["parameters"], 0);
  }
}

}  // namespace wasinn::ggml
