// Expressions as text.
#include <cstring>

#include "catalog/catalog.h"
#include "catalog/stored_sql.h"
#include "planner/deparse/printer.h"
#include "planner/expr_util.h"
#include "types/keywords.h"
#include "types/type.h"

namespace phantom::planner {

using namespace types;

namespace {

bool IsCast(const Expr* expr) {
  auto* call = DynAs<FunctionCall>(expr);
  return call != nullptr && (call->form == CallForm::kExplicitCast || call->form == CallForm::kImplicitCast);
}
bool IsOperator(const Expr* expr) {
  auto* call = DynAs<FunctionCall>(expr);
  return call != nullptr && call->form == CallForm::kOperator;
}
// The operator of a binary call when it is one character; else 0.
char SimpleOperator(const Expr* expr) {
  auto* call = DynAs<FunctionCall>(expr);
  if (call == nullptr || call->form != CallForm::kOperator || call->args.size() != 2 || call->op->name.size() != 1) return 0;
  return call->op->name[0];
}

const Expr* StripImplicit(const Expr* expr) {
  while (true) {
    if (auto* call = DynAs<FunctionCall>(expr); call != nullptr && call->form == CallForm::kImplicitCast) {
      expr = call->args[0];
    } else if (auto* cast = DynAs<CastExpr>(expr); cast != nullptr && cast->form == CallForm::kImplicitCast &&
                                                   cast->method != CastMethod::kCollate) {
      expr = cast->arg;
    } else {
      return expr;
    }
  }
}

// Does the parent's syntax hold its arguments apart without parentheses?
bool SeparatesArguments(const Expr* parent) {
  switch (parent->kind) {
    case ExprKind::kFunction: {
      CallForm form = As<FunctionCall>(parent)->form;
      return form == CallForm::kCall;
    }
    case ExprKind::kBool:
    case ExprKind::kSubscript:
    case ExprKind::kArray:
    case ExprKind::kRow:
    case ExprKind::kCoalesce:
    case ExprKind::kMinMax:
    case ExprKind::kNullIf:
    case ExprKind::kAggregate:
    case ExprKind::kGrouping:
    case ExprKind::kWindow:
    case ExprKind::kCase:
      return true;
    default:
      return false;
  }
}

}  // namespace

// ---- Text ---------------------------------------------------------------------------------------

void Printer::TrimBlanks() {
  while (!out_.empty() && out_.back() == ' ') out_.pop_back();
}

void Printer::Keyword(std::string_view word, int before, int after, int plus) {
  if (!indent()) {
    out_ += word;
    return;
  }
  constexpr int kIndentMax = 40;
  constexpr int kIndentStep = 8;
  level_ += before;
  TrimBlanks();
  int amount = std::max(level_, 0) + plus;
  if (level_ >= kIndentMax) amount = (kIndentMax + (level_ - kIndentMax) / (kIndentStep / 2)) % kIndentMax + plus;
  out_ += '\n';
  out_.append(static_cast<size_t>(amount), ' ');
  out_ += word;
  level_ = std::max(level_ + after, 0);
}

std::string Printer::Identifier(std::string_view name) const { return QuoteIdentifier(name); }

std::string Printer::TypeName(Type type) const {
  // "character" alone would be read as character(1).
  if (type.oid < catalog::kFirstUserOid) return FormatTypeName(type, true);
  if (!stored()) return ctx_.catalog->FormatType(type);
  Oid named = type.oid;
  std::string brackets;
  for (catalog::TypeRef row = ctx_.catalog->TypeByOid(named); row != nullptr && row->oid >= catalog::kFirstUserOid &&
                                                              row->element != 0 && row->kind == catalog::TypeKind::kBase;
       row = ctx_.catalog->TypeByOid(named)) {
    named = row->element;
    brackets += "[]";
  }
  if (named < catalog::kFirstUserOid) return ctx_.catalog->FormatType(type);
  return '"' + catalog::TypeMarker(named) + '"' + brackets;
}

std::string Printer::CollationName(Oid collation) const {
  const catalog::CollationRow* row = ctx_.catalog->builtins().Collation(collation);
  return row == nullptr ? "?" : Identifier(row->name);
}

// ---- Parentheses --------------------------------------------------------------------------------

bool Printer::IsSimple(const Expr* expr, const Expr* parent) const {
  if (expr == nullptr) return false;
  if (ctx_.joins != nullptr && ctx_.joins->contains(expr)) return true;
  switch (expr->kind) {
    case ExprKind::kColumnRef:
    case ExprKind::kWholeRow:
    case ExprKind::kInputRef:
    case ExprKind::kConst:
    case ExprKind::kParam:
    case ExprKind::kExecParam:
    case ExprKind::kCaseTest:
    case ExprKind::kDefault:
    case ExprKind::kCurrentOf:
    case ExprKind::kSubscript:
    case ExprKind::kArray:
    case ExprKind::kRow:
    case ExprKind::kCoalesce:
    case ExprKind::kMinMax:
    case ExprKind::kSqlValue:
    case ExprKind::kNullIf:
    case ExprKind::kAggregate:
    case ExprKind::kGrouping:
    case ExprKind::kWindow:
    case ExprKind::kCase:
      return true;
    case ExprKind::kFieldSelect:
      return parent->kind != ExprKind::kFieldSelect;
    case ExprKind::kFieldStore:
      return parent->kind != ExprKind::kFieldStore;
    case ExprKind::kCast: {
      auto* cast = As<CastExpr>(expr);
      return cast->method != CastMethod::kCollate && IsSimple(cast->arg, expr);
    }
    case ExprKind::kFunction:
      if (!IsOperator(expr)) return true;
      if (few_parens() && IsOperator(parent)) {
        char op = SimpleOperator(expr), outer = SimpleOperator(parent);
        if (op == 0 || outer == 0) return false;
        bool low = std::strchr("+-", op) != nullptr, high = std::strchr("*/%", op) != nullptr;
        bool outer_low = std::strchr("+-", outer) != nullptr, outer_high = std::strchr("*/%", outer) != nullptr;
        if (!(low || high) || !(outer_low || outer_high)) return false;
        if (high && outer_low) return true;
        if (low && outer_high) return false;
        return As<FunctionCall>(parent)->args[0] == expr;
      }
      return SeparatesArguments(parent);
    case ExprKind::kDistinct:
      if (!As<DistinctExpr>(expr)->negated) return SeparatesArguments(parent);
      if (parent->kind == ExprKind::kBool) return few_parens() && As<BoolExpr>(parent)->op != BoolOp::kNot;
      return SeparatesArguments(parent);
    case ExprKind::kSubquery:
    case ExprKind::kNullTest:
    case ExprKind::kBooleanTest:
      return SeparatesArguments(parent);
    case ExprKind::kBool:
      if (parent->kind == ExprKind::kBool) {
        if (!few_parens()) return false;
        BoolOp outer = As<BoolExpr>(parent)->op;
        return As<BoolExpr>(expr)->op == BoolOp::kOr ? outer == BoolOp::kOr : outer != BoolOp::kNot;
      }
      return SeparatesArguments(parent);
    default:
      return false;
  }
}

void Printer::Within(const Expr* expr, bool show_implicit, const Expr* parent) {
  bool parens = few_parens() && !IsSimple(expr, parent);
  if (parens) out_ += '(';
  Expression(expr, show_implicit);
  if (parens) out_ += ')';
}

void Printer::List(const std::vector<Expr*>& args, bool show_implicit) {
  for (size_t i = 0; i < args.size(); ++i) {
    if (i > 0) out_ += ", ";
    Expression(args[i], show_implicit);
  }
}

// Where a whole row would be taken for its columns, it says its type.
void Printer::TopLevel(const Expr* expr, bool show_implicit) {
  if (Column(expr, true).empty()) Expression(expr, show_implicit);
}

// ---- Nodes --------------------------------------------------------------------------------------

void Printer::Expression(const Expr* expr, bool show_implicit) {
  if (expr == nullptr) return;
  if (ctx_.joins != nullptr && ctx_.joins->contains(expr)) {
    Column(expr, false);
    return;
  }
  switch (expr->kind) {
    case ExprKind::kConst:
      return Constant(*As<ConstExpr>(expr), 0);
    case ExprKind::kColumnRef:
    case ExprKind::kWholeRow:
      Column(expr, false);
      return;
    case ExprKind::kInputRef:
      out_ += ctx_.names.input != nullptr ? ctx_.names.input(As<InputRef>(expr)->index) : "?";
      return;
    case ExprKind::kParam:
      out_ += "$" + std::to_string(As<ParamExpr>(expr)->number);
      return;
    case ExprKind::kExecParam: {
      int slot = As<ExecParam>(expr)->slot;
      out_ += ctx_.names.slot != nullptr ? ctx_.names.slot(slot) : "$" + std::to_string(slot);
      return;
    }
    case ExprKind::kFunction:
      return Function(*As<FunctionCall>(expr), show_implicit);
    case ExprKind::kAggregate:
      return Aggregate(*As<AggregateCall>(expr));
    case ExprKind::kWindow:
      return WindowFunction(*As<WindowCall>(expr));
    case ExprKind::kBool:
      return Bool(*As<BoolExpr>(expr));
    case ExprKind::kCase:
      return Case(*As<CaseExpr>(expr));
    case ExprKind::kCaseTest:
      Put("VALUE");
      return;
    case ExprKind::kCoalesce:
      Put("COALESCE(");
      List(As<CoalesceExpr>(expr)->args);
      out_ += ')';
      return;
    case ExprKind::kMinMax:
      Put(As<MinMaxExpr>(expr)->greatest ? "GREATEST(" : "LEAST(");
      List(As<MinMaxExpr>(expr)->args);
      out_ += ')';
      return;
    case ExprKind::kNullIf: {
      auto* node = As<NullIfExpr>(expr);
      Put("NULLIF(");
      Expression(node->left_compared != nullptr ? node->left_compared : node->left, true);
      Put(", ");
      Expression(node->right, true);
      out_ += ')';
      return;
    }
    case ExprKind::kNullTest:
      return NullTestOf(*As<NullTest>(expr));
    case ExprKind::kBooleanTest: {
      static constexpr const char* kTests[] = {" IS TRUE",      " IS NOT TRUE", " IS FALSE",
                                               " IS NOT FALSE", " IS UNKNOWN",  " IS NOT UNKNOWN"};
      auto* test = As<BooleanTest>(expr);
      Open();
      Within(test->arg, false, expr);
      Put(kTests[static_cast<int>(test->test)]);
      Close();
      return;
    }
    case ExprKind::kDistinct: {
      // NOT DISTINCT is a NOT around the test.
      auto* node = As<DistinctExpr>(expr);
      if (node->negated) {
        Open();
        Put("NOT ");
      }
      Open();
      Within(node->left, true, expr);
      Put(" IS DISTINCT FROM ");
      Within(node->right, true, expr);
      Close();
      if (node->negated) Close();
      return;
    }
    case ExprKind::kScalarArray: {
      auto* node = As<ScalarArrayExpr>(expr);
      Open();
      Within(node->scalar, true, expr);
      out_ += ' ';
      Put(node->op->name);
      Put(node->any ? " ANY (" : " ALL (");
      // A written cast of ARRAY[...] would become its elements'; the operator asks for it again anyway.
      Within(node->array, !stored(), expr);
      if (auto* subquery = DynAs<SubqueryExpr>(node->array); subquery != nullptr && subquery->subquery == SubqueryKind::kScalar) {
        out_ += "::" + TypeName(node->array->type);
      }
      out_ += ')';
      Close();
      return;
    }
    case ExprKind::kArray: {
      auto* node = As<ArrayExpr>(expr);
      Put("ARRAY[");
      List(node->elements);
      out_ += ']';
      if (node->elements.empty()) out_ += "::" + TypeName(Type(node->type.oid));
      return;
    }
    case ExprKind::kRow:
      return Row(*As<RowExpr>(expr));
    case ExprKind::kRowCompare: {
      auto* node = As<RowCompareExpr>(expr);
      auto row = [&](const std::vector<Expr*>& fields) {
        Put("ROW(");
        for (size_t i = 0; i < fields.size(); ++i) {
          if (i > 0) Put(", ");
          TopLevel(fields[i], true);
        }
        out_ += ')';
      };
      out_ += '(';
      row(node->left);
      out_ += ' ';
      Put(node->operators[0]->name);
      out_ += ' ';
      row(node->right);
      out_ += ')';
      return;
    }
    case ExprKind::kSubscript:
      return Subscripts(*As<SubscriptExpr>(expr), show_implicit);
    case ExprKind::kFieldSelect: {
      auto* node = As<FieldSelect>(expr);
      bool parens = node->arg->kind != ExprKind::kSubscript && node->arg->kind != ExprKind::kFieldSelect;
      if (parens) out_ += '(';
      Expression(node->arg, true);
      if (parens) out_ += ')';
      out_ += '.' + Identifier(node->name);
      return;
    }
    case ExprKind::kFieldStore: {
      auto* node = As<FieldStore>(expr);
      if (node->values.size() != 1) Put("ROW(");
      List(node->values, show_implicit);
      if (node->values.size() != 1) out_ += ')';
      return;
    }
    case ExprKind::kCast:
      return Cast(*As<CastExpr>(expr), show_implicit);
    case ExprKind::kSubquery:
      return Subquery(*As<SubqueryExpr>(expr));
    case ExprKind::kSubPlan:
      out_ += ctx_.names.subplan != nullptr ? ctx_.names.subplan(*As<SubPlanExpr>(expr)) : "(SubPlan)";
      return;
    case ExprKind::kSqlValue:
      return SqlValue(*As<SqlValueExpr>(expr));
    case ExprKind::kGrouping:
      Put("GROUPING(");
      List(As<GroupingCall>(expr)->args);
      out_ += ')';
      return;
    case ExprKind::kCurrentOf:
      out_ += "CURRENT OF " + Identifier(As<CurrentOfExpr>(expr)->cursor);
      return;
    case ExprKind::kDefault:
      Put("DEFAULT");
      return;
  }
}

namespace {

// x >= a AND x <= b, which BETWEEN makes.
bool IsRange(const Expr* expr, const Expr** value, const Expr** low, const Expr** high) {
  auto* both = DynAs<BoolExpr>(expr);
  if (both == nullptr || both->op != BoolOp::kAnd || both->args.size() != 2) return false;
  auto* from = DynAs<FunctionCall>(both->args[0]);
  auto* to = DynAs<FunctionCall>(both->args[1]);
  if (from == nullptr || to == nullptr || from->op == nullptr || to->op == nullptr) return false;
  if (from->op->name != ">=" || to->op->name != "<=" || from->args.size() != 2 || to->args.size() != 2) return false;
  if (!Equal(from->args[0], to->args[0])) return false;
  *value = from->args[0];
  *low = from->args[1];
  *high = to->args[1];
  return true;
}

}  // namespace

void Printer::Bool(const BoolExpr& node) {
  const Expr *value = nullptr, *low = nullptr, *high = nullptr;
  if (stored() && IsRange(&node, &value, &low, &high)) {
    // Written as two comparisons it would be taken into an AND around it when read again.
    out_ += '(';
    Expression(value, true);
    Put(" BETWEEN ");
    Expression(low, true);
    Put(" AND ");
    Expression(high, true);
    out_ += ')';
    return;
  }
  Open();
  if (node.op == BoolOp::kNot) {
    Put("NOT ");
    Within(node.args[0], false, &node);
  } else {
    for (size_t i = 0; i < node.args.size(); ++i) {
      if (i > 0) Put(node.op == BoolOp::kAnd ? " AND " : " OR ");
      Within(node.args[i], false, &node);
    }
  }
  Close();
}

void Printer::Case(const CaseExpr& node) {
  constexpr int kCaseIndent = 4;
  Keyword("CASE", 0, kCaseIndent, 0);
  if (node.arg != nullptr) {
    out_ += ' ';
    Expression(node.arg, true);
  }
  for (const CaseExpr::When& when : node.whens) {
    const Expr* condition = when.condition;
    // CASE x WHEN y is kept as a comparison of x with y.
    if (auto* call = DynAs<FunctionCall>(condition); node.arg != nullptr && call != nullptr && call->args.size() == 2 &&
                                                     StripImplicit(call->args[0])->kind == ExprKind::kCaseTest) {
      condition = call->args[1];
    }
    if (!indent()) out_ += ' ';
    Keyword("WHEN ", 0, 0, 0);
    Expression(condition, false);
    Put(" THEN ");
    Expression(when.result, true);
  }
  if (!indent()) out_ += ' ';
  Keyword("ELSE ", 0, 0, 0);
  if (node.otherwise != nullptr) {
    Expression(node.otherwise, true);
  } else {
    out_ += "NULL::" + TypeName(Type(node.type.oid));
  }
  if (!indent()) out_ += ' ';
  Keyword("END", -kCaseIndent, 0, 0);
}

void Printer::NullTestOf(const NullTest& node) {
  bool of_row = false;
  if (!node.row) {
    catalog::TypeRef type = ctx_.catalog->TypeByOid(node.arg->type.oid);
    of_row = node.arg->type.oid == kRecordOid || (type != nullptr && type->kind == catalog::TypeKind::kComposite);
  }
  Open();
  Within(node.arg, true, &node);
  if (of_row) {
    Put(node.is_null ? " IS NOT DISTINCT FROM NULL" : " IS DISTINCT FROM NULL");
  } else {
    Put(node.is_null ? " IS NULL" : " IS NOT NULL");
  }
  Close();
}

void Printer::Row(const RowExpr& node) {
  Put("ROW(");
  for (size_t i = 0; i < node.fields.size(); ++i) {
    if (i > 0) Put(", ");
    TopLevel(node.fields[i], true);
  }
  out_ += ')';
  if (node.type.oid != kRecordOid && node.type.oid != 0) out_ += "::" + TypeName(Type(node.type.oid));
}

void Printer::Subscripts(const SubscriptExpr& node, bool show_implicit) {
  ExprKind kind = node.container->kind;
  bool parens = kind != ExprKind::kColumnRef && kind != ExprKind::kInputRef && kind != ExprKind::kFieldSelect;
  if (parens) out_ += '(';
  Expression(node.container, show_implicit);
  if (parens) out_ += ')';
  for (const SubscriptExpr::Index& index : node.indexes) {
    out_ += '[';
    if (node.slice) {
      // The lower bound that was left out is printed as nothing.
      Expression(index.lower, false);
      out_ += ':';
    }
    Expression(index.upper, false);
    out_ += ']';
  }
}

void Printer::Subquery(const SubqueryExpr& node) {
  Put(node.subquery == SubqueryKind::kArray ? "ARRAY(" : "(");
  std::string op;
  if (node.test != nullptr) {
    // The left sides as the operators take them, and the first operator's name.
    std::vector<Expr*> left;
    auto add = [&](const Expr* test) {
      auto* call = DynAs<FunctionCall>(test);
      if (call == nullptr || call->op == nullptr) return;
      left.push_back(call->args[0]);
      if (op.empty()) op = call->op->name;
    };
    if (auto* both = DynAs<BoolExpr>(node.test)) {
      for (const Expr* test : both->args) add(test);
    } else if (auto* rows = DynAs<RowCompareExpr>(node.test)) {
      left = rows->left;
      op = rows->operators[0]->name;
    } else {
      add(node.test);
    }
    if (node.left.size() > 1) out_ += '(';
    List(left);
    if (node.left.size() > 1) out_ += ')';
  }
  bool parens = true;
  switch (node.subquery) {
    case SubqueryKind::kExists:
      Put("EXISTS ");
      break;
    case SubqueryKind::kAny:
      out_ += op == "=" ? " IN " : ' ' + op + " ANY ";
      break;
    case SubqueryKind::kAll:
      out_ += ' ' + op + " ALL ";
      break;
    case SubqueryKind::kRowCompare:
      out_ += ' ' + op + ' ';
      break;
    default:
      parens = false;
      break;
  }
  if (parens) out_ += '(';
  QueryText(*node.query, nullptr, false);
  Put(parens ? "))" : ")");
}

void Printer::SqlValue(const SqlValueExpr& node) {
  static constexpr const char* kNames[] = {"CURRENT_DATE",   "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME",
                                           "LOCALTIMESTAMP", "CURRENT_ROLE", "CURRENT_USER",      "USER",
                                           "SESSION_USER",   "CURRENT_CATALOG", "CURRENT_SCHEMA"};
  Put(kNames[static_cast<int>(node.op)]);
  if (node.type.typmod >= 0) out_ += "(" + std::to_string(node.type.typmod) + ")";
}

bool LooksLikeFunction(const Expr* expr) {
  switch (expr->kind) {
    case ExprKind::kFunction:
      return !IsOperator(expr) && !IsCast(expr);
    case ExprKind::kNullIf:
    case ExprKind::kCoalesce:
    case ExprKind::kMinMax:
    case ExprKind::kSqlValue:
      return true;
    default:
      return false;
  }
}

std::string Deparse(const Expr* expr, const DeparseContext& context, bool show_implicit) {
  Printer printer(context);
  printer.Expression(expr, show_implicit);
  return printer.Take();
}

}  // namespace phantom::planner
