#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

// Unpacks a zlib stream (RFC 1950, 1951) of at most `limit` bytes. Returns nothing when the stream
// is damaged, cut short or longer than the limit. The checksum at its end is not looked at.
std::optional<std::vector<uint8_t>> Inflate(std::span<const uint8_t> stream, size_t limit);
