// engine/functions/catalog_access.h
//
// How kernels reach the catalog of the statement that runs.
#pragma once
#include <string>

#include "catalog/catalog.h"
#include "engine/kernel.h"

namespace phantom::engine {

// 0A000 without a catalog (constants folded outside a statement).
inline Result<catalog::Catalog*> CatalogOf(const KernelContext& context) {
  if (context.execution != nullptr && context.execution->catalog != nullptr) return context.execution->catalog;
  return Error(sqlstate::kFeatureNotSupported, "function " + std::string(context.function_name) + " needs a catalog");
}

// The OID that text names as a regclass, regtype, ... would take it (types::ParseTextSlot's errors).
Result<Oid> ResolveObject(const KernelContext& context, Oid reg_type, std::string_view text);

// A relation's name, qualified unless the search path finds it.
Result<std::string> RelationName(catalog::Catalog& catalog, const catalog::Table& table);
Result<std::string> QualifiedRelationName(const catalog::Table& table);

}  // namespace phantom::engine
