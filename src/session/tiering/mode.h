// session/tiering/mode.h
//
// The settings phantom.tiering*: who decides where rows lie.
#pragma once
#include <cstdint>

namespace phantom::session {

class ServerSettings;

enum class TieringMode : uint8_t {
  kAuto,   // the mover, by what is written
  kOff,    // nobody: rows stay where they are
  kHot,    // everything in trees
  kCold,   // for tests: everything in segments, as soon as it is committed
  kMixed,  // for tests: half of it
};

TieringMode TieringModeOf(const ServerSettings& settings);
// Whether sessions put rows where the mode wants them before each of their transactions.
inline bool IsForced(TieringMode mode) {
  return mode == TieringMode::kHot || mode == TieringMode::kCold || mode == TieringMode::kMixed;
}

}  // namespace phantom::session
