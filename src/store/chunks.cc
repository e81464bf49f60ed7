#include "store/chunks.h"

#include "btree/cursor.h"
#include "io/env.h"
#include "lsm/segment_reader.h"
#include "store/store_impl.h"

namespace phantom::store {

namespace {

constexpr size_t kTreeKeyBytes = 4;
constexpr size_t kChunkKeyBytes = kTreeKeyBytes + 8;
constexpr size_t kDeletionKeyBytes = kChunkKeyBytes + 1;
// Rows whose deletions share a value.
constexpr uint64_t kPartRows = 2048;
constexpr uint64_t kParts = kChunkRows / kPartRows;
constexpr size_t kPartWords = kPartRows / 64;
using Part = std::array<uint64_t, kPartWords>;

// Tree id, chunk number and, for deletions, the part of the chunk.
class ChunkKey {
 public:
  ChunkKey(TreeId tree, uint64_t number) : size_(kChunkKeyBytes) {
    StoreBE(bytes_.data(), tree.value);
    StoreBE(bytes_.data() + kTreeKeyBytes, number);
  }
  ChunkKey(TreeId tree, uint64_t number, uint64_t part) : ChunkKey(tree, number) {
    bytes_[kChunkKeyBytes] = static_cast<std::byte>(part);
    size_ = kDeletionKeyBytes;
  }
  operator Bytes() const { return {bytes_.data(), size_}; }

 private:
  std::array<std::byte, kDeletionKeyBytes> bytes_{};
  size_t size_;
};

struct ParsedKey {
  TreeId tree;
  uint64_t number = 0;
  bool is_deletions = false;
};

ParsedKey Parse(Bytes key) {
  return {TreeId(LoadBE<uint32_t>(key.data())), LoadBE<uint64_t>(key.data() + kTreeKeyBytes),
          key.size() == kDeletionKeyBytes};
}

Status BadEntry(SpaceId space, TreeId tree, uint64_t number) {
  return Errorf(sqlstate::kDataCorrupted, "the entry of chunk %llu of tree %u of space %u is malformed",
                static_cast<unsigned long long>(number), tree.value, space.value);
}

Result<ColdChunk> ParseChunk(SpaceId space, const ParsedKey& key, Bytes value) {
  ChunkValue parsed{};
  if (value.size() != sizeof(parsed) && value.size() != kChunkValueBytesMin) return BadEntry(space, key.tree, key.number);
  std::memcpy(&parsed, value.data(), value.size());
  return ColdChunk{key.number,  SegmentId(parsed.segment), Lsn(parsed.frozen_before),
                   parsed.rows, parsed.bytes,              TxnId(parsed.loader)};
}

ChunkValue ValueOf(const ColdChunk& chunk) {
  return {chunk.segment.value, chunk.frozen_before.value, chunk.bytes, chunk.rows, 0, chunk.loader.value};
}

Status RemoveKey(btree::Tree& entries, Bytes key) {
  return entries
      .Modify(key,
              [](std::optional<Bytes>, btree::Edit& edit) {
                edit.op = btree::Edit::Op::kRemove;
                return Status::Ok();
              })
      .status();
}

// Calls fn with the parsed key and the value of every chunk entry and every part of deletions with keys in [from,
// below); stops at an error.
template <typename Fn>
Status Walk(const btree::Tree& entries, Bytes from, const std::optional<ChunkKey>& below, Fn fn) {
  btree::Cursor cursor(entries);
  RETURN_IF_ERROR(cursor.Seek(from));
  while (cursor.Valid()) {
    if (below && btree::CompareKeys(cursor.key(), *below) >= 0) break;
    if (cursor.key().size() >= kChunkKeyBytes) RETURN_IF_ERROR(fn(cursor.key(), cursor.value()));
    RETURN_IF_ERROR(cursor.Next());
  }
  return Status::Ok();
}

}  // namespace

Result<std::vector<ColdChunk>> Chunks::List(SpaceId space, TreeId tree) {
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, store_.OpenTree(space, kDirectoryTree));
  std::vector<ColdChunk> chunks;
  RETURN_IF_ERROR(
      Walk(*entries, ChunkKey(tree, 0), ChunkKey(TreeId(tree.value + 1), 0), [&](Bytes key, Bytes value) -> Status {
        const ParsedKey parsed = Parse(key);
        if (parsed.is_deletions || parsed.tree != tree) return Status::Ok();
        ASSIGN_OR_RETURN(chunks.emplace_back(), ParseChunk(space, parsed, value));
        return Status::Ok();
      }));
  return chunks;
}

Status Chunks::Put(SpaceId space, TreeId tree, const ColdChunk& chunk) {
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, store_.OpenTree(space, kDirectoryTree));
  const ChunkValue value = ValueOf(chunk);
  RETURN_IF_ERROR(entries
                      ->Modify(ChunkKey(tree, chunk.number),
                               [&](std::optional<Bytes>, btree::Edit& edit) {
                                 edit.op = btree::Edit::Op::kPut;
                                 edit.head = BytesOf(value);
                                 return Status::Ok();
                               })
                      .status());
  store_.env().Step("chunk: entry put");
  return Status::Ok();
}

