#include "engine/runtime.h"

#include <cstring>

#include "types/format_context.h"
#include "types/type_table.h"

namespace phantom::engine {

Runtime::Runtime(ExecutionContext& execution_context, int exec_params, int case_slot_count, int node_count)
    : context(execution_context),
      case_slots(case_slot_count),
      metrics(context.instrument ? node_count : 0),
      end_queue(&own_queue_) {
  params_.resize(exec_params);
}

Runtime::~Runtime() = default;

types::Type Runtime::StorageType(types::Type type) const {
  // Domains may lie over domains; the depth is bounded by how they were created.
  while (type.oid >= types::kFirstDescribedOid && context.format->hooks != nullptr) {
    Result<std::optional<types::UserType>> described = context.format->hooks->Describe(type.oid);
    if (!described.ok() || !described->has_value()) return types::kTextOid;
    const types::UserType& user = **described;
    switch (user.kind) {
      case types::UserType::Kind::kEnum:
        return types::kInt8Oid;
      case types::UserType::Kind::kComposite:
        return types::kRecordOid;
      case types::UserType::Kind::kArray:
        return types::kRecordArrayOid;
      case types::UserType::Kind::kDomain:
        type = user.base;
        break;
    }
  }
  return type;
}

types::Layout Runtime::LayoutOf(types::Type type) const {
  if (type.oid < types::kFirstDescribedOid) return types::LayoutOf(type);
  return types::LayoutOf(StorageType(type));
}

void Runtime::SetParam(int slot, const types::Vector& from, uint32_t row) {
  std::unique_ptr<types::Vector>& param = params_[slot];
  if (param == nullptr || param->layout() != from.layout()) {
    param = std::make_unique<types::Vector>(from.type(), from.layout(), 1);
  } else {
    param->Reset(from.type());
  }
  CopyValue(from, row, *param, 0);
  param->SetConstant();
  ++param_epoch;
}

void Runtime::SetParam(int slot, const types::Value& value) {
  params_[slot] = std::make_unique<types::Vector>(value.type(), value.layout(), 1);
  if (value.is_null()) {
    params_[slot]->SetNull(0);
  } else {
    params_[slot]->SetValue(0, value);
  }
  params_[slot]->SetConstant();
  ++param_epoch;
}

namespace {

template <typename T>
void CopyTyped(const types::UnifiedView& from, const Rows& rows, types::Vector& to) {
  T* out = to.data<T>();
  for (size_t i = 0; i < rows.count; ++i) {
    const uint32_t row = rows[i];
    out[row] = from.Get<T>(row);
  }
}

struct Wide {
  uint64_t low, high;
};

}  // namespace

void CopySlots(const types::Vector& from, const Rows& rows, types::Vector& to) {
  const types::UnifiedView view = from.View();
  switch (types::SizeOf(from.layout())) {
    case 1:
      CopyTyped<uint8_t>(view, rows, to);
      break;
    case 2:
      CopyTyped<uint16_t>(view, rows, to);
      break;
    case 4:
      CopyTyped<uint32_t>(view, rows, to);
      break;
    case 8:
      CopyTyped<uint64_t>(view, rows, to);
      break;
    default:
      CopyTyped<Wide>(view, rows, to);
  }
  if (view.validity == nullptr) return;
  for (size_t i = 0; i < rows.count; ++i) {
    const uint32_t row = rows[i];
    if (!view.valid(row)) to.SetNull(row);
  }
}

void GatherSlots(const types::Vector& from, const types::SelIndex* rows, size_t count, types::Vector& to) {
  to.Reset();
  const types::UnifiedView view = from.View();
  const auto gather = [&]<typename T>(T) {
    T* out = to.data<T>();
    for (size_t i = 0; i < count; ++i) out[i] = view.Get<T>(rows[i]);
  };
  switch (types::SizeOf(from.layout())) {
    case 1:
      gather(uint8_t{});
      break;
    case 2:
      gather(uint16_t{});
      break;
    case 4:
      gather(uint32_t{});
      break;
    case 8:
      gather(uint64_t{});
      break;
    default:
      gather(Wide{});
  }
  if (view.validity == nullptr) return;
  for (size_t i = 0; i < count; ++i) {
    if (!view.valid(rows[i])) to.SetNull(static_cast<uint32_t>(i));
  }
}

void CopyValue(const types::Vector& from, uint32_t row, types::Vector& to, uint32_t slot) {
  if (from.IsNull(row)) {
    to.SetNull(slot);
    return;
  }
  to.SetValid(slot);
  const std::byte* source = from.row_slot(row);
  switch (from.layout()) {
    case types::Layout::kString:
      to.data<types::StringRef>()[slot] = to.heap().Add(*reinterpret_cast<const types::StringRef*>(source));
      break;
    case types::Layout::kNumeric:
      to.data<types::Numeric>()[slot] = to.heap().Add(*reinterpret_cast<const types::Numeric*>(source));
      break;
    default:
      std::memcpy(to.slot(slot), source, types::SizeOf(from.layout()));
  }
}

}  // namespace phantom::engine
