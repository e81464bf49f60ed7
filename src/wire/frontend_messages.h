// wire/frontend_messages.h
//
// Bodies of the messages a client sends, decoded. Views point into the body. Errors are 08P01 in PostgreSQL's words.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/status.h"

namespace phantom::wire {

struct QueryMessage {
  std::string_view text;
};
Result<QueryMessage> ParseQuery(std::string_view body);

struct ParseMessage {
  std::string_view name;
  std::string_view query;
  std::vector<Oid> parameter_types;
};
Result<ParseMessage> ParseParse(std::string_view body);

// A parameter's bytes; nullopt is NULL.
using BoundValue = std::optional<std::string_view>;

struct BindMessage {
  std::string_view portal;
  std::string_view statement;
  std::vector<int16_t> parameter_formats;
  std::vector<BoundValue> values;
  std::vector<int16_t> result_formats;
};
// The vectors of *message keep their memory from one message to the next.
Status ParseBind(std::string_view body, BindMessage* message);

// Describe and Close name a statement ('S') or a portal ('P').
struct NamedMessage {
  char kind;
  std::string_view name;
};
Result<NamedMessage> ParseDescribe(std::string_view body);
Result<NamedMessage> ParseClose(std::string_view body);

struct ExecuteMessage {
  std::string_view portal;
  int32_t row_limit;  // <= 0: all
};
Result<ExecuteMessage> ParseExecute(std::string_view body);

// FunctionCall: a function by OID, its arguments as in Bind.
struct FunctionCallMessage {
  Oid function;
  std::vector<int16_t> argument_formats;
  std::vector<BoundValue> arguments;
  int16_t result_format;
};
Result<FunctionCallMessage> ParseFunctionCall(std::string_view body);

// CopyFail, and a password sent in the clear.
Result<std::string_view> ParseText(std::string_view body);

struct SaslInitialResponse {
  std::string_view mechanism;
  bool has_data;
  std::string_view data;
};
Result<SaslInitialResponse> ParseSaslInitialResponse(std::string_view body);

}  // namespace phantom::wire
