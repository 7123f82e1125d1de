// .npy files there and back, in every version, order and byte order that NumPy writes; malformed ones are IoErrors.
#include "strata/io/npy.hpp"

#include "strata/tests/files.hpp"

using namespace strata;
using namespace strata::testing;

TEST_CASE("npy: every dtype and layout, there and back") {
  const Folder folder;
  const std::string path = folder.file("x.npy");
  for (const Dtype d : all_dtypes) {
    for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{0, 4}}) {
      const Tensor x = counted(shape, d);
      save_npy(path, x);
      CHECK(same(load_npy(path), x));
      CHECK((read(path).find('\n') + 1) % 64 == 0);
    }
  }
  save_npy(path, floats({1}));
  CHECK(read(path).substr(10, 58) == "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } ");
}

namespace {

std::string npy(int version, const std::string& header, const std::string& data) {
  std::string s = "\x93NUMPY";
  s += static_cast<char>(version);
  s += '\0';
  const std::size_t n = header.size();
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) s += static_cast<char>(n >> (8 * i));
  return s + header + data;
}
std::string npy_header(const std::string& descr, bool fortran, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + "}\n";
}

}  // namespace

TEST_CASE("npy: versions, Fortran order, big endian, other spellings") {
  const Folder folder;
  const std::string path = folder.file("x.npy");
  const std::string six("\0\1\2\3\4\5", 6);
  for (int version : {1, 2, 3}) {
    write(path, npy(version, npy_header("|u1", true, "(2, 3)"), six));
    const Tensor x = load_npy(path);
    CHECK(x.shape() == Shape{2, 3});
    CHECK(x.to_vector<int>() == std::vector<int>{0, 2, 4, 1, 3, 5});
  }
  write(path, npy(1, npy_header(">u2", false, "(3,)"), six));
  CHECK(load_npy(path).to_vector<int>() == std::vector<int>{1, 0x203, 0x405});
  write(path, npy(1, npy_header(">u2", true, "(3, 1)"), six));
  CHECK(load_npy(path).to_vector<int>() == std::vector<int>{1, 0x203, 0x405});
  write(path, npy(1, "{\"shape\": (3L,), \"descr\": \"=i2\", \"fortran_order\": False, }", six));
  CHECK(load_npy(path).to_vector<int>() == std::vector<int>{0x100, 0x302, 0x504});
}

TEST_CASE("npy: malformed files") {
  const Folder folder;
  const std::string path = folder.file("bad.npy");
  const std::string four(4, '\0');
  const auto f4 = [](const std::string& shape) { return npy_header("<f4", false, shape); };
  const std::vector<Bad> cases = {
      {"", "it is not a .npy file"},
      {"PK\x03\x04 something else", "it is not a .npy file"},
      {npy(4, f4("(1,)"), four), "version 4 is not known"},
      {npy(1, f4("(1,)"), "").substr(0, 30), "which the file has not"},
      {npy(2, f4("(1,)"), "").substr(0, 11), "which the file has not"},
      {npy(1, "", four), "the header lacks '{' at its byte 0"},
      {npy(1, "{'descr': '<f4'}", four), "the header lacks one of descr, fortran_order and shape"},
      {npy(1, "{'descr': '<f4', 'descr': '<f4'}", four), "the header has 'descr' twice"},
      {npy(1, "{'more': '<f4'}", four), "the header has the unknown key 'more'"},
      {npy(1, "{'descr", four), "the header has a string without an end"},
      {npy(1, f4("(1,)") + "x", four), "the header goes on after its dictionary"},
      {npy(1, npy_header("|O", false, "(1,)"), four), "arrays of Python objects are not supported"},
      {npy(1, npy_header("<c8", false, "(1,)"), four), "there is no dtype for '<c8'"},
      {npy(1, npy_header("<U1", false, "(1,)"), four), "there is no dtype for '<U1'"},
      {npy(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", four),
       "arrays of structures are not supported"},
      {npy(1, "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", four), "fortran_order is neither True nor False"},
      {npy(1, f4("(-1,)"), four), "its shape has something that is no size"},
      {npy(1, f4("(1.5,)"), four), "the header lacks ')'"},
      {npy(1, f4("(99999999999999999999,)"), four), "its shape is too large"},
      {npy(1, f4("(4294967296, 4294967296)"), four), "is too large"},
      {npy(1, f4("(4294967296, 4294967296, 0)"), ""), "is too large"},
      {npy(1, f4("(1,1,1,1,1,1,1,1,1,1,1,1,1)"), four), "it has more than 12 axes"},
      {npy(1, f4("(2,)"), four), "float32 [2] is 8 bytes, the file has 4"},
      {npy(1, f4("(1,)"), four + "x"), "float32 [1] is 4 bytes, the file has 5"},
      {npy(1, npy_header("|b1", false, "(4,)"), "\1\1\1\5"), "the array is bool, but one of its bytes is 5"},
  };
  for (const Bad& bad : cases) {
    write(path, bad.bytes);
    INFO(bad.message);
    CHECK_THROWS_AS(load_npy(path), IoError);
    CHECK_THROWS_WITH(load_npy(path), Catch::StartsWith("load_npy: " + path + ": ") && Catch::Contains(bad.message));
  }
  save_npy(path, counted({3, 4}, int16));
  fuzz(
      path, read(path), [&] { load_npy(path).to_vector<double>(); }, 3000);
}
