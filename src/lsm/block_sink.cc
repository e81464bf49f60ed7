#include "lsm/block_sink.h"

#include "common/checksum.h"
#include "lsm/block_file.h"
#include "lsm/format.h"

namespace phantom::lsm {

Result<BlockRef> BlockSink::Append(std::string_view block) {
  if (block.size() > kBlockBytesMax) {
    return Errorf(sqlstate::kProgramLimitExceeded, "values of a segment's vector take %zu bytes, more than %zu",
                  block.size(), kBlockBytesMax);
  }
  BlockRef ref{size(), static_cast<uint32_t>(block.size()), Checksum(AsBytes(block))};
  RETURN_IF_ERROR(AppendRaw(block));
  return ref;
}

Status BlockSink::AppendRaw(std::string_view bytes) {
  buffer_.append(bytes);
  return buffer_.size() < kBufferBytes ? Status::Ok() : Flush();
}

Result<uint64_t> BlockSink::Finish(std::string_view footer) {
  RETURN_IF_ERROR(AppendRaw(footer));
  RETURN_IF_ERROR(AppendRaw(BlockFileTrailer(footer)));
  RETURN_IF_ERROR(Flush());
  return size();
}

Status BlockSink::Flush() {
  if (buffer_.empty()) return Status::Ok();
  RETURN_IF_ERROR(file_.Write(flushed_, AsBytes(buffer_)));
  flushed_ += buffer_.size();
  buffer_.clear();
  return Status::Ok();
}

}  // namespace phantom::lsm
