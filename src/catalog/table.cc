#include "catalog/table.h"

namespace phantom::catalog {

int Table::FindColumn(std::string_view column) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].dropped && columns[i].name == column) return static_cast<int>(i) + 1;
  }
  return 0;
}

const Index* Table::FindIndex(Oid index_oid) const {
  for (const Index& index : indexes) {
    if (index.oid == index_oid) return &index;
  }
  return nullptr;
}

const Index* Table::PrimaryKey() const {
  for (const Index& index : indexes) {
    if (index.primary) return &index;
  }
  return nullptr;
}

const Constraint* Table::FindConstraint(std::string_view constraint) const {
  for (const Constraint& found : constraints) {
    if (found.name == constraint) return &found;
  }
  return nullptr;
}

}  // namespace phantom::catalog
