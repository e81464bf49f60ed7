// SQL cursors: DECLARE, FETCH, MOVE and CLOSE. A cursor's position is 0 before the first row, k on row k, and one past
// the last row behind it (PostgreSQL 15, FETCH).
#include <algorithm>

#include "parser/ast_select.h"
#include "parser/ast_utility.h"
#include "planner/physical_plan.h"
#include "session/session_state.h"

namespace phantom::session {

using parser::Cast;
using parser::FetchDirection;
namespace cursor_option = parser::cursor_option;

namespace {

Status NoSuchCursor(std::string_view name) {
  return Errorf(sqlstate::kUndefinedCursor, "cursor \"%s\" does not exist", std::string(name).c_str());
}

// Moves over a cursor's rows and hands those it passes to the store, when there is one.
class Fetcher {
 public:
  Fetcher(Portal& cursor, RowStore* rows) : cursor_(cursor), rows_(rows) {}

  Result<uint64_t> Run(FetchDirection direction, int64_t count) {
    switch (direction) {
      case FetchDirection::kForward:
        return count < 0 ? Backward(Negate(count)) : count == 0 ? Again() : Forward(static_cast<uint64_t>(count));
      case FetchDirection::kBackward:
        return count < 0 ? Forward(Negate(count)) : count == 0 ? Again() : Backward(static_cast<uint64_t>(count));
      case FetchDirection::kAbsolute:
        return Absolute(count);
      case FetchDirection::kRelative:
        return Relative(count);
    }
    return uint64_t{0};
  }

 private:
  static uint64_t Negate(int64_t count) {
    return count == INT64_MIN ? uint64_t{1} << 63 : static_cast<uint64_t>(-count);
  }

  uint64_t end() const { return cursor_.rows->end(); }

  Status Give(uint64_t position) {
    if (position - 1 < cursor_.rows->begin()) return CannotGoBack();
    if (rows_ == nullptr) return Status::Ok();
    uint32_t row = 0;
    ASSIGN_OR_RETURN(const types::Chunk* chunk, cursor_.rows->Find(position - 1, &row));
    return rows_->Append(*chunk, row, 1);
  }

  static Status CannotGoBack() {
    return Error(sqlstate::kObjectNotInPrerequisiteState, "cursor can only scan forward")
        .Hint("Declare it with SCROLL option to enable backward scan.");
  }

  Status CheckBackward() const { return cursor_.is_no_scroll ? CannotGoBack() : Status::Ok(); }

  Result<uint64_t> Forward(uint64_t count) {
    uint64_t given = 0;
    while (given < count) {
      RETURN_IF_ERROR(cursor_.PullTo(cursor_.position));
      if (cursor_.position >= end()) {
        cursor_.position = end() + 1;
        break;
      }
      RETURN_IF_ERROR(Give(++cursor_.position));
      ++given;
    }
    return given;
  }

  Result<uint64_t> Backward(uint64_t count) {
    RETURN_IF_ERROR(CheckBackward());
    uint64_t given = 0;
    while (given < count) {
      if (cursor_.position <= 1) {
        cursor_.position = 0;
        break;
      }
      RETURN_IF_ERROR(Give(--cursor_.position));
      ++given;
    }
    return given;
  }

  // The row the cursor is on.
  Result<uint64_t> Again() {
    if (cursor_.position == 0 || cursor_.position > end()) return uint64_t{0};
    RETURN_IF_ERROR(CheckBackward());
    RETURN_IF_ERROR(Give(cursor_.position));
    return uint64_t{1};
  }

  Result<uint64_t> Absolute(int64_t count) {
    if (count == 0) {
      RETURN_IF_ERROR(CheckBackward());
      cursor_.position = 0;
      return uint64_t{0};
    }
    if (count < 0) {
      RETURN_IF_ERROR(cursor_.PullTo(UINT64_MAX));
      RETURN_IF_ERROR(CheckBackward());
      const uint64_t from_end = Negate(count);
      return GoTo(from_end > end() ? 0 : end() - from_end + 1);
    }
    const auto wanted = static_cast<uint64_t>(count);
    if (wanted < cursor_.position || (wanted == cursor_.position && cursor_.is_no_scroll))
      RETURN_IF_ERROR(CheckBackward());
    return GoTo(wanted);
  }

  Result<uint64_t> Relative(int64_t count) {
    if (count == 0) return Again();
    if (count > 0) return GoTo(cursor_.position + static_cast<uint64_t>(count));
    RETURN_IF_ERROR(CheckBackward());
    const uint64_t back = Negate(count);
    return GoTo(back >= cursor_.position ? 0 : cursor_.position - back);
  }

  Result<uint64_t> GoTo(uint64_t position) {
    if (position == 0) {
      cursor_.position = 0;
      return uint64_t{0};
    }
    RETURN_IF_ERROR(cursor_.PullTo(position - 1));
    if (position > end()) {
      cursor_.position = end() + 1;
      return uint64_t{0};
    }
    cursor_.position = position;
    RETURN_IF_ERROR(Give(position));
    return uint64_t{1};
  }

