// A feature of the snapshot 2024-06-25 only: a guest can create an error.
#include "wit.h"

int main(void) {
  static const char kData[] = "no room at the inn";
  static const char* const kWords[] = {kData};
  check_error("a guest's error", nnc_error_new(NNC_TOO_LARGE, kData, strlen(kData)), NNC_TOO_LARGE,
              kWords, 1);
  check_error("an error without text", nnc_error_new(NNC_UNKNOWN, "", 0), NNC_UNKNOWN, NULL, 0);
  return 0;
}
