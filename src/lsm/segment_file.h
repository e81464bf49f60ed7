// lsm/segment_file.h
//
// A segment's file: its footer, and blocks whose checksum is right.
#pragma once
#include <memory>
#include <string>

#include "lsm/block_file.h"
#include "lsm/footer.h"

namespace phantom::lsm {

inline constexpr BlockFileKind kSegmentFile{"segment", kHeaderMagic, kFormatVersion};

class SegmentFile {
 public:
  // XX001 when header, footer or trailer are damaged or of an unknown version. The name is for messages.
  static Result<std::unique_ptr<SegmentFile>> Open(std::unique_ptr<io::File> file, std::string name);

  const Footer& footer() const { return *footer_; }
  const std::string& name() const { return file_->name(); }
  uint64_t size() const { return file_->size(); }

  // As those of BlockFile.
  Result<std::unique_ptr<std::byte[]>> Read(const BlockRef& block) const { return file_->Read(block); }
  Status Damaged(std::string_view where, const char* what) const { return file_->Damaged(where, what); }

 private:
  explicit SegmentFile(std::unique_ptr<BlockFile> file) : file_(std::move(file)) {}

  std::unique_ptr<BlockFile> file_;
  std::unique_ptr<Footer> footer_;
};

}  // namespace phantom::lsm
