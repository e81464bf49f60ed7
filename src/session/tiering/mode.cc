#include "session/tiering/mode.h"

#include <string>

#include "session/settings.h"

namespace phantom::session {

TieringMode TieringModeOf(const ServerSettings& settings) {
  const std::string mode = settings.GetString("phantom.tiering");
  if (mode == "off") return TieringMode::kOff;
  if (mode == "hot") return TieringMode::kHot;
  if (mode == "cold") return TieringMode::kCold;
  if (mode == "mixed") return TieringMode::kMixed;
  return TieringMode::kAuto;
}

}  // namespace phantom::session