  Portal& cursor_;
  RowStore* const rows_;
};

}  // namespace

Result<UtilityResult> SessionState::RunDeclareCursor(const parser::Node& node, const Portal& outer) {
  const auto& declare = Cast<parser::DeclareCursorStmt>(node);
  const bool hold = (declare.options & cursor_option::kHold) != 0;
  const bool scroll = (declare.options & cursor_option::kScroll) != 0;
  if (!hold && !block.in_block() && !in_multi_statement()) {
    return Error(sqlstate::kNoActiveSqlTransaction, "DECLARE CURSOR can only be used in transaction blocks");
  }
  if (portals.contains(declare.name)) {
    return Errorf(sqlstate::kDuplicateCursor, "cursor \"%s\" already exists", std::string(declare.name).c_str());
  }
  if (const auto* select = parser::DynCast<parser::SelectStmt>(declare.query);
      select != nullptr && !select->locking.empty()) {
    if (hold) {
      return Error(sqlstate::kFeatureNotSupported, "DECLARE CURSOR WITH HOLD ... FOR UPDATE is not supported")
          .Detail("Holdable cursors must be READ ONLY.");
    }
    if (scroll) {
      return Error(sqlstate::kFeatureNotSupported, "DECLARE SCROLL CURSOR ... FOR UPDATE is not supported")
          .Detail("Scrollable cursors must be READ ONLY.");
    }
  }
  auto statement = std::make_shared<Statement>();
  statement->source = outer.statement->source;
  statement->node = declare.query;
  statement->begin = outer.statement->begin;
  statement->length = outer.statement->length;
  statement->given_types = outer.statement->param_types;
  statement->for_cursor = true;
  statement->result_may_change = true;
  RETURN_IF_ERROR(Analyze(*statement));
  std::unique_ptr<Portal> cursor = MakePortal(std::move(statement));
  cursor->name = declare.name;
  cursor->parameters = outer.parameters;
  cursor->is_cursor = true;
  cursor->is_holdable = hold;
  cursor->is_scroll = scroll;
  cursor->is_no_scroll = (declare.options & cursor_option::kNoScroll) != 0;
  cursor->is_binary = (declare.options & cursor_option::kBinary) != 0;
  if (cursor->is_binary) cursor->formats = {1};
  cursor->query = outer.statement->text();
  RETURN_IF_ERROR(StartPortal(*cursor));
  // Rows are locked as they are passed.
  if (cursor->plan->has_row_marks) cursor->is_no_scroll = true;
  cursor->rows = std::make_unique<RowStore>(scroll || hold ? WorkMemBytes() : Portal::kHistoryBytesMax);
  if (scroll || hold) cursor->rows->SpillTo(instance.env(), instance.temp_directory());
  AddPortal(declare.name, std::move(cursor));
  return UtilityResult{"DECLARE CURSOR"};
}

Result<UtilityResult> SessionState::RunFetch(const parser::Node& node) {
  const auto& fetch = Cast<parser::FetchStmt>(node);
  const auto found = portals.find(fetch.name);
  if (found == portals.end()) return NoSuchCursor(fetch.name);
  Portal& cursor = *found->second;
  if (cursor.failed || !cursor.started) {
    return Errorf(sqlstate::kObjectNotInPrerequisiteState, "portal \"%s\" cannot be run", cursor.name.c_str());
  }
  // A portal of the extended protocol may be fetched from as well.
  if (cursor.rows == nullptr) cursor.rows = std::make_unique<RowStore>(Portal::kHistoryBytesMax);
  UtilityResult result;
  if (!fetch.is_move) {
    result.rows = std::make_unique<RowStore>(WorkMemBytes());
    result.rows->SpillTo(instance.env(), instance.temp_directory());
  }
  ASSIGN_OR_RETURN(const uint64_t count, Fetcher(cursor, result.rows.get()).Run(fetch.direction, fetch.count));
  result.tag = (fetch.is_move ? "MOVE " : "FETCH ") + std::to_string(count);
  result.formats = cursor.formats;
  return result;
}

Result<UtilityResult> SessionState::RunClosePortal(const parser::Node& node) {
  const std::string_view name = Cast<parser::ClosePortalStmt>(node).name;
  if (parser::IsNull(name)) {
    std::vector<std::string> names;
    for (const auto& [each, portal] : portals) {
      if (portal->is_cursor) names.push_back(each);
    }
    for (const std::string& each : names) DropPortal(each);
    return UtilityResult{"CLOSE CURSOR ALL"};
  }
  if (!portals.contains(name)) return NoSuchCursor(name);
  DropPortal(name);
  return UtilityResult{"CLOSE CURSOR"};
}

}  // namespace phantom::session
