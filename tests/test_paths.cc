#include "test_paths.h"

std::string TestsDirectory() { return PHANTOM_TESTS_DIRECTORY; }
