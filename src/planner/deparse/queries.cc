// Queries as text: SELECT with its clauses, set operations, WITH, VALUES.
#include "catalog/catalog.h"
#include "parser/ast_select.h"
#include "planner/deparse/printer.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;

namespace {
constexpr int kStep = 8;      // one level of indentation
constexpr int kVariable = 4;  // a continued list

const char* SetOpName(SetOpKind op) {
  switch (op) {
    case SetOpKind::kUnion:
      return "UNION ";
    case SetOpKind::kIntersect:
      return "INTERSECT ";
    case SetOpKind::kExcept:
      return "EXCEPT ";
    case SetOpKind::kNone:
      break;
  }
  return "";
}
}  // namespace

void Printer::QueryText(const Query& query, const std::vector<std::string>* result_names, bool colnames_visible) {
  const Query* outer = query_;
  int level = level_;
  query_ = &query;
  NameEntries(query);
  Select(query, result_names, colnames_visible);
  taken_.pop_back();
  query_ = outer;
  level_ = level;
}

void Printer::Select(const Query& query, const std::vector<std::string>* result_names, bool colnames_visible) {
  With(query);
  if (query.set_operation != nullptr) {
    SetOperation(*query.set_operation, result_names, colnames_visible);
  } else {
    Basic(query, result_names, colnames_visible);
  }
  if (!query.order_by.empty()) {
    Keyword(" ORDER BY ", -kStep, kStep, 1);
    OrderBy(query, query.set_operation != nullptr);
  }
  Limits(query);
  Locks(query);
}

void Printer::Limits(const Query& query) {
  if (query.offset != nullptr) {
    Keyword(" OFFSET ", -kStep, kStep, 0);
    Expression(query.offset, false);
  }
  if (query.limit == nullptr) return;
  if (query.with_ties) {
    Keyword(" FETCH FIRST ", -kStep, kStep, 0);
    out_ += '(';
    Expression(query.limit, false);
    Put(") ROWS WITH TIES");
    return;
  }
  Keyword(" LIMIT ", -kStep, kStep, 0);
  if (IsConstNull(query.limit)) {
    Put("ALL");
  } else {
    Expression(query.limit, false);
  }
}

void Printer::Locks(const Query& query) {
  static constexpr const char* kStrengths[] = {" FOR KEY SHARE", " FOR SHARE", " FOR NO KEY UPDATE", " FOR UPDATE"};
  for (const RowMark& mark : query.row_marks) {
    if (mark.pushed) continue;
    Keyword(kStrengths[static_cast<int>(mark.strength)], -kStep, kStep, 0);
    out_ += " OF " + Identifier(names_[mark.entry->rel].name);
    if (mark.wait == LockWait::kError) Put(" NOWAIT");
    if (mark.wait == LockWait::kSkip) Put(" SKIP LOCKED");
  }
}

void Printer::SearchAndCycle(const CommonTable& cte) {
  auto columns = [&](parser::NameList names) {
    for (size_t i = 0; i < names.size(); ++i) out_ += (i == 0 ? "" : ", ") + Identifier(std::string(names[i]));
  };
  if (cte.search != nullptr) {
    out_ += cte.search->breadth_first ? " SEARCH BREADTH FIRST BY " : " SEARCH DEPTH FIRST BY ";
    columns(cte.search->columns);
    out_ += " SET " + Identifier(std::string(cte.search->sequence_column));
  }
  if (cte.cycle != nullptr) {
    out_ += " CYCLE ";
    columns(cte.cycle->columns);
    out_ += " SET " + Identifier(std::string(cte.cycle->mark_column));
    auto is = [](const Expr* expr, bool value) {
      auto* constant = DynAs<ConstExpr>(expr);
      return constant != nullptr && constant->type.oid == types::kBoolOid && !constant->value.is_null() &&
             constant->value.AsBool() == value;
    };
    if (!is(cte.mark_value, true) || !is(cte.mark_default, false)) {
      // The grammar takes constants only, with the type in front; what PostgreSQL shows has it behind.
      auto mark = [&](const Expr* expr) {
        auto* constant = DynAs<ConstExpr>(expr);
        if (stored() && constant != nullptr && constant->type.oid == types::kTextOid && !constant->value.is_null()) {
          out_ += "text ";
          auto plain = *constant;
          plain.type = types::Type(types::kUnknownOid);
          plain.collation = 0;
          return Expression(&plain, true);
        }
        Expression(expr, true);
      };
      out_ += " TO ";
      mark(cte.mark_value);
      out_ += " DEFAULT ";
      mark(cte.mark_default);
    }
    out_ += " USING " + Identifier(std::string(cte.cycle->path_column));
  }
}

