#include "engine/jsonb_assign.h"

#include <charconv>
#include <optional>
#include <vector>

#include "types/jsonb.h"

namespace phantom::engine {

namespace {

// Nulls that one assignment may fill a gap with.
constexpr int64_t kGapMax = (1 << 28) - 1;

std::optional<int32_t> IntegerOf(const std::string& text) {
  int32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

class Assigner {
 public:
  Assigner(std::span<const std::string> path, std::string_view value) : path_(path), value_(value) {}

  Status Put(const types::JsonbView& current, size_t level, std::string& out) {
    switch (current.kind()) {
      case types::JsonKind::kObject:
        return PutInObject(current, level, out);
      case types::JsonKind::kArray:
        return PutInArray(current, level, out);
      default:
        return Error(sqlstate::kInvalidParameterValue, "cannot replace existing key")
            .Detail("The path assumes key is a composite object, but it is a scalar value.");
    }
  }

 private:
  // What comes into the place at `level`, where there is something already or nothing.
  Status Fill(std::optional<types::JsonbView> current, size_t level, std::string& out) {
    if (level + 1 == path_.size()) {
      out.append(value_);
      return Status::Ok();
    }
    return current.has_value() ? Put(*current, level + 1, out) : Make(level + 1, out);
  }

  // A new container with nothing but the rest of the path.
  Status Make(size_t level, std::string& out) {
    std::string inner;
    RETURN_IF_ERROR(Fill(std::nullopt, level, inner));
    const std::optional<int32_t> index = IntegerOf(path_[level]);
    if (!index.has_value()) {
      types::AppendJsonbObject({{path_[level], inner}}, out);
      return Status::Ok();
    }
    if (*index > kGapMax) return TooLong();
    std::string null;
    types::AppendJsonbNull(null);
    std::vector<std::string_view> elements(*index > 0 ? static_cast<size_t>(*index) : 0, null);
    elements.push_back(inner);
    types::AppendJsonbArray(elements, out);
    return Status::Ok();
  }

  Status PutInObject(const types::JsonbView& object, size_t level, std::string& out) {
    std::string inner;
    RETURN_IF_ERROR(Fill(object.Find(path_[level]), level, inner));
    std::vector<std::pair<std::string_view, std::string_view>> pairs;
    for (uint32_t i = 0; i < object.size(); ++i) pairs.emplace_back(object.key(i), object.value(i).bytes());
    pairs.emplace_back(path_[level], inner);
    types::AppendJsonbObject(std::move(pairs), out);
    return Status::Ok();
  }

  Status PutInArray(const types::JsonbView& array, size_t level, std::string& out) {
    const std::optional<int32_t> index = IntegerOf(path_[level]);
    if (!index.has_value()) {
      return Errorf(sqlstate::kInvalidTextRepresentation, "path element at position %zu is not an integer: \"%s\"",
                    level + 1, path_[level].c_str());
    }
    const int64_t size = array.size();
    const int64_t at = *index < 0 ? size + *index : *index;
    if (at < 0) {
      return Errorf(sqlstate::kInvalidParameterValue, "path element at position %zu is out of range: %d", level + 1,
                    *index);
    }
    if (at - size > kGapMax) return TooLong();
    std::string inner, null;
    RETURN_IF_ERROR(Fill(at < size ? std::optional(array.element(static_cast<uint32_t>(at))) : std::nullopt, level, inner));
    types::AppendJsonbNull(null);
    std::vector<std::string_view> elements;
    for (int64_t i = 0; i < size; ++i) elements.push_back(array.element(static_cast<uint32_t>(i)).bytes());
    while (static_cast<int64_t>(elements.size()) <= at) elements.push_back(null);
    elements[static_cast<size_t>(at)] = inner;
    types::AppendJsonbArray(elements, out);
    return Status::Ok();
  }

  static Status TooLong() {
    return Errorf(sqlstate::kProgramLimitExceeded, "number of jsonb array elements exceeds the maximum allowed (%lld)",
                  static_cast<long long>(kGapMax));
  }

  const std::span<const std::string> path_;
  const std::string_view value_;
};

}  // namespace

Status AssignJsonb(std::string_view container, std::span<const std::string> path, std::string_view value,
                   std::string& out) {
  return Assigner(path, value).Put(types::JsonbView(container), 0, out);
}

}  // namespace phantom::engine
