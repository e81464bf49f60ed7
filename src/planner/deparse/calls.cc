// Calls, casts and constants as text.
#include "catalog/catalog.h"
#include "planner/deparse/printer.h"
#include "planner/expr_util.h"
#include "types/keywords.h"
#include "types/text_format.h"

namespace phantom::planner {

using namespace types;

// ---- Functions and operators --------------------------------------------------------------------

void Printer::Operator(const FunctionCall& call) {
  Open();
  if (call.args.size() == 2) {
    Within(call.args[0], true, &call);
    out_ += ' ';
    Put(call.op->name);
    out_ += ' ';
    Within(call.args[1], true, &call);
  } else {
    Put(call.op->name);
    out_ += ' ';
    Within(call.args[0], true, &call);
  }
  Close();
}

void Printer::Function(const FunctionCall& call, bool show_implicit) {
  switch (call.form) {
    case CallForm::kOperator:
      if (call.op != nullptr) return Operator(call);
      break;
    case CallForm::kImplicitCast:
      if (!show_implicit) return Within(call.args[0], false, &call);
      return CastTo(call.args[0], call.type, &call);
    case CallForm::kExplicitCast:
      return CastTo(call.args[0], call.type, &call);
    case CallForm::kSqlSyntax:
      if (SqlSyntax(call)) return;
      break;
    case CallForm::kCall:
      break;
  }
  out_ += Identifier(call.function->name) + '(';
  bool first = true;
  for (size_t i = 0; i < call.args.size(); ++i) {
    std::string_view name = i < call.written.size() ? std::string_view(call.written[i]) : std::string_view();
    if (name == kArgumentDefault) continue;
    if (!first) Put(", ");
    first = false;
    if (call.variadic && i + 1 == call.args.size()) Put("VARIADIC ");
    if (!name.empty()) out_ += Identifier(name) + " => ";
    Expression(call.args[i], true);
  }
  out_ += ')';
}

// The SQL standard's own syntax for some functions. False: it has none.
bool Printer::SqlSyntax(const FunctionCall& call) {
  std::string_view name = call.function->name;
  size_t count = call.args.size();
  auto arg = [&](size_t i) { Expression(call.args[i], false); };
  auto word = [&](size_t i) {
    auto* constant = DynAs<ConstExpr>(call.args[i]);
    if (constant != nullptr && !constant->value.is_null()) Put(constant->value.AsString());
  };
  if (name == "timezone" && count == 2) {
    out_ += '(';
    Within(call.args[1], false, &call);
    Put(" AT TIME ZONE ");
    Within(call.args[0], false, &call);
    out_ += ')';
    return true;
  }
  if (name == "overlaps" && count == 4) {
    Put("((");
    arg(0);
    Put(", ");
    arg(1);
    Put(") OVERLAPS (");
    arg(2);
    Put(", ");
    arg(3);
    Put("))");
    return true;
  }
  if (name == "extract" && count == 2) {
    Put("EXTRACT(");
    word(0);
    Put(" FROM ");
    arg(1);
    out_ += ')';
    return true;
  }
  if (name == "is_normalized") {
    out_ += '(';
    Within(call.args[0], false, &call);
    Put(" IS");
    if (count == 2) {
      out_ += ' ';
      word(1);
    }
    Put(" NORMALIZED)");
    return true;
  }
  if (name == "pg_collation_for") {
    Put("COLLATION FOR (");
    arg(0);
    out_ += ')';
    return true;
  }
  if (name == "normalize") {
    Put("NORMALIZE(");
    arg(0);
    if (count == 2) {
      Put(", ");
      word(1);
    }
    out_ += ')';
    return true;
  }
  if (name == "overlay" && count >= 3) {
    Put("OVERLAY(");
    arg(0);
    Put(" PLACING ");
    arg(1);
    Put(" FROM ");
    arg(2);
    if (count == 4) {
      Put(" FOR ");
      arg(3);
    }
    out_ += ')';
    return true;
  }
  if (name == "position" && count == 2) {
    Put("POSITION((");
    arg(1);
    Put(") IN (");
    arg(0);
    Put("))");
    return true;
  }
  if (name == "substring" && count >= 2) {
    bool similar = count == 3 && call.function->arguments[1] == kTextOid;
    if (count == 2 && call.function->arguments[1] == kTextOid) return false;
    Put("SUBSTRING(");
    arg(0);
    Put(similar ? " SIMILAR " : " FROM ");
    arg(1);
    if (count == 3) {
      Put(similar ? " ESCAPE " : " FOR ");
      arg(2);
    }
    out_ += ')';
    return true;
  }
  if (name == "btrim" || name == "ltrim" || name == "rtrim") {
    Put(name == "btrim" ? "TRIM(BOTH" : name == "ltrim" ? "TRIM(LEADING" : "TRIM(TRAILING");
    if (count == 2) {
      out_ += ' ';
      arg(1);
    }
    Put(" FROM ");
    arg(0);
    out_ += ')';
    return true;
  }
  return false;
}

void Printer::SortOrder(const catalog::OperatorRow* less, bool descending, bool nulls_first, Type type) {
  (void)type;
  if (less != nullptr && less->name != "<" && less->name != ">") {
    out_ += " USING ";
    Put(less->name);
    Put(nulls_first ? " NULLS FIRST" : " NULLS LAST");
    return;
  }
  if (descending) {
    Put(nulls_first ? " DESC" : " DESC NULLS LAST");
  } else if (nulls_first) {
    Put(" NULLS FIRST");
  }
}

void Printer::SortKeys(const std::vector<SortKey>& keys) {
  for (size_t i = 0; i < keys.size(); ++i) {
    if (i > 0) Put(", ");
    SortClause(keys[i].expr);
    SortOrder(keys[i].less, keys[i].descending, keys[i].nulls_first, keys[i].expr->type);
  }
}

void Printer::Aggregate(const AggregateCall& call) {
  out_ += Identifier(call.function->name) + '(';
  if (call.distinct) Put("DISTINCT ");
  if (call.within_group) {
    List(call.args);
    Put(") WITHIN GROUP (ORDER BY ");
    SortKeys(call.order_by);
  } else {
    if (call.star) out_ += '*';
    for (size_t i = 0; i < call.args.size() && !call.star; ++i) {
      if (i > 0) Put(", ");
      if (call.variadic && i + 1 == call.args.size()) Put("VARIADIC ");
      Expression(call.args[i], true);
    }
    if (!call.order_by.empty()) {
      Put(" ORDER BY ");
      SortKeys(call.order_by);
    }
  }
  if (call.filter != nullptr) {
    Put(") FILTER (WHERE ");
    Expression(call.filter, false);
  }
  out_ += ')';
}

void Printer::WindowFunction(const WindowCall& call) {
  out_ += Identifier(call.function->name) + '(';
  if (call.star) {
    out_ += '*';
  } else {
    List(call.args);
  }
  if (call.filter != nullptr) {
    Put(") FILTER (WHERE ");
    Expression(call.filter, false);
  }
  Put(") OVER ");
  auto at = static_cast<size_t>(call.window);
  if (query_ == nullptr || at >= query_->windows.size()) {
    Put("(?)");
  } else if (const WindowDef& window = query_->windows[at]; !window.name.empty()) {
    out_ += Identifier(window.name);
  } else {
    WindowSpec(window);
  }
}

// ---- Casts and constants ------------------------------------------------------------------------

void Printer::CastTo(const Expr* arg, Type type, const Expr* parent) {
  // A length coercion over a constant of the same type: one cast says both.
  if (auto* constant = DynAs<ConstExpr>(arg); constant != nullptr && constant->type.oid == type.oid && constant->type.typmod == -1) {
    Constant(*constant, -1);
  } else {
    Open();
    Within(arg, false, parent);
    Close();
  }
  out_ += "::" + TypeName(type);
}

void Printer::Cast(const CastExpr& cast, bool show_implicit) {
  if (cast.method == CastMethod::kCollate) {
    Open();
    Within(cast.arg, show_implicit, &cast);
    out_ += " COLLATE " + CollationName(cast.collation);
    Close();
    return;
  }
  if (cast.form == CallForm::kImplicitCast && !show_implicit) {
    if (cast.method == CastMethod::kDomain) return Expression(cast.arg, false);
    return Within(cast.arg, false, &cast);
  }
  CastTo(cast.arg, cast.method == CastMethod::kViaIo ? Type(cast.type.oid) : cast.type, &cast);
}

void Printer::Constant(const ConstExpr& constant, int label) {
  Oid type = constant.type.oid;
  if (constant.value.is_null()) {
    Put("NULL");
    if (label < 0) return;
    out_ += "::" + TypeName(constant.type);
  } else {
    std::string text;
    if (!AppendText(constant.value, *ctx_.format, text).ok()) text = "?";
    bool needs_label = true;
    switch (type) {
      case kBoolOid:
        Put(constant.value.AsBool() ? "true" : "false");
        needs_label = false;
        break;
      case kInt4Oid:
        needs_label = text[0] == '-';
        out_ += needs_label ? '\'' + text + '\'' : text;
        break;
      case kNumericOid: {
        bool plain = text[0] >= '0' && text[0] <= '9' && text.find_first_of("eE.") != std::string::npos;
        needs_label = !plain || constant.type.typmod >= 0;
        out_ += plain ? text : '\'' + text + '\'';
        break;
      }
      case kUnknownOid:
        needs_label = false;
        [[fallthrough]];
      default: {
        out_ += '\'';
        for (char c : text) {
          if (c == '\'') out_ += c;
          out_ += c;
        }
        out_ += '\'';
        break;
      }
    }
    if (label < 0) return;
    if (needs_label || label > 0) out_ += "::" + TypeName(constant.type);
  }
  if (constant.collation != 0) {
    catalog::TypeRef row = ctx_.catalog->TypeByOid(type);
    if (row != nullptr && row->collation != constant.collation) out_ += " COLLATE " + CollationName(constant.collation);
  }
}

}  // namespace phantom::planner
