// types/text_misc.h
//
// Text of money (locale C: "$1,234.50"), tid ("(block,offset)"; the slot holds block << 16 | offset), pg_lsn and xid.
// Private to this room.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/status.h"

namespace phantom::types {

Result<int64_t> ParseMoney(std::string_view text);
void AppendMoney(int64_t value, std::string& out);
Result<int64_t> ParseTid(std::string_view text);
void AppendTid(int64_t tid, std::string& out);
Result<int64_t> ParseLsn(std::string_view text);
void AppendLsn(int64_t lsn, std::string& out);
// As strtoul in any base; garbage is 0, as PostgreSQL reads it.
uint64_t ParseXid(std::string_view text);

}  // namespace phantom::types
