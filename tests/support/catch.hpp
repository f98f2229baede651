#pragma once
/// The one place that knows the version of Catch2.
#include <catch2/catch.hpp>
