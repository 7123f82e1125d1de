// See index.hpp.
#include "strata/core/index.hpp"

namespace strata {

Index::Index(Kind kind, std::int64_t at) : kind_(kind), integer_(at) {}
Index::Index(const Range& range) : kind_(Kind::range), range_(range) {}
Index::Index(Tensor at) : kind_(Kind::tensor), tensor_(std::move(at)) {}
Index::Index(const Index&) = default;
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(const Index&) = default;
Index::~Index() = default;

AtIndex::AtIndex(Tensor x, std::vector<Index> index) : x_(std::move(x)), index_(std::move(index)) {}

}  // namespace strata
