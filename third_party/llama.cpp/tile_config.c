// scripts/deps.py compiles this to see whether a compiler keeps every store to a tile configuration
// of AMX. GCC 12.2, for one, believes that _tile_loadconfig reads 8 bytes and drops the other
// stores, so that the processor refuses the configuration and the process ends. Each of these
// numbers stands in the object if it is stored.
#include <immintrin.h>

void wasinn_tile_config(void) {
  _Alignas(64) unsigned long long config[8];
  config[0] = 0x243f6a8885a308d3;
  config[1] = 0x13198a2e03707344;
  config[2] = 0xa4093822299f31d0;
  config[3] = 0x082efa98ec4e6c89;
  config[4] = 0x452821e638d01377;
  config[5] = 0xbe5466cf34e90c6c;
  config[6] = 0xc0ac29b7c97c50dd;
  config[7] = 0x3f84d5b5b5470917;
  _tile_loadconfig(config);
}
