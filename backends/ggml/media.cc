#include "ggml/media.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "ggml/options.h"
#include "ggml/runtime.h"

namespace wasinn::ggml {
namespace {

using nlohmann::json;

constexpr size_t kMaxImages = 16;
constexpr std::string_view kHow =
    "expected the image's bytes, as data:image/TYPE;base64,... or as input 3, given ";

Failure BadImages(const std::string& text) {
  return Failure(WASINN_INVALID_ARGUMENT, "ggml: images: " + text);
}

int Base64Value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

std::optional<std::string> FromBase64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    const int value = Base64Value(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  return bytes;
}

// The file of a data: URI.
std::string FromUri(std::string_view uri) {
  if (!uri.starts_with("data:")) {
    throw BadImages(std::string(kHow) + (uri.find("://") != std::string_view::npos
                                             ? "an address, and guests may not reach the network"
                                             : "a path, which only the option 'image' may be"));
  }
  const size_t comma = uri.find(',');
  const std::string_view head = uri.substr(0, std::min(comma, uri.size()));
  if (comma == std::string_view::npos || !head.starts_with("data:image/") ||
      !head.ends_with(";base64")) {
    throw BadImages(std::string(kHow) + "another data: URI");
  }
  auto file = FromBase64(uri.substr(comma + 1));
  if (!file) throw BadImages("expected base64, given text that is not base64");
  return *std::move(file);
}

void CheckCount(size_t count) {
  if (count <= kMaxImages) return;
  throw Failure(WASINN_TOO_LARGE, "ggml: images: expected at most " + std::to_string(kMaxImages) +
                                      " for a prompt, given " + std::to_string(count));
}

// Moves the images out of the list, in order.
class Taker {
 public:
  explicit Taker(std::vector<std::string> images) : images_(std::move(images)) {}
  bool none() const { return images_.empty(); }
  size_t count() const { return images_.size(); }
  std::string Next() {
    if (next_ == images_.size()) {
      throw BadImages("expected no more marks " + std::string(kImageMark) + " than the " +
                      std::to_string(images_.size()) + " images of the input, given more");
    }
    return std::move(images_[next_++]);
  }
  void ExpectEnd() const {
    if (next_ == images_.size()) return;
    throw BadImages("expected a mark " + std::string(kImageMark) + " for each of the " +
                    std::to_string(images_.size()) + " images of the input, or none; given " +
                    std::to_string(next_));
  }

