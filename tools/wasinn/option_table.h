// A backend's options, as the core's JSON tells them, for people.
#pragma once

#include <string>
#include <string_view>

#include "listing.h"

namespace wasinn::cli {

// A row for each option of wasinn_engine_backends_json's `backend`, with its other names beside its
// own; of one `scope` alone when that is not empty.
Table OptionTable(const Json& backend, std::string_view scope = {});

// The option that `name` is another name of, or `name` itself.
std::string OptionName(const Json& backend, std::string_view name);

// The member of that name in `backends`, the list of wasinn_engine_backends_json; null without one.
const Json& FindBackend(const Json& backends, std::string_view name);

}  // namespace wasinn::cli
