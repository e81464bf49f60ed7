#include "lsm/block_file.h"

#include "common/blocking_region.h"
#include "common/check.h"
#include "common/checksum.h"
#include "lsm/byte_cursor.h"
#include "lsm/encoding/packed.h"
#include "lsm/format.h"

namespace phantom::lsm {

namespace {

bool ChecksumIsRight(Bytes bytes) {
  const Bytes covered = bytes.first(bytes.size() - 8);
  return Checksum(covered) == LoadLE<uint64_t>(bytes.data() + covered.size());
}

}  // namespace

Result<std::unique_ptr<BlockFile>> BlockFile::Open(std::unique_ptr<io::File> file, const BlockFileKind& kind,
                                                   std::string name) {
  std::unique_ptr<BlockFile> opened(new BlockFile(std::move(file), kind, std::move(name)));
  RETURN_IF_ERROR(opened->ReadEnds());
  return opened;
}

Status BlockFile::ReadEnds() {
  const BlockingRegion region;
  ASSIGN_OR_RETURN(size_, file_->Size());
  if (size_ < kHeaderBytes + kTrailerBytes) return Damaged("header", "the file is too short");
  std::byte header[kHeaderBytes], trailer[kTrailerBytes];
  RETURN_IF_ERROR(file_->Read(0, header));
  RETURN_IF_ERROR(file_->Read(size_ - kTrailerBytes, trailer));
  if (AsText(header).substr(0, 8) != kind_.magic || !ChecksumIsRight(header)) return Damaged("header", "wrong checksum");
  if (LoadLE<uint32_t>(header + 8) != kind_.version) return Damaged("header", "unknown version");
  subject_ = LoadLE<uint64_t>(header + 16);
  if (AsText(trailer).substr(16, 8) != kTrailerMagic || !ChecksumIsRight(trailer))
    return Damaged("trailer", "wrong checksum");

  const auto footer_bytes = LoadLE<uint64_t>(trailer);
  if (footer_bytes > size_ - kHeaderBytes - kTrailerBytes) return Damaged("trailer", "bad size");
  footer_ = std::make_unique_for_overwrite<std::byte[]>(footer_bytes);
  footer_bytes_ = footer_bytes;
  RETURN_IF_ERROR(file_->Read(footer_begin(), {footer_.get(), footer_bytes}));
  if (Checksum(footer()) != LoadLE<uint64_t>(trailer + 8)) return Damaged("footer", "wrong checksum");
  return Status::Ok();
}

uint64_t BlockFile::footer_begin() const { return size_ - kTrailerBytes - footer_bytes_; }

Result<std::unique_ptr<std::byte[]>> BlockFile::Read(const BlockRef& block) const {
  auto bytes = std::make_unique_for_overwrite<std::byte[]>(block.size + kPackedSlack);
  std::memset(bytes.get() + block.size, 0, kPackedSlack);
  {
    const BlockingRegion region;
    RETURN_IF_ERROR(file_->Read(block.offset, {bytes.get(), block.size}));
  }
  if (Checksum({bytes.get(), block.size}) != block.checksum) return Error(sqlstate::kDataCorrupted, "wrong checksum");
  return bytes;
}

Status BlockFile::Damaged(std::string_view where, const char* what) const {
  return Errorf(sqlstate::kDataCorrupted, "%s file \"%s\" is damaged: %.*s: %s", kind_.name, name_.c_str(),
                static_cast<int>(where.size()), where.data(), what);
}

Status BlockFile::In(std::string_view where, Status status) const {
  if (status.ok() || status.sqlstate() != sqlstate::kDataCorrupted) return status;
  if (status.message().starts_with(Format("%s file", kind_.name))) return status;
  return Damaged(where, status.message().c_str());
}

std::string BlockFileHeader(const BlockFileKind& kind, uint64_t subject) {
  std::string header(kind.magic);
  AppendLE(header, kind.version);
  AppendLE(header, uint32_t{0});
  AppendLE(header, subject);
  AppendLE(header, Checksum(AsBytes(header)));
  PHANTOM_CHECK(header.size() == kHeaderBytes);
  return header;
}

std::string BlockFileTrailer(std::string_view footer) {
  std::string trailer;
  AppendLE(trailer, uint64_t{footer.size()});
  AppendLE(trailer, Checksum(AsBytes(footer)));
  trailer.append(kTrailerMagic);
  AppendLE(trailer, Checksum(AsBytes(trailer)));
  PHANTOM_CHECK(trailer.size() == kTrailerBytes);
  return trailer;
}

}  // namespace phantom::lsm
