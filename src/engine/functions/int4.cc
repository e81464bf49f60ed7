#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"

namespace phantom::engine {

namespace {

Status OutOfRange() { return Error(sqlstate::kNumericValueOutOfRange, "integer out of range"); }
Status DivisionByZero() { return Error(sqlstate::kDivisionByZero, "division by zero"); }

Status Add(KernelContext&, int32_t a, int32_t b, int32_t& out) {
  return __builtin_add_overflow(a, b, &out) ? OutOfRange() : Status::Ok();
}
Status Subtract(KernelContext&, int32_t a, int32_t b, int32_t& out) {
  return __builtin_sub_overflow(a, b, &out) ? OutOfRange() : Status::Ok();
}
Status Multiply(KernelContext&, int32_t a, int32_t b, int32_t& out) {
  return __builtin_mul_overflow(a, b, &out) ? OutOfRange() : Status::Ok();
}
Status Divide(KernelContext&, int32_t a, int32_t b, int32_t& out) {
  if (b == 0) return DivisionByZero();
  if (b == -1) return __builtin_sub_overflow(0, a, &out) ? OutOfRange() : Status::Ok();
  out = a / b;
  return Status::Ok();
}
Status Modulo(KernelContext&, int32_t a, int32_t b, int32_t& out) {
  if (b == 0) return DivisionByZero();
  out = b == -1 ? 0 : a % b;
  return Status::Ok();
}
Status Negate(KernelContext&, int32_t a, int32_t& out) {
  return __builtin_sub_overflow(0, a, &out) ? OutOfRange() : Status::Ok();
}

using I = int32_t;
constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("int4pl", Strict<Add, I, I, I>),
    KernelEntry::Scalar("int4mi", Strict<Subtract, I, I, I>),
    KernelEntry::Scalar("int4mul", Strict<Multiply, I, I, I>),
    KernelEntry::Scalar("int4div", Strict<Divide, I, I, I>),
    KernelEntry::Scalar("int4mod", Strict<Modulo, I, I, I>),
    KernelEntry::Scalar("int4um", Strict<Negate, I, I>),
    KernelEntry::Scalar("int4eq", Strict<[](I a, I b) { return a == b; }, bool, I, I>),
    KernelEntry::Scalar("int4ne", Strict<[](I a, I b) { return a != b; }, bool, I, I>),
    KernelEntry::Scalar("int4lt", Strict<[](I a, I b) { return a < b; }, bool, I, I>),
    KernelEntry::Scalar("int4le", Strict<[](I a, I b) { return a <= b; }, bool, I, I>),
    KernelEntry::Scalar("int4gt", Strict<[](I a, I b) { return (a > b); }, bool, I, I>),
    KernelEntry::Scalar("int4ge", Strict<[](I a, I b) { return (a >= b); }, bool, I, I>),
};

}  // namespace

std::span<const KernelEntry> Int4Kernels() { return kTable; }

}  // namespace phantom::engine
