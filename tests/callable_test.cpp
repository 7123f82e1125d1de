// callable(f): function pointers regain their trailing options structs and shapes, other function objects are
// untouched.
#include "strata/core/callable.hpp"

#include <memory>

#include "strata/tests/catch.hpp"

namespace st = strata;

namespace {

struct Sum {
  int scale = 2;
};
struct More {
  int offset = 100;
};
int plain(int x) { return x + 1; }
int quiet(int x) noexcept { return x + 2; }
int sum(int x, Sum p) { return x * p.scale; }
int sum_ref(int x, const Sum& p) { return x * p.scale; }
int both(int x, Sum p, More m) { return x * p.scale + m.offset; }
int draw(int key, st::Shape, More m) { return key + m.offset; }
int strict(int x, int y) { return x - y; }
int take(std::unique_ptr<int> p, Sum s) { return *p * s.scale; }

}  // namespace

TEST_CASE("function pointers may omit trailing options and shapes", "[callable]") {
  CHECK(st::callable(plain)(1) == 2);
  CHECK(st::callable(&quiet)(1) == 3);
  const auto s = st::callable(sum);
  CHECK(s(3) == 6);
  CHECK(s(3, {.scale = 5}) == 15);
  CHECK(s(3, Sum{5}) == 15);
  CHECK(st::callable(sum_ref)(3) == 6);
  CHECK(st::callable(both)(3) == 106);
  CHECK(st::callable(both)(3, Sum{1}) == 103);
  CHECK(st::callable(both)(3, Sum{1}, More{1}) == 4);
  CHECK(st::callable(draw)(1) == 101);
  CHECK(st::callable(strict)(3, 1) == 2);
  CHECK(st::callable(take)(std::make_unique<int>(4)) == 8);
}

TEST_CASE("only what may be omitted may be omitted", "[callable]") {
  using Strict = st::callable_t<decltype(strict)&>;
  CHECK(std::is_invocable_v<Strict, int, int>);
  CHECK_FALSE(std::is_invocable_v<Strict, int>);
  using Both = st::callable_t<decltype(both)&>;
  CHECK(std::is_invocable_v<Both, int>);
  CHECK_FALSE(std::is_invocable_v<Both>);
  CHECK_FALSE(std::is_invocable_v<Both, int, More>);
  CHECK_FALSE(std::is_invocable_v<Both, int, Sum, More, int>);
  CHECK_FALSE(std::is_invocable_v<Both, const char*>);
}

TEST_CASE("function objects pass through", "[callable]") {
  int calls = 0;
  auto f = st::callable([&](int x) { return ++calls, x; });
  CHECK(f(4) == 4);
  CHECK(calls == 1);
  const auto again = st::callable(st::callable(sum));
  CHECK(again(3) == 6);
}
