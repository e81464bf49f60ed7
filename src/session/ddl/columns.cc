// Column definitions of CREATE TABLE and ADD COLUMN.
#include <algorithm>
#include <array>

#include "catalog/domain.h"
#include "parser/ast_expr.h"
#include "session/ddl/runner.h"

namespace phantom::session {

using parser::ConstraintType;

namespace {

struct SerialType {
  std::string_view name;
  Oid type;
};
constexpr std::array kSerialTypes = {
    SerialType{"serial", types::kInt4Oid},      SerialType{"serial4", types::kInt4Oid},
    SerialType{"bigserial", types::kInt8Oid},   SerialType{"serial8", types::kInt8Oid},
    SerialType{"smallserial", types::kInt2Oid}, SerialType{"serial2", types::kInt2Oid},
};

const SerialType* FindSerial(const parser::TypeName& type) {
  if (type.names.size() != 1 || type.percent_type) return nullptr;
  auto found = std::find_if(kSerialTypes.begin(), kSerialTypes.end(),
                            [&](const SerialType& serial) { return serial.name == type.names[0]; });
  return found == kSerialTypes.end() ? nullptr : &*found;
}

int64_t MaximumOf(Oid type) {
  return type == types::kInt2Oid ? INT16_MAX : type == types::kInt4Oid ? INT32_MAX : INT64_MAX;
}

}  // namespace

Result<catalog::ColumnDefinition> DdlRunner::DefineColumn(const parser::ColumnDef& node, std::string_view table) {
  catalog::ColumnDefinition column;
  column.name = node.name;
  std::string table_name(table);
  for (const char* system : {"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"}) {
    if (column.name == system) {
      return Errorf(sqlstate::kDuplicateColumn, "column name \"%s\" conflicts with a system column name", system);
    }
  }
  if (const SerialType* serial = FindSerial(*node.type)) {
    if (!node.type->array_bounds.empty()) {
      return Error(sqlstate::kFeatureNotSupported, "array of serial is not implemented").At(node.type->location);
    }
    column.type = {serial->type};
    column.serial = true;
    column.not_null = true;
    column.sequence.type = serial->type;
    column.sequence.maximum = MaximumOf(serial->type);
  } else {
    ASSIGN_OR_RETURN(column.type, ResolveType(*node.type, &column.collation));
    RETURN_IF_ERROR(catalog::CheckTypeUsage(catalog_, column.type.oid, catalog_.current_role()));
    catalog::TypeRef type = catalog_.TypeByOid(column.type.oid);
    if (type->kind == catalog::TypeKind::kPseudo) {
      return Errorf(sqlstate::kInvalidTableDefinition, "column \"%s\" has pseudo-type %s", column.name.c_str(),
                    catalog_.FormatType(column.type).c_str());
    }
    column.dimensions = static_cast<int16_t>(node.type->array_bounds.size());
  }
  if (node.collation != nullptr) {
    ASSIGN_OR_RETURN(Oid collation, ResolveCollation(node.collation->collation, node.collation->location));
    if (column.collation == 0) {
      return Errorf(sqlstate::kDatatypeMismatch, "collations are not supported by type %s",
                    catalog_.FormatType(column.type).c_str())
          .At(node.collation->location);
    }
    column.collation = collation;
  }

  bool saw_null = false, saw_default = false, saw_not_null = false;
  for (const parser::Constraint* constraint : node.constraints) {
    switch (constraint->type) {
      case ConstraintType::kNull:
      case ConstraintType::kNotNull:
        (constraint->type == ConstraintType::kNull ? saw_null : saw_not_null) = true;
        if (saw_null && (saw_not_null || column.serial)) {
          return Errorf(sqlstate::kSyntaxError, "conflicting NULL/NOT NULL declarations for column \"%s\" of table \"%s\"",
                        column.name.c_str(), table_name.c_str())
              .At(constraint->location);
        }
        column.not_null |= constraint->type == ConstraintType::kNotNull;
        break;
      case ConstraintType::kDefault:
        if (saw_default || column.serial) {
          return Errorf(sqlstate::kSyntaxError, "multiple default values specified for column \"%s\" of table \"%s\"",
                        column.name.c_str(), table_name.c_str())
              .At(constraint->location);
        }
        saw_default = true;
        break;
      case ConstraintType::kIdentity: {
        if (column.identity != 0) {
          return Errorf(sqlstate::kSyntaxError, "multiple identity specifications for column \"%s\" of table \"%s\"",
                        column.name.c_str(), table_name.c_str())
              .At(constraint->location);
        }
        if (column.type.oid != types::kInt2Oid && column.type.oid != types::kInt4Oid && column.type.oid != types::kInt8Oid) {
          return Error(sqlstate::kInvalidParameterValue, "identity column type must be smallint, integer, or bigint");
        }
        column.identity = constraint->generated_when;
        column.not_null = true;
        column.sequence.type = column.type.oid;
        column.sequence.maximum = MaximumOf(column.type.oid);
        RETURN_IF_ERROR(SequenceOptions(constraint->options, true, column.sequence, nullptr, nullptr));
        for (const parser::DefElem* option : constraint->options) {
          if (option->name != "sequence_name") continue;
          ASSIGN_OR_RETURN(column.sequence_name, OptionText(*option));
        }
        break;
      }
      case ConstraintType::kGenerated:
        if (column.generated != 0) {
          return Errorf(sqlstate::kSyntaxError, "multiple generation clauses specified for column \"%s\" of table \"%s\"",
                        column.name.c_str(), table_name.c_str())
              .At(constraint->location);
        }
        column.generated = 's';
        break;
      case ConstraintType::kPrimary:
        column.not_null = true;
        break;
      default:
        break;
    }
  }
  auto clash = [&](const char* one, const char* other) {
    return Errorf(sqlstate::kSyntaxError, "both %s and %s specified for column \"%s\" of table \"%s\"", one, other,
                  column.name.c_str(), table_name.c_str());
  };
  if ((saw_default || column.serial) && column.identity != 0) return clash("default", "identity");
  if (saw_default && column.generated != 0) return clash("default", "generation expression");
  if (column.identity != 0 && column.generated != 0) return clash("identity", "generation expression");
  return column;
}

Status DdlRunner::DefineDefaults(const parser::ColumnDef& node, const catalog::Table& shape,
                                 catalog::ColumnDefinition& column) {
  for (const parser::Constraint* constraint : node.constraints) {
    if (constraint->type == ConstraintType::kDefault) {
      const auto* null = parser::DynCast<parser::Constant>(constraint->expr);
      const catalog::TypeRef type = catalog_.TypeByOid(column.type.oid);
      const bool converted = column.type.typmod >= 0 || (type != nullptr && type->kind == catalog::TypeKind::kDomain);
      // A plain NULL is the same as no default.
      if (null != nullptr && null->type == parser::ConstantType::kNull && !converted) continue;
      ASSIGN_OR_RETURN(column.default_value, BindStored(*constraint->expr, planner::ExpressionUse::kDefault, nullptr,
                                                        column.type, column.name));
    } else if (constraint->type == ConstraintType::kGenerated) {
      ASSIGN_OR_RETURN(column.default_value, BindStored(*constraint->expr, planner::ExpressionUse::kGenerated, &shape,
                                                        column.type, column.name));
    }
  }
  return Status::Ok();
}

namespace {

// Which constraint of a column DEFERRABLE and its kin belong to: the one before them. 42601 where they may not stand.
class ConstraintAttributes {
 public:
  static bool IsAttribute(ConstraintType type) {
    return type == ConstraintType::kAttrDeferrable || type == ConstraintType::kAttrNotDeferrable ||
           type == ConstraintType::kAttrDeferred || type == ConstraintType::kAttrImmediate;
  }

