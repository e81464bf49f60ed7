// io/posix_env.h
//
// The machine's own files, clock and randomness.
#pragma once
#include <memory>

#include "io/env.h"

namespace phantom::io {

std::unique_ptr<Env> MakePosixEnv();

}  // namespace phantom::io
