#include "txn/overflow.h"

#include <lz4.h>

#include <algorithm>
#include <vector>

#include "btree/tree.h"
#include "txn/manager_impl.h"

namespace phantom::txn {

namespace {

// OverflowRef::extra: stored bytes << 8 | method.
constexpr uint8_t kMethodPlain = 0;
constexpr uint8_t kMethodLz4 = 1;

uint64_t StoredBytes(const types::OverflowRef& reference) { return reference.extra >> 8; }

Status BadValue(const types::OverflowRef& reference) {
  return Errorf(sqlstate::kDataCorrupted, "missing or damaged chunk of overflow value %llu",
                static_cast<unsigned long long>(reference.id));
}

// A chunk is longer than a head, so that nothing in it can be taken for one.
size_t PaddedChunk(size_t bytes) { return std::max(bytes, OverflowHead::kBytes + 1); }

}  // namespace

Result<types::OverflowRef> WriteOverflow(Transaction& transaction, TableState& table, std::string_view value) {
  ManagerImpl& manager = transaction.manager().impl();
  std::string compressed;
  std::string_view stored = value;
  uint8_t method = kMethodPlain;
  if (value.size() <= LZ4_MAX_INPUT_SIZE) {
    // Worth it when an eighth is saved.
    const size_t limit = value.size() - value.size() / 8;
    compressed.resize(limit);
    const int size = LZ4_compress_default(value.data(), compressed.data(), static_cast<int>(value.size()),
                                          static_cast<int>(limit));
    if (size > 0) {
      stored = std::string_view(compressed.data(), static_cast<size_t>(size));
      method = kMethodLz4;
    }
  }
  types::OverflowRef reference;
  reference.id = table.next_value.fetch_add(1);
  reference.size = value.size();
  reference.extra = uint64_t{stored.size()} << 8 | method;

  std::array<std::byte, OverflowHead::kBytes> head;
  RowHeader header;
  ASSIGN_OR_RETURN(header.txn, transaction.EnsureId());
  header.flags = kSystemValue;
  header.Store(head.data());
  StoreLE(head.data() + RowHeader::kBytes, reference.size);
  StoreLE(head.data() + RowHeader::kBytes + 8, reference.extra);
  auto put = [&](uint32_t chunk, Bytes bytes, bool stamp) {
    return manager
        .Write(transaction, *table.overflow, OverflowKey(reference.id, chunk),
               [&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
                 if (current) return Error(sqlstate::kDataCorrupted, "overflow value exists already");
                 edit.op = btree::Edit::Op::kPut;
                 edit.head = bytes;
                 edit.stamp = stamp;
                 return Status::Ok();
               })
        .status();
  };
  RETURN_IF_ERROR(put(0, head, true));
  uint32_t chunk = 1;
  for (size_t at = 0; at < stored.size(); at += kOverflowChunkBytes, ++chunk) {
    Bytes bytes = AsBytes(stored.substr(at, kOverflowChunkBytes));
    std::array<std::byte, OverflowHead::kBytes + 1> padded{};
    if (PaddedChunk(bytes.size()) != bytes.size()) {
      std::copy(bytes.begin(), bytes.end(), padded.begin());
      bytes = padded;
    }
    RETURN_IF_ERROR(put(chunk, bytes, false));
  }
  return reference;
}

Status ReadOverflow(const TableState& table, const types::OverflowRef& reference, std::string* value) {
  const uint64_t stored_bytes = StoredBytes(reference);
  std::string stored;
  stored.reserve(stored_bytes);
  uint32_t chunk = 1;
  bool damaged = false;
  while (stored.size() < stored_bytes && !damaged) {
    const uint32_t before = chunk;
    const OverflowKey key(reference.id, chunk);
    std::array<std::byte, btree::kKeyBytesMax> fence;
    size_t fence_bytes = 0;
    bool at_fence = false;
    auto take = [&](const btree::LeafView& leaf) {
      uint32_t position = leaf.LowerBound(at_fence ? Bytes(fence.data(), fence_bytes) : Bytes(key));
      for (; position < leaf.count() && stored.size() < stored_bytes; ++position, ++chunk) {
        std::array<std::byte, btree::kKeyBytesMax> found;
        const size_t size = leaf.CopyKey(position, found.data());
        const OverflowKey want(reference.id, chunk);
        if (!std::ranges::equal(Bytes(found.data(), size), Bytes(want))) {
          damaged = true;
          return;
        }
        Bytes bytes = leaf.value(position);
        const size_t take_bytes = std::min<uint64_t>(kOverflowChunkBytes, stored_bytes - stored.size());
        if (bytes.size() < take_bytes) {
          damaged = true;
          return;
        }
        stored.append(AsText(bytes.first(take_bytes)));
      }
      fence_bytes = leaf.is_last() ? 0 : leaf.high_fence().size();
      if (!leaf.is_last()) std::ranges::copy(leaf.high_fence(), fence.begin());
    };
    RETURN_IF_ERROR(table.overflow->VisitLeaf(key, take));
    // The chunk may be the first of the next leaf.
    if (chunk == before && !damaged && stored.size() < stored_bytes) {
      if (fence_bytes == 0) return BadValue(reference);
      at_fence = true;
      const std::array<std::byte, btree::kKeyBytesMax> from = fence;
      RETURN_IF_ERROR(table.overflow->VisitLeaf(Bytes(from.data(), fence_bytes), take));
      if (chunk == before) return BadValue(reference);
    }
  }
  if (damaged) return BadValue(reference);
  if ((reference.extra & 0xff) == kMethodPlain) {
    *value = std::move(stored);
    return Status::Ok();
  }
  value->resize(reference.size);
  const int size = LZ4_decompress_safe(stored.data(), value->data(), static_cast<int>(stored.size()),
                                       static_cast<int>(reference.size));
  return size == static_cast<int>(reference.size) ? Status::Ok() : BadValue(reference);
}

Status DropOverflow(Transaction& transaction, TableState& table, const types::OverflowRef& reference) {
  ManagerImpl& manager = transaction.manager().impl();
  ASSIGN_OR_RETURN(TxnId id, transaction.EnsureId());
  std::array<std::byte, OverflowHead::kBytes> head;
  return manager
      .Write(transaction, *table.overflow, OverflowKey(reference.id, 0),
             [&](std::optional<Bytes> current, btree::Edit& edit) -> Status {
               if (!current || current->size() != OverflowHead::kBytes) return BadValue(reference);
               std::ranges::copy(*current, head.begin());
               RowHeader header;
               header.txn = id;
               header.flags = kEntryDead;
               header.Store(head.data());
               edit.op = btree::Edit::Op::kPut;
               edit.head = head;
               edit.stamp = true;
               return Status::Ok();
             })
      .status();
}

Status RemoveOverflowChunks(ManagerImpl& manager, btree::Tree& tree, Bytes head) {
  const uint64_t id = LoadBE<uint64_t>(head.data());
  uint64_t stored_bytes = 0;
  RETURN_IF_ERROR(tree.Read(head, [&](std::optional<Bytes> value) {
    if (value && value->size() == OverflowHead::kBytes) {
      stored_bytes = LoadLE<uint64_t>(value->data() + RowHeader::kBytes + 8) >> 8;
    }
  }));
  const uint64_t chunks = (stored_bytes + kOverflowChunkBytes - 1) / kOverflowChunkBytes;
  for (uint64_t chunk = 1; chunk <= chunks; ++chunk) {
    RETURN_IF_ERROR(manager
                        .WriteSystem(tree, OverflowKey(id, static_cast<uint32_t>(chunk)),
                                     [](std::optional<Bytes> current, btree::Edit& edit) -> Status {
                                       if (current) edit.op = btree::Edit::Op::kRemove;
                                       return Status::Ok();
                                     })
                        .status());
  }
  return Status::Ok();
}

}  // namespace phantom::txn