void Printer::With(const Query& query) {
  if (query.ctes.empty()) return;
  if (indent()) {
    level_ += kStep;
    out_ += ' ';
  }
  const char* before = query.recursive ? "WITH RECURSIVE " : "WITH ";
  for (const CommonTable* cte : query.ctes) {
    Put(before);
    before = ", ";
    out_ += Identifier(cte->name);
    for (size_t i = 0; i < cte->column_aliases.size(); ++i) {
      out_ += (i == 0 ? "(" : ", ") + Identifier(cte->column_aliases[i]);
    }
    if (!cte->column_aliases.empty()) out_ += ')';
    Put(" AS ");
    if (cte->materialize == Materialize::kAlways) Put("MATERIALIZED ");
    if (cte->materialize == Materialize::kNever) Put("NOT MATERIALIZED ");
    out_ += '(';
    if (indent()) Keyword("", 0, 0, 0);
    QueryText(*cte->query, nullptr, true);
    if (indent()) Keyword("", 0, 0, 0);
    out_ += ')';
    SearchAndCycle(*cte);
  }
  if (indent()) {
    level_ -= kStep;
    Keyword("", 0, 0, 0);
  } else {
    out_ += ' ';
  }
}

void Printer::Values(const RangeEntry& entry) {
  Put("VALUES ");
  for (size_t r = 0; r < entry.values.size(); ++r) {
    Put(r == 0 ? "(" : ", (");
    for (size_t i = 0; i < entry.values[r].size(); ++i) {
      if (i > 0) out_ += ',';
      TopLevel(entry.values[r][i], false);
    }
    out_ += ')';
  }
}

void Printer::Basic(const Query& query, const std::vector<std::string>* result_names, bool colnames_visible) {
  if (indent()) {
    level_ += kStep;
    out_ += ' ';
  }
  if (query.values_only) {
    // Plain VALUES, unless the columns are called otherwise.
    const RangeEntry& entry = *query.from->entry;
    bool renamed = false;
    for (size_t i = 0; i < entry.columns.size(); ++i) {
      const std::string& name = result_names != nullptr && i < result_names->size() ? (*result_names)[i] : query.targets[i].name;
      renamed = renamed || name != entry.columns[i].name;
    }
    if (!renamed) return Values(entry);
  }
  Put("SELECT");
  if (query.has_distinct_on) {
    Put(" DISTINCT ON (");
    for (size_t i = 0; i < query.distinct_on.size(); ++i) {
      if (i > 0) Put(", ");
      SortClause(query.targets[static_cast<size_t>(query.distinct_on[i].target)].expr);
    }
    out_ += ')';
  } else if (query.distinct) {
    Put(" DISTINCT");
  }
  Targets(query, result_names, colnames_visible);
  From(query);
  if (query.where != nullptr) {
    Keyword(" WHERE ", -kStep, kStep, 1);
    Expression(query.where, false);
  }
  if (!query.groups.empty() || query.has_grouping_sets) {
    Keyword(" GROUP BY ", -kStep, kStep, 1);
    GroupBy(query);
  }
  if (query.having != nullptr) {
    Keyword(" HAVING ", -kStep, kStep, 0);
    Expression(query.having, false);
  }
  Windows(query);
}

// Appends an item of a list, on a new line where it would pass the column to wrap at.
void Printer::Wrap(const std::string& text, bool first, bool last_was_multiline) {
  if (indent() && ctx_.wrap_column >= 0) {
    if (!text.empty() && text[0] == '\n') {
      TrimBlanks();
    } else {
      size_t line = out_.rfind('\n');
      size_t used = out_.size() - (line == std::string::npos ? 0 : line + 1);
      bool overflow = used + text.size() > static_cast<size_t>(ctx_.wrap_column);
      if (!first && (overflow || last_was_multiline)) Keyword("", -kStep, kStep, kVariable);
    }
  }
  out_ += text;
}

