// Whom a change of the catalogs concerns: temporary objects are their session's own, and nobody else is told of them.
#include <algorithm>

#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/system_store.h"

namespace phantom::catalog {

namespace {

constexpr std::string_view kTemporaryPrefix = "pg_temp_";

// Rows that are part of a relation, and the column that says of which.
constexpr struct {
  Oid table;
  int relation;
} kPartsOfRelations[] = {
    {oid::kPgAttribute, pg_attribute::attrelid}, {oid::kPgAttrdef, pg_attrdef::adrelid},
    {oid::kPgIndex, pg_index::indrelid},         {oid::kPgConstraint, pg_constraint::conrelid},
    {oid::kPgRewrite, pg_rewrite::ev_class},     {oid::kPgSequence, pg_sequence::seqrelid},
    {oid::kPgStatistic, pg_statistic::starelid},
};

}  // namespace

bool Catalog::IsTemporaryRelation(Oid relation) {
  if (temporary_schema_ == 0) return false;
  if (temporary_relations_.contains(relation)) return true;
  const Result<std::optional<Row>> row = store_->FindOne(oid::kPgClass, index_oid::kClassByOid, {relation});
  const bool temporary = row.ok() && *row && (*row)->GetOid(pg_class::relnamespace) == temporary_schema_;
  if (temporary) temporary_relations_.insert(relation);
  return temporary;
}

void Catalog::NoteWrite(const Row& row) {
  if (pending_->permanent) return;
  const Oid table = row.table().oid;
  // What hangs on these has rows of its own.
  if (table == oid::kPgDepend || table == oid::kPgShdepend || table == oid::kPgDescription) return;
  const auto is_ours = [this](Oid schema) { return schema != 0 && schema == temporary_schema_; };
  bool temporary = false;
  if (table == oid::kPgClass) {
    temporary = is_ours(row.GetOid(pg_class::relnamespace));
    if (temporary) temporary_relations_.insert(row.GetOid(pg_class::oid));
  } else if (table == oid::kPgType) {
    temporary = is_ours(row.GetOid(pg_type::typnamespace));
  } else if (table == oid::kPgNamespace) {
    temporary = row.Text(pg_namespace::nspname).starts_with(kTemporaryPrefix);
  } else {
    const auto part = std::ranges::find(kPartsOfRelations, table, [](const auto& each) { return each.table; });
    temporary = part != std::end(kPartsOfRelations) && IsTemporaryRelation(row.GetOid(part->relation));
  }
  if (!temporary) pending_->permanent = true;
}

Result<bool> Catalog::IsForeignTemporary(Oid schema) {
  if (schema < kFirstUserOid || schema == temporary_schema_) return false;
  ASSIGN_OR_RETURN(const std::shared_ptr<const Schema> found, SchemaByOid(schema));
  return found == nullptr || found->name.starts_with(kTemporaryPrefix);
}

}  // namespace phantom::catalog
