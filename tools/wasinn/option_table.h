// A backend's options from the core's JSON, as text for people.
#pragma once

#include <string>
#include <string_view>

#include "listing.h"

namespace wasinn::cli {

// One row for each option of wasinn_engine_backends_json's `backend`, with its aliases; only
// options of `scope` unless that is empty.
Table OptionTable(const Json& backend, std::string_view scope = {});

// The option of which `name` is an alias, or `name` itself.
std::string OptionName(const Json& backend, std::string_view name);

// The backend of that name in `backends`, the list of wasinn_engine_backends_json; null if there is
// none.
const Json& FindBackend(const Json& backends, std::string_view name);

}  // namespace wasinn::cli