void Printer::Targets(const Query& query, const std::vector<std::string>* result_names, bool colnames_visible) {
  size_t number = 0;
  bool multiline = false;
  for (const Target& target : query.targets) {
    if (target.junk) continue;
    out_ += number == 0 ? " " : ", ";
    std::string before;
    before.swap(out_);
    // A plain column needs no AS when it is called so already.
    std::string name = Column(target.expr, true);
    bool is_column = !out_.empty();
    if (!is_column) {
      Expression(target.expr, true);
      if (!colnames_visible) name = "?column?";
    }
    const std::string& wanted =
        result_names != nullptr && number < result_names->size() ? (*result_names)[number] : target.name;
    if (stored() || name != wanted || (name.empty() && colnames_visible)) out_ += " AS " + Identifier(wanted);
    before.swap(out_);
    Wrap(before, number == 0, multiline);
    multiline = before.find('\n', !before.empty() && before[0] == '\n' ? 1 : 0) != std::string::npos;
    ++number;
  }
}

void Printer::SetOperation(const SetOpNode& node, const std::vector<std::string>* result_names, bool colnames_visible) {
  if (node.query != nullptr) {
    const Query& leaf = *node.query;
    bool parens = !leaf.ctes.empty() || !leaf.order_by.empty() || !leaf.row_marks.empty() || leaf.offset != nullptr ||
                  leaf.limit != nullptr || leaf.set_operation != nullptr;
    if (parens) out_ += '(';
    QueryText(leaf, result_names, colnames_visible);
    if (parens) out_ += ')';
    return;
  }
  bool parens = node.left->query == nullptr && (node.left->op != node.op || node.left->all != node.all);
  int inner = 0;
  if (parens) {
    out_ += '(';
    inner = kStep;
    Keyword("", inner, 0, 0);
  }
  SetOperation(*node.left, result_names, colnames_visible);
  if (parens) {
    Keyword(") ", -inner, 0, 0);
  } else if (indent()) {
    Keyword("", -inner, 0, 0);
  } else {
    out_ += ' ';
  }
  Put(SetOpName(node.op));
  if (node.all) Put("ALL ");
  parens = node.right->query == nullptr;
  inner = 0;
  if (parens) {
    out_ += '(';
    inner = kStep;
  }
  Keyword("", inner, 0, 0);
  SetOperation(*node.right, result_names, false);
  if (indent()) level_ -= inner;
  if (parens) Keyword(")", 0, 0, 0);
}

// ---- Sorting, grouping, windows -----------------------------------------------------------------

void Printer::SortClause(const Expr* expr) {
  if (ctx_.joins != nullptr && ctx_.joins->contains(expr)) return Expression(expr, true);
  if (auto* constant = DynAs<ConstExpr>(expr)) return Constant(*constant, 1);
  if (expr->kind == ExprKind::kColumnRef || expr->kind == ExprKind::kWholeRow) return Expression(expr, true);
  auto* call = DynAs<FunctionCall>(expr);
  bool parens = few_parens() || (call != nullptr && call->form != CallForm::kOperator) ||
                expr->kind == ExprKind::kAggregate || expr->kind == ExprKind::kWindow;
  if (parens) out_ += '(';
  Expression(expr, true);
  if (parens) out_ += ')';
}

void Printer::OrderBy(const Query& query, bool by_number) {
  for (size_t i = 0; i < query.order_by.size(); ++i) {
    const SortTarget& sort = query.order_by[i];
    const Expr* expr = query.targets[static_cast<size_t>(sort.target)].expr;
    if (i > 0) Put(", ");
    if (by_number) {
      out_ += std::to_string(sort.target + 1);
    } else {
      SortClause(expr);
    }
    SortOrder(sort.less, sort.descending, sort.nulls_first, expr->type);
  }
}

