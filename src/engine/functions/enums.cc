// Enums: comparison, by the numbers that stand for labels (catalog/enum_labels.h), and the labels a type has.
#include <algorithm>
#include <functional>

#include "engine/aggregate_adapters.h"
#include "engine/functions/catalog_access.h"
#include "engine/functions/tables.h"
#include "types/array.h"

namespace phantom::engine {

namespace {

using types::StringRef;
using I = int64_t;

template <typename Relation>
bool Relate(const I& a, const I& b) {
  return Relation()(a, b);
}
int32_t Order(const I& a, const I& b) { return a < b ? -1 : a > b; }
template <bool kLarger>
I Extreme(const I& a, const I& b) {
  return kLarger ? std::max(a, b) : std::min(a, b);
}
// min and max.
struct Best {
  I label = 0;
  bool any = false;
};
template <bool kLarger>
Status AddBest(AggregateContext&, Best& best, const I& label) {
  best = {best.any ? Extreme<kLarger>(best.label, label) : label, true};
  return Status::Ok();
}
template <bool kLarger>
Status MergeBest(AggregateContext& context, Best& into, Best& from) {
  return from.any ? AddBest<kLarger>(context, into, from.label) : Status::Ok();
}
Status FinishBest(AggregateContext&, Best& best, Writer<I>& out) {
  best.any ? out.Set(best.label) : out.SetNull();
  return Status::Ok();
}
template <bool kLarger>
constexpr AggregateKernel kBest = StrictAggregate<Best, AddBest<kLarger>, MergeBest<kLarger>, FinishBest, I, I>();

// The arguments' type, with its labels in order.
Result<catalog::TypeRef> TypeOfArguments(KernelContext& context) {
  if (context.arg_types.empty() || context.arg_types[0].oid == 0) {
    return Error(sqlstate::kFeatureNotSupported, "could not determine actual enum type");
  }
  ASSIGN_OR_RETURN(catalog::Catalog* const catalog, CatalogOf(context));
  catalog::TypeRef type = catalog->TypeByOid(context.arg_types[0].oid);
  if (type == nullptr) return Error(sqlstate::kFeatureNotSupported, "could not determine actual enum type");
  return type;
}
// Labels not yet committed may not get into rows.
Status CheckSafe(KernelContext& context, const catalog::TypeRow& type, const catalog::EnumLabel& label) {
  ASSIGN_OR_RETURN(catalog::Catalog* const catalog, CatalogOf(context));
  return catalog->CheckLabelIsSafe(type, label);
}
template <bool kFirst>
Status Endpoint(KernelContext& context, const I*, Writer<I>& out) {
  ASSIGN_OR_RETURN(const catalog::TypeRef type, TypeOfArguments(context));
  if (type->labels.empty()) {
    ASSIGN_OR_RETURN(catalog::Catalog* const catalog, CatalogOf(context));
    return Error(sqlstate::kObjectNotInPrerequisiteState,
                 "enum " + catalog->FormatType(type->oid) + " contains no values");
  }
  const catalog::EnumLabel& label = kFirst ? type->labels.front() : type->labels.back();
  RETURN_IF_ERROR(CheckSafe(context, *type, label));
  out.Set(label.value);
  return Status::Ok();
}
// The labels between two of them; NULL is no bound.
Status Between(KernelContext& context, const I* low, const I* high, Writer<StringRef>& out) {
  ASSIGN_OR_RETURN(const catalog::TypeRef type, TypeOfArguments(context));
  types::ArrayBuilder builder(type->oid, types::Layout::kInt64);
  for (const catalog::EnumLabel& label : type->labels) {
    if ((low != nullptr && label.value < *low) || (high != nullptr && label.value > *high)) continue;
    RETURN_IF_ERROR(CheckSafe(context, *type, label));
    builder.Add(&label.value);
  }
  out.SetText(builder.Finish());
  return Status::Ok();
}
Status All(KernelContext& context, const I*, Writer<StringRef>& out) { return Between(context, nullptr, nullptr, out); }

template <typename Relation>
constexpr ScalarKernel kRelate = Strict<Relate<Relation>, bool, I, I>;

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("enum_eq", kRelate<std::equal_to<I>>),
    KernelEntry::Scalar("enum_ne", kRelate<std::not_equal_to<I>>),
    KernelEntry::Scalar("enum_lt", kRelate<std::less<I>>),
    KernelEntry::Scalar("enum_le", kRelate<std::less_equal<I>>),
    KernelEntry::Scalar("enum_gt", kRelate<std::greater<I>>),
    KernelEntry::Scalar("enum_ge", kRelate<std::greater_equal<I>>),
    KernelEntry::Scalar("enum_cmp", Strict<Order, int32_t, I, I>),
    KernelEntry::Scalar("enum_larger", Strict<Extreme<true>, I, I, I>),
    KernelEntry::Scalar("enum_smaller", Strict<Extreme<false>, I, I, I>),
    KernelEntry::Aggregate(3526, &kBest<true>),
    KernelEntry::Aggregate(3527, &kBest<false>),
    KernelEntry::Scalar("enum_first", Nullable<Endpoint<true>, I, I>),
    KernelEntry::Scalar("enum_last", Nullable<Endpoint<false>, I, I>),
    KernelEntry::Scalar("enum_range_bounds", Nullable<Between, StringRef, I, I>),
    KernelEntry::Scalar("enum_range_all", Nullable<All, StringRef, I>),
};

}  // namespace

std::span<const KernelEntry> EnumKernels() { return kTable; }

}  // namespace phantom::engine
