// Small texts: cleaning what a host printed, escaping, quoting, patterns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "near.h"

namespace wasinn::conformance {

// Valid UTF-8 without control characters except line breaks and tabs; each byte that is none of it
// becomes U+FFFD, so that terminals, JSON and XML can take any host's output.
std::string CleanText(std::string_view text);

// For text and attributes of HTML and XML.
std::string EscapeMarkup(std::string_view text);

// A word, or a command, as it can be pasted into a POSIX shell.
std::string ShellQuote(std::string_view word);
std::string ShellLine(const std::vector<std::string>& words);

// Shell patterns (*, ?, [...]) over a whole text; * also passes slashes.
bool MatchesGlob(const std::string& pattern, const std::string& text);
bool MatchesAnyGlob(const std::vector<std::string>& patterns, const std::string& text);

std::string Upper(std::string_view text);

// Letters and digits only, for ids inside a page.
std::string Slug(std::string_view text);

using cli::Suggest;

// At most `most` bytes of it, cut between characters, with a note of what is left out.
std::string Shorten(std::string_view text, std::size_t most);

// The first and the last lines of a text, about `most` bytes of it in all.
std::string Excerpt(std::string_view text, std::size_t most);

}  // namespace wasinn::conformance
