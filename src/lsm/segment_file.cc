#include "lsm/segment_file.h"

#include "common/blocking_region.h"
#include "common/checksum.h"
#include "lsm/byte_cursor.h"
#include "lsm/encoding/packed.h"

namespace phantom::lsm {

namespace {

bool ChecksumIsRight(Bytes bytes) {
  const Bytes covered = bytes.first(bytes.size() - 8);
  return Checksum(covered) == LoadLE<uint64_t>(bytes.data() + covered.size());
}

}  // namespace

Result<std::unique_ptr<SegmentFile>> SegmentFile::Open(std::unique_ptr<io::File> file, std::string name) {
  std::unique_ptr<SegmentFile> segment(new SegmentFile(std::move(file), std::move(name)));
  RETURN_IF_ERROR(segment->ReadEnds());
  return segment;
}

Status SegmentFile::ReadEnds() {
  const BlockingRegion region;
  ASSIGN_OR_RETURN(size_, file_->Size());
  if (size_ < kHeaderBytes + kTrailerBytes) return Damaged("header", "the file is too short");
  std::byte header[kHeaderBytes], trailer[kTrailerBytes];
  RETURN_IF_ERROR(file_->Read(0, header));
  RETURN_IF_ERROR(file_->Read(size_ - kTrailerBytes, trailer));
  if (AsText(header).substr(0, 8) != kHeaderMagic || !ChecksumIsRight(header))
    return Damaged("header", "wrong checksum");
  if (LoadLE<uint32_t>(header + 8) != kFormatVersion) return Damaged("header", "unknown version");
  if (AsText(trailer).substr(16, 8) != kTrailerMagic || !ChecksumIsRight(trailer))
    return Damaged("trailer", "wrong checksum");

  const auto footer_bytes = LoadLE<uint64_t>(trailer);
  if (footer_bytes > size_ - kHeaderBytes - kTrailerBytes) return Damaged("trailer", "bad size");
  auto footer = std::make_unique_for_overwrite<std::byte[]>(footer_bytes);
  const Bytes bytes(footer.get(), footer_bytes);
  const uint64_t begin = size_ - kTrailerBytes - footer_bytes;
  RETURN_IF_ERROR(file_->Read(begin, {footer.get(), footer_bytes}));
  if (Checksum(bytes) != LoadLE<uint64_t>(trailer + 8)) return Damaged("footer", "wrong checksum");
  auto parsed = Footer::Parse(bytes, begin);
  if (!parsed.ok()) return Damaged("footer", parsed.status().message().c_str());
  footer_ = std::move(parsed).value();
  if (footer_->base != LoadLE<uint64_t>(header + 16)) return Damaged("footer", "another segment's");
  return Status::Ok();
}

Result<std::unique_ptr<std::byte[]>> SegmentFile::Read(const BlockRef& block) const {
  auto bytes = std::make_unique_for_overwrite<std::byte[]>(block.size + kPackedSlack);
  std::memset(bytes.get() + block.size, 0, kPackedSlack);
  {
    const BlockingRegion region;
    RETURN_IF_ERROR(file_->Read(block.offset, {bytes.get(), block.size}));
  }
  if (Checksum({bytes.get(), block.size}) != block.checksum) return Error(sqlstate::kDataCorrupted, "wrong checksum");
  return bytes;
}

Status SegmentFile::Damaged(std::string_view where, const char* what) const {
  return Errorf(sqlstate::kDataCorrupted, "segment file \"%s\" is damaged: %.*s: %s", name_.c_str(),
                static_cast<int>(where.size()), where.data(), what);
}

}  // namespace phantom::lsm
