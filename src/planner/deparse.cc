#include "planner/deparse.h"

#include <algorithm>
#include <map>

#include "catalog/catalog.h"
#include "catalog/stored_sql.h"
#include "planner/expr_util.h"
#include "types/text_format.h"

namespace phantom::planner {

using namespace types;

namespace {

class Printer {
 public:
  explicit Printer(const DeparseContext& context) : ctx_(context) {}

  std::string Print(const Expr* expr) {
    if (expr == nullptr) return "";
    switch (expr->kind) {
      case ExprKind::kConst:
        return Constant(*As<ConstExpr>(expr), true);
      case ExprKind::kColumnRef:
        return ctx_.names.column != nullptr ? ctx_.names.column(*As<ColumnRef>(expr)) : "?";
      case ExprKind::kWholeRow:
        return "?.*";
      case ExprKind::kInputRef:
        return ctx_.names.input != nullptr ? ctx_.names.input(As<InputRef>(expr)->index) : "?";
      case ExprKind::kParam:
        return "$" + std::to_string(As<ParamExpr>(expr)->number);
      case ExprKind::kExecParam:
        return ctx_.names.slot != nullptr ? ctx_.names.slot(As<ExecParam>(expr)->slot)
                                          : "$" + std::to_string(As<ExecParam>(expr)->slot);
      case ExprKind::kFunction:
        return Function(*As<FunctionCall>(expr));
      case ExprKind::kAggregate:
        return Aggregate(*As<AggregateCall>(expr));
      case ExprKind::kWindow: {
        auto* call = As<WindowCall>(expr);
        std::string text = std::string(call->function->name) + "(" + (call->star ? "*" : List(call->args)) + ")";
        if (call->filter != nullptr) text += " FILTER (WHERE " + Print(call->filter) + ")";
        return text + " OVER (?)";
      }
      case ExprKind::kBool:
        return Bool(*As<BoolExpr>(expr));
      case ExprKind::kCase:
        return Case(*As<CaseExpr>(expr));
      case ExprKind::kCaseTest: {
        auto found = slots_.find(As<CaseTest>(expr)->slot);
        return found == slots_.end() ? "VALUE" : found->second;
      }
      case ExprKind::kCoalesce:
        return "COALESCE(" + List(As<CoalesceExpr>(expr)->args) + ")";
      case ExprKind::kMinMax:
        return std::string(As<MinMaxExpr>(expr)->greatest ? "GREATEST(" : "LEAST(") + List(As<MinMaxExpr>(expr)->args) + ")";
      case ExprKind::kNullIf:
        return "NULLIF(" + Print(As<NullIfExpr>(expr)->left) + ", " + Print(As<NullIfExpr>(expr)->right) + ")";
      case ExprKind::kNullTest: {
        auto* test = As<NullTest>(expr);
        return "(" + Print(test->arg) + (test->is_null ? " IS NULL)" : " IS NOT NULL)");
      }
      case ExprKind::kBooleanTest: {
        static constexpr const char* kTests[] = {"IS TRUE",      "IS NOT TRUE", "IS FALSE",
                                                 "IS NOT FALSE", "IS UNKNOWN",  "IS NOT UNKNOWN"};
        auto* test = As<BooleanTest>(expr);
        return "(" + Print(test->arg) + " " + kTests[static_cast<int>(test->test)] + ")";
      }
      case ExprKind::kDistinct: {
        auto* node = As<DistinctExpr>(expr);
        return "(" + Print(node->left) + (node->negated ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ") + Print(node->right) + ")";
      }
      case ExprKind::kScalarArray: {
        auto* node = As<ScalarArrayExpr>(expr);
        return "(" + Print(node->scalar) + " " + std::string(node->op->name) + (node->any ? " ANY (" : " ALL (") + Print(node->array) + "))";
      }
      case ExprKind::kArray: {
        auto* node = As<ArrayExpr>(expr);
        std::string text = "ARRAY[" + List(node->elements) + "]";
        return node->elements.empty() ? text + "::" + TypeName(node->type) : text;
      }
      case ExprKind::kRow:
        return "ROW(" + List(As<RowExpr>(expr)->fields) + ")";
      case ExprKind::kRowCompare: {
        auto* node = As<RowCompareExpr>(expr);
        return "(ROW(" + List(node->left) + ") " + std::string(node->operators[0]->name) + " ROW(" + List(node->right) + "))";
      }
      case ExprKind::kSubscript: {
        auto* node = As<SubscriptExpr>(expr);
        bool plain = node->container->kind == ExprKind::kColumnRef || node->container->kind == ExprKind::kInputRef ||
                     node->container->kind == ExprKind::kParam;
        std::string text = plain ? Print(node->container) : "(" + Print(node->container) + ")";
        for (const SubscriptExpr::Index& index : node->indexes) {
          text += "[";
          if (node->slice) text += Print(index.lower) + ":";
          text += Print(index.upper) + "]";
        }
        return text;
      }
      case ExprKind::kFieldSelect:
        return "(" + Print(As<FieldSelect>(expr)->arg) + ")." + catalog::QuotedIfNeeded(As<FieldSelect>(expr)->name);
      case ExprKind::kFieldStore:
        return Print(As<FieldStore>(expr)->values[0]);
      case ExprKind::kCast:
        return Cast(*As<CastExpr>(expr));
      case ExprKind::kSubquery:
        return "(subquery)";
      case ExprKind::kSubPlan:
        return ctx_.names.subplan != nullptr ? ctx_.names.subplan(*As<SubPlanExpr>(expr)) : "(SubPlan)";
      case ExprKind::kSqlValue: {
        static constexpr const char* kNames[] = {"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME",
                                                 "LOCALTIMESTAMP", "CURRENT_ROLE", "CURRENT_USER", "USER",
                                                 "SESSION_USER", "CURRENT_CATALOG", "CURRENT_SCHEMA"};
        std::string text = kNames[static_cast<int>(As<SqlValueExpr>(expr)->op)];
        if (expr->type.typmod >= 0) text += "(" + std::to_string(expr->type.typmod) + ")";
        return text;
      }
      case ExprKind::kGrouping:
        return "GROUPING(" + List(As<GroupingCall>(expr)->args) + ")";
      case ExprKind::kCurrentOf:
        return "CURRENT OF " + catalog::QuotedIfNeeded(As<CurrentOfExpr>(expr)->cursor);
      case ExprKind::kDefault:
        return "DEFAULT";
    }
    return "";
  }

