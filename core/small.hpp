// A fixed-length array on the stack when it is short (ops have few arguments), on the heap when it is not.
#pragma once
#include <cstddef>
#include <memory>

namespace strata {

template <class T, std::size_t Inline = 4>
class SmallArray {
 public:
  explicit SmallArray(std::size_t n) : data_(inline_), size_(n) {
    if (n > Inline) {
      heap_ = std::make_unique<T[]>(n);
      data_ = heap_.get();
    }
  }
  SmallArray(const SmallArray&) = delete;
  SmallArray& operator=(const SmallArray&) = delete;
  T& operator[](std::size_t i) { return data_[i]; }
  T* data() { return data_; }
  std::size_t size() const { return size_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }

 private:
  T inline_[Inline] = {};
  std::unique_ptr<T[]> heap_;
  T* data_;
  std::size_t size_;
};

}  // namespace strata
