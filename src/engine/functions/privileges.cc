// has_*_privilege and pg_has_role (PostgreSQL 15, table 9.70). A kind's functions come in six shapes, role and object each
// by name or by OID, the role absent; one kernel tells them apart by the types of its arguments.
#include <optional>
#include <string>

#include "catalog/acl.h"
#include "catalog/builtins.h"
#include "engine/functions/catalog_access.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/ascii.h"
#include "types/string_ref.h"

namespace phantom::engine {

namespace {

using catalog::AclMode;
using catalog::Catalog;
using types::StringRef;
using Args = std::span<const types::Vector* const>;
using I = int32_t;

enum class Kind { kTable, kAnyColumn, kColumn, kSequence, kSchema, kDatabase, kFunction, kType, kLanguage, kTablespace };

// ---- Arguments ----------------------------------------------------------------------------------

bool IsName(const types::Vector& arg) { return arg.layout() == types::Layout::kString; }
std::string_view NameAt(const types::Vector& arg, uint32_t row) { return arg.Get<StringRef>(row).view(); }

// A role by name or OID; 0 is PUBLIC.
Result<Oid> RoleAt(Catalog& catalog, const types::Vector& arg, uint32_t row) {
  if (!IsName(arg)) return static_cast<Oid>(arg.Get<I>(row));
  if (NameAt(arg, row) == "public") return Oid{0};
  ASSIGN_OR_RETURN(const auto role, catalog.RoleOrError(NameAt(arg, row)));
  return role->oid;
}

// "SELECT, insert with grant option": any of them will do.
struct Wanted {
  AclMode mode = 0;
  AclMode grantable = 0;
};
Result<Wanted> ParsePrivileges(std::string_view text, AclMode possible) {
  Wanted wanted;
  while (true) {
    const size_t comma = text.find(',');
    const std::string_view word = types::TrimSpace(text.substr(0, comma));
    std::string_view name = word;
    constexpr std::string_view kGrant = " with grant option";
    bool grantable = false;
    if (name.size() > kGrant.size() && types::EqualsIgnoreCase(name.substr(name.size() - kGrant.size()), kGrant)) {
      name.remove_suffix(kGrant.size());
      grantable = true;
    }
    AclMode mode = catalog::AclModeFromName(name);
    if (types::EqualsIgnoreCase(name, "temp")) mode = catalog::acl::kTemporary;
    if (mode == 0 || (mode & possible) == 0) {
      return Error(sqlstate::kInvalidParameterValue, "unrecognized privilege type: \"" + std::string(word) + "\"");
    }
    (grantable ? wanted.grantable : wanted.mode) |= mode;
    if (comma == std::string_view::npos) return wanted;
    text.remove_prefix(comma + 1);
  }
}

AclMode Possible(Kind kind) {
  switch (kind) {
    case Kind::kTable:
      return catalog::acl::kAllTable;
    case Kind::kAnyColumn:
    case Kind::kColumn:
      return catalog::acl::kAllColumn;
    case Kind::kSequence:
      return catalog::acl::kAllSequence;
    case Kind::kSchema:
      return catalog::acl::kAllSchema;
    case Kind::kDatabase:
      return catalog::acl::kAllDatabase;
    case Kind::kFunction:
      return catalog::acl::kExecute;
    case Kind::kType:
    case Kind::kLanguage:
      return catalog::acl::kUsage;
    case Kind::kTablespace:
      return catalog::acl::kCreate;
  }
  return 0;
}

// The object's OID. Names that do not exist are errors.
Result<Oid> ObjectAt(KernelContext& context, Catalog& catalog, Kind kind, const types::Vector& arg, uint32_t row) {
  if (!IsName(arg)) return static_cast<Oid>(arg.Get<I>(row));
  const std::string_view name = NameAt(arg, row);
  switch (kind) {
    case Kind::kTable:
    case Kind::kAnyColumn:
    case Kind::kColumn:
    case Kind::kSequence:
      return ResolveObject(context, types::kRegclassOid, name);
    case Kind::kSchema: {
      ASSIGN_OR_RETURN(const auto schema, catalog.SchemaOrError(name));
      return schema->oid;
    }
    case Kind::kDatabase: {
      ASSIGN_OR_RETURN(const auto database, catalog.FindDatabase(name));
      if (database == nullptr) {
        return Error(sqlstate::kUndefinedDatabase, "database \"" + std::string(name) + "\" does not exist");
      }
      return database->oid;
    }
    case Kind::kFunction:
      return ResolveObject(context, types::kRegprocedureOid, name);
    case Kind::kType:
      return ResolveObject(context, types::kRegtypeOid, name);
    case Kind::kLanguage:
      if (name == "internal") return catalog::oid::kLanguageInternal;
      if (name == "c") return catalog::oid::kLanguageC;
      if (name == "sql") return catalog::oid::kLanguageSql;
      return Error(sqlstate::kUndefinedObject, "language \"" + std::string(name) + "\" does not exist");
    case Kind::kTablespace:
      if (name == "pg_default") return catalog::oid::kTablespaceDefault;
      if (name == "pg_global") return catalog::oid::kTablespaceGlobal;
      return Error(sqlstate::kUndefinedObject, "tablespace \"" + std::string(name) + "\" does not exist");
  }
  return Oid{0};
}

// ---- Deciding -----------------------------------------------------------------------------------

Result<bool> HoldsByList(Catalog& catalog, const std::string& acl, Oid system_table, Oid owner, Oid role,
                         const Wanted& wanted) {
  ASSIGN_OR_RETURN(const bool superuser, catalog.IsSuperuser(role));
  if (superuser) return true;
  ASSIGN_OR_RETURN(const catalog::Acl list, catalog.AclOf(acl, system_table, 'r', owner));
  ASSIGN_OR_RETURN(const AclMode held, catalog.HeldPrivileges(list, role, owner));
  return (held & (wanted.mode | wanted.grantable)) != 0;
}

// nullopt: no such object.
Result<std::optional<bool>> Holds(Catalog& catalog, Kind kind, Oid object, std::optional<int16_t> column, Oid role,
                                  const Wanted& wanted) {
  const AclMode mode = wanted.mode | wanted.grantable;
  switch (kind) {
    case Kind::kTable:
    case Kind::kSequence:
    case Kind::kAnyColumn:
    case Kind::kColumn: {
      ASSIGN_OR_RETURN(const catalog::TableRef table, catalog.TableByOid(object));
      if (table == nullptr) return std::optional<bool>();
      if (kind == Kind::kSequence && table->kind != catalog::RelationKind::kSequence) {
        return Error(sqlstate::kWrongObjectType, "\"" + table->name + "\" is not a sequence");
      }
      ASSIGN_OR_RETURN(const AclMode held, catalog.TablePrivileges(*table, role));
      if ((held & mode) != 0) return std::optional<bool>(true);
      for (size_t i = 0; i < table->columns.size(); ++i) {
        const auto number = static_cast<int16_t>(i + 1);
        if (table->columns[i].dropped || kind == Kind::kTable || kind == Kind::kSequence) continue;
        if (kind == Kind::kColumn && number != *column) continue;
        for (AclMode bit = 1; bit <= mode; bit <<= 1) {
          if ((mode & bit) != 0 && catalog.CheckColumnPrivilege(*table, {&number, 1}, bit, role).ok()) {
            return std::optional<bool>(true);
          }
        }
      }
      return std::optional<bool>(false);
    }
    case Kind::kSchema: {
      ASSIGN_OR_RETURN(const auto schema, catalog.SchemaByOid(object));
      if (schema == nullptr) return std::optional<bool>();
      ASSIGN_OR_RETURN(const bool holds, HoldsByList(catalog, schema->acl, catalog::oid::kPgNamespace, schema->owner,
                                                     role, wanted));
      return std::optional<bool>(holds);
    }
    case Kind::kDatabase: {
      ASSIGN_OR_RETURN(const auto database, catalog.DatabaseByOid(object));
      if (database == nullptr) return std::optional<bool>();
      ASSIGN_OR_RETURN(const bool holds, HoldsByList(catalog, database->acl, catalog::oid::kPgDatabase,
                                                     database->owner, role, wanted));
      return std::optional<bool>(holds);
    }
    case Kind::kFunction:
      // Functions are built in and everybody may call them.
      return catalog.builtins().Function(object) == nullptr ? std::optional<bool>() : std::optional<bool>(true);
    case Kind::kType:
      return catalog.TypeByOid(object) == nullptr ? std::optional<bool>() : std::optional<bool>(true);
    case Kind::kLanguage: {
      if (object < catalog::oid::kLanguageInternal || object > catalog::oid::kLanguageSql) return std::optional<bool>();
      if (object == catalog::oid::kLanguageSql) return std::optional<bool>(true);
      ASSIGN_OR_RETURN(const bool superuser, catalog.IsSuperuser(role));
      return std::optional<bool>(superuser);
    }
    case Kind::kTablespace: {
      if (object != catalog::oid::kTablespaceDefault && object != catalog::oid::kTablespaceGlobal) {
        return std::optional<bool>();
      }
      ASSIGN_OR_RETURN(const bool superuser, catalog.IsSuperuser(role));
      return std::optional<bool>(superuser);
    }
  }
  return std::optional<bool>();
}

// The column argument: a number, or a name of the table's columns.
Result<std::optional<int16_t>> ColumnAt(Catalog& catalog, Oid object, const types::Vector& arg, uint32_t row) {
  ASSIGN_OR_RETURN(const catalog::TableRef table, catalog.TableByOid(object));
  if (table == nullptr) return std::optional<int16_t>();
  if (!IsName(arg)) {
    const int16_t number = arg.Get<int16_t>(row);
    const bool exists = number > 0 && static_cast<size_t>(number) <= table->columns.size() &&
                        !table->column(number).dropped;
    return exists ? std::optional<int16_t>(number) : std::nullopt;
  }
  const int number = table->FindColumn(NameAt(arg, row));
  if (number == 0) {
    return Error(sqlstate::kUndefinedColumn, "column \"" + std::string(NameAt(arg, row)) + "\" of relation \"" +
                                                 table->name + "\" does not exist");
  }
  return std::optional<int16_t>(static_cast<int16_t>(number));
}

template <Kind kKind>
Status HasPrivilege(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  constexpr size_t kOwnArguments = kKind == Kind::kColumn ? 3 : 2;
  const size_t first = args.size() - kOwnArguments;  // 1 when there is a role
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    result.SetNull(row);
    bool null = false;
    for (const types::Vector* arg : args) null = null || arg->IsNull(row);
    if (null) continue;
    Oid role = catalog->current_role();
    if (first > 0) {
      ASSIGN_OR_RETURN(role, RoleAt(*catalog, *args[0], row));
    }
    ASSIGN_OR_RETURN(const Oid object, ObjectAt(context, *catalog, kKind, *args[first], row));
    std::optional<int16_t> column;
    if (kKind == Kind::kColumn) {
      ASSIGN_OR_RETURN(column, ColumnAt(*catalog, object, *args[first + 1], row));
    }
    ASSIGN_OR_RETURN(const Wanted wanted, ParsePrivileges(NameAt(*args.back(), row), Possible(kKind)));
    if (kKind == Kind::kColumn && !column) continue;
    ASSIGN_OR_RETURN(const std::optional<bool> holds, Holds(*catalog, kKind, object, column, role, wanted));
    if (!holds) continue;
    result.SetValid(row);
    result.data<bool>()[row] = *holds;
  }
  return Status::Ok();
}

Status HasRole(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    bool null = false;
    for (const types::Vector* arg : args) null = null || arg->IsNull(row);
    if (null) {
      result.SetNull(row);
      continue;
    }
    Oid member = catalog->current_role();
    if (args.size() > 2) {
      ASSIGN_OR_RETURN(member, RoleAt(*catalog, *args[0], row));
    }
    ASSIGN_OR_RETURN(const Oid role, RoleAt(*catalog, *args[args.size() - 2], row));
    const std::string_view privilege = types::TrimSpace(NameAt(*args.back(), row));
    const bool usage = types::EqualsIgnoreCase(privilege, "usage");
    if (!usage && !types::StartsWithIgnoreCase(privilege, "member") && !types::StartsWithIgnoreCase(privilege, "usage")) {
      return Error(sqlstate::kInvalidParameterValue, "unrecognized privilege type: \"" + std::string(privilege) + "\"");
    }
    ASSIGN_OR_RETURN(const bool superuser, catalog->IsSuperuser(member));
    bool holds = superuser;
    if (!holds) {
      ASSIGN_OR_RETURN(holds, usage ? catalog->HasPrivilegesOf(member, role) : catalog->IsMemberOf(member, role));
    }
    result.data<bool>()[row] = holds;
  }
  return Status::Ok();
}