 private:
  std::string TypeName(Type type) { return ctx_.catalog->FormatType(type); }

  std::string List(const std::vector<Expr*>& args) {
    std::string text;
    for (const Expr* arg : args) text += (text.empty() ? "" : ", ") + Print(arg);
    return text;
  }

  static std::string Literal(std::string_view text) {
    std::string quoted;
    bool escape = text.find('\\') != std::string_view::npos;
    quoted += escape ? "E'" : "'";
    for (char c : text) {
      if (c == '\'' || (escape && c == '\\')) quoted += c;
      quoted += c;
    }
    return quoted + "'";
  }

  std::string Constant(const ConstExpr& constant, bool label) {
    if (constant.value.is_null()) {
      return label && constant.type.oid != kUnknownOid ? "NULL::" + TypeName(constant.type) : "NULL";
    }
    std::string text;
    if (!AppendText(constant.value, *ctx_.format, text).ok()) return "?";
    bool number = !text.empty() && text.find_first_not_of("0123456789.eE+") == std::string::npos && text[0] >= '0' && text[0] <= '9';
    switch (constant.type.oid) {
      case kBoolOid:
        return constant.value.AsBool() ? "true" : "false";
      case kInt4Oid:
        if (number) return text;
        break;
      case kNumericOid:
        if (number && (text.find('.') != std::string::npos || text.size() > 10)) {
          return constant.type.typmod >= 0 && label ? text + "::" + TypeName(constant.type) : text;
        }
        break;
      case kUnknownOid:
        return Literal(text);
      default:
        break;
    }
    return label ? Literal(text) + "::" + TypeName(constant.type) : Literal(text);
  }

  std::string CastTo(const Expr* arg, Type type) {
    if (auto* constant = DynAs<ConstExpr>(arg)) {
      std::string inner = Constant(*constant, constant->type.oid != type.oid);
      return (inner[0] == '-' ? "(" + inner + ")" : inner) + "::" + TypeName(type);
    }
    return "(" + Print(arg) + ")::" + TypeName(type);
  }

  std::string Cast(const CastExpr& cast) {
    if (cast.method == CastMethod::kCollate) {
      const catalog::CollationRow* row = ctx_.catalog->builtins().Collation(cast.collation);
      return "(" + Print(cast.arg) + " COLLATE " + (row == nullptr ? "?" : catalog::Quoted(row->name)) + ")";
    }
    if (cast.form == CallForm::kImplicitCast && cast.method != CastMethod::kRelabel) return Print(cast.arg);
    // An implicit relabelling shows where the operator below needs it, as in PostgreSQL.
    return CastTo(cast.arg, cast.type);
  }

