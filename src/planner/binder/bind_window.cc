// OVER and the WINDOW clause.
#include "planner/binder/binder.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;
namespace frame = parser::frame_option;

Result<Expr*> Binder::FrameOffset(Scope& scope, const ast::Node& node, WindowDef& window, bool start) {
  FrameMode mode = window.frame.mode;
  ExprUse use = mode == FrameMode::kRows    ? ExprUse::kWindowFrameRows
                : mode == FrameMode::kRange ? ExprUse::kWindowFrameRange
                                            : ExprUse::kWindowFrameGroups;
  const char* name = mode == FrameMode::kRows ? "ROWS" : mode == FrameMode::kRange ? "RANGE" : "GROUPS";
  ASSIGN_OR_RETURN(Expr * offset, Expression(scope, &node, use));
  if (mode != FrameMode::kRange) {
    ASSIGN_OR_RETURN(offset, coerce_.ToSpecific(offset, kInt8Oid, name));
  } else {
    // in_range(order type, order type, offset type, ...) of the order column's btree family.
    Type order = window.order[0].expr->type;
    const catalog::OpclassRow* opclass = ctx_.catalog.DefaultOpclass(coerce_.BaseType(order.oid), catalog::oid::kAmBtree);
    Oid family = opclass == nullptr ? 0 : opclass->family;
    Oid key_type = opclass == nullptr ? 0 : opclass->input_type;
    constexpr int16_t kInRange = 3;
    std::vector<Oid> candidates;
    Oid offset_type = offset->type.oid;
    const catalog::AmprocRow* chosen = nullptr;
    for (Oid type : {kInt2Oid, kInt4Oid, kInt8Oid, kFloat8Oid, kNumericOid, kIntervalOid}) {
      const catalog::AmprocRow* row = family == 0 ? nullptr : ctx_.builtins.Amproc(family, key_type, type, kInRange);
      if (row == nullptr) continue;
      candidates.push_back(type);
      if (type == offset_type || (offset_type == kUnknownOid && type == order.oid)) chosen = row;
    }
    if (candidates.empty()) {
      return Errorf(sqlstate::kFeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s",
                    ctx_.TypeName(order.oid).c_str())
          .At(LocationOf(offset));
    }
    Oid target = 0;
    if (chosen == nullptr) {
      for (Oid type : candidates) {
        if (!coerce_.CanCoerce(offset_type, type, CoercionContext::kImplicit)) continue;
        target = type;
        chosen = ctx_.builtins.Amproc(family, key_type, type, kInRange);
        break;
      }
    } else {
      target = chosen->right;
    }
    if (chosen == nullptr) {
      return Errorf(sqlstate::kFeatureNotSupported,
                    "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and offset type %s",
                    ctx_.TypeName(order.oid).c_str(), ctx_.TypeName(offset_type).c_str())
          .Hint("Cast the offset value to an appropriate type.")
          .At(LocationOf(offset));
    }
    (start ? window.frame.start_in_range : window.frame.end_in_range) = ctx_.builtins.Function(chosen->function);
    ASSIGN_OR_RETURN(offset, coerce_.ToSpecific(offset, target, "RANGE"));
  }
  // The offset may not depend on the rows.
  std::set<RelId> rels;
  CollectRels(offset, rels);
  for (RelId rel : rels) {
    if (ctx_.scopes[static_cast<size_t>(rel)] == &scope) {
      return Errorf(sqlstate::kInvalidColumnReference, "argument of %s must not contain variables", name).At(LocationOf(offset));
    }
  }
  return offset;
}

