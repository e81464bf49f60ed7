#include "wire/frontend_messages.h"

#include "wire/message_reader.h"

namespace phantom::wire {

namespace {

Status ReadFormats(MessageReader& reader, std::vector<int16_t>* formats) {
  ASSIGN_OR_RETURN(const int16_t count, reader.Int16());
  formats->clear();
  for (int i = 0; i < static_cast<uint16_t>(count); ++i) {
    ASSIGN_OR_RETURN(const int16_t format, reader.Int16());
    formats->push_back(format);
  }
  return Status::Ok();
}

Result<NamedMessage> ReadNamed(std::string_view body, const char* what) {
  MessageReader reader(body);
  NamedMessage message;
  ASSIGN_OR_RETURN(message.kind, reader.Byte());
  ASSIGN_OR_RETURN(message.name, reader.String());
  RETURN_IF_ERROR(reader.End());
  if (message.kind != 'S' && message.kind != 'P') {
    return Errorf(sqlstate::kProtocolViolation, "invalid %s message subtype %d", what,
                  static_cast<unsigned char>(message.kind));
  }
  return message;
}

}  // namespace

Result<QueryMessage> ParseQuery(std::string_view body) {
  MessageReader reader(body);
  QueryMessage message;
  ASSIGN_OR_RETURN(message.text, reader.String());
  RETURN_IF_ERROR(reader.End());
  return message;
}

Result<ParseMessage> ParseParse(std::string_view body) {
  MessageReader reader(body);
  ParseMessage message;
  ASSIGN_OR_RETURN(message.name, reader.String());
  ASSIGN_OR_RETURN(message.query, reader.String());
  ASSIGN_OR_RETURN(const int16_t count, reader.Int16());
  for (int i = 0; i < static_cast<uint16_t>(count); ++i) {
    ASSIGN_OR_RETURN(const int32_t type, reader.Int32());
    message.parameter_types.push_back(static_cast<Oid>(type));
  }
  RETURN_IF_ERROR(reader.End());
  return message;
}

namespace {

Status ReadValues(MessageReader& reader, size_t count, std::vector<BoundValue>* values) {
  values->clear();
  for (size_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const int32_t length, reader.Int32());
    if (length == -1) {
      values->push_back(std::nullopt);
      continue;
    }
    if (length < 0) return Error(sqlstate::kProtocolViolation, "insufficient data left in message");
    ASSIGN_OR_RETURN(const std::string_view bytes, reader.Bytes(static_cast<size_t>(length)));
    values->push_back(bytes);
  }
  return Status::Ok();
}

}  // namespace

Status ParseBind(std::string_view body, BindMessage* message) {
  MessageReader reader(body);
  ASSIGN_OR_RETURN(message->portal, reader.String());
  ASSIGN_OR_RETURN(message->statement, reader.String());
  RETURN_IF_ERROR(ReadFormats(reader, &message->parameter_formats));
  ASSIGN_OR_RETURN(const int16_t count, reader.Int16());
  const size_t values = static_cast<uint16_t>(count);
  if (message->parameter_formats.size() > 1 && message->parameter_formats.size() != values) {
    return Errorf(sqlstate::kProtocolViolation, "bind message has %zu parameter formats but %zu parameters",
                  message->parameter_formats.size(), values);
  }
  RETURN_IF_ERROR(ReadValues(reader, values, &message->values));
  RETURN_IF_ERROR(ReadFormats(reader, &message->result_formats));
  return reader.End();
}

Result<NamedMessage> ParseDescribe(std::string_view body) { return ReadNamed(body, "DESCRIBE"); }
Result<NamedMessage> ParseClose(std::string_view body) { return ReadNamed(body, "CLOSE"); }

Result<ExecuteMessage> ParseExecute(std::string_view body) {
  MessageReader reader(body);
  ExecuteMessage message;
  ASSIGN_OR_RETURN(message.portal, reader.String());
  ASSIGN_OR_RETURN(message.row_limit, reader.Int32());
  RETURN_IF_ERROR(reader.End());
  return message;
}

Result<FunctionCallMessage> ParseFunctionCall(std::string_view body) {
  MessageReader reader(body);
  FunctionCallMessage message{};
  ASSIGN_OR_RETURN(const int32_t function, reader.Int32());
  message.function = static_cast<Oid>(function);
  RETURN_IF_ERROR(ReadFormats(reader, &message.argument_formats));
  ASSIGN_OR_RETURN(const int16_t count, reader.Int16());
  const size_t arguments = static_cast<uint16_t>(count);
  if (message.argument_formats.size() > 1 && message.argument_formats.size() != arguments) {
    return Errorf(sqlstate::kProtocolViolation, "function call message contains %zu argument formats but %zu arguments",
                  message.argument_formats.size(), arguments);
  }
  RETURN_IF_ERROR(ReadValues(reader, arguments, &message.arguments));
  ASSIGN_OR_RETURN(message.result_format, reader.Int16());
  RETURN_IF_ERROR(reader.End());
  return message;
}

Result<std::string_view> ParseText(std::string_view body) {
  MessageReader reader(body);
  ASSIGN_OR_RETURN(const std::string_view text, reader.String());
  RETURN_IF_ERROR(reader.End());
  return text;
}

Result<SaslInitialResponse> ParseSaslInitialResponse(std::string_view body) {
  MessageReader reader(body);
  SaslInitialResponse message{};
  ASSIGN_OR_RETURN(message.mechanism, reader.String());
  ASSIGN_OR_RETURN(const int32_t length, reader.Int32());
  message.has_data = length != -1;
  if (message.has_data) {
    if (length < 0) return Error(sqlstate::kProtocolViolation, "insufficient data left in message");
    ASSIGN_OR_RETURN(message.data, reader.Bytes(static_cast<size_t>(length)));
  }
  RETURN_IF_ERROR(reader.End());
  return message;
}

}  // namespace phantom::wire