  std::string Function(const FunctionCall& call) {
    if (call.form == CallForm::kOperator && call.op != nullptr) {
      std::string name(call.op->name);
      if (call.args.size() == 1) return "(" + name + " " + Print(call.args[0]) + ")";
      return "(" + Print(call.args[0]) + " " + name + " " + Print(call.args[1]) + ")";
    }
    if (call.form == CallForm::kImplicitCast) return Print(call.args[0]);
    if (call.form == CallForm::kExplicitCast) return CastTo(call.args[0], call.type);
    if (call.form == CallForm::kSqlSyntax) {
      std::string_view name = call.function->name;
      if (name == "extract" && call.args.size() == 2) {
        std::string field = Print(call.args[0]);
        if (auto* constant = DynAs<ConstExpr>(call.args[0]); constant != nullptr && !constant->value.is_null()) field = constant->value.AsString();
        return "EXTRACT(" + field + " FROM " + Print(call.args[1]) + ")";
      }
      if (name == "position" && call.args.size() == 2) return "POSITION((" + Print(call.args[1]) + ") IN (" + Print(call.args[0]) + "))";
      if (name == "substring" && call.args.size() >= 2) {
        return "SUBSTRING(" + Print(call.args[0]) + " FROM " + Print(call.args[1]) +
               (call.args.size() > 2 ? " FOR " + Print(call.args[2]) : "") + ")";
      }
      if (name == "btrim" || name == "ltrim" || name == "rtrim") {
        std::string side = name == "btrim" ? "BOTH" : name == "ltrim" ? "LEADING" : "TRAILING";
        return "TRIM(" + side + (call.args.size() > 1 ? " " + Print(call.args[1]) : "") + " FROM " + Print(call.args[0]) + ")";
      }
      if (name == "timezone" && call.args.size() == 2) return "(" + Print(call.args[1]) + " AT TIME ZONE " + Print(call.args[0]) + ")";
    }
    std::string name = catalog::QuotedIfNeeded(call.function->name);
    std::string args;
    for (size_t i = 0; i < call.args.size(); ++i) {
      if (i > 0) args += ", ";
      if (call.variadic && i + 1 == call.args.size()) args += "VARIADIC ";
      args += Print(call.args[i]);
    }
    return name + "(" + args + ")";
  }

  std::string Aggregate(const AggregateCall& call) {
    std::string text = catalog::QuotedIfNeeded(call.function->name) + "(";
    if (call.distinct) text += "DISTINCT ";
    text += call.star ? "*" : List(call.args);
    auto keys = [&] {
      std::string list;
      for (const SortKey& key : call.order_by) {
        list += (list.empty() ? "" : ", ") + Print(key.expr) + (key.descending ? " DESC" : "");
        if (key.nulls_first != key.descending) list += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
      }
      return list;
    };
    if (call.within_group) {
      text += ") WITHIN GROUP (ORDER BY " + keys();
    } else if (!call.order_by.empty()) {
      text += " ORDER BY " + keys();
    }
    text += ")";
    if (call.filter != nullptr) text += " FILTER (WHERE " + Print(call.filter) + ")";
    return text;
  }

  std::string Bool(const BoolExpr& node) {
    if (node.op == BoolOp::kNot) return "(NOT " + Print(node.args[0]) + ")";
    const char* word = node.op == BoolOp::kAnd ? " AND " : " OR ";
    std::string text = "(";
    for (size_t i = 0; i < node.args.size(); ++i) text += (i > 0 ? word : "") + Print(node.args[i]);
    return text + ")";
  }

  std::string Case(const CaseExpr& node) {
    std::string text = "CASE";
    if (node.arg != nullptr) {
      text += " " + Print(node.arg);
      slots_[node.slot] = "";
    }
    for (const CaseExpr::When& when : node.whens) {
      std::string condition = Print(when.condition);
      // CASE x WHEN y: the comparison's right side alone.
      auto* call = DynAs<FunctionCall>(when.condition);
      if (node.arg != nullptr && call != nullptr && call->args.size() == 2) condition = Print(call->args[1]);
      text += " WHEN " + condition + " THEN " + Print(when.result);
    }
    text += " ELSE " + (node.otherwise == nullptr ? std::string("NULL") : Print(node.otherwise));
    return text + " END";
  }

  const DeparseContext& ctx_;
  std::map<int, std::string> slots_;
};

}  // namespace

std::string Deparse(const Expr* expr, const DeparseContext& context) {
  std::string text = Printer(context).Print(expr);
  // Whole-expression parentheses say nothing.
  if (context.pretty && text.size() > 2 && text.front() == '(' && text.back() == ')') {
    int depth = 0;
    bool whole = true, quoted = false;
    for (size_t i = 0; i + 1 < text.size(); ++i) {
      if (text[i] == '\'') quoted = !quoted;
      if (quoted) continue;
      if (text[i] == '(') ++depth;
      if (text[i] == ')' && --depth == 0) whole = false;
    }
    if (whole) return text.substr(1, text.size() - 2);
  }
  return text;
}

}  // namespace phantom::planner
