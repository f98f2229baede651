#pragma once
/// A folder for one test.

#include <cstdlib>
#include <filesystem>
#include <string>

namespace menshen::models::test {

class Scratch {
public:
    Scratch() : path_((std::filesystem::temp_directory_path() / "menshen-models-XXXXXX").string()) {
        if (::mkdtemp(path_.data()) == nullptr) std::abort();
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace menshen::models::test
