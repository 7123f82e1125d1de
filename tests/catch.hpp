// The one place that names Catch2's header: v2 (Debian 12) and v3 put it elsewhere.
// Every test includes this as "strata/tests/catch.hpp"; nothing else of Catch2 is included anywhere.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
