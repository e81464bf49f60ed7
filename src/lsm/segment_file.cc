#include "lsm/segment_file.h"

namespace phantom::lsm {

Result<std::unique_ptr<SegmentFile>> SegmentFile::Open(std::unique_ptr<io::File> file, std::string name) {
  ASSIGN_OR_RETURN(std::unique_ptr<BlockFile> opened, BlockFile::Open(std::move(file), kSegmentFile, std::move(name)));
  std::unique_ptr<SegmentFile> segment(new SegmentFile(std::move(opened)));
  BlockFile& blocks = *segment->file_;
  auto parsed = Footer::Parse(blocks.footer(), blocks.footer_begin());
  if (!parsed.ok()) return blocks.Damaged("footer", parsed.status().message().c_str());
  segment->footer_ = std::move(parsed).value();
  blocks.DropFooter();
  if (segment->footer_->base != blocks.subject()) return blocks.Damaged("footer", "another segment's");
  return segment;
}

}  // namespace phantom::lsm
