#include "store/control_file.h"

#include <cstddef>
#include <cstring>

#include "common/check.h"
#include "common/checksum.h"
#include "common/log.h"
#include "io/env.h"

namespace phantom::store {

static uint64_t ChecksumOf(const ControlData& data) {
  return Checksum({reinterpret_cast<const std::byte*>(&data), offsetof(ControlData, checksum)});
}

ControlFile::ControlFile(std::unique_ptr<io::File> file) : file_(std::move(file)) {}
ControlFile::~ControlFile() = default;

Result<std::unique_ptr<ControlFile>> ControlFile::Open(io::Env& env, const std::string& path, bool create) {
  ASSIGN_OR_RETURN(std::unique_ptr<io::File> file,
                   env.Open(path, create ? io::OpenMode::kCreate : io::OpenMode::kExisting));
  if (create) RETURN_IF_ERROR(file->Allocate(2 * kControlCopyBytes));
  return std::unique_ptr<ControlFile>(new ControlFile(std::move(file)));
}

Status ControlFile::Read() {
  bool found = false;
  bool other_version = false;
  int invalid = 0;
  for (uint64_t copy = 0; copy < 2; ++copy) {
    ControlData data;
    RETURN_IF_ERROR(file_->Read(copy * kControlCopyBytes, {reinterpret_cast<std::byte*>(&data), sizeof(data)}));
    ++invalid;
    if (std::memcmp(data.magic, kControlMagic, sizeof(data.magic)) != 0) continue;
    if (data.version != kControlVersion) {
      other_version = true;
      continue;
    }
    if (data.checksum != ChecksumOf(data) || data.sequence % 2 != copy) continue;
    --invalid;
    if (!found || data.sequence > data_.sequence) data_ = data;
    found = true;
  }
  // Torn by the crash before, or damaged since.
  if (invalid > 0) Log(LogLevel::kWarning, "one of the two copies in the control file is invalid, the other one counts");
  if (found) return Status::Ok();
  return Error(sqlstate::kDataCorrupted, other_version ? "the data directory was made by an incompatible version"
                                                       : "the control file holds no valid copy");
}

Status ControlFile::Write() {
  std::memcpy(data_.magic, kControlMagic, sizeof(data_.magic));
  data_.version = kControlVersion;
  ++data_.sequence;
  data_.checksum = ChecksumOf(data_);
  const uint64_t copy = data_.sequence % 2;
  RETURN_IF_ERROR(file_->Write(copy * kControlCopyBytes, {reinterpret_cast<const std::byte*>(&data_), sizeof(data_)}));
  if (Status status = file_->Sync(); !status.ok()) Panic("control file: %s", status.message().c_str());
  return Status::Ok();
}

}  // namespace phantom::store
