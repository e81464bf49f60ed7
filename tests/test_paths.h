// The folder of the tests' sources and data, for tests that read files.
#pragma once
#include <string>

std::string TestsDirectory();
