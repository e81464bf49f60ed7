// catalog/domain.h
//
// ALTER DOMAIN's changes of a domain's row, and the columns that hold its values.
//
// Thread safety: as the catalog's.
#pragma once
#include <optional>
#include <utility>
#include <vector>

#include "catalog/definitions.h"
#include "common/status.h"

namespace phantom::catalog {

class Catalog;

Status SetDomainDefault(Catalog& catalog, Oid domain, const std::optional<ExpressionDefinition>& value);
Status SetDomainNotNull(Catalog& catalog, Oid domain, bool not_null);

// Tables' columns of the domain, or of a domain over it: (table, attribute number).
Result<std::vector<std::pair<Oid, int>>> ColumnsOfDomain(Catalog& catalog, Oid domain);

// 42501 unless the role may use the type for columns (USAGE); a domain's or array's own type counts.
Status CheckTypeUsage(Catalog& catalog, Oid type, Oid role);

}  // namespace phantom::catalog
