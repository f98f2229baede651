#pragma once
/// How functions say that they failed.

#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace menshen {

/// A failure in words: what is wrong, where, and what to do about it.
struct Error {
    std::string message;
    bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;

/// `return fail("{}: no face found", path);`
template <class... Args>
[[nodiscard]] tl::unexpected<Error> fail(fmt::format_string<Args...> format, Args&&... args) {
    return tl::unexpected<Error>(Error{fmt::format(format, std::forward<Args>(args)...)});
}

/// Lambdas as one overload set, for `std::visit`.
template <class... Fs>
struct Match : Fs... {
    using Fs::operator()...;
};
template <class... Fs>
Match(Fs...) -> Match<Fs...>;

}  // namespace menshen
