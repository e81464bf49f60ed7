#include "session/ddl/sql_text.h"

#include "catalog/stored_sql.h"
#include "parser/ast_expr.h"
#include "parser/ast_select.h"
#include "types/keywords.h"

namespace phantom::session {
namespace {

using parser::Cast;
using parser::DynCast;
using parser::NodeKind;
using types::QuoteIdentifier;
using types::QuoteLiteral;

class Printer {
 public:
  Printer(const catalog::Table* table, catalog::Catalog& catalog) : table_(table), catalog_(catalog) {}

  Status Print(const parser::Node& node);
  std::string Take() { return std::move(out_); }

 private:
  Status PrintConstant(const parser::Constant& constant);
  Status PrintColumn(const parser::ColumnRef& column);
  Status PrintOperation(const parser::OperatorExpr& expr);
  Status PrintCall(const parser::FuncCall& call);
  Status PrintCase(const parser::CaseExpr& expr);
  Status PrintType(const parser::TypeName& type);
  Status PrintIndirection(const parser::Indirection& indirection);
  Status PrintValueFunction(const parser::SqlValueFunction& function);
  Status PrintList(parser::NodeList nodes, const char* separator = ", ");
  void PrintName(parser::NameList names);
  // A relation's name in a string becomes its marker when there is such a relation.
  Status PrintRelationLiteral(std::string_view text);

  const catalog::Table* table_;
  catalog::Catalog& catalog_;
  std::string out_;
};

void Printer::PrintName(parser::NameList names) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out_ += '.';
    out_ += QuoteIdentifier(names[i]);
  }
}

Status Printer::PrintList(parser::NodeList nodes, const char* separator) {
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (i > 0) out_ += separator;
    RETURN_IF_ERROR(Print(*nodes[i]));
  }
  return Status::Ok();
}

Status Printer::PrintConstant(const parser::Constant& constant) {
  switch (constant.type) {
    case parser::ConstantType::kNull: out_ += "NULL"; break;
    case parser::ConstantType::kInteger: out_ += std::to_string(constant.integer); break;
    case parser::ConstantType::kFloat: out_ += constant.text; break;
    case parser::ConstantType::kBoolean: out_ += constant.boolean ? "true" : "false"; break;
    case parser::ConstantType::kString: out_ += QuoteLiteral(constant.text); break;
    case parser::ConstantType::kBitString:
      out_ += constant.text[0] == 'x' ? "X" : "B";
      out_ += QuoteLiteral(constant.text.substr(1));
      break;
  }
  return Status::Ok();
}

Status Printer::PrintColumn(const parser::ColumnRef& column) {
  int number = table_ == nullptr || column.names.empty() ? 0 : table_->FindColumn(column.names.back());
  if (number == 0) {
    PrintName(column.names);  // a domain's VALUE, a system column
    return Status::Ok();
  }
  out_ += '"' + catalog::ColumnMarker(number) + '"';
  return Status::Ok();
}

Status Printer::PrintRelationLiteral(std::string_view text) {
  catalog::QualifiedName name{.name = text};
  if (size_t dot = text.find('.'); dot != std::string_view::npos) {
    name.schema = text.substr(0, dot);
    name.name = text.substr(dot + 1);
  }
  ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.FindTable(name));
  out_ += table != nullptr && !table->is_system() ? "'" + catalog::RelationMarker(table->oid) + "'" : QuoteLiteral(text);
  out_ += "::regclass";
  return Status::Ok();
}

Status Printer::PrintType(const parser::TypeName& type) {
  PrintName(type.names);
  if (!type.typmods.empty()) {
    out_ += '(';
    RETURN_IF_ERROR(PrintList(type.typmods));
    out_ += ')';
  }
  for (size_t i = 0; i < type.array_bounds.size(); ++i) out_ += "[]";
  return Status::Ok();
}

