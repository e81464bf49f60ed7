// types/text_string.h
//
// The string types' own rules: lengths in characters, blanks, the size of a name; and the text of uuid. Private helpers
// of text_format.h that binary_format.h needs too.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include "common/arena.h"
#include "common/bytes.h"
#include "common/status.h"
#include "types/uuid.h"

namespace phantom::types {

// Bytes of a name.
inline constexpr size_t kNameBytesMax = 63;

// Applies varchar(n): what is beyond must be blanks (22001) unless the cast is explicit.
Result<std::string_view> FitVarchar(std::string_view text, int32_t typmod, bool is_explicit);
// Applies bpchar(n): cuts likewise, or pads with blanks in the arena.
Result<std::string_view> FitBpchar(std::string_view text, int32_t typmod, bool is_explicit, Arena& arena);
// What fits in a name, whole characters.
std::string_view ClipName(std::string_view text);

Result<Uuid> ParseUuid(std::string_view text);
void AppendUuid(const Uuid& uuid, std::string& out);

}  // namespace phantom::types
