#include "common/check.h"
#include "lsm/run_reader.h"

namespace phantom::lsm {

void RunCursor::Close() {
  pin_ = CachePin<RunBlock>();
  reading_.Forget();
  valid_ = false;
  run_ = nullptr;
}

Status RunCursor::Enter(uint32_t block) {
  if (pin_ && block == block_) return Status::Ok();
  reading_.Forget();
  pin_ = CachePin<RunBlock>();
  ASSIGN_OR_RETURN(pin_, run_->Pin(block));
  block_ = block;
  return Status::Ok();
}

void RunCursor::Show() {
  pin_->MoveTo(position_, reading_);
  valid_ = true;
}

Status RunCursor::Seek(Bytes key) {
  valid_ = false;
  if (run_->block_count() == 0) return Status::Ok();
  RETURN_IF_ERROR(Enter(run_->BlockOf(key)));
  bool equal;
  position_ = pin_->LowerBound(key, &equal, reading_);
  if (position_ == pin_->count()) {
    if (block_ + 1 == run_->block_count()) return Status::Ok();
    RETURN_IF_ERROR(Enter(block_ + 1));
    position_ = 0;
  }
  Show();
  return Status::Ok();
}

Status RunCursor::SeekBelow(Bytes key) {
  valid_ = false;
  if (run_->block_count() == 0) return Status::Ok();
  RETURN_IF_ERROR(Enter(run_->BlockOf(key)));
  bool equal;
  position_ = pin_->LowerBound(key, &equal, reading_);
  return Back();
}

Status RunCursor::SeekFirst() { return Seek({}); }

Status RunCursor::SeekLast() {
  valid_ = false;
  if (run_->block_count() == 0) return Status::Ok();
  RETURN_IF_ERROR(Enter(run_->block_count() - 1));
  position_ = pin_->count();
  return Back();
}

Status RunCursor::Back() {
  valid_ = false;
  if (position_ == 0) {
    if (block_ == 0) return Status::Ok();
    RETURN_IF_ERROR(Enter(block_ - 1));
    position_ = pin_->count();
  }
  --position_;
  Show();
  return Status::Ok();
}

Status RunCursor::Next() {
  PHANTOM_CHECK(valid_);
  if (++position_ == pin_->count()) {
    valid_ = false;
    if (block_ + 1 == run_->block_count()) return Status::Ok();
    RETURN_IF_ERROR(Enter(block_ + 1));
    position_ = 0;
  }
  Show();
  return Status::Ok();
}

Status RunCursor::Previous() {
  PHANTOM_CHECK(valid_);
  return Back();
}

}  // namespace phantom::lsm