 private:
  std::vector<std::string> images_;
  size_t next_ = 0;
};

// The attribute src of the tag at the beginning of the text, and the tag's size; nullopt if it has
// none.
struct Tag {
  std::string_view source;
  size_t size;
};
std::optional<Tag> ReadTag(std::string_view text) {
  const size_t end = text.find('>');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view tag = text.substr(0, end);
  const size_t name = tag.find("src=");
  if (name == std::string_view::npos || name + 5 > tag.size()) return std::nullopt;
  const char quote = tag[name + 4];
  const std::string_view value = tag.substr(name + 5);
  const size_t close = value.find(quote);
  if ((quote != '"' && quote != '\'') || close == std::string_view::npos) return std::nullopt;
  return Tag{value.substr(0, close), end + 1};
}

json MarkPart(std::string_view mark) { return {{"type", "media_marker"}, {"text", mark}}; }

// Replaces the parts of a message that are images by `mark`.
void MarkParts(json& content, std::string_view mark, std::vector<std::string>& images) {
  for (json& part : content) {
    if (!part.is_object() || !part.contains("type")) continue;
    if (part["type"] == "media_marker") throw BadImages("expected no part media_marker, given one");
    if (part["type"] != "image_url") continue;
    const json url = part.value("image_url", json());
    const json given = url.is_object() ? url.value("url", json()) : url;
    if (!given.is_string()) throw BadImages("expected a part image_url with an url, given none");
    images.push_back(FromUri(given.get_ref<const std::string&>()));
    CheckCount(images.size());
    part = MarkPart(mark);
  }
}

}  // namespace

void MixedText::AddImage(std::string file) {
  images.push_back(std::move(file));
  CheckCount(images.size());
  texts.emplace_back();
}

std::vector<std::string> SplitImages(std::string_view bytes) {
  std::vector<std::string> files;
  std::string_view rest = bytes;
  while (rest.size() >= 4 && files.size() <= kMaxImages) {
    uint32_t size = 0;
    for (int i = 3; i >= 0; --i) {
      size = size << 8 | static_cast<uint8_t>(rest[static_cast<size_t>(i)]);
    }
    if (size > rest.size() - 4) break;
    files.emplace_back(rest.substr(4, size));
    rest.remove_prefix(4 + static_cast<size_t>(size));
  }
  CheckCount(files.size());
  // No image file begins with its own size, so this is a single file.
  if (!rest.empty()) return {std::string(bytes)};
  return files;
}

void MarkPlaceOfFile(std::string& prompt) {
  constexpr std::string_view kPlace = "<image>";
  const size_t at = prompt.find(kPlace);
  if (at != std::string::npos) prompt.replace(at, kPlace.size(), kImageMark);
}

MixedText SplitPrompt(std::string_view prompt, std::vector<std::string> images) {
  MixedText mixed;
  Taker given(std::move(images));
  if (!given.none() && prompt.find(kImageMark) == std::string_view::npos) {
    for (size_t i = 0; i < given.count(); ++i) mixed.AddImage(given.Next());
  }
  while (!prompt.empty()) {
    const size_t mark = given.none() ? std::string_view::npos : prompt.find(kImageMark);
    const size_t tag = prompt.find("<img ");
    const size_t at = std::min({mark, tag, prompt.size()});
    mixed.AddText(prompt.substr(0, at));
    prompt.remove_prefix(at);
    if (prompt.empty()) break;
    if (at == mark) {
      mixed.AddImage(given.Next());
      prompt.remove_prefix(kImageMark.size());
    } else if (const auto found = ReadTag(prompt)) {
      mixed.AddImage(FromUri(found->source));
      prompt.remove_prefix(found->size);
    } else {
      mixed.AddText(prompt.substr(0, 1));
      prompt.remove_prefix(1);
    }
  }
  given.ExpectEnd();
  return mixed;
}

MarkedChat MarkChat(std::string_view text, std::vector<std::string> images, std::string_view mark) {
  MarkedChat chat;
  // Most conversations have no images.
  if (images.empty() && text.find("image_url") == std::string_view::npos &&
      text.find("media_marker") == std::string_view::npos) {
    chat.json = text;
    return chat;
  }
  json whole = ParseJson("ggml: input 'chat'", text);
  json& messages = whole.is_object() && whole.contains("messages") ? whole["messages"] : whole;
  json* last_of_user = nullptr;
  if (messages.is_array()) {
    for (json& message : messages) {
      if (!message.is_object() || !message.contains("content")) continue;
      if (message["content"].is_array()) MarkParts(message["content"], mark, chat.images);
      if (message.value("role", json()) == "user") last_of_user = &message;
    }
  }
  if (!images.empty()) {
    if (!chat.images.empty() || last_of_user == nullptr) {
      throw BadImages(
          "expected parts image_url or the input 'images' with a message of the user, "
          "given " +
          std::string(chat.images.empty() ? "no such message" : "both"));
    }
    json parts = json::array();
    for (size_t i = 0; i < images.size(); ++i) parts.push_back(MarkPart(mark));
    json& content = (*last_of_user)["content"];
    if (content.is_string()) {
      parts.push_back({{"type", "text"}, {"text", content}});
    } else if (content.is_array()) {
      parts.insert(parts.end(), content.begin(), content.end());
    }
    content = std::move(parts);
    chat.images = std::move(images);
  }
  chat.json = whole.dump(-1, ' ', false, json::error_handler_t::replace);
  return chat;
}

MixedText SplitMarked(std::string_view text, std::string_view mark,
                      std::vector<std::string> images) {
  MixedText mixed;
  size_t next = 0;
  size_t at = 0;
  for (; (at = text.find(mark)) != std::string_view::npos && next < images.size(); ++next) {
    mixed.AddText(text.substr(0, at));
    mixed.AddImage(std::move(images[next]));
    text.remove_prefix(at + mark.size());
  }
  if (next != images.size() || at != std::string_view::npos) {
    throw BadImages(
        "expected a chat template that writes each image once, given one that does not");
  }
  mixed.AddText(text);
  return mixed;
}

}  // namespace wasinn::ggml
