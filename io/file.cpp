// See file.hpp. POSIX only: open, mmap, fsync, rename.
#include "strata/io/file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "strata/core/error.hpp"
#include "strata/ops/lane.hpp"

namespace strata::io {
namespace {

[[noreturn]] void failed(const char* function, const char* what, const std::string& path, int error) {
  throw IoError(std::string(function) + ": cannot " + what + " " + path + ": " + std::strerror(error));
}

/// A file descriptor, closed at the end of its scope.
struct Descriptor {
  int fd;
  explicit Descriptor(int f) : fd(f) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

/// Removes a temporary file unless it has been renamed.
struct Temporary {
  std::string path;
  bool keep = false;
  ~Temporary() {
    if (!keep) ::unlink(path.c_str());
  }
};

int write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return 0;
}

/// A name beside `path` that nobody else uses.
std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> counter{0};
  return path + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter.fetch_add(1));
}

/// The rename is on disk only when the folder is.
void sync_folder(const char* function, const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const Descriptor d(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (d.fd < 0) failed(function, "open the folder", folder, errno);
  // Some file systems cannot sync a folder: then there is nothing to wait for.
  if (::fsync(d.fd) != 0 && errno != EINVAL && errno != ENOTSUP) failed(function, "sync the folder", folder, errno);
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const char* function, const std::string& path) {
  const Descriptor d(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (d.fd < 0) failed(function, "read", path, errno);
  struct stat info {};
  if (::fstat(d.fd, &info) != 0) failed(function, "read", path, errno);
  if (!S_ISREG(info.st_mode)) throw IoError(std::string(function) + ": cannot read " + path + ": it is not a file");
  std::shared_ptr<MappedFile> file(new MappedFile);
  if (info.st_size == 0) return file;
  const auto size = static_cast<std::size_t>(info.st_size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, d.fd, 0);
  if (data == MAP_FAILED) failed(function, "map", path, errno);
  file->data_ = static_cast<const std::byte*>(data);
  file->size_ = size;
  return file;
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
}

Tensor MappedFile::tensor(std::size_t offset, const Shape& shape, Dtype dtype) const {
  const std::byte* from = data_ + offset;
  const auto item = static_cast<std::size_t>(itemsize(dtype));
  if (shape.elements() > 0 && reinterpret_cast<std::uintptr_t>(from) % item == 0) {
    return borrow(const_cast<std::byte*>(from), shape, dtype, [map = shared_from_this()] {});
  }
  Tensor x = empty_dense(shape, dtype);
  if (x.size() > 0) std::memcpy(dense(x).data, from, static_cast<std::size_t>(x.size()) * item);
  return x;
}

void write_file(const char* function, const std::string& path, std::span<const std::span<const std::byte>> parts) {
  Temporary temporary{temporary_name(path)};
  {
    const Descriptor d(::open(temporary.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (d.fd < 0) {
      temporary.keep = true;  // not ours
      failed(function, "write", path, errno);
    }
    for (const auto part : parts) {
      if (const int error = write_all(d.fd, part)) failed(function, "write", path, error);
    }
    if (::fsync(d.fd) != 0) failed(function, "sync", path, errno);
  }
  if (::rename(temporary.path.c_str(), path.c_str()) != 0) failed(function, "write", path, errno);
  temporary.keep = true;
  sync_folder(function, path);
}

void malformed(const char* function, const std::string& path, const std::string& what) {
  throw IoError(std::string(function) + ": " + path + ": " + what);
}

void check_bools(const char* function, const std::string& path, std::span<const std::byte> bytes,
                 const std::string& whose) {
  for (const std::byte b : bytes) {
    if (b > std::byte{1}) {
      malformed(function, path, whose + " is bool, but one of its bytes is " + std::to_string(static_cast<int>(b)));
    }
  }
}

Tensor saved_form(const char* function, const Tensor& x) { return pack(concrete(x, function).to(cpu)); }

std::span<const std::byte> bytes_of(const Tensor& x) {
  return {dense(x).data, static_cast<std::size_t>(x.size() * itemsize(x.dtype()))};
}

}  // namespace strata::io
