// Running a pending chain: its ops in order, tile by tile, each tile in the first-level cache. Called by
// ops/pending.cpp. Always holds: an element's value does not depend on how the range was cut into tiles; a chain holds
// its operands and members while it runs, whatever other threads do with them.
#pragma once
#include <cstdint>
#include <vector>

#include "strata/ops/cpu/scratch.hpp"
#include "strata/ops/pending.hpp"

namespace strata {

class Chain {
  struct Leaf;
  struct Step;

 public:
  /// The ops that lead to `root`, which is pending. `holders`: handles of root that do not count as somebody's.
  /// `locked`: the caller has root's mutex.
  Chain(const Tensor& root, std::uint32_t holders, bool locked);
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;

  /// The root was made dense meanwhile: there is nothing to run.
  bool empty() const { return steps_.empty(); }
  std::int64_t tile() const { return tile_; }  ///< elements of one tile
  bool stores_root() const { return steps_.back().to != nullptr; }
  std::byte* root_at(std::int64_t element) const { return steps_.back().to + element * steps_.back().itemsize; }
  /// Memory for the root too.
  void store_root();

  /// Room for one thread to run tiles in.
  class Room {
   public:
    explicit Room(const Chain& c);

   private:
    friend class Chain;
    /// How a leaf is read within the tile: from `p` on with `stride`, or row by row.
    struct View {
      const std::byte* p = nullptr;
      std::int64_t stride = 0;
      bool by_rows = true;
      const std::byte* repeated = nullptr;  // the row that its buffer holds over and over
      void set(const std::byte* first, std::int64_t step) { p = first, stride = step, by_rows = false; }
    };
    /// Where a step's operands and result lie, for element 0; `advance`: bytes for each element of the chain.
    struct Place {
      PointwiseLoop loop;
      const void* params;
      const std::byte* p[max_arity];
      std::int64_t advance[max_arity], stride[max_arity];
      std::byte* to;
      std::int64_t to_advance;
    };
    /// Memory that the chain walks along.
    struct Stream {
      const std::byte* data;
      std::int64_t itemsize;
      const std::byte *at = nullptr, *end = nullptr;
    };
    Place place(const Chain& c, const Step& s) const;
    void plan_ahead(const Chain& c);
    void begin_ahead(std::int64_t from, std::int64_t n);
    void ahead();

    Scratch<std::byte> slots_;
    Scratch<std::byte> repeats_;  // [leaf] a tile, for rows that repeat
    std::vector<View> views_;     // [leaf]
    std::vector<Place> places_;   // [step]
    std::vector<Stream> streams_;
    Stream* stream_ = nullptr;
    std::int64_t share_ = 0;
    std::vector<const std::byte*> rows_;  // [leaf][segment]
    std::vector<std::int64_t> lengths_;   // [segment]
    std::byte* value_[Pending::max_steps] = {};
    std::int64_t segments_ = 0;
  };
  /// Elements [begin, begin + n), n <= tile(): the root's go to `out`, unless it is stored.
  void run(Room& room, std::int64_t begin, std::int64_t n, std::byte* out) const;
  /// All elements, on the pool.
  void run_all() const;
  /// Makes every member that was stored dense; the root's dense form is returned (undefined when it was not stored).
  Tensor publish();

 private:
  struct Leaf {
    Tensor x;
    const std::byte* data;
    int itemsize;
    std::int64_t stride[max_rank];
    bool one, flat;  // one element for all; laid out as the result
  };
  struct Step {
    Tensor member;
    const PointwiseInfo* info;
    PointwiseLoop loop;
    Tensor x[max_arity];     // handles of its operands
    int operand[max_arity];  // a step's number, or ~ a leaf's
    int itemsize, slot = -1, last_use = 0, cost = 0;
    bool by_rows = false;     // reads a leaf that must be walked row by row
    std::byte* to = nullptr;  // where it is stored
    Tensor stored;
  };
  int add(const Tensor& x, bool locked);
  int add_leaf(const Tensor& x);
  void settle_axes(const Shape& shape);
  void settle_slots();
  void settle_tile(int widest);
  void store(Step& step);
  void cut(Room& room, std::int64_t begin, std::int64_t n) const;
  bool view_at_once(Room& room, const std::int64_t* offset, std::int64_t column, std::int64_t n) const;
  const std::byte* repeat(Room& room, std::size_t leaf, const std::byte* first) const;
  void settle_view(Room& room, std::size_t leaf) const;
  void run_viewed(const Step& step, Room& room, std::int64_t begin, std::int64_t n, std::byte* to) const;

  std::vector<Leaf> leaves_;
  std::vector<Step> steps_;
  std::int64_t size_, tile_ = 0, tile_bytes_ = 0;
  int rank_ = 0, slots_ = 0;
  std::int64_t shape_[max_rank];
  bool by_rows_ = false;
};

}  // namespace strata
