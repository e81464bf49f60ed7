// FROM as text, and what its items and their columns are called: by their names of now where that is unambiguous, else by
// aliases that keep the meaning.
#include <algorithm>

#include "catalog/catalog.h"
#include "catalog/stored_sql.h"
#include "planner/deparse/printer.h"
#include "planner/expr_util.h"

namespace phantom::planner {

using namespace types;

namespace {

constexpr int kStep = 8;
constexpr int kJoinIndent = 4;
constexpr int kVariable = 4;

const FunctionCall* CallOf(const TableFunction& function) { return DynAs<FunctionCall>(function.call); }

bool HasOutArguments(const FunctionCall& call) {
  return std::any_of(call.function->modes.begin(), call.function->modes.end(), [](catalog::ArgumentMode mode) {
    return mode != catalog::ArgumentMode::kIn && mode != catalog::ArgumentMode::kVariadic;
  });
}

}  // namespace

std::string SystemColumnName(int column) {
  static constexpr const char* kNames[] = {"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"};
  return kNames[-column - 1];
}

bool HasColumnDefinitions(const TableFunction& function) {
  const FunctionCall* call = CallOf(function);
  return function.composite && call != nullptr && call->type.oid == kRecordOid && !HasOutArguments(*call);
}

// ---- Names --------------------------------------------------------------------------------------

// The columns that USING joins by must keep the names they had, whatever their tables call them now.
void Printer::PinUsing(const FromNode* node) {
  if (node == nullptr || !node->join) return;
  PinUsing(node->left);
  PinUsing(node->right);
  if (node->using_names.empty()) return;
  Walk(node->on, [&](const Expr* expr) {
    auto* column = DynAs<ColumnRef>(expr);
    if (column == nullptr || column->column < 0) return true;
    for (const RangeEntry* entry : query_->entries) {
      if (entry->rel != column->rel || entry->kind != RangeKind::kTable) continue;
      pinned_[column->rel][column->column] = entry->columns[static_cast<size_t>(column->column)].name;
    }
    return true;
  });
}

void Printer::NameColumns(const RangeEntry& entry, Named& named) {
  bool changed = false;
  const std::map<int, std::string>* pinned = nullptr;
  if (auto found = pinned_.find(entry.rel); found != pinned_.end()) pinned = &found->second;
  for (size_t i = 0; i < entry.columns.size(); ++i) {
    const RangeColumn& column = entry.columns[i];
    if (column.dropped) {
      named.columns.emplace_back();
      continue;
    }
    if (entry.kind == RangeKind::kTable) {
      const std::string& real = entry.table->columns[i].name;
      bool aliased = column.name != real;
      if (stored()) {
        bool keep = aliased || (pinned != nullptr && pinned->contains(static_cast<int>(i)));
        named.columns.push_back(keep ? column.name : catalog::ColumnMarker(entry.table->oid, static_cast<int>(i) + 1));
        changed = changed || keep;
        continue;
      }
      changed = changed || aliased;
    }
    std::string name = column.name;
    if (entry.kind == RangeKind::kJoin && i >= entry.column_aliases.size()) {
      // A join's columns are called as those behind them.
      auto* behind = DynAs<ColumnRef>(entry.join_columns[i]);
      auto found = behind == nullptr || behind->column < 0 ? names_.end() : names_.find(behind->rel);
      if (found != names_.end()) name = found->second.columns[static_cast<size_t>(behind->column)];
      named.columns.push_back(std::move(name));
      continue;
    }
    for (int n = 1; std::find(named.columns.begin(), named.columns.end(), name) != named.columns.end(); ++n) {
      name = column.name + "_" + std::to_string(n);
      changed = true;
    }
    named.columns.push_back(std::move(name));
  }
  if (entry.kind == RangeKind::kTable) {
    named.print_columns = changed;
  } else if (entry.kind == RangeKind::kFunction) {
    named.print_columns = true;
  } else {
    named.print_columns = changed || (entry.aliased && !entry.column_aliases.empty());
  }
}

void Printer::NameEntries(const Query& query) {
  std::set<std::string> taken;
  if (taken_.empty()) {
    // A view's rule knows the names OLD and NEW.
    taken = {"old", "new"};
  } else {
    taken = taken_.back();
  }
  PinUsing(query.from);
  for (const RangeEntry* entry : query.entries) {
    Named& named = names_[entry->rel];
    named = Named();
    NameColumns(*entry, named);
    if (entry->kind == RangeKind::kJoin && !entry->aliased) continue;
    std::string wanted = entry->name;
    if (entry->kind == RangeKind::kTable && !entry->aliased) {
      if (stored()) {
        named.name = catalog::EntryMarker(entry->rel);
        continue;
      }
      wanted = entry->table->name;
    }
    named.name = wanted;
    for (int n = 1; !taken.insert(named.name).second; ++n) named.name = wanted + "_" + std::to_string(n);
  }
  taken_.push_back(std::move(taken));
}

// ---- Columns ------------------------------------------------------------------------------------

std::string Printer::ColumnOf(RelId rel, int column, bool top_level, const Expr* expr) {
  auto found = names_.find(rel);
  if (found == names_.end()) {
    Put("?");
    return "?";
  }
  const Named& named = found->second;
  std::string prefix = named.name.empty() ? "" : Identifier(named.name) + '.';
  if (expr->kind == ExprKind::kWholeRow) {
    out_ += prefix + "*";
    if (top_level) out_ += "::" + TypeName(Type(expr->type.oid));
    return "";
  }
  std::string name;
  if (column >= 0) {
    name = static_cast<size_t>(column) < named.columns.size() ? named.columns[static_cast<size_t>(column)] : "?";
  } else {
    name = SystemColumnName(column);
  }
  out_ += prefix + Identifier(name);
  return name;
}

std::string Printer::Column(const Expr* expr, bool top_level) {
  if (expr == nullptr) return "";
  if (ctx_.joins != nullptr) {
    if (auto found = ctx_.joins->find(expr); found != ctx_.joins->end()) {
      const auto& [join, number] = found->second;
      return ColumnOf(join->rel, number, top_level, expr);
    }
  }
  if (auto* column = DynAs<ColumnRef>(expr)) {
    if (ctx_.names.column != nullptr) {
      std::string name = ctx_.names.column(*column);
      out_ += name;
      return name;
    }
    return ColumnOf(column->rel, column->column, top_level, expr);
  }
  if (auto* whole = DynAs<WholeRowRef>(expr)) return ColumnOf(whole->rel, 0, top_level, expr);
  return "";
}

// ---- FROM ---------------------------------------------------------------------------------------

void Printer::From(const Query& query) {
  if (query.from == nullptr) return;
  // The list's items hang in a chain of joins without a condition, which no join that was written is.
  std::vector<const FromNode*> items;
  const FromNode* node = query.from;
  for (; node->comma; node = node->left) items.push_back(node->right);
  items.push_back(node);
  std::reverse(items.begin(), items.end());
  Keyword(" FROM ", -kStep, kStep, 2);
  FromItem(*items[0], query);
  for (size_t i = 1; i < items.size(); ++i) {
    Put(", ");
    std::string before;
    before.swap(out_);
    FromItem(*items[i], query);
    before.swap(out_);
    Wrap(before, false, false);
  }
}

void Printer::FunctionCallText(const Expr* expr) {
  if (LooksLikeFunction(expr)) return Expression(expr, true);
  Put("CAST(");
  Expression(expr, false);
  out_ += " AS " + TypeName(expr->type) + ")";
}

void Printer::ColumnDefinitions(const TableFunction& function, const std::vector<std::string>* names) {
  out_ += '(';
  for (size_t i = 0; i < function.columns.size(); ++i) {
    if (i > 0) Put(", ");
    const std::string& name = names != nullptr && i < names->size() ? (*names)[i] : function.names[i];
    out_ += Identifier(name) + ' ' + TypeName(function.columns[i]);
  }
  out_ += ')';
}

void Printer::FunctionItem(const RangeEntry& entry) {
  bool single = entry.functions.size() == 1 && !(HasColumnDefinitions(entry.functions[0]) && entry.ordinality);
  bool all_unnest = std::all_of(entry.functions.begin(), entry.functions.end(), [](const TableFunction& function) {
    const FunctionCall* call = CallOf(function);
    return call != nullptr && call->form == CallForm::kCall && call->function->name == "unnest" && call->args.size() == 1 &&
           !HasColumnDefinitions(function);
  });
  if (single) {
    FunctionCallText(entry.functions[0].call);
  } else if (all_unnest) {
    Put("UNNEST(");
    for (size_t i = 0; i < entry.functions.size(); ++i) {
      if (i > 0) Put(", ");
      Expression(CallOf(entry.functions[i])->args[0], true);
    }
    out_ += ')';
  } else {
    Put("ROWS FROM(");
    for (size_t i = 0; i < entry.functions.size(); ++i) {
      if (i > 0) Put(", ");
      FunctionCallText(entry.functions[i].call);
      if (!HasColumnDefinitions(entry.functions[i])) continue;
      Put(" AS ");
      ColumnDefinitions(entry.functions[i], nullptr);
    }
    out_ += ')';
  }
  if (entry.ordinality) Put(" WITH ORDINALITY");
}

void Printer::AliasOf(const RangeEntry& entry) {
  const Named& named = names_[entry.rel];
  bool print = entry.aliased || named.print_columns;
  switch (entry.kind) {
    case RangeKind::kTable:
      print = print || stored() || named.name != entry.table->name;
      break;
    case RangeKind::kFunction:
    case RangeKind::kSubquery:
    case RangeKind::kValues:
      print = true;
      break;
    case RangeKind::kCte:
    case RangeKind::kWorkTable:
      print = print || named.name != entry.cte->name;
      break;
    default:
      break;
  }
  if (print) out_ += ' ' + Identifier(named.name);
  if (entry.kind == RangeKind::kFunction && entry.functions.size() == 1 && !entry.ordinality &&
      HasColumnDefinitions(entry.functions[0])) {
    return ColumnDefinitions(entry.functions[0], &named.columns);
  }
  if (!named.print_columns) return;
  bool first = true;
  for (size_t i = 0; i < named.columns.size(); ++i) {
    if (named.columns[i].empty()) continue;
    std::string name = named.columns[i];
    if (stored() && entry.kind == RangeKind::kTable) {
      // Only those that have names of their own, by number.
      if (catalog::IsMarker(name)) continue;
      name = catalog::ColumnAliasMarker(static_cast<int>(i) + 1, name);
    }
    out_ += (first ? "(" : ", ") + Identifier(name);
    first = false;
  }
  if (!first) out_ += ')';
}

void Printer::Join(const FromNode& node, const Query& query) {
  bool named = node.entry != nullptr && node.entry->aliased && node.entry->kind == RangeKind::kJoin;
  bool right_parens = few_parens() && node.right->join && !(node.right->entry != nullptr && node.right->entry->aliased);
  bool parens = !few_parens() || named;
  if (parens) out_ += '(';
  FromItem(*node.left, query);
  std::string_view word = " LEFT JOIN ";
  if (node.type == JoinType::kInner) word = node.on != nullptr ? " JOIN " : " CROSS JOIN ";
  if (node.type == JoinType::kFull) word = " FULL JOIN ";
  if (node.type == JoinType::kRight) word = " RIGHT JOIN ";
  Keyword(word, -kStep, kStep, kJoinIndent);
  if (right_parens) out_ += '(';
  FromItem(*node.right, query);
  if (right_parens) out_ += ')';
  if (!node.using_names.empty()) {
    Put(" USING (");
    for (size_t i = 0; i < node.using_names.size(); ++i) {
      if (i > 0) Put(", ");
      out_ += Identifier(node.using_names[i]);
    }
    out_ += ')';
    if (node.using_alias != nullptr) out_ += " AS " + Identifier(names_[node.using_alias->rel].name);
  } else if (node.on != nullptr) {
    Put(" ON ");
    Open();
    Expression(node.on, false);
    Close();
  } else if (node.type != JoinType::kInner) {
    Put(" ON TRUE");
  }
  if (parens) out_ += ')';
  if (!named) return;
  out_ += ' ' + Identifier(names_[node.entry->rel].name);
  const Named& columns = names_[node.entry->rel];
  if (!columns.print_columns) return;
  for (size_t i = 0; i < columns.columns.size(); ++i) out_ += (i == 0 ? "(" : ", ") + Identifier(columns.columns[i]);
  out_ += ')';
}

void Printer::FromItem(const FromNode& node, const Query& query) {
  if (node.join) return Join(node, query);
  const RangeEntry& entry = *node.entry;
  bool lateral = entry.lateral;
  if (entry.kind == RangeKind::kFunction) {
    // Functions see what stands before them anyway; LATERAL is said where they make use of it.
    std::set<RelId> rels;
    for (const TableFunction& function : entry.functions) CollectRels(function.call, rels);
    lateral = std::any_of(query.entries.begin(), query.entries.end(),
                          [&](const RangeEntry* other) { return rels.contains(other->rel); });
  }
  if (lateral) Put("LATERAL ");
  switch (entry.kind) {
    case RangeKind::kTable: {
      if (entry.only) Put("ONLY ");
      if (stored() && !entry.table->is_system()) {
        out_ += '"' + catalog::RelationMarker(entry.table->oid) + '"';
        break;
      }
      Result<bool> visible = ctx_.catalog->IsTableVisible(*entry.table);
      bool hidden = std::any_of(query.ctes.begin(), query.ctes.end(),
                                [&](const CommonTable* cte) { return cte->name == entry.table->name; });
      if (stored() || hidden || !visible.ok() || !*visible) out_ += Identifier(entry.table->schema_name) + '.';
      out_ += Identifier(entry.table->name);
      break;
    }
    case RangeKind::kSubquery:
      out_ += '(';
      QueryText(*entry.subquery, nullptr, true);
      out_ += ')';
      break;
    case RangeKind::kFunction:
      FunctionItem(entry);
      break;
    case RangeKind::kValues:
      out_ += '(';
      Values(entry);
      out_ += ')';
      break;
    case RangeKind::kCte:
    case RangeKind::kWorkTable:
      out_ += Identifier(entry.cte->name);
      break;
    default:
      break;
  }
  AliasOf(entry);
}

}  // namespace phantom::planner
