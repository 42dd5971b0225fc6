// Typed bytes of golden cases: "f32 1 2.5" and back.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "golden/format.h"

namespace wasinn::golden {

// Names that a case has bound so far: addresses, sizes, handles.
using Names = std::map<std::string, uint64_t, std::less<>>;

// A number or a name.
Result<int64_t> ToNumber(const Value& value, const Names& names);

// Types: u8 i8 u16 i16 u32 i32 u64 i64 f32 f64, `text` ("..." as it is), `hex` (00ff..), `strings`
// ("..." each after its 4-byte length).
Result<std::vector<uint8_t>> Encode(std::string_view type, std::span<const Value> values,
                                    const Names& names);
// The values of `bytes` as the format writes them, without the type: "1 2.5". Where they are no
// whole values of the type, `type` becomes "hex".
std::string Decode(std::string& type, std::span<const uint8_t> bytes);

}  // namespace wasinn::golden
