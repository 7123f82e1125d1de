// See mpi_backend.hpp.
#include "strata/distributed/mpi_backend.hpp"

#include <algorithm>

#include "strata/core/convert.hpp"
#include "strata/core/error.hpp"

namespace strata::distributed {
namespace {

void check(int code, const char* call) {
  if (code != Mpi::success) throw DistributedError(std::string(call) + " failed: " + mpi_error(code));
}
const std::byte* bytes_of(const void* p) { return static_cast<const std::byte*>(p); }
std::byte* bytes_of(void* p) { return static_cast<std::byte*>(p); }
std::size_t unsigned_of(std::int64_t n) { return static_cast<std::size_t>(n); }

MpiHandle operation(Reduction r, Dtype d) {
  if (r == Reduction::sum) return d == bool_ ? mpi().logical_or : mpi().sum;
  return r == Reduction::max ? mpi().max : mpi().min;
}

float reduced(float a, float b, Reduction r) {
  if (r == Reduction::sum) return a + b;
  if (a != a || b != b) return a + b;
  return r == Reduction::max ? std::max(a, b) : std::min(a, b);
}

}  // namespace

MpiBackend::MpiBackend(MpiHandle comm, int rank, int size, std::int64_t chunk_bytes)
    : comm_(comm), rank_(rank), size_(size), chunk_bytes_(std::max<std::int64_t>(chunk_bytes, 64)) {}

void MpiBackend::all_reduce(const void* in, void* out, std::int64_t count, Dtype dtype, Reduction r) {
  const std::int64_t item = itemsize(dtype), step = std::max<std::int64_t>(chunk_bytes_ / item, size_);
  for (std::int64_t at = 0; at < count; at += step) {
    const std::int64_t n = std::min(step, count - at);
    if (is_half(dtype)) {
      reduce_half(bytes_of(in) + at * item, bytes_of(out) + at * item, n, dtype, r);
      continue;
    }
    std::byte* to = bytes_of(out) + at * item;
    check(mpi().Allreduce(in == out ? Mpi::in_place : bytes_of(in) + at * item, to, static_cast<int>(n),
                          mpi().type(dtype), operation(r, dtype), comm_),
          "MPI_Allreduce");
  }
}

void MpiBackend::reduce_half_rows(const std::byte* rows, std::int64_t stride, std::byte* out, std::int64_t count,
                                  Dtype dtype, Reduction r) {
  total_.resize(unsigned_of(count));
  term_.resize(unsigned_of(count));
  convert_run(rows, dtype, total_.data(), float32, count);
  for (int k = 1; k < size_; ++k) {
    convert_run(rows + k * stride, dtype, term_.data(), float32, count);
    float* total = total_.data();
    const float* term = term_.data();
    if (r == Reduction::sum) {
      for (std::int64_t i = 0; i < count; ++i) total[i] += term[i];
    } else {
      for (std::int64_t i = 0; i < count; ++i) total[i] = reduced(total[i], term[i], r);
    }
  }
  convert_run(total_.data(), float32, out, dtype, count);
}

void MpiBackend::reduce_half(const std::byte* in, std::byte* out, std::int64_t count, Dtype dtype, Reduction r) {
  // Few elements: everybody gets all of them in one call. Many: rank k adds the k-th part and shares it.
  const std::int64_t part = count >= 4096 ? count / size_ : 0, whole = part * size_, rest = count - whole;
  const auto ints = [](std::int64_t n) { return static_cast<int>(2 * n); };
  if (part > 0) {
    rows_.resize(unsigned_of(2 * whole));
    check(mpi().Alltoall(in, ints(part), mpi().byte, rows_.data(), ints(part), mpi().byte, comm_), "MPI_Alltoall");
    piece_.resize(unsigned_of(2 * part));
    reduce_half_rows(rows_.data(), 2 * part, piece_.data(), part, dtype, r);
    check(mpi().Allgather(piece_.data(), ints(part), mpi().byte, out, ints(part), mpi().byte, comm_), "MPI_Allgather");
  }
  if (rest > 0) {
    rows_.resize(unsigned_of(2 * rest * size_));
    check(mpi().Allgather(in + 2 * whole, ints(rest), mpi().byte, rows_.data(), ints(rest), mpi().byte, comm_),
          "MPI_Allgather");
    reduce_half_rows(rows_.data(), 2 * rest, out + 2 * whole, rest, dtype, r);
  }
}

/// piece(offset, length) for consecutive parts of `bytes`, so short that all ranks' parts make one call, whose counts
/// are ints: 1 GiB with the usual chunks.
template <class Piece>
void MpiBackend::in_pieces(std::int64_t bytes, Piece piece) const {
  const std::int64_t largest = std::min(chunk_bytes_ * 1024, std::int64_t{1} << 30);
  const std::int64_t step = std::max<std::int64_t>(largest / size_, 1);
  for (std::int64_t at = 0; at < bytes; at += step) piece(at, std::min(step, bytes - at));
}

void MpiBackend::all_gather(const void* in, void* out, std::int64_t count, Dtype dtype) {
  const std::int64_t bytes = count * itemsize(dtype);
  in_pieces(bytes, [&](std::int64_t at, std::int64_t n) {
    const bool direct = n == bytes;
    if (!direct) rows_.resize(unsigned_of(n * size_));
    std::byte* to = direct ? bytes_of(out) : rows_.data();
    check(
        mpi().Allgather(bytes_of(in) + at, static_cast<int>(n), mpi().byte, to, static_cast<int>(n), mpi().byte, comm_),
        "MPI_Allgather");
    for (int k = 0; !direct && k < size_; ++k)
      std::memcpy(bytes_of(out) + k * bytes + at, rows_.data() + k * n, unsigned_of(n));
  });
}

void MpiBackend::reduce_scatter(const void* in, void* out, std::int64_t count, Dtype dtype) {
  const std::int64_t item = itemsize(dtype);
  if (is_half(dtype)) {
    std::vector<std::byte> rows(unsigned_of(size_ * count * item));
    all_to_all(in, rows.data(), count, dtype);
    return reduce_half_rows(rows.data(), count * item, bytes_of(out), count, dtype, Reduction::sum);
  }
  // In chunks of each row, gathered side by side.
  const std::int64_t step = std::max<std::int64_t>(chunk_bytes_ / item, 1);
  for (std::int64_t at = 0; at < count; at += step) {
    const std::int64_t n = std::min(step, count - at);
    const std::byte* from = bytes_of(in);
    if (n < count) {
      rows_.resize(unsigned_of(size_ * n * item));
      for (int k = 0; k < size_; ++k)
        std::memcpy(rows_.data() + k * n * item, from + (k * count + at) * item, unsigned_of(n * item));
      from = rows_.data();
    }
    check(mpi().Reduce_scatter_block(from, bytes_of(out) + at * item, static_cast<int>(n), mpi().type(dtype),
                                     operation(Reduction::sum, dtype), comm_),
          "MPI_Reduce_scatter_block");
  }
}

void MpiBackend::all_to_all(const void* in, void* out, std::int64_t count, Dtype dtype) {
  const std::int64_t bytes = count * itemsize(dtype);
  in_pieces(bytes, [&](std::int64_t at, std::int64_t n) {
    if (n == bytes) {
      check(mpi().Alltoall(in, static_cast<int>(n), mpi().byte, out, static_cast<int>(n), mpi().byte, comm_),
            "MPI_Alltoall");
      return;
    }
    rows_.resize(unsigned_of(size_ * n));
    piece_.resize(unsigned_of(size_ * n));
    for (int k = 0; k < size_; ++k) std::memcpy(rows_.data() + k * n, bytes_of(in) + k * bytes + at, unsigned_of(n));
    check(mpi().Alltoall(rows_.data(), static_cast<int>(n), mpi().byte, piece_.data(), static_cast<int>(n), mpi().byte,
                         comm_),
          "MPI_Alltoall");
    for (int k = 0; k < size_; ++k) std::memcpy(bytes_of(out) + k * bytes + at, piece_.data() + k * n, unsigned_of(n));
  });
}

void MpiBackend::permute(const void* in, void* out, std::int64_t count, Dtype dtype, int to, int from) {
  const std::int64_t bytes = count * itemsize(dtype);
  if (to == rank_ && from == rank_) {
    std::memcpy(out, in, unsigned_of(bytes));
    return;
  }
  in_pieces(bytes, [&](std::int64_t at, std::int64_t n) {
    MpiHandle requests[2];
    int posted = 0;
    const auto length = static_cast<int>(n);
    if (from >= 0)
      check(mpi().Irecv(bytes_of(out) + at, length, mpi().byte, from, 0, comm_, &requests[posted++]), "MPI_Irecv");
    if (to >= 0)
      check(mpi().Isend(bytes_of(in) + at, length, mpi().byte, to, 0, comm_, &requests[posted++]), "MPI_Isend");
    if (posted > 0) check(mpi().Waitall(posted, requests, nullptr), "MPI_Waitall");
  });
}

void MpiBackend::broadcast(void* data, std::int64_t count, Dtype dtype, int root) {
  in_pieces(count * itemsize(dtype), [&](std::int64_t at, std::int64_t n) {
    check(mpi().Bcast(bytes_of(data) + at, static_cast<int>(n), mpi().byte, root, comm_), "MPI_Bcast");
  });
}

}  // namespace strata::distributed
