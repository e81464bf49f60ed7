// Enums: comparison (equal by OID, ordered as their type lists the labels), and the labels a type has.
#include <unordered_map>

#include "engine/aggregate_adapters.h"
#include "engine/functions/catalog_access.h"
#include "engine/functions/tables.h"
#include "types/array.h"

namespace phantom::engine {

namespace {

using types::StringRef;
using I = int32_t;

// The place of each label in its type.
struct LabelOrder final : KernelState {
  std::unordered_map<I, float> places;
};

Status Compare(KernelContext& context, I a, I b, int& order) {
  order = 0;
  if (a == b) return Status::Ok();
  LabelOrder& state = context.State<LabelOrder>();
  if (state.places.empty() && !context.arg_types.empty()) {
    ASSIGN_OR_RETURN(catalog::Catalog* const catalog, CatalogOf(context));
    ASSIGN_OR_RETURN(const auto labels, catalog->EnumLabels(context.arg_types[0].oid));
    for (const catalog::Catalog::EnumLabel& label : labels) state.places[static_cast<I>(label.oid)] = label.order;
  }
  order = state.places[a] < state.places[b] ? -1 : 1;
  return Status::Ok();
}

enum class Relation { kLess, kLessEqual, kGreater, kGreaterEqual };
template <Relation kRelation>
Status Relate(KernelContext& context, const I& a, const I& b, bool& out) {
  int order;
  RETURN_IF_ERROR(Compare(context, a, b, order));
  out = kRelation == Relation::kLess        ? order < 0
        : kRelation == Relation::kLessEqual ? order <= 0
        : kRelation == Relation::kGreater   ? order > 0
                                            : order >= 0;
  return Status::Ok();
}
Status Order(KernelContext& context, const I& a, const I& b, I& out) { return Compare(context, a, b, out); }
template <bool kLarger>
Status Extreme(KernelContext& context, const I& a, const I& b, I& out) {
  int order;
  RETURN_IF_ERROR(Compare(context, a, b, order));
  out = (kLarger ? order >= 0 : order <= 0) ? a : b;
  return Status::Ok();
}
// min and max.
struct Best {
  I label = 0;
  bool any = false;
};
template <bool kLarger>
Status AddBest(AggregateContext& context, Best& best, const I& label) {
  if (best.any) return Extreme<kLarger>(context.call, best.label, label, best.label);
  best = {label, true};
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

bool Equal(const I& a, const I& b) { return a == b; }
bool NotEqual(const I& a, const I& b) { return a != b; }

// The labels of the arguments' type, in order.
Result<std::vector<catalog::Catalog::EnumLabel>> Labels(KernelContext& context) {
  if (context.arg_types.empty() || context.arg_types[0].oid == 0) {
    return Error(sqlstate::kFeatureNotSupported, "could not determine actual enum type");
  }
  ASSIGN_OR_RETURN(catalog::Catalog* const catalog, CatalogOf(context));
  return catalog->EnumLabels(context.arg_types[0].oid);
}
template <bool kFirst>
Status Endpoint(KernelContext& context, const I*, Writer<I>& out) {
  ASSIGN_OR_RETURN(const auto labels, Labels(context));
  if (labels.empty()) {
    ASSIGN_OR_RETURN(catalog::Catalog* const catalog, CatalogOf(context));
    return Error(sqlstate::kObjectNotInPrerequisiteState,
                 "enum " + catalog->FormatType(context.arg_types[0].oid) + " contains no values");
  }
  out.Set(static_cast<I>((kFirst ? labels.front() : labels.back()).oid));
  return Status::Ok();
}
// The labels between two of them; NULL is no bound.
Status Between(KernelContext& context, const I* low, const I* high, Writer<StringRef>& out) {
  ASSIGN_OR_RETURN(const auto labels, Labels(context));
  types::ArrayBuilder builder(context.arg_types[0].oid, types::Layout::kInt32);
  bool begun = low == nullptr;
  for (const catalog::Catalog::EnumLabel& label : labels) {
    const I oid = static_cast<I>(label.oid);
    begun = begun || oid == *low;
    if (begun) builder.Add(&oid);
    if (high != nullptr && oid == *high) break;
  }
  out.SetText(builder.Finish());
  return Status::Ok();
}
Status All(KernelContext& context, const I*, Writer<StringRef>& out) { return Between(context, nullptr, nullptr, out); }

template <Relation kRelation>
constexpr ScalarKernel kRelate = Strict<Relate<kRelation>, bool, I, I>;

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("enum_eq", Strict<Equal, bool, I, I>),
    KernelEntry::Scalar("enum_ne", Strict<NotEqual, bool, I, I>),
    KernelEntry::Scalar("enum_lt", kRelate<Relation::kLess>),
    KernelEntry::Scalar("enum_le", kRelate<Relation::kLessEqual>),
    KernelEntry::Scalar("enum_gt", kRelate<Relation::kGreater>),
    KernelEntry::Scalar("enum_ge", kRelate<Relation::kGreaterEqual>),
    KernelEntry::Scalar("enum_cmp", Strict<Order, I, I, I>),
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
