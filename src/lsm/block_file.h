// lsm/block_file.h
//
// A segment's or run's file as checked bytes: header, footer, and blocks whose checksum is right.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "io/env.h"
#include "lsm/block_ref.h"

namespace phantom::lsm {

// What the two kinds of files differ in.
struct BlockFileKind {
  const char* name;  // for messages: "segment"
  std::string_view magic;
  uint32_t version;
};

class BlockFile {
 public:
  // XX001 when header, footer or trailer are damaged or of an unknown version. The name is for messages.
  static Result<std::unique_ptr<BlockFile>> Open(std::unique_ptr<io::File> file, const BlockFileKind& kind,
                                                 std::string name);

  // The header's own field.
  uint64_t subject() const { return subject_; }
  Bytes footer() const { return {footer_.get(), footer_bytes_}; }
  uint64_t footer_begin() const;
  // Once it has been parsed.
  void DropFooter() { footer_.reset(), footer_bytes_ = 0; }
  const std::string& name() const { return name_; }
  uint64_t size() const { return size_; }

  // The block's bytes and kPackedSlack zeros. XX001 when they are damaged, 58030 when they cannot be read.
  Result<std::unique_ptr<std::byte[]>> Read(const BlockRef& block) const;
  // The error for something wrong in this file, "column 3, vector 17" say.
  Status Damaged(std::string_view where, const char* what) const;
  // That for an error of reading a part: names the file and the part when these are damaged bytes.
  Status In(std::string_view where, Status status) const;

 private:
  BlockFile(std::unique_ptr<io::File> file, const BlockFileKind& kind, std::string name)
      : file_(std::move(file)), kind_(kind), name_(std::move(name)) {}
  Status ReadEnds();

  std::unique_ptr<io::File> file_;
  const BlockFileKind kind_;
  std::string name_;
  uint64_t size_ = 0;
  uint64_t subject_ = 0;
  std::unique_ptr<std::byte[]> footer_;
  size_t footer_bytes_ = 0;
};

// The file's beginning, and its end behind the footer.
std::string BlockFileHeader(const BlockFileKind& kind, uint64_t subject);
std::string BlockFileTrailer(std::string_view footer);

}  // namespace phantom::lsm