Status Printer::PrintOperation(const parser::OperatorExpr& expr) {
  using Kind = parser::OperatorExprKind;
  auto op = [&] {
    if (expr.name.size() == 1) {
      out_ += expr.name[0];
      return;
    }
    out_ += "OPERATOR(";
    for (size_t i = 0; i + 1 < expr.name.size(); ++i) out_ += QuoteIdentifier(expr.name[i]) + '.';
    out_ += expr.name.back();
    out_ += ')';
  };
  out_ += '(';
  if (expr.left != nullptr && expr.op != Kind::kNullIf) {
    RETURN_IF_ERROR(Print(*expr.left));
    out_ += ' ';
  }
  switch (expr.op) {
    case Kind::kOp:
    case Kind::kLike:
    case Kind::kILike:
    case Kind::kSimilar:
      op();
      out_ += ' ';
      RETURN_IF_ERROR(Print(*expr.right));
      break;
    case Kind::kOpAny:
    case Kind::kOpAll:
      op();
      out_ += expr.op == Kind::kOpAny ? " ANY (" : " ALL (";
      RETURN_IF_ERROR(Print(*expr.right));
      out_ += ')';
      break;
    case Kind::kDistinct:
    case Kind::kNotDistinct:
      out_ += expr.op == Kind::kDistinct ? "IS DISTINCT FROM " : "IS NOT DISTINCT FROM ";
      RETURN_IF_ERROR(Print(*expr.right));
      break;
    case Kind::kNullIf:
      out_ += "NULLIF(";
      RETURN_IF_ERROR(Print(*expr.left));
      out_ += ", ";
      RETURN_IF_ERROR(Print(*expr.right));
      out_ += ')';
      break;
    case Kind::kIn:
      out_ += expr.name.back() == "<>" ? "NOT IN (" : "IN (";
      RETURN_IF_ERROR(PrintList(Cast<parser::ListNode>(*expr.right).items));
      out_ += ')';
      break;
    default:  // the four kinds of BETWEEN; the name is their spelling
      out_ += expr.name.back();
      out_ += ' ';
      RETURN_IF_ERROR(PrintList(Cast<parser::ListNode>(*expr.right).items, " AND "));
      break;
  }
  out_ += ')';
  return Status::Ok();
}

Status Printer::PrintCall(const parser::FuncCall& call) {
  std::string_view name = call.name.back();
  PrintName(call.name);
  out_ += '(';
  if (call.distinct) out_ += "DISTINCT ";
  if (call.star) out_ += '*';
  for (size_t i = 0; i < call.args.size(); ++i) {
    if (i > 0) out_ += ", ";
    if (call.variadic && i + 1 == call.args.size()) out_ += "VARIADIC ";
    const auto* literal = DynCast<parser::Constant>(call.args[i]);
    bool is_relation = i == 0 && literal != nullptr && literal->type == parser::ConstantType::kString &&
                       (name == "nextval" || name == "currval" || name == "setval");
    RETURN_IF_ERROR(is_relation ? PrintRelationLiteral(literal->text) : Print(*call.args[i]));
  }
  out_ += ')';
  return Status::Ok();
}

Status Printer::PrintCase(const parser::CaseExpr& expr) {
  out_ += "CASE";
  if (expr.arg != nullptr) {
    out_ += ' ';
    RETURN_IF_ERROR(Print(*expr.arg));
  }
  for (const parser::CaseWhen* when : expr.whens) {
    out_ += " WHEN ";
    RETURN_IF_ERROR(Print(*when->condition));
    out_ += " THEN ";
    RETURN_IF_ERROR(Print(*when->result));
  }
  if (expr.default_result != nullptr) {
    out_ += " ELSE ";
    RETURN_IF_ERROR(Print(*expr.default_result));
  }
  out_ += " END";
  return Status::Ok();
}

Status Printer::PrintIndirection(const parser::Indirection& indirection) {
  out_ += '(';
  RETURN_IF_ERROR(Print(*indirection.arg));
  out_ += ')';
  using Kind = parser::IndirectionStep::Kind;
  for (const parser::IndirectionStep& step : indirection.steps) {
    if (step.kind == Kind::kField) {
      out_ += '.' + QuoteIdentifier(step.field);
    } else if (step.kind == Kind::kStar) {
      out_ += ".*";
    } else {
      out_ += '[';
      if (step.lower != nullptr) RETURN_IF_ERROR(Print(*step.lower));
      if (step.kind == Kind::kSlice) out_ += ':';
      if (step.upper != nullptr) RETURN_IF_ERROR(Print(*step.upper));
      out_ += ']';
    }
  }
  return Status::Ok();
}

Status Printer::PrintValueFunction(const parser::SqlValueFunction& function) {
  static constexpr const char* kNames[] = {
      "CURRENT_DATE",      "CURRENT_TIME", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP",
      "LOCALTIME",         "LOCALTIME",    "LOCALTIMESTAMP", "LOCALTIMESTAMP",  "CURRENT_ROLE",
      "CURRENT_USER",      "USER",         "SESSION_USER", "CURRENT_CATALOG",   "CURRENT_SCHEMA"};
  out_ += kNames[static_cast<size_t>(function.op)];
  if (function.typmod >= 0) out_ += '(' + std::to_string(function.typmod) + ')';
  return Status::Ok();
}

