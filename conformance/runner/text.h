// Text helpers: cleaning a host's output, escaping, quoting, patterns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "near.h"

namespace wasinn::conformance {

// Valid UTF-8 without control characters except line breaks and tabs; every other byte becomes
// U+FFFD, so that any host's output is valid for terminals, JSON and XML.
std::string CleanText(std::string_view text);

// For text and attributes of HTML and XML.
std::string EscapeMarkup(std::string_view text);

// A word, or a command, quoted for a POSIX shell.
std::string ShellQuote(std::string_view word);
std::string ShellLine(const std::vector<std::string>& words);

// Shell patterns (*, ?, [...]) that match a whole text; * also matches slashes.
bool MatchesGlob(const std::string& pattern, const std::string& text);
bool MatchesAnyGlob(const std::vector<std::string>& patterns, const std::string& text);

std::string Upper(std::string_view text);

// Letters and digits only, for ids inside a page.
std::string Slug(std::string_view text);

using cli::Suggest;

// At most `max` bytes of the text, cut between characters, with a note about the omitted part.
std::string Shorten(std::string_view text, std::size_t max);

// The first and the last lines of a text, about `max` bytes of it in all.
std::string Excerpt(std::string_view text, std::size_t max);

}  // namespace wasinn::conformance