Status RowSecurity(KernelContext&, Args args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    args[0]->IsNull(row) ? result.SetNull(row) : (void)(result.data<bool>()[row] = false);
  }
  return Status::Ok();
}

#define SIX(prefix, KERNEL)                                                                              \
  KernelEntry::Scalar(prefix "_name_name", KERNEL), KernelEntry::Scalar(prefix "_name_id", KERNEL),      \
      KernelEntry::Scalar(prefix "_id_name", KERNEL), KernelEntry::Scalar(prefix "_id_id", KERNEL),      \
      KernelEntry::Scalar(prefix "_name", KERNEL), KernelEntry::Scalar(prefix "_id", KERNEL)
#define FOUR_COLUMNS(prefix)                                                     \
  KernelEntry::Scalar(prefix "_name_name", HasPrivilege<Kind::kColumn>),         \
      KernelEntry::Scalar(prefix "_name_attnum", HasPrivilege<Kind::kColumn>),   \
      KernelEntry::Scalar(prefix "_id_name", HasPrivilege<Kind::kColumn>),       \
      KernelEntry::Scalar(prefix "_id_attnum", HasPrivilege<Kind::kColumn>)

constexpr KernelEntry kTable[] = {
    SIX("has_table_privilege", HasPrivilege<Kind::kTable>),
    SIX("has_any_column_privilege", HasPrivilege<Kind::kAnyColumn>),
    SIX("has_sequence_privilege", HasPrivilege<Kind::kSequence>),
    SIX("has_schema_privilege", HasPrivilege<Kind::kSchema>),
    SIX("has_database_privilege", HasPrivilege<Kind::kDatabase>),
    SIX("has_function_privilege", HasPrivilege<Kind::kFunction>),
    SIX("has_type_privilege", HasPrivilege<Kind::kType>),
    SIX("has_language_privilege", HasPrivilege<Kind::kLanguage>),
    SIX("has_tablespace_privilege", HasPrivilege<Kind::kTablespace>),
    SIX("pg_has_role", HasRole),
    FOUR_COLUMNS("has_column_privilege"), FOUR_COLUMNS("has_column_privilege_name"),
    FOUR_COLUMNS("has_column_privilege_id"),
    KernelEntry::Scalar("row_security_active", RowSecurity),
    KernelEntry::Scalar("row_security_active_name", RowSecurity),
};

}  // namespace

std::span<const KernelEntry> PrivilegeKernels() { return kTable; }

}  // namespace phantom::engine