void Printer::GroupBy(const Query& query) {
  if (query.group_distinct) Put("DISTINCT ");
  if (!query.has_grouping_sets) {
    for (size_t i = 0; i < query.groups.size(); ++i) {
      if (i > 0) Put(", ");
      SortClause(query.groups[i]);
    }
    return;
  }
  for (size_t i = 0; i < query.grouping_items.size(); ++i) {
    if (i > 0) Put(", ");
    GroupingItemText(query, query.grouping_items[i], true);
  }
}

void Printer::GroupingItemText(const Query& query, const GroupingItem& item, bool omit_parens) {
  using Kind = GroupingItem::Kind;
  if (item.kind == Kind::kEmpty) {
    Put("()");
    return;
  }
  if (item.kind == Kind::kSimple) {
    bool parens = !omit_parens || item.groups.size() != 1;
    if (parens) out_ += '(';
    for (size_t i = 0; i < item.groups.size(); ++i) {
      if (i > 0) Put(", ");
      SortClause(query.groups[static_cast<size_t>(item.groups[i])]);
    }
    if (parens) out_ += ')';
    return;
  }
  Put(item.kind == Kind::kRollup ? "ROLLUP(" : item.kind == Kind::kCube ? "CUBE(" : "GROUPING SETS (");
  for (size_t i = 0; i < item.items.size(); ++i) {
    if (i > 0) Put(", ");
    GroupingItemText(query, item.items[i], item.kind != Kind::kSets);
  }
  out_ += ')';
}

void Printer::Windows(const Query& query) {
  bool first = true;
  for (const WindowDef& window : query.windows) {
    if (window.name.empty()) continue;
    if (first) {
      Keyword(" WINDOW ", -kStep, kStep, 1);
    } else {
      Put(", ");
    }
    first = false;
    out_ += Identifier(window.name) + " AS ";
    WindowSpec(window);
  }
}

void Printer::WindowSpec(const WindowDef& window) {
  bool blank = false;
  auto part = [&](std::string_view word) {
    if (blank) out_ += ' ';
    blank = true;
    Put(word);
  };
  bool inherits_order = false;
  out_ += '(';
  if (!window.copied_name.empty()) {
    part(Identifier(window.copied_name));
    for (const WindowDef& base : query_->windows) {
      if (base.name == window.copied_name) inherits_order = !base.order.empty();
    }
  } else if (!window.partition.empty()) {
    part("PARTITION BY ");
    for (size_t i = 0; i < window.partition.size(); ++i) {
      if (i > 0) Put(", ");
      SortClause(window.partition[i]);
    }
  }
  if (!window.order.empty() && !inherits_order) {
    part("ORDER BY ");
    SortKeys(window.order);
  }
  const WindowFrame& frame = window.frame;
  if (frame.written) {
    part(frame.mode == FrameMode::kRange ? "RANGE " : frame.mode == FrameMode::kRows ? "ROWS " : "GROUPS ");
    auto bound = [&](FrameBound kind, const Expr* offset) {
      switch (kind) {
        case FrameBound::kUnboundedPreceding:
          return Put("UNBOUNDED PRECEDING");
        case FrameBound::kCurrentRow:
          return Put("CURRENT ROW");
        case FrameBound::kUnboundedFollowing:
          return Put("UNBOUNDED FOLLOWING");
        case FrameBound::kPreceding:
        case FrameBound::kFollowing:
          Expression(offset, false);
          Put(kind == FrameBound::kPreceding ? " PRECEDING" : " FOLLOWING");
      }
    };
    if (frame.between) Put("BETWEEN ");
    bound(frame.start, frame.start_offset);
    if (frame.between) {
      Put(" AND ");
      bound(frame.end, frame.end_offset);
    }
    if (frame.exclusion == FrameExclusion::kCurrentRow) Put(" EXCLUDE CURRENT ROW");
    if (frame.exclusion == FrameExclusion::kGroup) Put(" EXCLUDE GROUP");
    if (frame.exclusion == FrameExclusion::kTies) Put(" EXCLUDE TIES");
  }
  out_ += ')';
}

std::string DeparseQuery(const Query& query, const std::vector<std::string>& result_names, const DeparseContext& context) {
  Printer printer(context);
  printer.QueryText(query, result_names.empty() ? nullptr : &result_names, true);
  return printer.Take();
}

}  // namespace phantom::planner
