// The web page of llama-server, which has none here.
#pragma once

#include <string>
#include <vector>

struct llama_ui_asset {
  std::string name;
};

inline std::vector<llama_ui_asset> llama_ui_get_assets() { return {}; }
