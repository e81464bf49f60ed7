// Comparison, containment and overlap of arrays and of records.
#include "engine/functions/array_values.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"

namespace phantom::engine {

namespace {

using types::ArrayView;
using types::StringRef;
using I = int32_t;

enum class Relation { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

bool Holds(Relation relation, int order) {
  switch (relation) {
    case Relation::kEqual:
      return order == 0;
    case Relation::kNotEqual:
      return order != 0;
    case Relation::kLess:
      return order < 0;
    case Relation::kLessEqual:
      return order <= 0;
    case Relation::kGreater:
      return order > 0;
    case Relation::kGreaterEqual:
      return order >= 0;
  }
  return false;
}

Status DifferentTypes() {
  return Error(sqlstate::kDatatypeMismatch, "cannot compare arrays of different element types");
}

// What an array's elements need to be ordered; `equality`: which operator the message misses.
Status CheckOrder(const ArrayView& a, const ArrayView& b, bool equality) {
  if (a.element_type() != b.element_type()) return DifferentTypes();
  const Oid type = a.element_type();
  if (types::IsComparable(type) || type >= types::kFirstUserOid) return Status::Ok();
  return Error(sqlstate::kUndefinedFunction,
               (equality ? "could not identify an equality operator for type "
                         : "could not identify a comparison function for type ") +
                   types::FormatTypeName(type));
}

template <Relation kRelation>
Status CompareArray(KernelContext&, const StringRef& a, const StringRef& b, bool& out) {
  const bool equality = kRelation == Relation::kEqual || kRelation == Relation::kNotEqual;
  RETURN_IF_ERROR(CheckOrder(ArrayView(a.view()), ArrayView(b.view()), equality));
  out = Holds(kRelation, types::CompareArrays(a.view(), b.view()));
  return Status::Ok();
}
Status OrderArrays(KernelContext&, const StringRef& a, const StringRef& b, I& out) {
  RETURN_IF_ERROR(CheckOrder(ArrayView(a.view()), ArrayView(b.view()), false));
  const int order = types::CompareArrays(a.view(), b.view());
  out = order < 0 ? -1 : (order > 0);
  return Status::Ok();
}
template <bool kLarger>
Status ExtremeArray(KernelContext& context, const StringRef& a, const StringRef& b, StringRef& out) {
  I order = 0;
  RETURN_IF_ERROR(OrderArrays(context, a, b, order));
  out = (kLarger ? order >= 0 : order <= 0) ? a : b;
  return Status::Ok();
}

// Are all (or is any) of the elements of `some` among those of `all`? NULLs equal nothing.
template <bool kEvery>
Result<bool> Among(const ArrayView& some, const ArrayView& all) {
  if (some.element_type() != all.element_type()) return DifferentTypes();
  ASSIGN_OR_RETURN(const types::EqualFn equal, ElementEquality(some.element_type(), some.element_layout()));
  for (uint32_t i = 0; i < some.size(); ++i) {
    bool found = false;
    if (!some.IsNull(i)) {
      alignas(8) std::byte wanted[16], element[16];
      some.Get(i, wanted);
      for (uint32_t j = 0; j < all.size() && !found; ++j) {
        if (all.IsNull(j)) continue;
        all.Get(j, element);
        found = equal(wanted, element);
      }
    }
    if (found != kEvery) return found;
  }
  return kEvery;
}
Status Contains(KernelContext&, const StringRef& a, const StringRef& b, bool& out) {
  ASSIGN_OR_RETURN(out, Among<true>(ArrayView(b.view()), ArrayView(a.view())));
  return Status::Ok();
}
Status ContainedIn(KernelContext&, const StringRef& a, const StringRef& b, bool& out) {
  ASSIGN_OR_RETURN(out, Among<true>(ArrayView(a.view()), ArrayView(b.view())));
  return Status::Ok();
}
Status Overlap(KernelContext&, const StringRef& a, const StringRef& b, bool& out) {
  ASSIGN_OR_RETURN(out, Among<false>(ArrayView(a.view()), ArrayView(b.view())));
  return Status::Ok();
}

// ---- Records ------------------------------------------------------------------------------------

Status CheckRecords(const types::RecordView& a, const types::RecordView& b, bool equality) {
  if (a.size() != b.size()) {
    return Error(sqlstate::kDatatypeMismatch, "cannot compare record types with different numbers of columns");
  }
  for (uint32_t i = 0; i < a.size(); ++i) {
    if (a.type(i) != b.type(i)) {
      return Error(sqlstate::kDatatypeMismatch,
                   "cannot compare dissimilar column types " + types::FormatTypeName(a.type(i)) + " and " +
                       types::FormatTypeName(b.type(i)) + Format(" at record column %u", i + 1));
    }
    if (!types::IsComparable(a.type(i)) && a.type(i) < types::kFirstUserOid) {
      return Error(sqlstate::kUndefinedFunction,
                   (equality ? "could not identify an equality operator for type "
                             : "could not identify a comparison function for type ") +
                       types::FormatTypeName(a.type(i)));
    }
  }
  return Status::Ok();
}
template <Relation kRelation>
Status CompareRecord(KernelContext&, const StringRef& a, const StringRef& b, bool& out) {
  const bool equality = kRelation == Relation::kEqual || kRelation == Relation::kNotEqual;
  RETURN_IF_ERROR(CheckRecords(types::RecordView(a.view()), types::RecordView(b.view()), equality));
  out = Holds(kRelation, types::CompareRecords(a.view(), b.view()));
  return Status::Ok();
}
Status OrderRecords(KernelContext&, const StringRef& a, const StringRef& b, I& out) {
  RETURN_IF_ERROR(CheckRecords(types::RecordView(a.view()), types::RecordView(b.view()), false));
  const int order = types::CompareRecords(a.view(), b.view());
  out = order < 0 ? -1 : (order > 0);
  return Status::Ok();
}

template <Relation kRelation>
constexpr ScalarKernel kArray = Strict<CompareArray<kRelation>, bool, StringRef, StringRef>;
template <Relation kRelation>
constexpr ScalarKernel kRecord = Strict<CompareRecord<kRelation>, bool, StringRef, StringRef>;

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("array_eq", kArray<Relation::kEqual>),
    KernelEntry::Scalar("array_ne", kArray<Relation::kNotEqual>),
    KernelEntry::Scalar("array_lt", kArray<Relation::kLess>),
    KernelEntry::Scalar("array_le", kArray<Relation::kLessEqual>),
    KernelEntry::Scalar("array_gt", kArray<Relation::kGreater>),
    KernelEntry::Scalar("array_ge", kArray<Relation::kGreaterEqual>),
    KernelEntry::Scalar("btarraycmp", Strict<OrderArrays, I, StringRef, StringRef>),
    KernelEntry::Scalar("array_larger", Strict<ExtremeArray<true>, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("array_smaller", Strict<ExtremeArray<false>, StringRef, StringRef, StringRef>),
    KernelEntry::Scalar("arraycontains", Strict<Contains, bool, StringRef, StringRef>),
    KernelEntry::Scalar("arraycontained", Strict<ContainedIn, bool, StringRef, StringRef>),
    KernelEntry::Scalar("arrayoverlap", Strict<Overlap, bool, StringRef, StringRef>),
    KernelEntry::Scalar("record_eq", kRecord<Relation::kEqual>),
    KernelEntry::Scalar("record_ne", kRecord<Relation::kNotEqual>),
    KernelEntry::Scalar("record_lt", kRecord<Relation::kLess>),
    KernelEntry::Scalar("record_le", kRecord<Relation::kLessEqual>),
    KernelEntry::Scalar("record_gt", kRecord<Relation::kGreater>),
    KernelEntry::Scalar("record_ge", kRecord<Relation::kGreaterEqual>),
    KernelEntry::Scalar("btrecordcmp", Strict<OrderRecords, I, StringRef, StringRef>),
};

}  // namespace

std::span<const KernelEntry> ArrayComparisonKernels() { return kTable; }

}  // namespace phantom::engine