Status Printer::Print(const parser::Node& node) {
  switch (node.kind) {
    case NodeKind::kConstant: return PrintConstant(Cast<parser::Constant>(node));
    case NodeKind::kColumnRef: return PrintColumn(Cast<parser::ColumnRef>(node));
    case NodeKind::kOperatorExpr: return PrintOperation(Cast<parser::OperatorExpr>(node));
    case NodeKind::kFuncCall: return PrintCall(Cast<parser::FuncCall>(node));
    case NodeKind::kCaseExpr: return PrintCase(Cast<parser::CaseExpr>(node));
    case NodeKind::kIndirection: return PrintIndirection(Cast<parser::Indirection>(node));
    case NodeKind::kSqlValueFunction: return PrintValueFunction(Cast<parser::SqlValueFunction>(node));
    case NodeKind::kTypeCast: {
      const auto& cast = Cast<parser::TypeCast>(node);
      const auto* literal = DynCast<parser::Constant>(cast.arg);
      if (literal != nullptr && literal->type == parser::ConstantType::kString && cast.type->names.back() == "regclass") {
        return PrintRelationLiteral(literal->text);
      }
      bool simple = cast.arg->kind == NodeKind::kConstant || cast.arg->kind == NodeKind::kColumnRef;
      if (literal != nullptr && literal->type != parser::ConstantType::kString) simple = false;
      if (!simple) out_ += '(';
      RETURN_IF_ERROR(Print(*cast.arg));
      if (!simple) out_ += ')';
      out_ += "::";
      return PrintType(*cast.type);
    }
    case NodeKind::kBoolExpr: {
      const auto& expr = Cast<parser::BoolExpr>(node);
      out_ += '(';
      if (expr.op == parser::BoolExprType::kNot) {
        out_ += "NOT ";
        RETURN_IF_ERROR(Print(*expr.args[0]));
      } else {
        RETURN_IF_ERROR(PrintList(expr.args, expr.op == parser::BoolExprType::kAnd ? " AND " : " OR "));
      }
      out_ += ')';
      return Status::Ok();
    }
    case NodeKind::kNullTest: {
      const auto& test = Cast<parser::NullTest>(node);
      out_ += '(';
      RETURN_IF_ERROR(Print(*test.arg));
      out_ += test.test == parser::NullTestType::kIsNull ? " IS NULL)" : " IS NOT NULL)";
      return Status::Ok();
    }
    case NodeKind::kBooleanTest: {
      static constexpr const char* kTests[] = {" IS TRUE)",      " IS NOT TRUE)", " IS FALSE)",
                                               " IS NOT FALSE)", " IS UNKNOWN)",  " IS NOT UNKNOWN)"};
      const auto& test = Cast<parser::BooleanTest>(node);
      out_ += '(';
      RETURN_IF_ERROR(Print(*test.arg));
      out_ += kTests[static_cast<size_t>(test.test)];
      return Status::Ok();
    }
    case NodeKind::kArrayExpr:
      out_ += "ARRAY[";
      RETURN_IF_ERROR(PrintList(Cast<parser::ArrayExpr>(node).elements));
      out_ += ']';
      return Status::Ok();
    case NodeKind::kRowExpr:
      out_ += "ROW(";
      RETURN_IF_ERROR(PrintList(Cast<parser::RowExpr>(node).args));
      out_ += ')';
      return Status::Ok();
    case NodeKind::kCoalesceExpr:
      out_ += "COALESCE(";
      RETURN_IF_ERROR(PrintList(Cast<parser::CoalesceExpr>(node).args));
      out_ += ')';
      return Status::Ok();
    case NodeKind::kMinMaxExpr: {
      const auto& expr = Cast<parser::MinMaxExpr>(node);
      out_ += expr.op == parser::MinMaxOp::kGreatest ? "GREATEST(" : "LEAST(";
      RETURN_IF_ERROR(PrintList(expr.args));
      out_ += ')';
      return Status::Ok();
    }
    case NodeKind::kCollateClause: {
      const auto& collate = Cast<parser::CollateClause>(node);
      out_ += '(';
      RETURN_IF_ERROR(Print(*collate.arg));
      out_ += " COLLATE ";
      PrintName(collate.collation);
      out_ += ')';
      return Status::Ok();
    }
    case NodeKind::kNamedArgExpr: {
      const auto& arg = Cast<parser::NamedArgExpr>(node);
      out_ += QuoteIdentifier(arg.name) + " => ";
      return Print(*arg.arg);
    }
    default:
      return Errorf(sqlstate::kFeatureNotSupported, "%s is not supported in stored expressions",
                    std::string(parser::NodeKindName(node.kind)).c_str())
          .At(node.location);
  }
}

}  // namespace

Result<std::string> StoredExpression(const parser::Node& expression, const catalog::Table* table,
                                     catalog::Catalog& catalog) {
  Printer printer(table, catalog);
  RETURN_IF_ERROR(printer.Print(expression));
  return printer.Take();
}

}  // namespace phantom::session
