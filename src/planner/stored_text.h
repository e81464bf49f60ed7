// planner/stored_text.h
//
// Values and expressions as stored text: in formats that no setting changes, relations as markers (catalog/stored_sql.h).
#pragma once
#include <string>

#include "catalog/stored_sql.h"
#include "types/format_context.h"

namespace phantom::planner {

struct Expr;
struct PlannerContext;

// Writes relations as markers wherever a regclass constant is printed; all else as the session's hooks do.
class MarkingHooks : public types::TypeHooks {
 public:
  explicit MarkingHooks(const types::TypeHooks* hooks) : hooks_(hooks) {}

  Result<Oid> ResolveName(Oid reg_type, std::string_view text) const override {
    return hooks_->ResolveName(reg_type, text);
  }
  bool AppendName(Oid reg_type, Oid object, std::string& out) const override {
    if (object < catalog::kFirstUserOid) return hooks_->AppendName(reg_type, object, out);
    out += reg_type == types::kRegclassOid ? catalog::RelationMarker(object) : std::to_string(object);
    return true;
  }
  Result<std::optional<types::UserType>> Describe(Oid type) const override { return hooks_->Describe(type); }
  Result<int64_t> ResolveLabel(Oid enum_type, std::string_view label) const override {
    return hooks_->ResolveLabel(enum_type, label);
  }
  Status AppendLabel(Oid enum_type, int64_t label, std::string& out) const override {
    return hooks_->AppendLabel(enum_type, label, out);
  }
  std::string TypeName(Oid type) const override { return hooks_->TypeName(type); }

 private:
  const types::TypeHooks* hooks_;
};

// The session's formats as far as stored text may depend on them.
class StoredFormat {
 public:
  explicit StoredFormat(const types::FormatContext& session) : hooks_(session.hooks) {
    context_.time_zone = session.time_zone;
    context_.now = session.now;
    if (session.hooks != nullptr) context_.hooks = &hooks_;
  }
  StoredFormat(const StoredFormat&) = delete;
  StoredFormat& operator=(const StoredFormat&) = delete;
  const types::FormatContext& context() const { return context_; }

 private:
  MarkingHooks hooks_;
  types::FormatContext context_;
};

// A bound expression over one relation's columns (or none) in stored form.
std::string StoreExpression(const Expr& expr, const PlannerContext& context);

}  // namespace phantom::planner