Result<WindowDef> Binder::BuildWindow(Scope& scope, const ast::WindowDef& node, const WindowDef* base,
                                      std::vector<Target>& targets) {
  WindowDef window;
  window.name = std::string(node.name);
  if (base != nullptr) window.copied_name = base->name;
  auto keys = [&](ast::ListOf<ast::SortBy> nodes, std::vector<SortKey>& out) -> Status {
    for (const ast::SortBy* item : nodes) {
      ASSIGN_OR_RETURN(int at, FindTargetSql99(scope, *item->node, targets, ExprUse::kWindowOrder));
      ASSIGN_OR_RETURN(SortTarget sort, SortItem(*item, at, targets));
      out.push_back({targets[static_cast<size_t>(at)].expr, sort.less, sort.descending, sort.nulls_first});
    }
    return Status::Ok();
  };
  if (base != nullptr) {
    if (!node.partition_by.empty()) {
      return Errorf(sqlstate::kWindowingError, "cannot override PARTITION BY clause of window \"%s\"", base->name.c_str())
          .At(node.location);
    }
    window.partition = base->partition;
    if (!node.order_by.empty() && !base->order.empty()) {
      return Errorf(sqlstate::kWindowingError, "cannot override ORDER BY clause of window \"%s\"", base->name.c_str())
          .At(node.location);
    }
    if (base->frame.written) {
      if (!node.order_by.empty() || (node.frame_options & frame::kNonDefault)) {
        return Errorf(sqlstate::kWindowingError, "cannot copy window \"%s\" because it has a frame clause", base->name.c_str())
            .At(node.location);
      }
      return Errorf(sqlstate::kWindowingError, "cannot copy window \"%s\" because it has a frame clause", base->name.c_str())
          .Hint("Omit the parentheses in this OVER clause.")
          .At(node.location);
    }
    window.order = base->order;
  }
  for (const ast::Node* item : node.partition_by) {
    ASSIGN_OR_RETURN(int at, FindTargetSql99(scope, *item, targets, ExprUse::kWindowPartition));
    Expr* expr = targets[static_cast<size_t>(at)].expr;
    RETURN_IF_ERROR(resolver_.EqualOrError(expr->type.oid, LocationOf(expr)).status());
    window.partition.push_back(expr);
  }
  if (!node.order_by.empty()) RETURN_IF_ERROR(keys(node.order_by, window.order));
  int32_t options = node.frame_options;
  WindowFrame& f = window.frame;
  f.written = options & frame::kNonDefault;
  f.between = options & frame::kBetween;
  f.mode = options & frame::kRows ? FrameMode::kRows : options & frame::kGroups ? FrameMode::kGroups : FrameMode::kRange;
  f.start = options & frame::kStartUnboundedPreceding ? FrameBound::kUnboundedPreceding
            : options & frame::kStartCurrentRow       ? FrameBound::kCurrentRow
            : options & frame::kStartOffsetPreceding  ? FrameBound::kPreceding
            : options & frame::kStartOffsetFollowing  ? FrameBound::kFollowing
                                                      : FrameBound::kUnboundedPreceding;
  f.end = options & frame::kEndUnboundedFollowing ? FrameBound::kUnboundedFollowing
          : options & frame::kEndCurrentRow       ? FrameBound::kCurrentRow
          : options & frame::kEndOffsetPreceding  ? FrameBound::kPreceding
          : options & frame::kEndOffsetFollowing  ? FrameBound::kFollowing
                                                  : FrameBound::kCurrentRow;
  f.exclusion = options & frame::kExcludeCurrentRow ? FrameExclusion::kCurrentRow
                : options & frame::kExcludeGroup    ? FrameExclusion::kGroup
                : options & frame::kExcludeTies     ? FrameExclusion::kTies
                                                    : FrameExclusion::kNone;
  bool offsets = node.start_offset != nullptr || node.end_offset != nullptr;
  if (f.mode == FrameMode::kRange && offsets && window.order.size() != 1) {
    return Error(sqlstate::kWindowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
        .At(node.location);
  }
  if (f.mode == FrameMode::kGroups && window.order.empty()) {
    return Error(sqlstate::kWindowingError, "GROUPS mode requires an ORDER BY clause").At(node.location);
  }
  if (node.start_offset != nullptr) {
    ASSIGN_OR_RETURN(f.start_offset, FrameOffset(scope, *node.start_offset, window, true));
  }
  if (node.end_offset != nullptr) {
    ASSIGN_OR_RETURN(f.end_offset, FrameOffset(scope, *node.end_offset, window, false));
  }
  return window;
}

// Windows are bound after the targets are, because their keys may name output columns' expressions; a call meanwhile
// gets a number, and the window behind it is noted in window_nodes.
Result<int> Binder::Window(Scope& scope, const ast::WindowDef& over) {
  auto& pending = scope.pending_windows;
  if (!IsNull(over.name)) {
    // OVER name
    for (size_t i = 0; i < scope.window_defs.size(); ++i) {
      if (scope.window_defs[i]->name == over.name) return static_cast<int>(i);
    }
    return Errorf(sqlstate::kUndefinedObject, "window \"%s\" does not exist", std::string(over.name).c_str()).At(over.location);
  }
  pending.push_back(&over);
  return static_cast<int>(scope.window_defs.size() + pending.size() - 1);
}

Status Binder::WindowClause(Scope& scope, std::vector<Target>& targets) {
  Query& query = *scope.query;
  auto find = [&](std::string_view name) -> const WindowDef* {
    for (const WindowDef& window : query.windows) {
      if (!window.name.empty() && window.name == name) return &window;
    }
    return nullptr;
  };
  auto add = [&](const ast::WindowDef& node, bool named) -> Status {
    if (named && find(node.name) != nullptr) {
      return Errorf(sqlstate::kWindowingError, "window \"%s\" is already defined", std::string(node.name).c_str())
          .At(node.location);
    }
    const WindowDef* base = nullptr;
    if (!IsNull(node.base_name)) {
      base = find(node.base_name);
      if (base == nullptr) {
        return Errorf(sqlstate::kUndefinedObject, "window \"%s\" does not exist", std::string(node.base_name).c_str())
            .At(node.location);
      }
    }
    ASSIGN_OR_RETURN(WindowDef window, BuildWindow(scope, node, base, targets));
    if (!named) window.name.clear();
    query.windows.push_back(std::move(window));
    return Status::Ok();
  };
  query.windows.reserve(scope.window_defs.size() + scope.pending_windows.size());
  for (const ast::WindowDef* node : scope.window_defs) RETURN_IF_ERROR(add(*node, true));
  for (const ast::WindowDef* node : scope.pending_windows) RETURN_IF_ERROR(add(*node, false));
  return Status::Ok();
}

}  // namespace phantom::planner
