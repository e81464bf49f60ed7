// Functions that describe objects of the catalog: names, visibility, comments, sizes (PostgreSQL 15, chapter 9.26).
#include <cmath>
#include <optional>

#include "engine/functions/catalog_access.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/array.h"
#include "types/ascii.h"
#include "types/format_context.h"
#include "types/keywords.h"
#include "types/text_format.h"

namespace phantom::engine {

Result<Oid> ResolveObject(const KernelContext& context, Oid reg_type, std::string_view text) {
  Arena scratch;
  int32_t oid = 0;
  RETURN_IF_ERROR(types::ParseTextSlot(reg_type, text, *context.format, scratch, &oid));
  return static_cast<Oid>(oid);
}

Result<std::string> QualifiedRelationName(const catalog::Table& table) {
  return types::QuoteIdentifier(table.schema_name) + "." + types::QuoteIdentifier(table.name);
}

Result<std::string> RelationName(catalog::Catalog& catalog, const catalog::Table& table) {
  ASSIGN_OR_RETURN(const bool visible, catalog.IsTableVisible(table));
  if (visible) return types::QuoteIdentifier(table.name);
  return QualifiedRelationName(table);
}

namespace {

using catalog::Catalog;
using types::StringRef;
using Out = Writer<StringRef>;
using I = int32_t;
using L = int64_t;

constexpr L kPageBytes = 8192;

// ---- Names --------------------------------------------------------------------------------------

Status FormatType(KernelContext& context, const I* type, const I* typmod, Out& out) {
  if (type == nullptr) {
    out.SetNull();
    return Status::Ok();
  }
  const auto oid = static_cast<Oid>(*type);
  const types::Type full(oid, typmod == nullptr ? -1 : *typmod);
  std::string name = types::FormatTypeName(full, typmod != nullptr);
  if (name == "???") {
    ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
    name = catalog->FormatType(full);
  }
  out.SetText(name);
  return Status::Ok();
}

Status UserName(KernelContext& context, const I& oid, Out& out) {
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  ASSIGN_OR_RETURN(const auto role, catalog->RoleByOid(static_cast<Oid>(oid)));
  role != nullptr ? out.SetText(role->name) : out.SetText(Format("unknown (OID=%u)", static_cast<Oid>(oid)));
  return Status::Ok();
}

// Type names joined by commas, as oidvectortypes() shows arguments.
Status VectorTypes(KernelContext& context, const StringRef& bytes, Out& out) {
  const types::ArrayView array(bytes.view());
  std::string text;
  for (uint32_t i = 0; i < array.size(); ++i) {
    const auto oid = static_cast<Oid>(array.GetAs<I>(i));
    if (i > 0) text += ", ";
    if (oid < types::kFirstUserOid) {
      text += types::FormatTypeName(oid);
    } else {
      ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
      text += catalog->FormatType(oid);
    }
  }
  out.SetText(text);
  return Status::Ok();
}

// to_regclass and its like: NULL instead of an error for names that do not exist.
template <Oid kRegType>
Status ToReg(KernelContext& context, const StringRef& name, I& out, bool& null) {
  Result<Oid> oid = ResolveObject(context, kRegType, name.view());
  if (oid.ok()) {
    out = static_cast<I>(*oid);
    return Status::Ok();
  }
  const SqlState code = oid.status().sqlstate();
  null = code == sqlstate::kUndefinedTable || code == sqlstate::kUndefinedObject || code == sqlstate::kUndefinedFunction ||
         code == sqlstate::kUndefinedSchema || code == sqlstate::kAmbiguousFunction;
  return null ? Status::Ok() : std::move(oid).status();
}

// ---- Visibility ---------------------------------------------------------------------------------

Status TableIsVisible(KernelContext& context, const I& oid, bool& out, bool& null) {
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  ASSIGN_OR_RETURN(const catalog::TableRef table, catalog->TableByOid(static_cast<Oid>(oid)));
  null = table == nullptr;
  if (null) return Status::Ok();
  ASSIGN_OR_RETURN(out, catalog->IsTableVisible(*table));
  return Status::Ok();
}
Status TypeIsVisible(KernelContext& context, const I& oid, bool& out, bool& null) {
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  const catalog::TypeRef type = catalog->TypeByOid(static_cast<Oid>(oid));
  null = type == nullptr;
  if (null) return Status::Ok();
  ASSIGN_OR_RETURN(const catalog::TypeRef found, catalog->FindType({{}, type->name}));
  out = found != nullptr && found->oid == type->oid;
  return Status::Ok();
}

Status InSearchPath(KernelContext& context, Oid schema, bool& out) {
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  ASSIGN_OR_RETURN(const std::vector<Oid> path, catalog->SearchPath(true));
  out = std::find(path.begin(), path.end(), schema) != path.end();
  return Status::Ok();
}
// Objects that are all built in, found by the member function that looks them up.
template <auto Find>
Status BuiltinIsVisible(KernelContext& context, const I& oid, bool& out, bool& null) {
  const auto* row = (catalog::Builtins::Get().*Find)(static_cast<Oid>(oid));
  null = row == nullptr;
  return null ? Status::Ok() : InSearchPath(context, row->schema, out);
}
// Kinds of which there are none.
Status NoneIsVisible(KernelContext&, const I&, bool&, bool& null) {
  null = true;
  return Status::Ok();
}

// ---- Comments -----------------------------------------------------------------------------------

Status Comment(KernelContext& context, catalog::ObjectAddress object, Out& out) {
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  ASSIGN_OR_RETURN(const std::string text, catalog->CommentOf(object));
  text.empty() ? out.SetNull() : out.SetText(text);
  return Status::Ok();
}
Status ColumnComment(KernelContext& context, const I& table, const I& column, Out& out) {
  return Comment(context, {catalog::oid::kPgClass, static_cast<Oid>(table), column}, out);
}
Status ObjectComment(KernelContext& context, const I& oid, const StringRef& catalog_name, Out& out) {
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  ASSIGN_OR_RETURN(const catalog::TableRef table,
                   catalog->FindTableIn(catalog::oid::kSchemaPgCatalog, catalog_name.view()));
  if (table == nullptr) {
    out.SetNull();
    return Status::Ok();
  }
  return Comment(context, {table->oid, static_cast<Oid>(oid), 0}, out);
}
Status AnyComment(KernelContext& context, const I& oid, Out& out) {
  return Comment(context, {catalog::oid::kPgClass, static_cast<Oid>(oid), 0}, out);
}
Status DescribeObject(KernelContext& context, const I& class_oid, const I& oid, const I& column, Out& out) {
  if (class_oid == 0 && oid == 0) {
    out.SetNull();
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  ASSIGN_OR_RETURN(const std::string text,
                   catalog->DescribeObject({static_cast<Oid>(class_oid), static_cast<Oid>(oid), column}));
  out.SetText(text);
  return Status::Ok();
}

// Ordinary permanent tables of users.
Status IsPublishable(KernelContext& context, const I& oid, bool& out, bool& null) {
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  ASSIGN_OR_RETURN(const catalog::TableRef table, catalog->TableByOid(static_cast<Oid>(oid)));
  null = table == nullptr;
  if (null) return Status::Ok();
  out = table->kind == catalog::RelationKind::kTable && table->persistence == catalog::Persistence::kPermanent &&
        !table->is_system();
  return Status::Ok();
}

// ---- Sizes --------------------------------------------------------------------------------------

// As the session knows it; without one, or for what it has no size of, guessed.
Result<L> BytesOf(KernelContext& context, const catalog::Table& table) {
  if (context.execution != nullptr && context.execution->session != nullptr) {
    const std::optional<std::string> oid = std::to_string(table.oid);
    ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                     context.execution->session->Call("relation_bytes", std::span(&oid, 1)));
    if (bytes.has_value()) return static_cast<L>(std::stoll(*bytes));
  }
  const bool stored = table.kind == catalog::RelationKind::kTable || table.kind == catalog::RelationKind::kIndex ||
                      table.kind == catalog::RelationKind::kSequence;
  return stored ? std::max<L>(table.estimated_pages, 1) * kPageBytes : 0;
}
enum class SizeOf { kMain, kIndexes, kTable, kTotal };
template <SizeOf kWhat>
Status RelationSize(KernelContext& context, const I& oid, L& out, bool& null) {
  ASSIGN_OR_RETURN(Catalog* const catalog, CatalogOf(context));
  ASSIGN_OR_RETURN(const catalog::TableRef table, catalog->TableByOid(static_cast<Oid>(oid)));
  null = table == nullptr;
  if (null) return Status::Ok();
  out = 0;
  if (kWhat != SizeOf::kIndexes) {
    ASSIGN_OR_RETURN(out, BytesOf(context, *table));
  }
  if (kWhat == SizeOf::kIndexes || kWhat == SizeOf::kTotal) {
    for (const catalog::Index& index : table->indexes) {
      ASSIGN_OR_RETURN(const catalog::TableRef relation, catalog->TableByOid(index.oid));
      if (relation == nullptr) continue;
      ASSIGN_OR_RETURN(const L bytes, BytesOf(context, *relation));
      out += bytes;
    }
  }
  return Status::Ok();
}
Status ForkSize(KernelContext& context, const I& oid, const StringRef& fork, L& out, bool& null) {
  const std::string_view name = fork.view();
  if (name == "main") return RelationSize<SizeOf::kMain>(context, oid, out, null);
  if (name != "fsm" && name != "vm" && name != "init") {
    return Error(sqlstate::kInvalidParameterValue, "invalid fork name")
        .Hint("Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\".");
  }
  out = 0;
  return Status::Ok();
}

constexpr const char* kUnits[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};

// Halves rounded away from zero at each unit, as pg_size_pretty does.
Status PrettySize(KernelContext&, const L& bytes, Out& out) {
  __int128 size = bytes;
  const auto magnitude = [&] { return size < 0 ? -size : size; };
  const auto half_rounded = [](__int128 x) { return (x + (x < 0 ? -1 : 1)) / 2; };
  constexpr int kLimits[] = {10 * 1024, 20 * 1024 - 1, 20 * 1024 - 1, 20 * 1024 - 1, 20 * 1024 - 1, 20 * 1024 - 1};
  constexpr int kShifts[] = {0, 10, 20, 30, 40, 50};
  for (size_t unit = 0; unit < std::size(kUnits); ++unit) {
    // Sizes above bytes are kept doubled, so that the half can be rounded.
    if (unit + 1 == std::size(kUnits) || magnitude() < kLimits[unit]) {
      const __int128 shown = unit == 0 ? size : half_rounded(size);
      out.SetText(Format("%lld %s", static_cast<long long>(shown), kUnits[unit]));
      return Status::Ok();
    }
    const int bits = kShifts[unit + 1] - kShifts[unit] - (unit == 0 ? 1 : 0);
    size = size / (static_cast<__int128>(1) << bits);
  }
  return Status::Ok();
}

Status PrettyNumericSize(KernelContext& context, const types::Numeric& bytes, Out& out) {
  // Within bigint the answer is the same; beyond it only petabytes are left.
  if (Result<int64_t> whole = types::NumericToInt64(bytes); whole.ok()) {
    ASSIGN_OR_RETURN(const types::Numeric back, types::NumericTrunc(bytes, 0, out.arena()));
    if (types::CompareNumeric(back, bytes) == 0 || *whole > 10 * 1024 || *whole < -10 * 1024) {
      return PrettySize(context, *whole, out);
    }
    out.SetText(types::NumericText(bytes) + " bytes");
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(const types::Numeric quotient,
                   types::NumericDiv(bytes, types::Numeric::FromInt64(L{1} << 50), out.arena()));
  ASSIGN_OR_RETURN(const types::Numeric rounded, types::NumericRound(quotient, 0, out.arena()));
  out.SetText(types::NumericText(rounded) + " PB");
  return Status::Ok();
}

Status SizeBytes(KernelContext&, const StringRef& text, L& out) {
  const std::string_view trimmed = types::TrimSpace(text.view());
  size_t at = 0;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < trimmed.size() && types::IsDigit(trimmed[at])) ++at;
    return at > begin;
  };
  if (at < trimmed.size() && (trimmed[at] == '-' || trimmed[at] == '+')) ++at;
  bool any = digits();
  if (at < trimmed.size() && trimmed[at] == '.') {
    ++at;
    any = digits() || any;
  }
  const std::string shown(text.view());
  if (!any) return Error(sqlstate::kInvalidParameterValue, "invalid size: \"" + shown + "\"");
  if (at < trimmed.size() && types::ToLower(trimmed[at]) == 'e') {
    size_t mark = at++;
    if (at < trimmed.size() && (trimmed[at] == '-' || trimmed[at] == '+')) ++at;
    if (!digits()) at = mark;
  }
  Arena scratch;
  ASSIGN_OR_RETURN(types::Numeric number, types::ParseNumeric(trimmed.substr(0, at), scratch));
  const std::string_view unit = types::TrimSpace(trimmed.substr(at));
  L factor = 1;
  bool known = unit.empty();
  for (size_t i = 0; i < std::size(kUnits) && !known; ++i) {
    known = types::EqualsIgnoreCase(unit, types::ToLower(std::string_view(kUnits[i])));
    if (known) factor = L{1} << (10 * i);
  }
  if (!known) {
    return Error(sqlstate::kInvalidParameterValue, "invalid size: \"" + shown + "\"")
        .Detail("Invalid size unit: \"" + std::string(unit) + "\".")
        .Hint("Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".");
  }
  ASSIGN_OR_RETURN(number, types::NumericMul(number, types::Numeric::FromInt64(factor), scratch));
  ASSIGN_OR_RETURN(out, types::NumericToInt64(number));
  return Status::Ok();
}

// There is one place for all data.
StringRef TablespaceLocation(const I&) { return StringRef(); }

template <Oid kRegType>
constexpr ScalarKernel kToReg = Strict<ToReg<kRegType>, I, StringRef>;
template <auto Find>
constexpr ScalarKernel kBuiltinIsVisible = Strict<BuiltinIsVisible<Find>, bool, I>;
using FindFunction = const catalog::FunctionRow* (catalog::Builtins::*)(Oid) const;
using FindOperator = const catalog::OperatorRow* (catalog::Builtins::*)(Oid) const;
using FindOpclass = const catalog::OpclassRow* (catalog::Builtins::*)(Oid) const;
using FindOpfamily = const catalog::OpfamilyRow* (catalog::Builtins::*)(Oid) const;
using FindCollation = const catalog::CollationRow* (catalog::Builtins::*)(Oid) const;
constexpr ScalarKernel kNoneIsVisible = Strict<NoneIsVisible, bool, I>;

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("format_type", Nullable<FormatType, StringRef, I, I>),
    KernelEntry::Scalar("pg_get_userbyid", Strict<UserName, StringRef, I>),
    KernelEntry::Scalar("oidvectortypes", Strict<VectorTypes, StringRef, StringRef>),
    KernelEntry::Scalar("to_regclass", kToReg<types::kRegclassOid>),
    KernelEntry::Scalar("to_regtype", kToReg<types::kRegtypeOid>),
    KernelEntry::Scalar("to_regproc", kToReg<types::kRegprocOid>),
    KernelEntry::Scalar("to_regprocedure", kToReg<types::kRegprocedureOid>),
    KernelEntry::Scalar("to_regoper", kToReg<types::kRegoperOid>),
    KernelEntry::Scalar("to_regoperator", kToReg<types::kRegoperatorOid>),
    KernelEntry::Scalar("to_regnamespace", kToReg<types::kRegnamespaceOid>),
    KernelEntry::Scalar("to_regrole", kToReg<types::kRegroleOid>),
    KernelEntry::Scalar("to_regcollation", kToReg<types::kRegcollationOid>),
    KernelEntry::Scalar("pg_table_is_visible", Strict<TableIsVisible, bool, I>),
    KernelEntry::Scalar("pg_type_is_visible", Strict<TypeIsVisible, bool, I>),
    KernelEntry::Scalar("pg_function_is_visible", kBuiltinIsVisible<FindFunction{&catalog::Builtins::Function}>),
    KernelEntry::Scalar("pg_operator_is_visible", kBuiltinIsVisible<FindOperator{&catalog::Builtins::Operator}>),
    KernelEntry::Scalar("pg_opclass_is_visible", kBuiltinIsVisible<FindOpclass{&catalog::Builtins::Opclass}>),
    KernelEntry::Scalar("pg_opfamily_is_visible", kBuiltinIsVisible<FindOpfamily{&catalog::Builtins::Opfamily}>),
    KernelEntry::Scalar("pg_collation_is_visible", kBuiltinIsVisible<FindCollation{&catalog::Builtins::Collation}>),
    KernelEntry::Scalar("pg_conversion_is_visible", kNoneIsVisible),
    KernelEntry::Scalar("pg_statistics_obj_is_visible", kNoneIsVisible),
    KernelEntry::Scalar("pg_ts_config_is_visible", kNoneIsVisible),
    KernelEntry::Scalar("pg_ts_dict_is_visible", kNoneIsVisible),
    KernelEntry::Scalar("pg_ts_parser_is_visible", kNoneIsVisible),
    KernelEntry::Scalar("pg_ts_template_is_visible", kNoneIsVisible),
    KernelEntry::Scalar(1216, Strict<ColumnComment, StringRef, I, I>),
    KernelEntry::Scalar(1215, Strict<ObjectComment, StringRef, I, StringRef>),
    KernelEntry::Scalar(1993, Strict<ObjectComment, StringRef, I, StringRef>),
    KernelEntry::Scalar(1348, Strict<AnyComment, StringRef, I>),
    KernelEntry::Scalar("pg_describe_object", Strict<DescribeObject, StringRef, I, I, I>),
    KernelEntry::Scalar("pg_relation_is_publishable", Strict<IsPublishable, bool, I>),
    KernelEntry::Scalar(2325, Strict<RelationSize<SizeOf::kMain>, L, I>),
    KernelEntry::Scalar("pg_relation_size", Strict<ForkSize, L, I, StringRef>),
    KernelEntry::Scalar("pg_table_size", Strict<RelationSize<SizeOf::kTable>, L, I>),
    KernelEntry::Scalar("pg_indexes_size", Strict<RelationSize<SizeOf::kIndexes>, L, I>),
    KernelEntry::Scalar("pg_total_relation_size", Strict<RelationSize<SizeOf::kTotal>, L, I>),
    KernelEntry::Scalar("pg_size_pretty", Strict<PrettySize, StringRef, L>),
    KernelEntry::Scalar("pg_size_pretty_numeric", Strict<PrettyNumericSize, StringRef, types::Numeric>),
    KernelEntry::Scalar("pg_size_bytes", Strict<SizeBytes, L, StringRef>),
    KernelEntry::Scalar("pg_tablespace_location", Strict<TablespaceLocation, StringRef, I>),
};

}  // namespace

std::span<const KernelEntry> CatalogInfoKernels() { return kTable; }

}  // namespace phantom::engine