Status Chunks::Load(SpaceId space, TreeId tree, const ColdChunk& chunk, Lsn* last) {
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, store_.OpenTree(space, kDirectoryTree));
  const ChunkValue value = ValueOf(chunk);
  ASSIGN_OR_RETURN(*last, entries->Modify(ChunkKey(tree, chunk.number),
                                          [&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
                                            if (current) return BadEntry(space, tree, chunk.number);
                                            edit.txn = chunk.loader;
                                            edit.prev = *last;
                                            edit.op = btree::Edit::Op::kPut;
                                            edit.head = BytesOf(value);
                                            return Status::Ok();
                                          }));
  store_.env().Step("bulk: entry put");
  return Status::Ok();
}

Result<std::optional<Chunks::Entry>> Chunks::ParseEntry(SpaceId space, Bytes key, Bytes value) {
  if (key.size() != kChunkKeyBytes) return std::optional<Entry>();
  const ParsedKey parsed = Parse(key);
  ASSIGN_OR_RETURN(const ColdChunk chunk, ParseChunk(space, parsed, value));
  return std::optional<Entry>({parsed.tree, chunk});
}

Status Chunks::Remove(SpaceId space, TreeId tree, uint64_t number) {
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, store_.OpenTree(space, kDirectoryTree));
  RETURN_IF_ERROR(RemoveKey(*entries, ChunkKey(tree, number)));
  store_.env().Step("chunk: entry removed");
  return ForgetDeletions(space, tree, number);
}

Status Chunks::ForgetDeletions(SpaceId space, TreeId tree, uint64_t number) {
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, store_.OpenTree(space, kDirectoryTree));
  std::vector<std::string> keys;
  RETURN_IF_ERROR(Walk(*entries, ChunkKey(tree, number), ChunkKey(tree, number + 1), [&](Bytes key, Bytes) -> Status {
    if (Parse(key).is_deletions) keys.emplace_back(AsText(key));
    return Status::Ok();
  }));
  for (const std::string& key : keys) {
    RETURN_IF_ERROR(RemoveKey(*entries, AsBytes(key)));
    store_.env().Step("chunk: deletions forgotten");
  }
  return Status::Ok();
}

Status Chunks::NoteDeletion(SpaceId space, TreeId tree, RowId row) {
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, store_.OpenTree(space, kDirectoryTree));
  const uint64_t number = ChunkOf(row), place = row.value % kChunkRows;
  Part words{};
  return entries
      ->Modify(ChunkKey(tree, number, place / kPartRows),
               [&](std::optional<Bytes> current, btree::Edit& edit) {
                 if (current && !ReadFrom(*current, &words)) return BadEntry(space, tree, number);
                 words[place % kPartRows / 64] |= uint64_t{1} << place % 64;
                 edit.op = btree::Edit::Op::kPut;
                 edit.head = BytesOf(words);
                 return Status::Ok();
               })
      .status();
}

Status Chunks::ReadDeletions(SpaceId space, TreeId tree, uint64_t number, std::array<uint64_t, kDeletionWords>* words) {
  words->fill(0);
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, store_.OpenTree(space, kDirectoryTree));
  return Walk(*entries, ChunkKey(tree, number), ChunkKey(tree, number + 1), [&](Bytes key, Bytes value) -> Status {
    if (!Parse(key).is_deletions) return Status::Ok();
    const auto part = static_cast<size_t>(key[kChunkKeyBytes]);
    if (part >= kParts || value.size() != sizeof(Part)) return BadEntry(space, tree, number);
    std::memcpy(words->data() + part * kPartWords, value.data(), sizeof(Part));
    return Status::Ok();
  });
}

// ---- Files -----------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<lsm::SegmentReader>> Chunks::Open(TreeId tree, const ColdChunk& chunk) {
  const std::string path = files_.PathOf(ColdFileKind::kSegment, chunk.segment);
  ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, files_.Open(ColdFileKind::kSegment, chunk.segment));
  ASSIGN_OR_RETURN(std::unique_ptr<lsm::SegmentReader> segment,
                   lsm::SegmentReader::Open(std::move(file), path, files_.cache()));
  if (segment->tree() != tree.value || segment->base() != chunk.number * kChunkRows) {
    return Errorf(sqlstate::kDataCorrupted, "segment file \"%s\" is not that of chunk %llu of tree %u", path.c_str(),
                  static_cast<unsigned long long>(chunk.number), tree.value);
  }
  return segment;
}

Result<std::vector<SegmentId>> Chunks::SegmentsOf(SpaceId space) {
  ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> entries, store_.OpenTree(space, kDirectoryTree));
  std::vector<SegmentId> segments;
  RETURN_IF_ERROR(Walk(*entries, {}, std::nullopt, [&](Bytes key, Bytes value) -> Status {
    const ParsedKey parsed = Parse(key);
    if (parsed.is_deletions) return Status::Ok();
    ASSIGN_OR_RETURN(const ColdChunk chunk, ParseChunk(space, parsed, value));
    segments.push_back(chunk.segment);
    return Status::Ok();
  }));
  return segments;
}

Status Chunks::RemoveTree(SpaceId space, TreeId tree) {
  ASSIGN_OR_RETURN(std::vector<ColdChunk> chunks, List(space, tree));
  if (chunks.empty()) return Status::Ok();
  // The drop is durable before anything of the tree goes.
  files_.FlushLog();
  for (const ColdChunk& chunk : chunks) {
    RETURN_IF_ERROR(files_.Unlink(ColdFileKind::kSegment, chunk.segment));
    store_.env().Step("drop: segment removed");
    RETURN_IF_ERROR(Remove(space, tree, chunk.number));
  }
  return Status::Ok();
}

}  // namespace phantom::store
