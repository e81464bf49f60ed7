// store/records.h
//
// Payloads of the store's own log records and values of the tree directory.
// Bytes: docs/formats/wal.md, docs/formats/control.md.
#pragma once
#include <cstdint>
#include <cstring>

#include "common/bytes.h"

namespace phantom::store {

// kCheckpoint; followed by `count` CheckpointTransactions.
struct CheckpointPayload {
  uint64_t redo;
  uint64_t next_txn;
  uint32_t next_tree;
  uint32_t count;
};
static_assert(sizeof(CheckpointPayload) == 24);

struct CheckpointTransaction {
  uint64_t id;
  uint64_t first;
  uint64_t last;
};
static_assert(sizeof(CheckpointTransaction) == 24);

// kSpaceCreate, kSpaceDrop.
struct SpacePayload {
  uint32_t space;
  uint32_t reserved;  // 0
};
static_assert(sizeof(SpacePayload) == 8);

// kTreeCreate, kTreeDrop; in a compensation record `undone` is the record it undoes.
struct TreePayload {
  uint32_t space;
  uint32_t tree;
  uint64_t undone;
};
static_assert(sizeof(TreePayload) == 16);

// Value of the tree directory, whose key is the tree id in big-endian; followed by the attributes.
struct DirectoryValue {
  uint32_t root;        // page number
  uint8_t kind;         // btree::TreeKind
  uint8_t reserved[3];  // 0
  uint64_t created;     // LSN of the kTreeCreate record
  uint64_t dropped_by;  // transaction that dropped it; 0: none
};
static_assert(sizeof(DirectoryValue) == 24);

// Value of a cold chunk in the tree directory, whose key is the tree id and the chunk number in big-endian.
struct ChunkValue {
  uint64_t segment;
  uint64_t frozen_before;  // LSN
  uint64_t bytes;          // of the segment's file
  uint32_t rows;           // in the segment
  uint32_t reserved;       // 0
  uint64_t loader;         // transaction whose insertions the rows are; 0: everybody sees them. Once the value ended before this
};
static_assert(sizeof(ChunkValue) == 40);
inline constexpr size_t kChunkValueBytesMin = 32;

// One of the runs in the value of a list in the tree directory, whose key is the tree id in big-endian and a byte 1.
struct RunValue {
  uint64_t file;
  uint64_t bytes;
  uint64_t entries;
  uint64_t added_by;  // transaction; 0: none
};
static_assert(sizeof(RunValue) == 32);

// kRunAdd; in a compensation record `undone` is the record it undoes.
struct RunPayload {
  uint32_t space;
  uint32_t tree;
  uint64_t undone;
  uint64_t file;
};
static_assert(sizeof(RunPayload) == 24);

template <typename T>
Bytes BytesOf(const T& value) {
  return {reinterpret_cast<const std::byte*>(&value), sizeof(T)};
}

// False when there are too few bytes.
template <typename T>
bool ReadFrom(Bytes bytes, T* value) {
  if (bytes.size() < sizeof(T)) return false;
  std::memcpy(value, bytes.data(), sizeof(T));
  return true;
}

}  // namespace phantom::store
