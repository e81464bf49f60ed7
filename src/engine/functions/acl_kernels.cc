// Lists of privileges as values: acldefault, aclexplode (PostgreSQL 15, table 9.72).
#include <string>

#include "catalog/acl.h"
#include "catalog/oids.h"
#include "engine/functions/catalog_access.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/string_ref.h"
#include "types/text_format.h"

namespace phantom::engine {

namespace {

using types::StringRef;
using Args = std::span<const types::Vector* const>;
using I = int32_t;

// One row a privilege: who gave it, to whom, which, and whether it may be passed on.
class AclRows final : public SetGenerator {
 public:
  explicit AclRows(catalog::Acl acl) : acl_(std::move(acl)) {}

  Status Next(types::Chunk& out) override {
    out.Reset();
    uint32_t count = 0;
    for (; item_ < acl_.size() && count < types::kVectorSize; Advance()) {
      const catalog::AclItem& item = acl_[item_];
      if ((item.privileges & mode_) == 0) continue;
      out.column(0).data<I>()[count] = static_cast<I>(item.grantor);
      out.column(1).data<I>()[count] = static_cast<I>(item.grantee);
      out.column(2).SetString(count, catalog::AclModeName(mode_));
      out.column(3).data<bool>()[count] = (item.grant_options & mode_) != 0;
      ++count;
    }
    out.SetSize(count);
    return Status::Ok();
  }

 private:
  void Advance() {
    if (mode_ != catalog::acl::kAlterSystem) {
      mode_ <<= 1;
      return;
    }
    mode_ = 1;
    ++item_;
  }

  const catalog::Acl acl_;
  size_t item_ = 0;
  catalog::AclMode mode_ = 1;
};

Result<std::unique_ptr<SetGenerator>> StartExplode(KernelContext& context, Args args, size_t row) {
  ASSIGN_OR_RETURN(catalog::Catalog* const catalog, CatalogOf(context));
  std::string text;
  RETURN_IF_ERROR(types::AppendText(args[0]->type(), args[0]->row_slot(static_cast<uint32_t>(row)), *context.format, text));
  ASSIGN_OR_RETURN(catalog::Acl acl, catalog->AclOf(text, 0, 0, 0));
  return std::unique_ptr<SetGenerator>(std::make_unique<AclRows>(std::move(acl)));
}

Result<catalog::Acl> DefaultOf(char kind, Oid owner) {
  switch (kind) {
    case 'c': return catalog::Acl();
    case 'r': return catalog::DefaultAcl(catalog::oid::kPgClass, 'r', owner);
    case 's': return catalog::DefaultAcl(catalog::oid::kPgClass, 'S', owner);
    case 'd': return catalog::DefaultAcl(catalog::oid::kPgDatabase, 0, owner);
    case 'f': return catalog::DefaultAcl(catalog::oid::kPgProc, 0, owner);
    case 'l': return catalog::DefaultAcl(catalog::oid::kPgLanguage, 0, owner);
    case 'n': return catalog::DefaultAcl(catalog::oid::kPgNamespace, 0, owner);
    case 't': return catalog::DefaultAcl(catalog::oid::kPgTablespace, 0, owner);
    case 'T': return catalog::DefaultAcl(catalog::oid::kPgType, 0, owner);
    default: return Errorf(sqlstate::kInternalError, "unrecognized object type abbreviation: %c", kind);
  }
}
Status DefaultPrivileges(KernelContext& context, const StringRef& kind, const I& owner, Writer<StringRef>& out) {
  ASSIGN_OR_RETURN(catalog::Catalog* const catalog, CatalogOf(context));
  const std::string_view letter = kind.view();
  ASSIGN_OR_RETURN(const catalog::Acl acl, DefaultOf(letter.empty() ? ' ' : letter[0], static_cast<Oid>(owner)));
  Status failure;
  const std::string text = catalog::ShowAcl(catalog::StoreAcl(acl), [&](Oid role) {
    auto found = catalog->RoleByOid(role);
    if (!found.ok()) failure = found.status();
    return found.ok() && *found != nullptr ? (*found)->name : std::string();
  });
  RETURN_IF_ERROR(failure);
  alignas(8) std::byte slot[16];
  RETURN_IF_ERROR(types::ParseTextSlot(types::kAclitemArrayOid, text, *context.format, out.arena(), slot));
  out.Set(*reinterpret_cast<const StringRef*>(slot));
  return Status::Ok();
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Set("aclexplode", StartExplode),
    KernelEntry::Scalar("acldefault_sql", Strict<DefaultPrivileges, StringRef, StringRef, I>),
};

}  // namespace

std::span<const KernelEntry> AclKernels() { return kTable; }

}  // namespace phantom::engine
