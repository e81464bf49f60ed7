// lsm/segment_file.h
//
// A segment's file as checked bytes: the footer, and blocks whose checksum is right.
#pragma once
#include <memory>
#include <string>

#include "io/env.h"
#include "lsm/footer.h"

namespace phantom::lsm {

class SegmentFile {
 public:
  // XX001 when header, footer or trailer are damaged or of an unknown version. The name is for messages.
  static Result<std::unique_ptr<SegmentFile>> Open(std::unique_ptr<io::File> file, std::string name);

  const Footer& footer() const { return *footer_; }
  const std::string& name() const { return name_; }
  uint64_t size() const { return size_; }

  // The block's bytes and kPackedSlack zeros. XX001 when they are damaged, 58030 when they cannot be read.
  Result<std::unique_ptr<std::byte[]>> Read(const BlockRef& block) const;
  // The error for something wrong in this file, "column 3, vector 17" say.
  Status Damaged(std::string_view where, const char* what) const;

 private:
  SegmentFile(std::unique_ptr<io::File> file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}
  Status ReadEnds();

  std::unique_ptr<io::File> file_;
  std::string name_;
  uint64_t size_ = 0;
  std::unique_ptr<Footer> footer_;
};

}  // namespace phantom::lsm