  // `to`: the definition made of the constraint; null when it cannot have attributes.
  void Begin(catalog::ConstraintDefinition* to) {
    to_ = to;
    saw_deferrable_ = saw_initially_ = false;
  }

  Status Add(const parser::Constraint& node) {
    const bool initially = node.type == ConstraintType::kAttrDeferred || node.type == ConstraintType::kAttrImmediate;
    if (to_ == nullptr) return Wrong(node, Format("misplaced %s clause", NameOf(node.type)));
    if (initially ? saw_initially_ : saw_deferrable_) {
      return Wrong(node, initially ? "multiple INITIALLY IMMEDIATE/DEFERRED clauses not allowed"
                                   : "multiple DEFERRABLE/NOT DEFERRABLE clauses not allowed");
    }
    (initially ? saw_initially_ : saw_deferrable_) = true;
    if (node.type == ConstraintType::kAttrDeferrable) to_->deferrable = true;
    if (node.type == ConstraintType::kAttrNotDeferrable) to_->deferrable = false;
    if (node.type == ConstraintType::kAttrDeferred) {
      to_->deferred = true;
      if (!saw_deferrable_) to_->deferrable = true;
    }
    if (to_->deferred && !to_->deferrable) {
      return Wrong(node, "constraint declared INITIALLY DEFERRED must be DEFERRABLE");
    }
    return Status::Ok();
  }

 private:
  static Status Wrong(const parser::Constraint& node, std::string message) {
    return Error(sqlstate::kSyntaxError, std::move(message)).At(node.location);
  }
  static const char* NameOf(ConstraintType type) {
    switch (type) {
      case ConstraintType::kAttrDeferrable:
        return "DEFERRABLE";
      case ConstraintType::kAttrNotDeferrable:
        return "NOT DEFERRABLE";
      case ConstraintType::kAttrDeferred:
        return "INITIALLY DEFERRED";
      default:
        return "INITIALLY IMMEDIATE";
    }
  }

  catalog::ConstraintDefinition* to_ = nullptr;
  bool saw_deferrable_ = false, saw_initially_ = false;
};

}  // namespace

Status DdlRunner::ColumnConstraints(const parser::ColumnDef& node, const catalog::Table& shape,
                                    std::vector<catalog::ConstraintDefinition>& constraints) {
  ConstraintAttributes attributes;
  constraints.reserve(constraints.size() + node.constraints.size());
  for (size_t i = 0; i < node.constraints.size(); ++i) {
    const parser::Constraint& constraint = *node.constraints[i];
    if (ConstraintAttributes::IsAttribute(constraint.type)) {
      RETURN_IF_ERROR(attributes.Add(constraint));
      continue;
    }
    attributes.Begin(nullptr);
    bool makes_one = constraint.type == ConstraintType::kCheck || constraint.type == ConstraintType::kPrimary ||
                     constraint.type == ConstraintType::kUnique || constraint.type == ConstraintType::kForeign;
    if (!makes_one) continue;
    ASSIGN_OR_RETURN(catalog::ConstraintDefinition made, DefineConstraint(constraint, shape, node.name));
    constraints.push_back(std::move(made));
    if (constraint.type != ConstraintType::kCheck) attributes.Begin(&constraints.back());
  }
  return Status::Ok();
}

}  // namespace phantom::session
