// engine/functions/case_mapping.h
//
// Upper and lower case of single characters in the collation C.UTF-8: Unicode's simple mappings, as glibc has them.
#pragma once
#include <cstdint>

namespace phantom::engine {

char32_t ToUpper(char32_t character);
char32_t ToLower(char32_t character);
bool IsAlphanumeric(char32_t character);

}  // namespace phantom::engine
