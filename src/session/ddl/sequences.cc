// CREATE and ALTER SEQUENCE, and the options of identity columns.
#include "catalog/shared_catalog.h"
#include "session/ddl/runner.h"
#include "txn/lock_modes.h"

namespace phantom::session {

Status DdlRunner::SequenceOptions(parser::ListOf<parser::DefElem> options, bool is_new,
                                  catalog::SequenceParameters& parameters, std::optional<int64_t>* restart,
                                  const parser::StringList** owned_by) {
  const parser::DefElem *type = nullptr, *start = nullptr, *restart_option = nullptr, *increment = nullptr;
  const parser::DefElem *maximum = nullptr, *minimum = nullptr, *cache = nullptr, *cycle = nullptr;
  for (const parser::DefElem* option : options) {
    const parser::DefElem** place = option->name == "as"          ? &type
                                    : option->name == "start"     ? &start
                                    : option->name == "restart"   ? &restart_option
                                    : option->name == "increment" ? &increment
                                    : option->name == "maxvalue"  ? &maximum
                                    : option->name == "minvalue"  ? &minimum
                                    : option->name == "cache"     ? &cache
                                    : option->name == "cycle"     ? &cycle
                                                                  : nullptr;
    if (option->name == "owned_by") {
      if (owned_by != nullptr) *owned_by = parser::DynCast<parser::StringList>(option->arg);
      continue;
    }
    if (place == nullptr) continue;
    if (*place != nullptr) {
      return Error(sqlstate::kSyntaxError, "conflicting or redundant options").At(option->location);
    }
    *place = option;
  }
  bool reset_maximum = is_new, reset_minimum = is_new;
  if (type != nullptr) {
    const auto* name = parser::DynCast<parser::TypeName>(type->arg);
    ASSIGN_OR_RETURN(types::Type resolved, ResolveType(*name, nullptr));
    if (resolved.oid != types::kInt2Oid && resolved.oid != types::kInt4Oid && resolved.oid != types::kInt8Oid) {
      return Error(sqlstate::kInvalidParameterValue, "sequence type must be smallint, integer, or bigint");
    }
    reset_maximum |= resolved.oid != parameters.type;
    reset_minimum |= resolved.oid != parameters.type;
    parameters.type = resolved.oid;
  }
  int64_t type_maximum = parameters.type == types::kInt2Oid   ? INT16_MAX
                         : parameters.type == types::kInt4Oid ? INT32_MAX
                                                              : INT64_MAX;
  int64_t type_minimum = -type_maximum - 1;
  const char* type_name = parameters.type == types::kInt2Oid ? "smallint" : parameters.type == types::kInt4Oid ? "integer" : "bigint";
  if (increment != nullptr) {
    ASSIGN_OR_RETURN(parameters.increment, OptionInteger(*increment));
    if (parameters.increment == 0) return Error(sqlstate::kInvalidParameterValue, "INCREMENT must not be zero");
  }
  if (cycle != nullptr) {
    ASSIGN_OR_RETURN(parameters.cycle, OptionBool(*cycle));
  }
  bool ascending = parameters.increment > 0;
  if (maximum != nullptr && maximum->arg != nullptr) {
    ASSIGN_OR_RETURN(parameters.maximum, OptionInteger(*maximum));
  } else if (maximum != nullptr || reset_maximum) {
    parameters.maximum = ascending ? type_maximum : -1;
  }
  if (parameters.maximum > type_maximum || parameters.maximum < type_minimum) {
    return Errorf(sqlstate::kInvalidParameterValue, "MAXVALUE (%lld) is out of range for sequence data type %s",
                  static_cast<long long>(parameters.maximum), type_name);
  }
  if (minimum != nullptr && minimum->arg != nullptr) {
    ASSIGN_OR_RETURN(parameters.minimum, OptionInteger(*minimum));
  } else if (minimum != nullptr || reset_minimum) {
    parameters.minimum = ascending ? 1 : type_minimum;
  }
  if (parameters.minimum > type_maximum || parameters.minimum < type_minimum) {
    return Errorf(sqlstate::kInvalidParameterValue, "MINVALUE (%lld) is out of range for sequence data type %s",
                  static_cast<long long>(parameters.minimum), type_name);
  }
  if (parameters.minimum >= parameters.maximum) {
    return Errorf(sqlstate::kInvalidParameterValue, "MINVALUE (%lld) must be less than MAXVALUE (%lld)",
                  static_cast<long long>(parameters.minimum), static_cast<long long>(parameters.maximum));
  }
  if (start != nullptr) {
    ASSIGN_OR_RETURN(parameters.start, OptionInteger(*start));
  } else if (is_new) {
    parameters.start = ascending ? parameters.minimum : parameters.maximum;
  }
  if (parameters.start < parameters.minimum) {
    return Errorf(sqlstate::kInvalidParameterValue, "START value (%lld) cannot be less than MINVALUE (%lld)",
                  static_cast<long long>(parameters.start), static_cast<long long>(parameters.minimum));
  }
  if (parameters.start > parameters.maximum) {
    return Errorf(sqlstate::kInvalidParameterValue, "START value (%lld) cannot be greater than MAXVALUE (%lld)",
                  static_cast<long long>(parameters.start), static_cast<long long>(parameters.maximum));
  }
  if (restart_option != nullptr && restart != nullptr) {
    *restart = parameters.start;
    if (restart_option->arg != nullptr) {
      ASSIGN_OR_RETURN(*restart, OptionInteger(*restart_option));
    }
    if (**restart < parameters.minimum) {
      return Errorf(sqlstate::kInvalidParameterValue, "RESTART value (%lld) cannot be less than MINVALUE (%lld)",
                    static_cast<long long>(**restart), static_cast<long long>(parameters.minimum));
    }
    if (**restart > parameters.maximum) {
      return Errorf(sqlstate::kInvalidParameterValue, "RESTART value (%lld) cannot be greater than MAXVALUE (%lld)",
                    static_cast<long long>(**restart), static_cast<long long>(parameters.maximum));
    }
  }
  if (cache != nullptr) {
    ASSIGN_OR_RETURN(parameters.cache, OptionInteger(*cache));
    if (parameters.cache <= 0) {
      return Errorf(sqlstate::kInvalidParameterValue, "CACHE (%lld) must be greater than zero",
                    static_cast<long long>(parameters.cache));
    }
  }
  return Status::Ok();
}

namespace {

// OWNED BY table.column or NONE.
bool IsNone(const parser::StringList& owner) { return owner.names.size() == 1 && owner.names[0] == "none"; }

}  // namespace

Result<DdlResult> DdlRunner::CreateSequence(const parser::CreateSequenceStmt& statement) {
  const parser::RangeVar& range = *statement.sequence;
  catalog::SequenceDefinition definition;
  definition.name = range.name;
  definition.if_not_exists = statement.if_not_exists;
  if (range.persistence == 't') definition.persistence = catalog::Persistence::kTemporary;
  ASSIGN_OR_RETURN(definition.schema, catalog_.CreationSchema(range.schema, definition.persistence));
  const parser::StringList* owned_by = nullptr;
  RETURN_IF_ERROR(SequenceOptions(statement.options, true, definition.parameters, nullptr, &owned_by));
  if (owned_by != nullptr && !IsNone(*owned_by)) {
    ASSIGN_OR_RETURN(std::optional<catalog::ObjectAddress> column, FindObject(parser::ObjectType::kColumn, *owned_by, false));
    definition.owned_by_table = column->oid;
    definition.owned_by_column = column->column;
  }
  ASSIGN_OR_RETURN(Oid oid, catalog_.CreateSequence(definition));
  (void)oid;
  return DdlResult{"CREATE SEQUENCE"};
}

Result<DdlResult> DdlRunner::AlterSequence(const parser::AlterSequenceStmt& statement) {
  DdlResult result{"ALTER SEQUENCE"};
  const catalog::QualifiedName name = NameOf(*statement.sequence);
  ASSIGN_OR_RETURN(std::optional<catalog::ObjectAddress> object,
                   FindRelation(parser::ObjectType::kSequence, name, statement.missing_ok));
  for (;;) {
    if (!object) return result;
    RETURN_IF_ERROR(CheckOwnsObject(*object));
    RETURN_IF_ERROR(catalog_.LockTable(object->oid, txn::LockMode::kShareRowExclusive));
    ASSIGN_OR_RETURN(const std::optional<catalog::ObjectAddress> again,
                     FindRelation(parser::ObjectType::kSequence, name, statement.missing_ok));
    if (again == object) break;
    object = again;
  }
  ASSIGN_OR_RETURN(catalog::TableRef sequence, catalog_.OpenByOid(object->oid));
  catalog::SequenceParameters parameters = sequence->sequence;
  std::optional<int64_t> restart;
  const parser::StringList* owned_by = nullptr;
  RETURN_IF_ERROR(SequenceOptions(statement.options, false, parameters, &restart, &owned_by));
  RETURN_IF_ERROR(catalog_.AlterSequence(*sequence, parameters));
  if (restart) RETURN_IF_ERROR(catalog_.RestartSequence(*sequence, *restart));
  if (owned_by != nullptr) {
    if (IsNone(*owned_by)) {
      RETURN_IF_ERROR(catalog_.SetSequenceOwnedBy(*sequence, 0, 0));
    } else {
      ASSIGN_OR_RETURN(std::optional<catalog::ObjectAddress> column, FindObject(parser::ObjectType::kColumn, *owned_by, false));
      RETURN_IF_ERROR(catalog_.SetSequenceOwnedBy(*sequence, column->oid, column->column));
    }
  }
  return result;
}

}  // namespace phantom::session
