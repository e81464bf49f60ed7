// session/type_hooks.h
//
// What reading and writing values needs of the catalog: names of objects (regclass and its kin), user types, enum
// labels.
//
// Thread safety: the session's thread.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "types/format_context.h"

namespace phantom::catalog {
class Catalog;
}

namespace phantom::session {

class CatalogTypeHooks : public types::TypeHooks {
 public:
  explicit CatalogTypeHooks(catalog::Catalog& catalog) : catalog_(catalog) {}

  Result<Oid> ResolveName(Oid reg_type, std::string_view text) const override;
  bool AppendName(Oid reg_type, Oid object, std::string& out) const override;
  Result<std::optional<types::UserType>> Describe(Oid type) const override;
  Result<int64_t> ResolveLabel(Oid enum_type, std::string_view label) const override;
  Status AppendLabel(Oid enum_type, int64_t label, std::string& out) const override;
  std::string TypeName(Oid type) const override;

 private:
  Result<Oid> ResolveType(std::string_view text) const;
  Result<Oid> ResolveFunction(std::string_view text, bool with_arguments) const;

  catalog::Catalog& catalog_;
};

}  // namespace phantom::session
